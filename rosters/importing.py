"""The only writer of rosters: campaigns, what an import changes, a value that is mended, a leaver.

Everything here is one transaction, and knows nothing of declarations: signoffs/flow calls it under its locks
and does in the same transaction what a change means for them.
"""

import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, cast

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models.functions import Upper

from . import key_fields, reading
from .encryption import key_id_of_digest, key_ring
from .models import Campaign, ClassGroup, Department, RosterChange, RosterImport, Student
from .novelty import Place
from .planning import NONE_CHOSEN, Choices, Plan, basis_of, known_students, plan
from .problems import LEVELS, Problem
from .seats import PLACE, Seats, former_seats, reseat
from .student_rows import Newcomer, StudentWriter

UPLOAD_LASTS = timedelta(hours=1)
BATCH = 500


class Stale(Exception):
    """The roster changed since the plan was made: it must be previewed again. Nothing was written."""


class NotClean(Exception):
    """The plan has errors, so it can't be applied. Nothing was written."""


class UploadGone(Exception):
    """The upload no longer waits: an hour has passed, or it was applied or dropped."""


class BadValue(Exception):
    """A value that can't be stored in that field; `problem` says why."""

    def __init__(self, problem: Problem):
        """Take the problem, whose message a person is shown."""
        super().__init__(problem.code)
        self.problem = problem


class Leeway(NamedTuple):
    """What an import may do over because nobody has acted on it; the process knows what."""

    # Classes in which somebody has signed by their seat: the seats stay.
    signed: frozenset[int] = frozenset()
    # Nobody of the last import has identified: it can be undone as if it had never been.
    last_is_unused: bool = False
    # Students who came only by it, and to whom nothing refers.
    removable: frozenset[int] = frozenset()


NO_LEEWAY = Leeway()


@dataclass
class Applied:
    """What an import has done, for the flow to follow up."""

    roster_import: RosterImport
    created: list[Newcomer] = field(default_factory=list)
    # Students whose normalised key fields are others now: what they declared was about another record.
    changed: list[Student] = field(default_factory=list)
    # Students whose duty is another now, which nobody has signed.
    duties: list[Student] = field(default_factory=list)
    # Students who moved, each with the class they left, and the seat they had there.
    moved: list[tuple[Student, ClassGroup]] = field(default_factory=list)
    left_seats: dict[int, int] = field(default_factory=dict)
    # Students who had been withdrawn, and whom the roster names again.
    returned: list[Student] = field(default_factory=list)
    new_class_groups: list[ClassGroup] = field(default_factory=list)
    # By class: how many went who had come by a wrong file alone, and how many got another seat.
    removed: Counter = field(default_factory=Counter)
    reseated: Counter = field(default_factory=Counter)
    class_groups_touched: list[ClassGroup] = field(default_factory=list)


# Campaigns --------------------------------------------------------------------------------------------


def open_campaign() -> Campaign | None:
    """Return the open campaign, or None."""
    return Campaign.objects.filter(state=Campaign.State.OPEN).first()


def create_campaign(
    slug: str, *, university: str, deadlines: tuple[date, date], texts: dict[str, str]
) -> Campaign:
    """Return a new campaign, open unless another one is; `deadlines`: the students', the departments'."""
    student_deadline, department_deadline = deadlines
    return Campaign.objects.create(
        slug=slug,
        university=university,
        texts=texts,
        state=Campaign.State.DRAFT if open_campaign() else Campaign.State.OPEN,
        student_deadline=student_deadline,
        department_deadline=department_deadline,
    )


def set_deadlines(campaign: Campaign, deadlines: tuple[date, date]) -> None:
    """Set both deadlines of a campaign: the students', the departments'."""
    campaign.student_deadline, campaign.department_deadline = deadlines
    campaign.save(update_fields=["student_deadline", "department_deadline"])


def set_own_deadlines(class_groups: list[ClassGroup], deadlines: tuple[date | None, date | None]) -> None:
    """Set the deadlines that a department's classes have for themselves; None: they have the campaign's."""
    for one in class_groups:
        one.own_student_deadline, one.own_department_deadline = deadlines
        one.save(update_fields=["own_student_deadline", "own_department_deadline"])


def set_university(campaign: Campaign, university: str) -> None:
    """Set the university's name."""
    campaign.university = university
    campaign.save(update_fields=["university"])


def reopen(campaign: Campaign) -> None:
    """Let a closed campaign run again; what was announced of its deletion holds no more."""
    campaign.state, campaign.closed_at = Campaign.State.OPEN, None
    campaign.purge_on = campaign.purge_announced_at = None
    campaign.save(update_fields=["state", "closed_at", "purge_on", "purge_announced_at"])


