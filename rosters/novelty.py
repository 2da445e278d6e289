"""What a file brings that the campaign has not yet, or takes from it as a whole: warned of above the button.

A leaf. A wrong file, or one column for another, shows here first: as new departments, as classes that change
their department, as classes that lose everybody.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from . import key_fields
from .problems import Problem

# A class "nearly all" of whose students come from elsewhere.
NEARLY_ALL = 0.9
# A share of changes that deserves a second look, of so many students at least.
MANY_CHANGES, FEWEST = 0.2, 5


class Place(NamedTuple):
    """A department and a class in it, as the roster writes them; the class need not exist yet."""

    department: str
    class_name: str

    def __str__(self) -> str:
        return f"{self.department} {self.class_name}"

    @property
    def key(self) -> tuple[str, str]:
        """What two writings of the same place have in common."""
        return (
            key_fields.normalise("department_name", self.department),
            key_fields.normalise("class_name", self.class_name),
        )


def problems(plan: Any, groups: Mapping[int, Place], known: Iterable[Any]) -> Iterator[Problem]:
    """Yield the warnings of a plan. `groups` are the campaign's places by key, `known` its students.

    Nothing is new to a campaign that has no class yet.
    """
    if not groups:
        return
    yield from _new_places(plan.places, groups.values())
    yield from _moves(plan, groups, known)
    active = sum(student.withdrawn_at is None for student in known)
    changed = sum(update.student.withdrawn_at is None for update in plan.updated)
    if changed >= FEWEST and changed > MANY_CHANGES * active:
        yield Problem("many_changes", details={"count": changed, "total": active})


def _new_places(places: Iterable[Place], there: Iterable[Place]) -> Iterator[Problem]:
    departments = {place.key[0]: place.department for place in there}
    classes = {place.key: place.class_name for place in there}
    new_departments = {place.key[0]: place.department for place in places if place.key[0] not in departments}
    for name in new_departments.values():
        details = {"name": name, "nearest": _nearest(name, departments.values())}
        yield Problem("new_department", details=details)
    for key, place in {place.key: place for place in places}.items():
        if key in classes or key[0] in new_departments:
            continue
        beside = [name for (department, _class), name in classes.items() if department == key[0]]
        details = {"name": str(place), "nearest": _nearest(place.class_name, beside)}
        yield Problem("new_class", details=details)


def _nearest(name: str, there: Iterable[str]) -> Promise | str:
    found = get_close_matches(name, list(there), n=1, cutoff=0.5)
    return format_lazy(_(" There is {name}."), name=found[0]) if found else ""


def _moves(plan: Any, groups: Mapping[int, Place], known: Iterable[Any]) -> Iterator[Problem]:
    """Yield the classes that get nearly all from another department, and those that lose everybody."""
    arrived: dict[tuple[str, str], Counter[str]] = {}
    left: Counter[int] = Counter()
    for student, _changes, moved_to in plan.updated:
        if moved_to is not None and student.withdrawn_at is None:
            left[student.class_group_id] += 1
            came_from = groups[student.class_group_id]
            if came_from.key[0] != moved_to.key[0]:
                arrived.setdefault(moved_to.key, Counter())[came_from.department] += 1
    rows = Counter((row.department_name, row.class_name) for row in plan.reading.rows) if arrived else {}
    named: Counter[tuple[str, str]] = Counter()
    for (department, class_name), count in rows.items():
        named[Place(department, class_name).key] += count
    places = {place.key: place for place in plan.places}
    for key, departments in arrived.items():
        department, count = departments.most_common(1)[0]
        if count >= NEARLY_ALL * named[key]:
            details = {"name": str(places[key]), "department": department, "count": count}
            yield Problem("class_from_elsewhere", details=details)
    there = Counter(student.class_group_id for student in known if student.withdrawn_at is None)
    for pk, count in left.items():
        if count == there[pk]:
            yield Problem("class_left_empty", details={"name": str(groups[pk]), "count": count})
