"""A reported error, followed to its end: mended in the roster, corrected on CHSI, or explained."""

from django.utils.translation import gettext_lazy as _

from rosters import importing, key_fields

from .. import rules, states
from ..models import FieldError
from ..rules import WHOLE_RECORD, Who
from .ledger import Book, Clock, Refused, ask_again, refuse_if, share_of, student_book


def settle_error(
    *, error: FieldError, who: Who, outcome: str, note: str, clock: Clock, alike: bool = False
) -> int:
    """Give an error its next outcome (states.OUTCOMES); return of how many. All or none.

    `mended` takes the right value into the roster. `alike`: the same error of the whole class at once, as
    when CHSI has one wrong major for all. A student's report goes on counting until they have looked again.
    What concerns the record as a whole is the office's; what the student no longer says is nobody's. Raise
    Refused.
    """
    with student_book(error.declaration.student, clock) as book:
        error = FieldError.objects.select_related("declaration__student").get(pk=error.pk)
        errors = [error, *(errors_alike(error) if alike else ())]
        for one in errors:
            _settle(book, one, who, outcome, note)
        return len(errors)


def errors_alike(error: FieldError) -> list[FieldError]:
    """Return the other errors of the class that say the same, and stand as that one does."""
    found = (
        rules.counting_errors()
        .filter(
            declaration__student__class_group=error.declaration.student.class_group_id,
            field=error.field,
            outcome=error.outcome,
        )
        .exclude(pk=error.pk)
    )
    said = said_by(error)
    return [one for one in found.select_related("declaration__student") if said_by(one) == said]


def said_by(error: FieldError) -> tuple[str, ...]:
    """Return what an error says, as far as two can be alike: the three values, normalised."""
    values = (error.roster_value, error.chsi_value, error.right_value)
    if error.field not in key_fields.BY_NAME:
        return values
    return tuple(key_fields.normalise(error.field, value) for value in values)


def _settle(book: Book, error: FieldError, who: Who, outcome: str, note: str) -> None:
    student = book.student(error.declaration.student)
    needed = {states.OFFICE} if error.field in WHOLE_RECORD else {states.OFFICER, states.OFFICE}
    acting = rules.roles(who, book.class_group, student)
    refuse_if(rules.may_act(acting, book.situation(student), frozenset(needed)))
    counts = rules.counting_errors().filter(pk=error.pk).exists()
    refuse_if(rules.may_settle(error.outcome, outcome, error.field, counts=counts))
    if outcome == FieldError.Outcome.EXPLAINED:
        refuse_if(rules.may_give(note, _("Say how it is explained.")))
    before = share_of(book.standing(student))
    error.outcome = outcome
    error.outcome_note = note.strip() or None
    settled = outcome in states.SETTLED
    error.settled_by, error.settled_at = (who.user, book.now) if settled else (None, None)
    error.save(update_fields=["outcome", "outcome_note", "settled_by", "settled_at"])
    book.recount_share(student, before, share_of(book.standing(student)))
    book.note("settle_error", who, student, error=str(error.uuid), field=error.field, outcome=outcome)
    if outcome == FieldError.Outcome.MENDED:
        try:
            importing.mend(student, field=error.field, value=error.right_value, now=book.now)
        except importing.BadValue as bad:
            raise Refused(bad.problem.message) from bad
        ask_again(book, book.student(student))
