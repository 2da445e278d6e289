"""What a campaign leaves open: said before it is closed, and before its data is deleted."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from rosters.models import Campaign

from ..models import ClassSheet, HandIn, MissingClaim, Tally
from .classes import newest_sheets
from .counts import Counts, counts_of
from .reported import reports_of


@dataclass(frozen=True)
class StillOpen:
    """One kind of thing that is open, and how many there are."""

    label: Promise
    count: int


def open_reports(campaign: Campaign) -> int:
    """Return how many of the reported errors have not come to their end."""
    return reports_of(Tally.objects.filter(class_group__campaign=campaign)).open


def still_open(campaign: Campaign) -> list[StillOpen]:
    """Return what is open, without what is not: five queries."""
    classes = list(campaign.class_groups.all())
    tallies = list(Tally.objects.filter(class_group__in=classes))
    total = sum((counts_of(tally) for tally in tallies), Counts())
    sheets = newest_sheets(classes)
    accepted = [one for one in sheets.values() if one.state == ClassSheet.State.ACCEPTED]
    peopled = {tally.class_group_id for tally in tallies if tally.expected}
    departments = {one.department_id for one in classes if one.pk in peopled}
    hand_ins = {
        one.department_id: one for one in HandIn.objects.filter(campaign=campaign).order_by("version")
    }
    received = {pk for pk, one in hand_ins.items() if one.state == HandIn.State.RECEIVED}
    claims = MissingClaim.objects.filter(class_group__campaign=campaign, settled_at=None)
    found = (
        (_("students left"), total.left),
        (_("classes without an accepted sheet"), len(peopled - {one.class_group_id for one in accepted})),
        (_("departments whose hand-in was not received"), len(departments - received)),
        (_("reported errors without an end"), reports_of(tallies).open),
        (_("notes of people missing from the roster"), claims.count()),
    )
    return [StillOpen(label, count) for label, count in found if count]