def begin(campaign: Campaign) -> None:
    """Open a campaign that was in preparation."""
    campaign.state = Campaign.State.OPEN
    campaign.save(update_fields=["state"])


def set_texts(campaign: Campaign, texts: dict[str, str]) -> None:
    """Set the texts that a campaign's pages show in place of the given ones."""
    campaign.texts = texts
    campaign.save(update_fields=["texts"])


def close(campaign: Campaign, *, now: datetime) -> None:
    """Close a campaign for good."""
    campaign.state, campaign.closed_at = Campaign.State.CLOSED, now
    campaign.save(update_fields=["state", "closed_at"])


# Uploads that wait for their confirmation -------------------------------------------------------------


def keep_upload(
    campaign: Campaign,
    *,
    file_name: str,
    content: bytes,
    plan: Plan,
    user: AbstractBaseUser | None,
    now: datetime,
) -> RosterImport:
    """Keep an uploaded file, encrypted, until it is confirmed, for an hour at most."""
    drop_old_uploads(now)
    return RosterImport.objects.create(
        campaign=campaign,
        file_name=file_name[:200],
        upload=content,
        plan_digest=plan.digest,
        counts={**plan.counts, "mapping": plan.reading.mapping},
        uploaded_by=cast(Any, user),
        uploaded_at=now,
    )


def keep_mapping(roster_import: RosterImport, *, plan: Plan) -> None:
    """Keep what was mapped by hand, and the plan that came of it, with a waiting upload."""
    roster_import.plan_digest = plan.digest
    roster_import.counts = {**plan.counts, "mapping": plan.reading.mapping}
    roster_import.save(update_fields=["plan_digest", "counts"])


def waiting_upload(roster_import: RosterImport, *, now: datetime) -> bytes:
    """Return the content of a waiting upload. Raise UploadGone."""
    content = roster_import.upload if roster_import.state == RosterImport.State.WAITING else None
    if content is None or now - roster_import.uploaded_at >= UPLOAD_LASTS:
        raise UploadGone(roster_import.file_name)
    return content


def plan_of(
    roster_import: RosterImport,
    *,
    now: datetime,
    mapping: dict[str, str] | None = None,
    choices: Choices = NONE_CHOSEN,
) -> Plan:
    """Read a waiting upload again, and plan it against the roster as it is now.

    Its digest differs from `roster_import.plan_digest` where the roster has changed since the preview. Raise
    UploadGone; and what `reading.read` raises.
    """
    content = waiting_upload(roster_import, now=now)
    by_hand = roster_import.counts.get("mapping", {}) if mapping is None else mapping
    return plan(
        roster_import.campaign, reading.read(content, roster_import.file_name, mapping=by_hand), choices
    )


def drop_upload(roster_import: RosterImport) -> None:
    """Forget an upload's content; its row stays, as a record that it was not applied. Raise UploadGone."""
    _end_waiting(roster_import, state=RosterImport.State.DROPPED)


def _end_waiting(roster_import: RosterImport, **values: object) -> None:
    """End the waiting of an upload, which is applied or dropped but never both. Raise UploadGone."""
    waiting = RosterImport.objects.filter(pk=roster_import.pk, state=RosterImport.State.WAITING)
    if not waiting.update(upload=None, **values):
        raise UploadGone(roster_import.file_name)


def drop_old_uploads(now: datetime) -> None:
    """Forget the content of every upload that has waited for an hour."""
    RosterImport.objects.filter(state=RosterImport.State.WAITING, uploaded_at__lte=now - UPLOAD_LASTS).update(
        state=RosterImport.State.DROPPED, upload=None
    )


# Applying a plan --------------------------------------------------------------------------------------


@transaction.atomic
def apply(
    plan: Plan,
    *,
    now: datetime,
    user: AbstractBaseUser | None = None,
    roster_import: RosterImport | None = None,
    leeway: Leeway = NO_LEEWAY,
) -> Applied:
    """Write what the plan says: all of it or nothing.

    Raise NotClean for a plan with errors, UploadGone where its upload no longer waits, Stale where the roster
    changed since it was made. The caller holds the locks of the campaign and its classes.
    """
    if not plan.is_clean:
        raise NotClean(plan.file_name)
    applied = Applied(_record(plan, now, user, roster_import))
    if basis_of(plan.campaign, known_students(plan.campaign)) != plan.basis:
        raise Stale(plan.file_name)
    groups = _class_groups(plan, applied)
    _remove(plan, leeway, applied)
    seats = Seats(groups.values())
    before = {"student": plan.newest, "seats": {str(pk): given for pk, given in seats.before.items()}}
    _update(plan, groups, seats, applied, now)
    if leeway.last_is_unused and plan.last:
        seats.fall_back(plan.last.counts["before"]["seats"])
    _create(plan, groups, seats, applied)
    reseat(plan, groups, seats, leeway.signed, applied)
    seats.store()
    applied.roster_import.counts["before"] = before
    applied.roster_import.save(update_fields=["counts"])
    touched = {newcomer.class_group_id: newcomer.class_group for newcomer in applied.created}
    moved = (student for student, _ in applied.moved)
    for student in (*applied.changed, *applied.duties, *applied.returned, *moved):
        touched[student.class_group_id] = student.class_group
    touched |= {left.pk: left for _, left in applied.moved}
    in_order = {group.pk: group for group in groups.values()}
    touched |= {pk: in_order[pk] for pk in (*applied.removed, *applied.reseated)}
    applied.class_groups_touched = [touched[pk] for pk in sorted(touched)]
    return applied


