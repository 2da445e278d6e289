"""What the pages of a class, a department and the office show, and what every form of the office says."""

from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import access
from ..process import deadlines, guide, states
from .failures import page

# A form that is not right, a move that the rules refuse, a person whose page it is not.
INVALID, REFUSED, NOT_THEIRS = 422, 409, 403


def visit_page(visit: access.Visit, **more) -> dict:
    """Return the context of a page of a class, the student's or the monitor's."""
    deadline, now = visit.class_group.student_deadline, timezone.now()
    return {
        "visit": visit,
        "class_group": visit.class_group,
        "campaign": visit.campaign,
        "deadline": deadlines.words(deadline, now),
        "is_late": deadlines.is_late(deadline, now),
        "guide": guide.guide_of(visit.campaign.texts),
        **more,
    }


def desk_page(desk: access.Desk, **more) -> dict:
    """Return the context of a page of staff: the department's, unless `more` says another area."""
    context = {"desk": desk, "campaign": desk.campaign, "area": "department", **more}
    campaign = context["campaign"]
    if campaign is not None:
        now = timezone.now()
        student_deadline, department_deadline = desk.deadlines
        context["deadline"] = deadlines.words(student_deadline, now)
        context["department_deadline"] = deadlines.words(department_deadline, now)
    return context


def office_page(desk: access.Desk, tab: str, **more) -> dict:
    """Return the context of a page of the office; `tab` is the part of it that is open."""
    return desk_page(desk, area="office", tab=tab, all_states=states.STANDINGS, **more)


def same_campaign(view):
    """Return a view that answers 409 to a form which was opened for another campaign than the chosen one.

    The choice is the session's, so another tab may have made it since. The form says its campaign by
    components/_campaign.html.
    """

    @wraps(view)
    def same(request: HttpRequest, desk: access.OfficeDesk, *args, **kwargs) -> HttpResponse:
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
