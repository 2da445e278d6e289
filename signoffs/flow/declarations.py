"""What students declare: all right, an error, not me after all; and what others enter for them from paper."""

from collections.abc import Iterable
from typing import Any, cast
from uuid import UUID

from django.db.models import UUIDField
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rosters import key_fields
from rosters.models import Student

from ..models import Declaration, FieldError, Standing
from ..models.prepared import Prepared, store
from ..process import deadlines, rules, states
from ..process.answers import Answers, FieldReport
from ..queries import situations
from ..queries.actors import Who
from .book import Book, student_book
from .refusals import Clock, Refused, refuse_if
from .standings import end_excuse, fall_back, same_record, spoke_in_time, was_shown

Channel, Kind = Declaration.Channel, Declaration.Kind


def confirm(*, student: Student, answers: Answers, who: Who, clock: Clock = timezone.now) -> Declaration:
    """核对无误并签名. Return the declaration: of a submission id that came before, the one it made then.

    Raise Refused.
    """
    with student_book(student, clock) as book:
        made = _made_before(answers.submission_id, student)
        if made is not None:
            return made
        student = book.student(student)
        at = book.allow("confirm", who, student)
        refuse_if(rules.may_show(was_shown(answers.shown_digest, student)))
        refuse_if(rules.may_say_all_right(answers))
        declaration = _write(book, student, answers)
        _counts(book, student, declaration)
        book.note("confirm", who, student, **_facts(declaration, at))
        return declaration


def report(*, student: Student, answers: Answers, who: Who, clock: Clock = timezone.now) -> Declaration:
    """信息错误反馈: as `confirm`, with at least one error. Raise Refused."""
    with student_book(student, clock) as book:
        made = _made_before(answers.submission_id, student)
        if made is not None:
            return made
        student = book.student(student)
        at = book.allow("report", who, student)
        refuse_if(rules.may_show(was_shown(answers.shown_digest, student)))
        refuse_if(rules.may_report(answers.errors))
        with book.reports_change(student, had=book.standing(student) is not None):
            declaration = _write(book, student, answers)
        _counts(book, student, declaration)
        fields = [error.field for error in answers.errors]
        book.note("report", who, student, **_facts(declaration, at), fields=fields)
        return declaration


def withdraw_declaration(*, student: Student, who: Who, clock: Clock = timezone.now) -> None:
    """这不是我: take back the declaration that counts; what counted before it counts again. Raise Refused."""
    with student_book(student, clock) as book:
        student = book.student(student)
        book.allow("withdraw_declaration", who, student)
        # The rules take back only what somebody has declared.
        declaration = cast(Declaration, cast(Standing, book.standing(student)).declaration)
        with book.reports_change(student):
            declaration.withdrawn_at = book.now
            declaration.save(update_fields=["withdrawn_at"])
        book.wrote(declaration)
        fall_back(book, student)
        book.note("withdraw_declaration", who, student, declaration=str(declaration.uuid))


def enter_on_paper(
    *, student: Student, answers: Answers, who: Who, channel: str, reason: str, clock: Clock = timezone.now
) -> Declaration:
    """Enter a declaration for a student: made on paper (纸质), or by proxy (代签), and why.

    It counts once a second person has countersigned it; the standing stays until then. Raise Refused.
    """
    with student_book(student, clock) as book:
        made = _made_before(answers.submission_id, student)
        if made is not None:
            return made
        student = book.student(student)
        book.allow("enter_on_paper", who, student)
        refuse_if(rules.may_give(reason, _("Say how it came to this entry.")))
        if channel not in (Channel.PAPER, Channel.PROXY):
            raise Refused(_("An entry is either on paper or by proxy."))
        refuse_if(rules.may_report(answers.errors) if answers.errors else rules.may_say_all_right(answers))
        if situations.waiting_entries().filter(student=student).exists():
            raise Refused(_("An entry for this student already waits for its countersignature."))
        by = {"entered_by_user": who.user, "entered_by_student": who.student}
        declaration = _write(book, student, answers, channel=channel, entered_reason=reason, **by)
        facts = {"declaration": str(declaration.uuid), "channel": channel, "reason": reason}
        facts["submission"] = str(declaration.submission_id)
        book.note("enter_on_paper", who, student, **facts)
        return declaration


