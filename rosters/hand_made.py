"""Which stored values somebody has mended, after a report or by hand: they are stronger than the next file.

Reading only. A change that no import has made is a person's, until a later import was told to overwrite it.
"""

from collections.abc import Iterable

from . import identity, key_fields
from .models import Campaign, RosterChange


def mended_fields(students: Iterable[int]) -> set[tuple[int, str]]:
    """Return the fields whose last change a person has made, with their student's key: one query."""
    changes = RosterChange.objects.filter(student__in=students, field__in=key_fields.BY_NAME)
    last = {
        (student, name): roster_import
        for student, name, roster_import in changes.order_by("changed_at", "pk").values_list(
            "student", "field", "roster_import"
        )
    }
    return {place for place, roster_import in last.items() if roster_import is None}


def former_numbers(campaign: Campaign) -> dict[str, int]:
    """Return the students' keys by the 学号 that they had before somebody mended it: one query."""
    changes = RosterChange.objects.filter(
        student__campaign=campaign, field="student_number", roster_import=None
    )
    return {identity.tidy(change.old): change.student_id for change in changes.order_by("changed_at", "pk")}
