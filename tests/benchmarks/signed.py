"""Declarations in bulk, as the flow would leave them but for their events: through it they take minutes."""

import random
import uuid
from collections.abc import Iterable


def by_all(class_groups: Iterable) -> None:
    """Let every student confirm with a drawn signature."""
    _sign(class_groups, lambda student: "confirmed")


def by_most(class_groups: Iterable) -> None:
    """Let eight of ten students confirm with a drawn signature, and one report an error."""
    kinds = {8: "reported", 9: None}
    _sign(class_groups, lambda student: kinds.get(student.seat % 10, "confirmed"))


def _sign(class_groups: Iterable, kind_of) -> None:
    """Write declarations, standings, errors and tallies; no declaration where `kind_of` a student is None."""
    from django.utils import timezone

    from enrollcheck.demo.story import scribble
    from rosters.models import Student
    from signoffs.flow import tallies
    from signoffs.models import Declaration, FieldError, Standing

    dice, now = random.Random(6), timezone.now()
    for class_group in class_groups:
        made = [
            Declaration(
                student=student,
                class_group=class_group,
                submission_id=uuid.uuid4(),
                kind=kind,
                record_digest=student.record_digest,
                snapshot={},
                signature=scribble(dice),
                phone="12000000001" if kind == "reported" else None,
                declared_at=now,
            )
            for student in Student.objects.filter(class_group=class_group).order_by("seat")
            if (kind := kind_of(student)) is not None
        ]
        Declaration.objects.bulk_create(made)
        Standing.objects.bulk_create(
            Standing(student=one.student, state=one.kind, since=now, declaration=one) for one in made
        )
        FieldError.objects.bulk_create(
            FieldError(
                declaration=one,
                field="major",
                owner=FieldError.Owner.PROVINCE,
                roster_value="软件工程",
                chsi_value="软件",
                right_value="软件工程",
            )
            for one in made
            if one.kind == "reported"
        )
    tallies.renew(class_groups)
