"""A roster comes in, or somebody leaves it: the facts through rosters.importing, and what follows."""

from collections import defaultdict
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rosters import importing, planning
from rosters.models import Campaign, ClassGroup, RosterImport, Student

from ..entrance import links
from ..models import Chain, ClassLink, MonitorDuty, Standing, proofs
from ..process import deadlines, rules, states
from ..queries import undoing
from ..queries.actors import Who
from . import tallies
from .book import Shelf, campaign_shelf, class_book, student_book
from .campaigns import create_campaign
from .chains import append
from .refusals import Clock, Refused, refuse_if
from .standings import end_excuse, newest_that_counts, restate


def campaign_for(*, slug: str, who: Who, clock: Clock = timezone.now) -> Campaign:
    """Return the campaign of a cohort year, which the year's first roster makes. Raise Refused for no year.

    A new one has the default texts and that year's usual deadlines.
    """
    found = Campaign.objects.filter(slug=slug).first()
    if found is not None:
        return found
    refuse_if(rules.may_name(slug))
    latest = Campaign.objects.first()
    return create_campaign(
        slug=slug,
        university=latest.university if latest else "",
        deadlines=deadlines.usual(int(slug)),
        texts={},
        who=who,
        clock=clock,
    )


def import_roster(
    *, plan: planning.Plan, who: Who, clock: Clock = timezone.now, roster_import: RosterImport | None = None
) -> importing.Applied:
    """Apply a plan, and let declarations, tallies, links and events follow.

    Who declared on a record that is now another is asked again (`recheck`); whose record is again what they
    declared on is not. Whom an officer named monitor of a class is none in the class they move to. Raise
    Refused, and what `importing.apply` raises. At a constant number of queries for the students, and a few
    for each class.
    """
    with campaign_shelf(plan.campaign, clock) as shelf:
        if shelf.campaign.state == Campaign.State.CLOSED:
            raise Refused(_("The campaign is closed: its roster can't change any more."))
        applied = importing.apply(
            plan,
            now=shelf.now,
            user=who.user,
            roster_import=roster_import,
            leeway=undoing.leeway(plan),
        )
        touched = list(ClassGroup.objects.filter(pk__in=[one.pk for one in applied.class_groups_touched]))
        linked = set(
            ClassLink.objects.filter(class_group__in=touched, revoked_at=None).values_list(
                "class_group", flat=True
            )
        )
        links.issue_all([one for one in touched if one.pk not in linked], shelf.now)
        concerned = {one.pk for one in (*applied.changed, *applied.returned)}
        restated = restate(Student.objects.filter(pk__in=concerned), shelf.now)
        tallies.renew(touched)
        chains = _note(touched, applied, restated, shelf, who)
        _end_duties(applied, chains, shelf, who)
        return applied


def _note(
    touched: list[ClassGroup], applied: importing.Applied, restated: list[Standing], shelf: Shelf, who: Who
) -> dict[int | None, Chain]:
    """Write one event for each class that the import touches, and one for the campaign.

    Return the chains of those classes, by the class's key.
    """
    by_class: dict[int, dict[str, Any]] = defaultdict(
        lambda: {"created": 0, "changed": [], "asked": [], "duties": [], "rows": {}}
    )
    asked = [standing.student for standing in restated if standing.state == states.RECHECK]
    for newcomer in applied.created:
        by_class[newcomer.class_group_id]["created"] += 1
    for name, students in (("changed", applied.changed), ("asked", asked), ("duties", applied.duties)):
        for student in students:
            by_class[student.class_group_id][name].append(str(student.uuid))
    for standing in restated:
        rows = by_class[standing.student.class_group_id]["rows"]
        rows[proofs.key_of(standing)] = proofs.digest_of(standing)
    for name, counted in (("removed", applied.removed), ("reseated", applied.reseated)):
        for class_group, count in counted.items():
            by_class[class_group][name] = count
    source: dict[str, Any] = {"import": str(applied.roster_import.uuid)}
    chains = {chain.class_group_id: chain for chain in Chain.objects.filter(class_group__in=touched)}
    begun = Chain.objects.bulk_create(
        Chain(campaign=shelf.campaign, class_group=one) for one in touched if one.pk not in chains
    )
    chains |= {chain.class_group_id: chain for chain in begun}
    for class_group in touched:
        chain = chains[class_group.pk]
        append(chain, "import_roster", shelf.now, who, None, {**source, **by_class[class_group.pk]})
    counts: dict[str, Any] = {
        "created": len(applied.created),
        "changed": len(applied.changed),
        "classes": len(touched),
    }
    if applied.removed:
        counts["removed"] = applied.removed.total()
    shelf.note("import_roster", who, **source, **counts)
    return chains


def _end_duties(applied: importing.Applied, chains: dict[int | None, Chain], shelf: Shelf, who: Who) -> None:
    """End the duty of those who were named monitor of a class, and moved to another one."""
    left = {student.pk: class_group for student, class_group in applied.moved}
    for duty in MonitorDuty.objects.filter(student__campaign=shelf.campaign).select_related("student"):
        if duty.student_id in left:
            gone = {"rows": {proofs.key_of(duty): None}}
            duty.delete()
            append(chains[left[duty.student_id].pk], "unname_monitor", shelf.now, who, duty.student, gone)


def withdraw_student(*, student: Student, who: Who, reason: str, clock: Clock = timezone.now) -> None:
    """Somebody has left (退学、转出等): the seat is struck out, and never given again. Raise Refused."""
    with student_book(student, clock) as book:
        student = book.student(student)
        book.allow("withdraw_student", who, student)
        refuse_if(rules.may_give(reason, _("Say why the student leaves the roster.")))
        end_excuse(book, student)
        importing.withdraw(student, reason=reason.strip(), now=book.now)
        # Kept, for the case that the roster names them again.
        book.stand(student, states.WITHDRAWN, declaration=newest_that_counts(student))
        book.note("withdraw_student", who, student, reason=reason.strip())


def remove_class(*, class_group: ClassGroup, who: Who, clock: Clock = timezone.now) -> None:
    """A class that has become empty is shown no more; its links end, its events stay. Raise Refused."""
    with class_book(class_group.pk, clock) as book:
        if Student.objects.filter(class_group=book.class_group).exists():
            raise Refused(_("The class has students: only an empty one can be removed."))
        links.revoke(book.class_group, book.now)
        importing.remove_class(book.class_group, now=book.now)
        book.note("remove_class", who)
