"""What every page of the office shows, and what every form on one says: whose desk, which campaign."""

from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import access, deadlines, states
from .errors import page

REFUSED, INVALID = 409, 422


def office_page(desk: access.Desk, tab: str, **more) -> dict:
    """Return the context of a page of the office; `tab` is the part of it that is open."""
    campaign = desk.campaign
    context = {
        "desk": desk,
        "campaign": campaign,
        "area": "office",
        "tab": tab,
        "all_states": states.STANDINGS,
    }
    context |= more
    if campaign is not None:
        now = timezone.now()
        context["deadline"] = deadlines.words(campaign.student_deadline, now)
        context["department_deadline"] = deadlines.words(campaign.department_deadline, now)
    return context


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
