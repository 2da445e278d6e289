"""Guessing is hopeless, and nobody can lock a class out."""

import threading
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from signoffs.entrance import links, throttle
from signoffs.entrance.throttle import Number
from signoffs.models import ClassLink, Throttle
from tests import factories, stories


def guesses(student, start, *, count: int) -> int:
    """Return how many of that many attempts, spread over a day, are compared."""
    return sum(throttle.attempt(student, start + timedelta(days=1) * n / count) for n in range(count))


def test_five_failures_are_free_then_pauses_double_up_to_a_day():
    minutes = [throttle.pause_after(failures).total_seconds() / 60 for failures in range(4, 13)]
    assert minutes == [0, 15, 30, 60, 120, 240, 480, 960, 1440]
    assert throttle.pause_after(500) == timedelta(days=1)


def test_a_guesser_gets_few_comparisons_a_day_and_one_a_day_later_on(student):
    start = timezone.now()
    assert guesses(student, start, count=10_000) == 11
    assert guesses(student, start + timedelta(days=5), count=100) <= 1


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


def test_a_class_whose_attempts_are_spent_gets_in_all_the_same(campaign):
    class_group = factories.class_group(students=40)
    students = list(class_group.students.order_by("seat"))
    token = links.issue(class_group, ClassLink.Kind.STUDENT, timezone.now()).token
    phones = {student: Client() for student in students}
    for student in students[:20]:  # they were in before, on their own phones
        phones[student].get(f"/c/{token}/")
        stories.identify(phones[student], "class-identify", student)
        phones[student].post(reverse("class-leave"))
    for student in students:  # somebody spends everybody's attempts
        for _ in range(8):
            throttle.attempt(student, timezone.now())
    officer = factories.user("officer", role="department", in_department=class_group.department)
    inside = 0
    for student in students:
        phones[student].get(f"/c/{token}/")
        typed = {"student_number": student.student_number, "last_six": student.id_number[-6:]}
        if student in students[20:]:
            typed = typed | {"last_six": "", "code": links.issue_code(student, officer, timezone.now())}
        inside += phones[student].post(reverse("class-identify"), typed).status_code == 302
    assert inside == 40


def test_the_id_number_cannot_be_found_by_typing_it(student):
    now, own = timezone.now(), student.id_number
    guesses = [factories.id_number(date(2006, 1, 1), serial) for serial in range(12)]
    assert throttle.compare_number(student, own, now) == Number.SAME
    assert not Throttle.objects.filter(student=student).exists()  # nothing is written for the right one
    assert [throttle.compare_number(student, guess, now) for guess in guesses[:9]] == [Number.DIFFERS] * 9
    assert throttle.compare_number(student, own, now) == Number.SAME  # and its attempt was given back
    assert throttle.compare_number(student, guesses[9], now) == Number.DIFFERS
    for typed in (guesses[10], own):  # from here on nobody learns anything, of the right one neither
        assert throttle.compare_number(student, typed, now) == Number.TOO_MANY
    assert throttle.compare_number(student, own, now + timedelta(days=1, seconds=1)) == Number.SAME


@pytest.mark.django_db(transaction=True)
def test_of_many_first_guesses_at_once_five_are_compared():
    student = factories.class_group().students.first()
    allowed, together = [], threading.Barrier(12)

    def guess():
        together.wait()
        allowed.append(throttle.attempt(student, timezone.now()))
        connection.close()

    threads = [threading.Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(allowed), sum(allowed)) == (12, 5)
