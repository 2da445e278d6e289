"""Where a student stands after a change: on which declaration, or asked again."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q, QuerySet

from rosters import key_fields
from rosters.encryption import CannotDecrypt, key_ring
from rosters.models import Student

from ..models import Declaration, Standing
from ..process import deadlines, states
from .book import Book
from .shares import days_with

# Whom a change of the record concerns: they have declared on it.
ASKED = states.DECLARED | {states.RECHECK}


def same_record(declaration: Declaration, student: Student) -> bool:
    """Say whether the record is still what was declared on, under whichever key it was digested."""
    if declaration.record_digest == student.record_digest:
        return True
    return key_ring().same(declaration.record_digest, "record", key_fields.normalised_record(student))


def was_shown(digest: str, student: Student) -> bool:
    """Say whether a page that sends this digest has shown the present record, though a key came between."""
    if digest == student.record_digest:
        return True
    try:
        return key_ring().same(digest, "record", key_fields.normalised_record(student))
    except CannotDecrypt:  # what a browser sends may be anything
        return False


def end_excuse(book: Book, student: Student) -> None:
    """Lift the excuse that somebody stands by, if there is one."""
    standing = book.standing(student)
    if standing is not None and standing.excuse is not None:
        standing.excuse.lifted_at = book.now
        standing.excuse.save(update_fields=["lifted_at"])
        book.wrote(standing.excuse)


def all_words() -> QuerySet[Declaration]:
    """Return the declarations, of anybody, that stand: not undone, and countersigned where they need it."""
    remaining = Declaration.objects.filter(withdrawn_at=None, contested_at=None)
    return remaining.filter(Q(channel=Declaration.Channel.OWN) | Q(countersigned_at__isnull=False))


def words(student: Student) -> QuerySet[Declaration]:
    """Return the declarations of the student that stand, the newest first."""
    return all_words().filter(student=student).order_by("-pk")


def newest_that_counts(student: Student) -> Declaration | None:
    """Return the declaration that the student stands on, or would without an excuse."""
    return words(student).first()


def spoke_in_time(student: Student) -> bool:
    """Say whether the student's first word was in time: then no later one makes them late."""
    first = words(student).last()
    return first is not None and not first.late


def judge_words(book: Book, student: Student) -> None:
    """After another word has become the first one: judge by it whether the student was late.

    When it arrived, a moment before it was written, is not kept.
    """
    first = words(student).last()
    if first is not None:
        late = deadlines.is_late(book.class_group.student_deadline, first.declared_at)
        for word in words(student).exclude(late=late):
            word.late = late
            word.save(update_fields=["late"])
            book.wrote(word)


def fall_back(book: Book, student: Student) -> None:
    """Let the student stand as the declarations that remain tell: the newest that counts, or missing."""
    judge_words(book, student)
    newest = newest_that_counts(student)
    if newest is None:
        book.stand(student, states.MISSING)
        return
    state = newest.kind if same_record(newest, student) else states.RECHECK
    book.stand(student, state, declaration=newest, late=newest.late)


def ask_again(book: Book, student: Student) -> None:
    """After a change of one record: ask the student again, or no longer."""
    standing = book.standing(student)
    if standing is None or standing.declaration is None or standing.state not in ASKED:
        return
    state = standing.declaration.kind if same_record(standing.declaration, student) else states.RECHECK
    if state != standing.state:
        book.stand(student, state, declaration=standing.declaration, late=standing.declaration.late)


def restate(students: Iterable[Student], now: datetime) -> list[Standing]:
    """After a change of many records: return the standings that changed; tallies are the caller's to renew.

    Somebody whom the roster names again stands as before they left, as far as they had declared.
    """
    changed = []
    found = Standing.objects.filter(student__in=students, state__in=ASKED | {states.WITHDRAWN})
    for standing in found.select_related("declaration", "student"):
        if standing.student.withdrawn_at is not None:
            continue
        if standing.declaration is None:
            state: str = states.MISSING
        else:
            same = same_record(standing.declaration, standing.student)
            state = standing.declaration.kind if same else states.RECHECK
        if state != standing.state:
            standing.state, standing.since = state, now
            day = deadlines.day_of(now).isoformat()
            standing.days = days_with(standing, day, standing.declaration is not None)
            late = standing.declaration is not None and standing.declaration.late
            standing.late = late and state in states.DECLARED
            changed.append(standing)
    Standing.objects.bulk_update(changed, ["state", "since", "late", "days"], batch_size=500)
    return changed