def _record(
    plan: Plan, now: datetime, user: AbstractBaseUser | None, roster_import: RosterImport | None
) -> RosterImport:
    """Note that the import was applied, and forget the upload. Raise UploadGone."""
    applied = {
        "state": RosterImport.State.APPLIED,
        "applied_at": now,
        "plan_digest": plan.digest,
        "counts": {**plan.counts, "mapping": plan.reading.mapping},
    }
    if roster_import is not None:
        _end_waiting(roster_import, **applied)
        return RosterImport.objects.get(pk=roster_import.pk)
    return RosterImport.objects.create(
        campaign=plan.campaign,
        file_name=plan.file_name[:200],
        uploaded_by=cast(Any, user),
        uploaded_at=now,
        **applied,
    )


def _class_groups(plan: Plan, applied: Applied) -> dict[tuple[str, str], ClassGroup]:
    """Return the campaign's classes by the key of their place, those that are new among them."""
    wanted: dict[tuple[str, str], Place] = {}
    for place in plan.places:
        wanted.setdefault(place.key, place)
    groups = {
        Place(group.department.name, group.name).key: group
        for group in ClassGroup.everything.filter(campaign=plan.campaign).select_related("department")
    }
    departments = {
        key_fields.normalise("department_name", department.name): department
        for department in Department.objects.all()
    }
    own = {group.department_id: group for group in groups.values()}
    for key, place in wanted.items():
        if key in groups:
            if groups[key].removed_at is not None:
                groups[key].removed_at = None
                groups[key].save(update_fields=["removed_at"])
            continue
        if key[0] not in departments:
            departments[key[0]] = Department.objects.create(name=place.department)
        group = ClassGroup(campaign=plan.campaign, department=departments[key[0]], name=place.class_name)
        sibling = own.get(group.department_id)
        if sibling is not None:
            group.own_student_deadline = sibling.own_student_deadline
            group.own_department_deadline = sibling.own_department_deadline
        groups[key] = group
        applied.new_class_groups.append(group)
    ClassGroup.objects.bulk_create(applied.new_class_groups, batch_size=BATCH)
    return groups


def _remove(plan: Plan, leeway: Leeway, applied: Applied) -> None:
    """Let those go who came only by a wrong file that nobody has identified by, where that is chosen."""
    if not (plan.choices.undo_last and leeway.last_is_unused):
        return
    going = [student for student in plan.came_only_by_last if student.pk in leeway.removable]
    applied.removed.update(student.class_group_id for student in going)
    Student.objects.filter(pk__in=[student.pk for student in going]).delete()


def _create(plan: Plan, groups: dict, seats: Seats, applied: Applied) -> None:
    """Insert the new students with one prepared statement."""
    by_class: dict[int, list] = {}
    homes: dict[int, ClassGroup] = {}
    keys: dict[tuple[str, str], tuple[str, str]] = {place: place.key for place in plan.places}
    for row in plan.created:
        group = groups[keys[row.department_name, row.class_name]]
        homes[group.pk] = group
        by_class.setdefault(group.pk, []).append(row)
    writer = StudentWriter()
    for pk, rows in by_class.items():
        for row, seat in zip(rows, seats.of_newcomers(homes[pk], rows), strict=True):
            newcomer = Newcomer(uuid.uuid4(), homes[pk], seat, row.student_number)
            applied.created.append(newcomer)
            writer.insert(plan.campaign, newcomer, row)
    writer.flush()


