"""Where a class, a department or a student stands, in the plain values that the rules look at."""

from datetime import datetime

from django.db.models import BigIntegerField, Exists, OuterRef, QuerySet

from rosters.models import Campaign, ClassGroup, Department, Student
from rosters.sentences import Sentence

from ..models import ClassSheet, Declaration, FieldError, HandIn, Standing
from ..models.prepared import Prepared
from ..process import deadlines, rules, states
from . import actors


def newest_sheet(class_group: ClassGroup) -> ClassSheet | None:
    """Return the class's sheet of the newest version, without its rows and its signature."""
    sheets = ClassSheet.objects.filter(class_group=class_group).defer("rows", "signature")
    return sheets.order_by("-version").first()


def newest_hand_in(campaign: Campaign, department: Department) -> HandIn | None:
    """Return the department's hand-in of the newest version."""
    return HandIn.objects.filter(campaign=campaign, department=department).order_by("-version").first()


def department_situation(campaign: Campaign, newest: HandIn | None) -> rules.Situation:
    """Look at a department, whose newest hand-in in the campaign is this one."""
    return rules.Situation(
        open=campaign.state == Campaign.State.OPEN, hand_in=newest.state if newest else states.NONE
    )


def has_open_errors(standing: Standing) -> bool:
    """Say whether an error of the declaration that counts is not settled yet."""
    errors = FieldError.objects.filter(declaration=standing.declaration_id)
    return errors.filter(outcome__in=states.UNSETTLED).exists()


def standing_of(student: Student) -> Standing | None:
    """Return where the student stands; None: missing."""
    return Standing.objects.filter(student=student).first()


_sheets = Prepared(
    lambda class_group: (
        ClassSheet.objects.filter(class_group=class_group).only("state").order_by("-version")[:1]
    ),
    class_group=BigIntegerField(),
)


_hand_ins = Prepared(
    lambda campaign, department: (
        HandIn.objects.filter(campaign=campaign, department=department).only("state").order_by("-version")[:1]
    ),
    campaign=BigIntegerField(),
    department=BigIntegerField(),
)


def class_states(class_group: ClassGroup) -> tuple[str, str]:
    """Return the states of the class's newest sheet and of its department's newest hand-in."""
    sheet = _sheets.first(class_group=class_group.pk)
    hand_in = _hand_ins.first(campaign=class_group.campaign_id, department=class_group.department_id)
    return sheet.state if sheet else states.NONE, hand_in.state if hand_in else states.NONE


def situation(
    class_group: ClassGroup,
    now: datetime,
    standing: Standing | None = None,
    *,
    known: tuple[str, str] | None = None,
) -> rules.Situation:
    """Look at a class, and at how one of its students stands. `known`: its class_states."""
    sheet, hand_in = known or class_states(class_group)
    return rules.Situation(
        open=class_group.campaign.state == Campaign.State.OPEN,
        closed=class_group.campaign.state == Campaign.State.CLOSED,
        deadline_passed=deadlines.is_late(class_group.student_deadline, now),
        sheet=sheet,
        hand_in=hand_in,
        standing=standing.state if standing else states.MISSING,
        settled=is_settled(standing),
    )


def is_settled(standing: Standing | None) -> bool:
    """Say whether somebody reported, and every error of it is settled."""
    return standing is not None and standing.state == states.REPORTED and not has_open_errors(standing)


def is_asked_again(standing: Standing | None) -> bool:
    """Say whether the student is asked to look at the record again."""
    return (
        standing is not None
        and rules.Situation(standing=standing.state, settled=is_settled(standing)).asked_again
    )


def is_purged(campaign: Campaign) -> bool:
    """Say whether the deletion of the campaign's personal data has begun."""
    return campaign.class_groups.exclude(purged_at=None).exists()


def unaccounted(class_group: ClassGroup) -> tuple[list[str], int]:
    """Return who keeps the books from balancing ("17 name"), and how many of them await the officer."""
    students = (
        Student.objects.filter(class_group=class_group, withdrawn_at=None)
        .exclude(standing__state__in=states.ACCOUNTED)
        .order_by("seat")
        .values_list("pk", "seat", "name")
    )
    left = {pk: f"{seat} {name}" for pk, seat, name in students}
    waiting = waiting_entries().filter(student__class_group=class_group, student__in=left)
    return list(left.values()), waiting.values("student").distinct().count()


_waiting = Prepared(
    lambda student: waiting_entries().filter(student=student).order_by("-pk")[:1], student=BigIntegerField()
)


def waiting_entry(student: Student) -> Declaration | None:
    """Return an entry that somebody made for the student and that still awaits the officer."""
    return _waiting.first(student=student.pk)


def waiting_entries() -> QuerySet[Declaration]:
    """Return the declarations, of any class, that were entered for somebody and await the officer.

    One whose student has signed since, or has left, waits for nobody: until that signature is taken back, or
    the roster names the student again.
    """
    entered = Declaration.objects.exclude(channel=Declaration.Channel.OWN).filter(
        countersigned_at=None, withdrawn_at=None, contested_at=None
    )
    newer = Declaration.objects.filter(
        student=OuterRef("student"), pk__gt=OuterRef("pk"), withdrawn_at=None, contested_at=None
    )
    return entered.filter(~Exists(newer), student__withdrawn_at=None)


def reason(
    verb: str, *, who: actors.Who, class_group: ClassGroup, now: datetime, student: Student | None = None
) -> Sentence | None:
    """Return why `who` can't make that move now, or None: what stands beside the button."""
    at = situation(class_group, now, standing_of(student) if student else None)
    refusal = rules.may(verb, actors.roles(who, class_group, student), at)
    if refusal is None and verb == "submit_sheet":
        return rules.may_balance(*unaccounted(class_group))
    return refusal
