"""A 学号 is found however it is typed, and found as Django's own `iexact` finds it."""

import pytest
from django.utils import timezone

from rosters import key_fields
from rosters.models import Student
from signoffs.entrance import proving
from tests import factories

NUMBERS = ("abC1", "a%1", "a_1", "a\\1", "É1", "2026000001")
TYPED = (*NUMBERS, *map(str.upper, NUMBERS), *map(str.lower, NUMBERS), "axx1", "a%", "%", "_", "", "a'1")


@pytest.mark.parametrize("typed", sorted(set(TYPED)))
def test_it_is_found_as_iexact_finds_it(campaign, typed):
    class_group = factories.class_group(students=0)
    for seat, number in enumerate(NUMBERS, 1):
        factories.student(class_group, seat, student_number=number)
    expected = Student.objects.filter(class_group=class_group, student_number__iexact=typed).first()
    assert proving._of_number.first(class_group=class_group.pk, number=typed) == expected


@pytest.mark.parametrize("typed", ["ab2026-0001", "Ａｂ２０２６－０００１"])
def test_one_that_the_roster_writes_in_full_width_is_found(campaign, typed):
    class_group = factories.class_group(students=0)
    number = key_fields.COLUMNS["student_number"].clean("Ａｂ２０２６－０００１").value
    student = factories.student(class_group, 1, student_number=number)
    found = proving.find(class_group, typed)
    assert found == student
    assert proving.prove(
        found, student.id_number[-6:], known_to_device=lambda student: False, now=timezone.now()
    )
