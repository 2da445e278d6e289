"""What every page of the office shows: whose desk, which campaign, how much time is left."""

from django.utils import timezone

from .. import access, deadlines, states

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
