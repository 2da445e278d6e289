"""Guessing is hopeless, and nobody can lock a class out."""

from datetime import timedelta

import pytest
from django.utils import timezone

from signoffs import links, throttle
from signoffs.models import ClassLink
from tests import factories


@pytest.fixture
def student(campaign):
    """A student whose number somebody tries."""
    return factories.class_group().students.first()


def guesses(student, start, end) -> int:
    """Return how many attempts are compared when somebody tries every minute."""
    compared, now = 0, start
    while now < end:
        compared += throttle.attempt(student, now)
        now += timedelta(minutes=1)
    return compared


def test_five_failures_are_free_then_pauses_double_up_to_a_day():
    minutes = [throttle.pause_after(failures).total_seconds() / 60 for failures in range(4, 13)]
    assert minutes == [0, 15, 30, 60, 120, 240, 480, 960, 1440]
    assert throttle.pause_after(500) == timedelta(days=1)


def test_a_guesser_gets_few_comparisons_a_day_and_one_a_day_later_on(student):
    start = timezone.now()
    assert guesses(student, start, start + timedelta(days=1)) == 11
    assert guesses(student, start + timedelta(days=5), start + timedelta(days=6)) <= 1


def test_a_success_clears_the_pause(student):
    now = timezone.now()
    assert [throttle.attempt(student, now) for _ in range(6)] == [True] * 5 + [False]
    throttle.success(student)
    assert throttle.attempt(student, now)


def test_a_known_device_passes_the_pause_five_times_a_day(student):
    now = timezone.now()
    for _ in range(6):
        throttle.attempt(student, now)
    assert [throttle.device_attempt(student, now) for _ in range(6)] == [True] * 5 + [False]
    assert throttle.device_attempt(student, now + timedelta(days=1, seconds=1))


def test_a_number_that_no_record_has_is_never_compared(db):
    assert throttle.attempt(None, timezone.now()) is False


def test_one_students_pause_is_not_anothers(student):
    now = timezone.now()
    for _ in range(6):
        throttle.attempt(student, now)
    assert throttle.attempt(student.class_group.students.last(), now)


def test_many_failures_of_a_link_slow_it_down_and_never_block_it(student):
    now = timezone.now()
    link = links.issue(student.class_group, ClassLink.Kind.STUDENT, now)
    delays = []
    for _ in range(300):
        throttle.link_failure(link, now)
        link.refresh_from_db()
        delays.append(throttle.link_delay(link, now))
    assert delays[:50] == [0.0] * 50
    assert delays == sorted(delays)
    assert delays[-1] == throttle.LINK_SLOWEST
    assert throttle.link_delay(link, now + timedelta(hours=2)) == 0.0
