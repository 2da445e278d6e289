"""Tallies from scratch: what an import renews, and what `recount` holds the kept ones against."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from rosters.models import ClassGroup, Student

from ..models import Standing, Tally
from ..queries import reported
from ..queries.actors import Who
from ..queries.moment import one_moment
from .book import class_book
from .refusals import Clock
from .shares import add_share, count_reports, share_of

COUNTS = ("expected", "confirmed", "reported", "recheck", "excused", "overdue", "withdrawn", "late")
FIELDS = (*COUNTS, "cells", "days", "reporters", "reports")


def count(class_groups: Iterable[ClassGroup]) -> dict[int, Tally]:
    """Return tallies counted from the rows, by the class's key, unsaved: three queries in all."""
    fresh = {class_group.pk: Tally(class_group_id=class_group.pk) for class_group in class_groups}
    standings = {
        standing.student_id: standing
        for standing in Standing.objects.filter(student__class_group__in=fresh).only(
            "student", "state", "late", "days"
        )
    }
    students = Student.objects.filter(class_group__in=fresh).order_by("seat")
    for pk, class_group, seat in students.values_list("pk", "class_group", "seat"):
        add_share(fresh[class_group], seat, share_of(standings.get(pk)))
    keys: dict[tuple[int, int], list[str]] = defaultdict(list)
    found = reported.items().filter(declaration__student__class_group__in=fresh).order_by()
    whose = ("declaration__student__class_group", "declaration__student")
    for class_group, student, *key in found.values_list(*whose, "field", "owner", "outcome"):
        keys[class_group, student].append(reported.key_of(*key))
    for (class_group, _), own in keys.items():
        count_reports(fresh[class_group], own)
    return fresh


def renew(class_groups: Iterable[ClassGroup]) -> None:
    """Write the tallies of locked classes anew."""
    Tally.objects.bulk_create(
        count(class_groups).values(),
        update_conflicts=True,
        unique_fields=["class_group"],
        update_fields=FIELDS,
    )


def wrong_tally(*, class_group: ClassGroup) -> dict[str, tuple[Any, Any]]:
    """Hold a class's tally against its rows, as of one moment, without a lock; return what differs.

    The tally of a class whose students were deleted is all that is left of them: nothing differs.
    """
    with one_moment():
        own = ClassGroup.objects.select_related("tally").get(pk=class_group.pk)
        if own.purged_at is not None:
            return {}
        return differences(getattr(own, "tally", None) or Tally(), count([own])[own.pk])


def recount(*, class_group: ClassGroup, clock: Clock = timezone.now) -> dict[str, tuple[Any, Any]]:
    """Hold a class's tally against its rows under the lock; return what differed, and is mended now.

    That of a class whose students were deleted stays as it is, as above.
    """
    with class_book(class_group.pk, clock) as book:
        if book.class_group.purged_at is not None:
            return {}
        counted = count([book.class_group])[book.class_group.pk]
        found = differences(book.tally, counted)
        if found:
            for name in FIELDS:
                setattr(book.tally, name, getattr(counted, name))
            book.tally.save()
            what = {name: list(pair) for name, pair in found.items()}
            book.note("recount", Who(command="recount"), found=what)
        return found


def differences(kept: Tally, counted: Tally) -> dict[str, tuple[Any, Any]]:
    """Return the fields in which a kept tally is wrong: (kept, counted)."""
    return {
        name: (getattr(kept, name), getattr(counted, name))
        for name in FIELDS
        if getattr(kept, name) != getattr(counted, name)
    }