def countersign(*, declaration: Declaration, who: Who, clock: Clock = timezone.now) -> None:
    """Countersign an entry, as a second person: now it counts. Raise Refused."""
    with student_book(declaration.student, clock) as book:
        student = book.student(declaration.student)
        declaration = Declaration.objects.get(pk=declaration.pk)
        newer = Declaration.objects.filter(student=student, withdrawn_at=None, contested_at=None)
        refuse_if(
            rules.may_confirm_entry(
                waits=situations.waiting_entries().filter(pk=declaration.pk).exists(),
                is_newest=not newer.filter(pk__gt=declaration.pk).exists(),
                entered_by_same=who.user is not None and declaration.entered_by_user_id == who.user.pk,
            )
        )
        at = book.allow("countersign", who, student)
        with book.reports_change(student):
            declaration.countersigned_by, declaration.countersigned_at = who.user, book.now
            declaration.late = declaration.late and not spoke_in_time(student)
            declaration.save(update_fields=["countersigned_by", "countersigned_at", "late"])
        book.wrote(declaration)
        _counts(book, student, declaration)
        book.note("countersign", who, student, **_facts(declaration, at))


def contest(*, declaration: Declaration, who: Who, clock: Clock = timezone.now) -> None:
    """The student says that an entry made for them is not theirs: it counts no more. Raise Refused."""
    with student_book(declaration.student, clock) as book:
        student = book.student(declaration.student)
        declaration = Declaration.objects.get(pk=declaration.pk)
        book.allow("contest", who, student)
        if declaration.channel == Channel.OWN:
            raise Refused(_("You have signed this yourself: take it back instead."))
        if declaration.contested_at is not None or declaration.withdrawn_at is not None:
            raise Refused(_("This entry no longer counts."))
        with book.reports_change(student):
            declaration.contested_at = book.now
            declaration.save(update_fields=["contested_at"])
        book.wrote(declaration)
        standing = book.standing(student)
        if standing is not None and standing.declaration_id == declaration.pk:
            fall_back(book, student)
        book.note("contest", who, student, declaration=str(declaration.uuid))


_of_submission = Prepared(
    lambda submission_id: Declaration.objects.filter(submission_id=submission_id).order_by(),
    submission_id=UUIDField(),
)


def _made_before(submission_id: UUID, student: Student) -> Declaration | None:
    """Return what this submission id has made: sending twice is one declaration.

    Raise Refused where that was another's, or was undone since: sending it again would seem to make it anew.
    """
    made = _of_submission.first(submission_id=submission_id)
    if made is None:
        return None
    if made.student_id != student.pk:
        raise Refused(_("This page was already sent. Open the link again."))
    if not _stands(made):
        raise Refused(_("What this page has sent no longer counts. Open the page again."))
    return made


def _stands(made: Declaration) -> bool:
    """Say whether it was not undone; an entry that nobody has countersigned: whether it still waits.

    What a student has signed stays theirs, with its receipt, though a newer one counts.
    """
    if made.channel == Channel.OWN or made.countersigned_at is not None:
        return made.withdrawn_at is None and made.contested_at is None
    return situations.waiting_entries().filter(pk=made.pk).exists()


def _write(book: Book, student: Student, answers: Answers, **entry: Any) -> Declaration:
    """Write the declaration, and its errors; `entry`: how it was entered for the student."""
    late = deadlines.is_late(book.class_group.student_deadline, answers.arrived_at)
    if late and not entry and book.standing(student) is not None:
        late = not spoke_in_time(student)
    declaration = Declaration(
        student=student,
        class_group=book.class_group,
        submission_id=answers.submission_id,
        kind=Kind.REPORTED if answers.errors else Kind.CONFIRMED,
        status=answers.status,
        record_digest=student.record_digest,
        snapshot=answers.snapshot,
        signature=dict(answers.signature),
        phone=answers.phone or None,
        device_mark=answers.device_mark,
        declared_at=book.now,
        late=late,
        **entry,
    )
    store(declaration)
    book.wrote(declaration)
    _write_errors(book, declaration, answers.errors)
    return declaration


def _write_errors(book: Book, declaration: Declaration, errors: Iterable[FieldReport]) -> None:
    """Keep what the roster says beside what was reported; the owner follows from the field."""
    for error in errors:
        known = key_fields.BY_NAME.get(error.field)
        written = FieldError.objects.create(
            declaration=declaration,
            field=error.field,
            owner=known.owner if known else FieldError.Owner.OFFICE,
            roster_value=key_fields.display(error.field, getattr(declaration.student, error.field))
            if known
            else "",
            chsi_value=error.chsi_value,
            right_value=error.right_value,
        )
        book.wrote(written)


def _counts(book: Book, student: Student, declaration: Declaration) -> None:
    """Let the declaration count: the standing follows it, and an excuse is lifted."""
    end_excuse(book, student)
    state = declaration.kind if same_record(declaration, student) else states.RECHECK
    book.stand(student, state, declaration=declaration, late=declaration.late)


def _facts(declaration: Declaration, at: rules.Situation) -> dict:
    """Return what an event keeps of a declaration. `recheck`: beside a submitted sheet (复核)."""
    return {
        "declaration": str(declaration.uuid),
        "submission": str(declaration.submission_id),
        "kind": declaration.kind,
        "late": declaration.late,
        "recheck": at.is_submitted,
    }
