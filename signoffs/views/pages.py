"""What pages have in common: what they show around their own part, and the shape of a move."""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any, TypeVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from rosters.models import ClassGroup
from rosters.sentences import Sentence

from .. import access, flow
from ..models import Tally
from ..outputs import printing
from ..process import deadlines, guide, states
from ..queries.classes import class_grid, form_pages
from ..queries.counts import Counts, counts_of
from ..queries.history import history, sheet_versions
from .failures import page

AnyForm = TypeVar("AnyForm", bound=forms.Form)

# A form that is not right, a move that the rules refuse, a person whose page it is not.
INVALID, REFUSED, NOT_THEIRS = 422, 409, 403


def moves(
    again: Callable[..., HttpResponseBase],
    *,
    load: Callable[..., Any] | None = None,
    form: Callable[..., forms.Form] | None = None,
) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """Return the decorator of a move: load, form, one call of the flow, a message, and on to the next page.

    The place is a desk or a visit. `load(place, **address)` returns what the move is about, and
    `form(request, place, loaded)` its form; the decorated function takes (request, place, loaded, form),
    makes the call and ends with `done`. `again(request, place, loaded, status=, refusal=, form=)` is the page
    that holds the form: it answers a GET, a form that is not right (422), and what the flow refuses (409).
    """

    def decorator(move: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @wraps(move)
        def view(request: HttpRequest, place: Any, **address: Any) -> HttpResponseBase:
            loaded = [load(place, **address)] if load else []
            page_again = partial(again, request, place, *loaded)
            if request.method != "POST":
                return page_again()
            sent: dict[str, Any] = {"form": form(request, place, *loaded)} if form else {}
            if sent and not sent["form"].is_valid():
                return page_again(status=INVALID, **sent)
            try:
                return move(request, place, *loaded, **sent)
            except flow.Refused as refused:
                return page_again(status=REFUSED, refusal=refused.reason, **sent)

        return view

    return decorator


def posted(kind: type[AnyForm]) -> Callable[..., AnyForm]:
    """Return what makes a form of that kind, which needs nothing but what was sent, for `moves`."""
    return lambda request, *_loaded: kind(request.POST)


def sent_data(request: HttpRequest) -> QueryDict | None:
    """Return what was sent, for a form that a GET shows empty; an empty POST is sent, too."""
    return request.POST if request.method == "POST" else None


def back(to: str) -> Callable[..., HttpResponse]:
    """Return a page to go back to after a refusal, which is shown there, for `moves`."""

    def again(request: HttpRequest, *_loaded: object, status: int, refusal: Sentence) -> HttpResponse:
        messages.error(request, refusal)
        return redirect(to)

    return again


def done(request: HttpRequest, message: Sentence, to: str, *args: object) -> HttpResponse:
    """Say what was done, and lead to that page."""
    messages.success(request, message)
    return redirect(to, *args)


def sent_as(kind: type[AnyForm], form: forms.Form | None) -> AnyForm | None:
    """Return the form if it is of that kind, on a page with forms of several kinds; else None."""
    return form if isinstance(form, kind) else None


def class_counts(class_group: ClassGroup) -> Counts:
    """Return how many of the class have signed, reported, and so on."""
    return counts_of(Tally.objects.filter(class_group=class_group).first())


def shown_class(class_group: ClassGroup) -> dict[str, Any]:
    """Return what staff's page of a class shows, the department's and the office's alike."""
    seats = class_grid(class_group)
    return {
        "class_group": class_group,
        "seats": seats,
        "pages": form_pages(seats),
        "lacking": printing.lacking(seat.student.name for seat in seats),
        "counts": class_counts(class_group),
        "versions": sheet_versions(class_group),
        "history": history(class_group),
    }


def visit_page(visit: access.Visit | access.Visitor, **more: Any) -> dict[str, Any]:
    """Return the context of a page of a class, the student's or the monitor's."""
    deadline, now = visit.class_group.student_deadline, timezone.now()
    return {
        "visit": visit,
        "class_group": visit.class_group,
        "campaign": visit.campaign,
        "deadline": deadlines.words(deadline, now),
        "is_late": deadlines.is_late(deadline, now),
        "guide": guide.guide_of(visit.campaign.texts, visit.campaign.purge_on),
        **more,
    }


def desk_page(desk: access.Desk, **more: Any) -> dict[str, Any]:
    """Return the context of a page of staff: the department's, unless `more` says another area."""
    context = {"desk": desk, "campaign": desk.campaign, "area": "department", **more}
    campaign = context["campaign"]
    if campaign is not None:
        now = timezone.now()
        student_deadline, department_deadline = desk.deadlines
        context["deadline"] = deadlines.words(student_deadline, now)
        context["department_deadline"] = deadlines.words(department_deadline, now)
    return context


def office_page(desk: access.OfficeDesk, tab: str, **more: Any) -> dict[str, Any]:
    """Return the context of a page of the office; `tab` is the part of it that is open."""
    return desk_page(desk, area="office", tab=tab, all_states=states.STANDINGS, **more)


def same_campaign(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Return a view that answers 409 to a form which was opened for another campaign than the chosen one.

    The choice is the session's, so another tab may have made it since. The form says its campaign by
    components/_campaign.html.
    """

    @wraps(view)
    def same(request: HttpRequest, desk: access.OfficeDesk, *args: Any, **kwargs: Any) -> HttpResponseBase:
        chosen = desk.campaign.slug if desk.campaign else ""
        if request.method == "POST" and request.POST.get("campaign") != chosen:
            advice = _(
                "Nothing was saved: this form was opened for another campaign than %(campaign)s, which was "
                "chosen since, perhaps in another tab. Open the page again; to change the other one, choose "
                "it first under All campaigns."
            )
            return page(request, REFUSED, _("Another campaign is chosen now"), advice % {"campaign": chosen})
        return view(request, desk, *args, **kwargs)

    return same
