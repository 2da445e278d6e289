"""How long personal data is kept, and what has to have happened before it goes.

It goes some days after a campaign was closed (process/keeping.py), unless the office announces another number
of days; never sooner after the announcement than staff need; and only once the final forms were handed out
as PDFs, since no form can be printed afterwards.
"""

from datetime import date, datetime, timedelta
from typing import cast

from django.db.models import Max
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from rosters.models import Campaign, ClassGroup, Department
from rosters.sentences import Sentence

from ..models import Event
from ..process import deadlines, rules
from ..process.export_kinds import FINAL_PRINTS
from ..process.keeping import ANNOUNCED_DAYS
from ..process.lazily import lazily
from .closing import open_reports

# Events of a class that leave its form as it is.
QUIET = ("export", "issue_code", "use_code", "rotate_link", "name_monitor", "unname_monitor", "recount")


def purge_day(closed: date, today: date, days: int) -> date:
    """Return the first day on which the data may go, as an announcement made today sets it."""
    return max(closed + timedelta(days=days), today + timedelta(days=ANNOUNCED_DAYS))


def may_announce(*, closed: bool, purged: bool) -> Sentence | None:
    """Refuse to announce a deletion where there is nothing to delete yet, or no more."""
    if purged:
        return _("The personal data of this campaign was deleted already.")
    return None if closed else _("Close the campaign first: its data is still needed.")


@lazily
def _not_announced() -> str:
    text = gettext("Announce the deletion first: staff have %(days)s days to take away what has to be filed.")
    return text % {"days": ANNOUNCED_DAYS}


@lazily
def _not_before(day: date) -> str:
    return gettext("Announced for %(day)s: not before.") % {"day": day.isoformat()}


@lazily
def _not_printed(names: list[str]) -> str:
    text = gettext("The final forms of %(count)s classes were not handed out as a PDF yet: %(names)s.")
    return text % {"count": len(names), "names": rules.some_classes(names)}


@lazily
def _reports_left(count: int) -> str:
    text = gettext(
        "Reported errors that have not come to their end: %(count)s. Follow them, or delete them, too, "
        "by --with-open %(count)s."
    )
    return text % {"count": count}


def may_leave_open(count: int, known: int) -> Sentence | None:
    """Refuse a deletion over open reports, unless whoever asks knows how many they are."""
    return None if known == count else _reports_left(count)


def may_purge(
    *, closed: bool, purged: bool, day: date | None, today: date, not_printed: list[str]
) -> Sentence | None:
    """Refuse a deletion that comes too early; `day` is the announced one, `not_printed` names classes."""
    refusal = may_announce(closed=closed, purged=purged)
    if refusal is not None:
        return refusal
    if day is None:
        return _not_announced()
    if today < day:
        return _not_before(day)
    return _not_printed(not_printed) if not_printed else None


def not_handed_out(campaign: Campaign) -> list[ClassGroup]:
    """Return the classes whose final form was never made as a PDF: filled, after the last change to it.

    The print may be of the class, of its department (the hand-in on paper too), or of all. Four queries.
    """
    classes = ClassGroup.objects.filter(campaign=campaign, purged_at=None, students__isnull=False).distinct()
    events = Event.objects.filter(chain__campaign=campaign)
    of_classes = events.exclude(verb__in=QUIET).exclude(chain__class_group=None).order_by()
    changed = dict(of_classes.values_list("chain__class_group").annotate(last=Max("pk")))
    # The newest print by what it was of: a class, a department, or (None, None) the whole campaign.
    printed: dict[tuple[int | None, int | None], int] = {}
    for event in events.filter(verb="export", payload__isnull=False).select_related("chain").order_by("pk"):
        if (event.payload or {}).get("what") in FINAL_PRINTS:
            printed[event.chain.class_group_id, event.chain.department_id] = event.pk
    return [
        one
        for one in classes.select_related("department").order_by("department__name", "name")
        if max(printed.get(scope, 0) for scope in ((one.pk, None), (None, one.department_id), (None, None)))
        <= changed.get(one.pk, 0)
    ]


def not_archived(campaign: Campaign) -> list[Department]:
    """Return the departments whose newest archive is older than their last change: three queries."""
    events = Event.objects.filter(chain__campaign=campaign)
    of_classes = events.exclude(verb__in=QUIET).exclude(chain__class_group=None).order_by()
    of_departments = of_classes.values_list("chain__class_group__department").annotate(last=Max("pk"))
    changed = dict(of_departments)
    archived: dict[int | None, int] = {}
    exported = events.filter(verb="export", payload__isnull=False).exclude(chain__department=None)
    for event in exported.select_related("chain").order_by("pk"):
        made = event.payload or {}
        if made.get("what") == "archive":
            archived[event.chain.department_id] = made["until"]
    found = Department.objects.filter(
        class_groups__campaign=campaign, class_groups__purged_at=None, class_groups__students__isnull=False
    )
    return [one for one in found.distinct() if archived.get(one.pk, -1) < changed.get(one.pk, 0)]


def why_not(campaign: Campaign, today: date, known_open: int = 0) -> Sentence | None:
    """Return why the campaign's data may not be deleted on that day; None: it may.

    `known_open`: how many open reports whoever asks says that there are.
    """
    return may_purge(
        closed=campaign.state == Campaign.State.CLOSED,
        purged=campaign.purged_at is not None,
        day=campaign.purge_on,
        today=today,
        not_printed=[str(one) for one in not_handed_out(campaign)],
    ) or may_leave_open(open_reports(campaign), known_open)


def day_to_announce(campaign: Campaign, today: date, days: int) -> date:
    """Return the day that an announcement made today sets for a closed campaign."""
    return purge_day(deadlines.day_of(cast(datetime, campaign.closed_at)), today, days)
