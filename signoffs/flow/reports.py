"""A reported error, followed to its end: mended in the roster, corrected on CHSI, or explained."""

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rosters import importing

from ..models import FieldError
from ..process import rules, states
from ..process.rules import WHOLE_RECORD
from ..queries import actors, reported
from ..queries.actors import Who
from .book import Book, student_book
from .refusals import Clock, Refused, refuse_if
from .standings import ask_again


def settle_error(
    *, error: FieldError, who: Who, outcome: str, note: str, clock: Clock = timezone.now, alike: bool = False
) -> int:
    """Give an error its next outcome (states.OUTCOMES); return of how many. All or none.

    `mended` takes the right value into the roster. `alike`: the same error of the whole class at once, as
    when CHSI has one wrong major for all. A student's report goes on counting until they have looked again.
    What concerns the record as a whole is the office's; what the student no longer says is nobody's. Raise
    Refused.
    """
    with student_book(error.declaration.student, clock) as book:
        error = FieldError.objects.select_related("declaration__student").get(pk=error.pk)
        errors = [error, *(reported.alike(error) if alike else ())]
        for one in errors:
            _settle(book, one, who, outcome, note)
        return len(errors)


def _settle(book: Book, error: FieldError, who: Who, outcome: str, note: str) -> None:
    student = book.student(error.declaration.student)
    needed = {states.OFFICE} if error.field in WHOLE_RECORD else {states.OFFICER, states.OFFICE}
    acting = actors.roles(who, book.class_group, student)
    at = book.situation(student)
    refuse_if(rules.may_follow(acting, at, frozenset(needed)))
    stands = reported.items().filter(pk=error.pk).exists()
    counts = reported.counting().filter(pk=error.pk).exists()
    refuse_if(
        rules.may_settle(error.outcome, outcome, error.field, stands=stands, counts=counts, is_open=at.open)
    )
    if outcome == states.Outcome.EXPLAINED:
        refuse_if(rules.may_give(note, _("Say how it is explained.")))
    error.outcome = outcome
    error.outcome_note, error.looked_again_at = note.strip() or None, None
    settled = outcome in states.SETTLED
    error.settled_by, error.settled_at = (who.user, book.now) if settled else (None, None)
    with book.reports_change(student):
        error.save(update_fields=["outcome", "outcome_note", "settled_by", "settled_at", "looked_again_at"])
    book.wrote(error)
    if outcome == states.Outcome.MENDED:
        try:
            importing.mend(student, field=error.field, value=error.right_value, now=book.now)
        except importing.BadValue as bad:
            raise Refused(bad.problem.message) from bad
        ask_again(book, book.student(student))
    book.note("settle_error", who, student, error=str(error.uuid), field=error.field, outcome=outcome)


def look_again(*, error: FieldError, who: Who, clock: Clock = timezone.now) -> None:
    """After the close: note with a settled error that its student has looked again. Raise Refused.

    Declarations, standings and counts stay as they were closed.
    """
    with student_book(error.declaration.student, clock) as book:
        student = book.student(error.declaration.student)
        at = book.situation(student)
        acting = actors.roles(who, book.class_group, student)
        refuse_if(rules.may_follow(acting, at, frozenset({states.STUDENT})))
        found = reported.items().filter(declaration__student=student, pk=error.pk).first()
        refuse_if(rules.may_note_look(found.outcome if found else "", is_open=at.open))
        error.looked_again_at = book.now
        error.save(update_fields=["looked_again_at"])
        book.wrote(error)
        book.note("look_again", who, student, error=str(error.uuid), field=error.field, outcome=error.outcome)
