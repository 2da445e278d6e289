"""Who is in front of the browser: found by 学号, proved by the last six, in whatever way they are typed."""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.db.models import BigIntegerField, CharField
from django.db.models.functions import Upper

from rosters import identity
from rosters.models import ClassGroup, Student

from ..models import Identification
from ..models.prepared import Prepared
from . import identifications, throttle

_of_number = Prepared(
    lambda class_group, number: (
        Student.objects.alias(in_capitals=Upper("student_number"))
        .filter(class_group=class_group, in_capitals=Upper(number), withdrawn_at=None)
        .select_related("monitor_duty", "throttle")
        .order_by()[:1]
    ),
    class_group=BigIntegerField(),
    number=CharField(),
)


def find(class_group: ClassGroup, student_number: str) -> Student | None:
    """Return the student of the class who has that number, however it is typed; None for nobody."""
    student = _of_number.first(class_group=class_group.pk, number=identity.tidy(student_number))
    if student is not None:
        student.class_group = class_group
    return student


def prove(
    student: Student | None, last_six: str, *, known_to_device: Callable[[Student], bool], now: datetime
) -> bool:
    """Say whether the last six prove that the student is there, and record it then. None: nobody was found.

    An attempt is counted before anything is compared, in one transaction. `known_to_device` says of a student
    whether they got in on this device before: they pass a pause.
    """
    how, is_known = Identification.How.NUMBER, hasattr(student, "throttle")
    with transaction.atomic():
        allowed = throttle.attempt(student, now)
        if not allowed and student is not None and known_to_device(student):
            allowed, how = throttle.device_attempt(student, now), Identification.How.DEVICE
        # Compared in any case, so that the answer takes as long.
        right = identity.last_six_match(student.id_number if student else "", last_six)
        if student is None or not allowed or not right:
            return False
        if is_known:
            throttle.success(student)
        else:  # the first attempt of all: nothing needs to be remembered
            transaction.set_rollback(True)
    identifications.record(student, how, now)
    return True