def _update(plan: Plan, groups: dict, seats: Seats, applied: Applied, now: datetime) -> None:
    """Write what changes of students who are stored, and keep the old values."""
    writer, changes = StudentWriter(), []
    former = former_seats([update.student for update in plan.updated if update.moved_to is not None])
    for student, changed, moved_to in plan.updated:
        for name, old, new in changed:
            changes.append((student, name, key_fields.display(name, old), key_fields.display(name, new)))
            setattr(student, name, new)
        fields = {name for name, _, _ in changed}
        if fields & key_fields.BY_NAME.keys():
            applied.changed.append(student)
        if "duty" in fields:
            applied.duties.append(student)
        if student.withdrawn_at is not None:
            student.withdrawn_at, student.withdrawn_reason = None, ""
            applied.returned.append(student)
        if moved_to is not None:
            left, seat = student.class_group, student.seat
            student.class_group = groups[moved_to.key]
            student.seat = seats.former(student, former) or seats.next(student.class_group)
            applied.moved.append((student, left))
            applied.left_seats[student.pk] = seat
            new = f"{student.class_group.department.name} {student.class_group.name} {student.seat}"
            changes.append((student, PLACE, f"{left.department.name} {left.name} {seat}", new))
        writer.update(student)
    writer.flush()
    RosterChange.objects.bulk_create(
        (
            RosterChange(
                roster_import=applied.roster_import,
                student=student,
                field=name,
                old=old,
                new=new,
                changed_at=now,
            )
            for student, name, old, new in changes
        ),
        batch_size=BATCH,
    )


# Single students --------------------------------------------------------------------------------------


@transaction.atomic
def mend(student: Student, *, field: str, value: str, now: datetime) -> bool:
    """Set one key field of a student from what a person has typed; the place stays.

    Returns whether the record means something else now. Raise BadValue; KeyError for no key field.
    """
    if field not in key_fields.BY_NAME:
        raise KeyError(field)
    cleaned = key_fields.BY_NAME[field].clean(value)
    for code, details in cleaned.faults:
        if LEVELS[code] == "error":
            raise BadValue(Problem(code, column=field, details=details))
    old, before = getattr(student, field), student.record_digest
    if key_fields.display(field, old) == key_fields.display(field, cleaned.value):
        return False
    taken = Problem("student_number_taken", column="student_number")
    if field == "student_number" and _is_taken(str(cleaned.value), student):
        raise BadValue(taken)
    RosterChange.objects.create(
        student=student,
        field=field,
        old=key_fields.display(field, old),
        new=key_fields.display(field, cleaned.value),
        changed_at=now,
    )
    setattr(student, field, cleaned.value)
    writer = StudentWriter()
    writer.update(student)
    try:
        with transaction.atomic():
            writer.flush()
    except IntegrityError as error:  # the same 学号 was given in another class at this moment
        raise BadValue(taken) from error
    return student.record_digest != before


def _is_taken(number: str, student: Student) -> bool:
    """Say whether another student of the campaign has that 学号, in whatever letters."""
    others = Student.objects.filter(campaign=student.campaign_id).exclude(pk=student.pk)
    return others.annotate(in_capitals=Upper("student_number")).filter(in_capitals=number.upper()).exists()


def withdraw(student: Student, *, reason: str, now: datetime) -> None:
    """Note that a student has left the roster; the seat stays, struck out."""
    student.withdrawn_at, student.withdrawn_reason = now, reason[:200]
    student.save(update_fields=["withdrawn_at", "withdrawn_reason"])


def remove_class(class_group: ClassGroup, *, now: datetime) -> None:
    """Note that a class which has become empty is no longer there. The caller has seen that it is empty."""
    class_group.removed_at = now
    class_group.save(update_fields=["removed_at"])


# A new field key --------------------------------------------------------------------------------------


@transaction.atomic
def renew_digests(class_group: ClassGroup) -> int:
    """Make the digests of a class's students anew where an old key made them; return of how many students.

    The caller holds the lock of the class.
    """
    writing, writer, renewed = key_ring().writing_id, StudentWriter(), 0
    for student in Student.objects.filter(class_group=class_group):
        digests = filter(None, (student.id_digest, student.record_digest))
        if any(key_id_of_digest(digest) != writing for digest in digests):
            writer.update(student)
            renewed += 1
    writer.flush()
    return renewed


# The end of personal data -----------------------------------------------------------------------------


def announce_purge(campaign: Campaign, *, day: date, now: datetime) -> None:
    """Set the day from which a campaign's personal data may be deleted."""
    campaign.purge_on, campaign.purge_announced_at = day, now
    campaign.save(update_fields=["purge_on", "purge_announced_at"])


def purge_class(class_group: ClassGroup, *, now: datetime) -> None:
    """Delete a class's students and what was changed of them; the caller has deleted what refers to them."""
    RosterChange.objects.filter(student__class_group=class_group).delete()
    Student.objects.filter(class_group=class_group).delete()
    class_group.purged_at = now
    class_group.save(update_fields=["purged_at"])


def finish_purge(campaign: Campaign, *, now: datetime) -> None:
    """Delete what a file name or a forgotten upload may tell of people, and mark the campaign."""
    RosterImport.objects.filter(campaign=campaign).update(file_name="", upload=None)
    campaign.purged_at = now
    campaign.save(update_fields=["purged_at"])
