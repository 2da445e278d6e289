"""Failed identifications: of a record, which pauses; and of a class's link, which never blocks.

An attempt is counted before anything is compared, by one atomic update, and given back on success, all in the
caller's transaction: however many come at once, no more are compared than were counted. Five failures are
free; with the fifth begins a pause of 15 minutes, which doubles with each further failure, up to a day: at
most eleven guesses in a first day, and one a day later on. So guessing is hopeless, and still nobody can lock
a class out: a device that got in before passes the pause, five times a day, and a one-time code isn't asked
here at all.
"""

from datetime import datetime, timedelta
from enum import Enum

from django.db import transaction
from django.db.models import Case, DateTimeField, F, Q, Value, When

from rosters import identity
from rosters.models import Student

from ..models import ClassLink, Throttle
from ..models.prepared import insert_if_new

FREE = 5
FIRST_PAUSE = timedelta(minutes=15)
LONGEST_PAUSE = timedelta(days=1)
A_DAY = timedelta(days=1)
NUMBERS_A_DAY = 10

# Failures through one link before its answers slow down, and how slow they get at most.
LINK_FREE = 50
LINK_SLOWEST = 2.0
LINK_FORGETS = timedelta(hours=1)


def pause_after(failures: int) -> timedelta:
    """Return how long a record pauses when that many attempts have been counted."""
    if failures < FREE:
        return timedelta(0)
    return min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(failures - FREE, 10))


def _paused_until(now: datetime) -> Case:
    """Return the end of the pause, in SQL, as this attempt's counting decides it."""
    steps = [When(failures__lt=FREE - 1, then=Value(None, DateTimeField()))]
    failures = FREE
    while pause_after(failures) < LONGEST_PAUSE:
        steps.append(When(failures=failures - 1, then=Value(now + pause_after(failures))))
        failures += 1
    return Case(*steps, default=Value(now + LONGEST_PAUSE), output_field=DateTimeField())


def attempt(student: Student | None, now: datetime) -> bool:
    """Count an attempt at this record and return whether it may be compared at all.

    None, for a number that no record has, runs an update too and is never allowed.
    """
    if student is not None and _is_first(student, failures=1):
        return True
    open_now = Q(paused_until=None) | Q(paused_until__lte=now)
    records = Throttle.objects.filter(open_now, student=student.pk if student else 0)
    return records.update(failures=F("failures") + 1, paused_until=_paused_until(now)) == 1


def _is_first(student: Student, **counted: object) -> bool:
    """Count the first attempt of all at this record, by making its row; False where there is one."""
    return insert_if_new(Throttle(student_id=student.pk, **counted))


def _attempt_of_a_day(kind: str, most: int, student: Student, now: datetime) -> bool:
    """Count an attempt of that kind; False once `most` have been counted within a day."""
    failures, since = f"{kind}_failures", f"{kind}_since"
    if _is_first(student, **{failures: 1, since: now}):
        return True
    begun = Q(**{f"{since}__gt": now - A_DAY})
    record = Throttle.objects.filter(student=student)
    if record.exclude(begun).update(**{failures: 1, since: now}) == 1:
        return True
    return record.filter(begun, **{f"{failures}__lt": most}).update(**{failures: F(failures) + 1}) == 1


def device_attempt(student: Student, now: datetime) -> bool:
    """Count an attempt on a device that knows the student; return whether it may be compared."""
    return _attempt_of_a_day("device", FREE, student, now)


class Number(Enum):
    """What the comparison of a typed ID number with the roster's has found."""

    NONE = "nothing was typed"
    SAME = "the roster's"
    DIFFERS = "another one"
    TOO_LITTLE = "too little of it is visible"
    TOO_MANY = "too many were typed within a day"


_FOUND = {True: Number.SAME, False: Number.DIFFERS, None: Number.TOO_LITTLE}


def compare_number(student: Student, typed: str, now: datetime) -> Number:
    """Compare what was typed on the record's page with the roster's ID number (identity.matches_typed).

    Who is in by the last six must not find the rest by trying: ten that are not it are compared in a day.
    The right one gives its attempt back, so that nothing is written for it; an empty text is no attempt.
    """
    if not typed:
        return Number.NONE
    with transaction.atomic():
        if not _attempt_of_a_day("number", NUMBERS_A_DAY, student, now):
            return Number.TOO_MANY
        found = _FOUND[identity.matches_typed(student.id_number, typed)]
        if found == Number.SAME:
            transaction.set_rollback(True)
    return found


def success(student: Student) -> None:
    """Give the attempt back, and with it all failures before."""
    Throttle.objects.filter(student=student).update(
        failures=0, paused_until=None, device_failures=0, device_since=None
    )


def link_failure(link: ClassLink, now: datetime) -> None:
    """Count a failed identification through this link; after a quiet hour the count begins anew."""
    forgotten = Q(last_failure_at__lt=now - LINK_FORGETS)
    ClassLink.objects.filter(pk=link.pk).update(
        failures=Case(When(forgotten, then=Value(1)), default=F("failures") + 1), last_failure_at=now
    )


def link_delay(link: ClassLink, now: datetime) -> float:
    """Return the seconds that an answer through this link is held back: 0 until failures are many."""
    if link.last_failure_at is None or link.last_failure_at < now - LINK_FORGETS:
        return 0.0
    return min(LINK_SLOWEST, max(0, link.failures - LINK_FREE) / 50)
