"""The department's whole: handed in, received, opened again by the office."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any, cast

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rosters.encryption import key_ring
from rosters.models import Campaign, ClassGroup, Department, Student

from ..models import ClassSheet, HandIn, Tally, User
from ..process import deadlines, rules, states
from ..queries import actors, situations
from ..queries.actors import Who
from .book import Shelf, department_shelf
from .chains import canonical
from .refusals import Clock, Refused, refuse_if
from .sheets import report_counts, sheet_counts


def _allow(verb: str, who: Who, shelf: Shelf, department: Department) -> HandIn | None:
    """Ask the rules; return the newest hand-in. Raise Refused."""
    newest = situations.newest_hand_in(shelf.campaign, department)
    at = situations.department_situation(shelf.campaign, newest)
    acting = {states.OFFICE} if who.command else actors.staff_roles(cast(User, who.user), department)
    refuse_if(rules.may(verb, frozenset(acting), at))
    return newest


def _newest_sheets(classes: list[ClassGroup]) -> dict[int, ClassSheet]:
    """Return the newest sheet of each class that has one, by the class's key."""
    sheets = ClassSheet.objects.filter(class_group__in=classes).defer("rows", "signature")
    return {sheet.class_group_id: sheet for sheet in sheets.order_by("version")}


def _frozen_rows(classes: list[ClassGroup]) -> list[list[dict[str, Any]]]:
    """Return the rows that count of these classes' accepted sheets, of each sheet that has any: two queries.

    Somebody who was moved since stands on two sheets: they count on that of the class they are in now, where
    they are on it, and not at all where that class is another department's or is handed in without a sheet.
    """
    places = Student.objects.filter(class_group__in=classes).values_list("uuid", "class_group")
    now = {str(uuid): place for uuid, place in places}
    found = ClassSheet.objects.filter(class_group__in=classes, state=ClassSheet.State.ACCEPTED)
    counts: dict[str, tuple[int, dict[str, Any]]] = {}
    for sheet in found.only("class_group", "rows"):
        for row in sheet.rows:
            student, here = row["student"], sheet.class_group_id
            if student in now and (student not in counts or now[student] == here):
                counts[student] = (here, row)
    by_sheet: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for here, row in counts.values():
        by_sheet[here].append(row)
    return list(by_sheet.values())


def _row_counts(rows: list[dict[str, Any]]) -> Counter[str]:
    """Count a sheet's rows as its own counts do."""
    counts = Counter(row["state"] for row in rows)
    counts["expected"] = len(rows) - counts[states.WITHDRAWN]
    counts["late"] = sum(row["late"] for row in rows)
    return counts


def hand_in(
    *,
    campaign: Campaign,
    department: Department,
    who: Who,
    exceptions: Mapping[str, str],
    clock: Clock = timezone.now,
) -> HandIn:
    """系部上交: every class accepted, or with a reason in `exceptions`, by the class's UUID as text.

    On time or late is judged now, not when the office receives it. What was accepted counts as it was frozen,
    but each student once: the sheet of a class that all have left is no part of it. Raise Refused.
    """
    with department_shelf(campaign, department, clock) as shelf:
        before = _allow("hand_in", who, shelf, department)
        sheets = _newest_sheets(shelf.classes)
        tallies = {
            tally.class_group_id: tally for tally in Tally.objects.filter(class_group__in=shelf.classes)
        }
        counts: Counter[str] = Counter()
        excepted, left, accepted = [], [], []
        for class_group in shelf.classes:
            sheet, tally = sheets.get(class_group.pk), tallies.get(class_group.pk, Tally())
            if not rules.needs_reason(tally.expected, sheet.state if sheet else states.NONE):
                if sheet is not None and sheet.state == ClassSheet.State.ACCEPTED:
                    accepted.append(class_group)
                continue
            counts.update(sheet_counts(tally), recheck=tally.recheck, classes=1)
            reason = exceptions.get(str(class_group.uuid), "").strip()
            if reason:
                excepted.append(
                    {"class_group": str(class_group.uuid), "class": class_group.name, "reason": reason}
                )
            else:
                left.append(class_group.name)
        refuse_if(rules.may_leave_out(left))
        for rows in _frozen_rows(accepted):
            counts.update(_row_counts(rows), classes=1, sheets=1)
        if not counts:
            raise Refused(_("The department has no class to hand in."))
        counts.update(report_counts(tallies.values()))
        version = before.version + 1 if before else 1
        whole = {
            "department": str(department.uuid),
            "version": version,
            "counts": counts,
            "exceptions": excepted,
            "sheets": sorted(sheet.digest for sheet in sheets.values()),
        }
        digest = key_ring().digest("hand_in", canonical(whole))
        late = deadlines.is_late(max(one.department_deadline for one in shelf.classes), shelf.now)
        made = HandIn(
            campaign=shelf.campaign,
            department=department,
            version=version,
            counts=dict(counts),
            exceptions=excepted,
            digest=digest,
            handed_in_by=cast(User, who.user),
            handed_in_at=shelf.now,
            late=late,
        )
        shelf.wrote(made)
        # The event first: the hand-in, and its cover, hold the head of the chain with it.
        facts: dict[str, Any] = {"version": version, "digest": digest, "late": late, "exceptions": excepted}
        made.chain_head = shelf.note("hand_in", who, **facts).link
        made.save()
        return made


def receive(*, hand_in: HandIn, who: Who, clock: Clock = timezone.now) -> None:
    """The office has the department's whole. Raise Refused."""
    with department_shelf(hand_in.campaign, hand_in.department, clock) as shelf:
        newest = _same(_allow("receive", who, shelf, hand_in.department), hand_in)
        newest.state, newest.received_by, newest.received_at = HandIn.State.RECEIVED, who.user, shelf.now
        newest.save(update_fields=["state", "received_by", "received_at"])
        shelf.wrote(newest)
        shelf.note("receive", who, version=newest.version, digest=newest.digest)


def reopen(*, hand_in: HandIn, who: Who, reason: str, clock: Clock = timezone.now) -> None:
    """The office opens a hand-in again, with a reason: sheets can be returned. Raise Refused."""
    with department_shelf(hand_in.campaign, hand_in.department, clock) as shelf:
        newest = _same(_allow("reopen", who, shelf, hand_in.department), hand_in)
        refuse_if(rules.may_give(reason, _("Say why the hand-in is opened again.")))
        newest.state, newest.reopened_by, newest.reopened_at = HandIn.State.REOPENED, who.user, shelf.now
        newest.reopen_reason = reason.strip()
        newest.save(update_fields=["state", "reopened_by", "reopened_at", "reopen_reason"])
        shelf.wrote(newest)
        shelf.note("reopen", who, version=newest.version, reason=newest.reopen_reason)


def _same(newest: HandIn | None, asked: HandIn) -> HandIn:
    if newest is None or newest.pk != asked.pk:
        raise Refused(_("The department has handed in a newer version. Look at that one."))
    return newest
