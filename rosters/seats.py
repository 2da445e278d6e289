"""Who sits where on a class's form. Only importing.py uses this.

In a new class the roster's 序号 counts, else the order by 学号; in an old one the next seat. A leaver's seat
is struck, and given again to the same student alone; what a file did that nobody has acted on is done over.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import F, Max

from . import identity
from .models import ClassGroup, RosterChange, Student

# The name under which a change of place is kept, beside the key fields and the duty.
PLACE = "place"
# Beyond every seat: where students wait while a class changes seats.
_ASIDE = 10_000


def number_the_class(numbers: Sequence[int | None]) -> bool:
    """Say whether 序号 are seats: 1…n with gaps at most. One that runs on from class to class only orders."""
    given = {number for number in numbers if number is not None}
    return bool(given) and len(given) == len(numbers) and min(given) == 1 and max(given) <= 2 * len(given)


def former_seats(students: Sequence[Student]) -> dict[tuple[int, str], int]:
    """Return the seats that students had where they were before, by their key and the place in words."""
    if not students:
        return {}
    changes = RosterChange.objects.filter(field=PLACE, student__in=[student.pk for student in students])
    found = {}
    for change in changes.order_by("changed_at", "pk"):
        place, _space, seat = change.old.rpartition(" ")
        found[change.student_id, place] = int(seat)
    return found


class Seats:
    """Gives out seats: in a new class the roster's 序号, else by 学号; in an old one the next."""

    def __init__(self, groups: Iterable[ClassGroup]):
        """Take the classes; the highest seat that each has given is looked up in one query."""
        self.groups = {group.pk: group for group in groups}
        highest = ClassGroup.objects.filter(pk__in=self.groups).annotate(highest=Max("students__seat"))
        self.given = {group.pk: max(group.seats_given, group.highest or 0) for group in highest}
        self.before = {pk: group.seats_given for pk, group in self.groups.items()}
        self._taken: dict[int, set[int]] = {}

    def next(self, group: ClassGroup) -> int:
        """Return the next seat of a class."""
        self.given[group.pk] += 1
        return self.given[group.pk]

    def former(self, student: Student, former: dict[tuple[int, str], int]) -> int | None:
        """Return the seat that the student had in the class before, where it is free; else None."""
        group = student.class_group
        seat = former.get((student.pk, f"{group.department.name} {group.name}"))
        if seat is None:
            return None
        if group.pk not in self._taken:
            sitting = Student.objects.filter(class_group=group).values_list("seat", flat=True)
            self._taken[group.pk] = set(sitting)
        if seat in self._taken[group.pk]:
            return None
        self._taken[group.pk].add(seat)
        return seat

    def fall_back(self, before: Mapping[str, int]) -> None:
        """Forget the seats that a file gave by which nobody has identified, as far as nobody has them now."""
        highest = dict(
            Student.objects.filter(class_group__in=[pk for pk in self.groups if str(pk) in before])
            .order_by()
            .values_list("class_group")
            .annotate(Max("seat"))
        )
        for pk in self.groups:
            if str(pk) in before:
                self.given[pk] = max(before[str(pk)], highest.get(pk, 0))

    def of_newcomers(self, group: ClassGroup, rows: list) -> list[int]:
        """Return a seat for each of a class's new rows."""
        numbers = [row.seat for row in rows]
        usable = None not in numbers and len(set(numbers)) == len(numbers)
        if self.given[group.pk] == 0 and number_the_class(numbers):
            self.given[group.pk] = max(numbers)
            return numbers
        order = sorted(
            range(len(rows)),
            key=lambda place: (rows[place].seat if usable else 0, rows[place].student_number),
        )
        seats = [0] * len(rows)
        for place in order:
            seats[place] = self.next(group)
        return seats

    def store(self) -> None:
        """Keep the highest seats that were given."""
        for pk, given in self.given.items():
            if given != self.before[pk]:
                ClassGroup.objects.filter(pk=pk).update(seats_given=given)
                self.groups[pk].seats_given = given


def reseat(
    plan: Any,
    groups: Mapping[tuple[str, str], ClassGroup],
    seats: Seats,
    signed: frozenset[int],
    applied: Any,
) -> None:
    """Let the roster's 序号 win in the classes where nobody has signed by a seat.

    A class stays as it is where somebody whom the file does not name sits on a seat that it gives.
    """
    arrived = {student.class_group_id for student, _left in applied.moved}
    grown = {newcomer.class_group_id for newcomer in applied.created if seats.before[newcomer.class_group_id]}
    concerned = (plan.other_seats | arrived | grown | applied.removed.keys()) - signed
    if not concerned:
        return
    keys = {place: groups[place.key].pk for place in plan.places if groups[place.key].pk in concerned}
    rows: dict[int, dict[str, int | None]] = {}
    for row in plan.reading.rows:
        pk = keys.get((row.department_name, row.class_name))
        if pk is not None:
            rows.setdefault(pk, {})[identity.tidy(row.student_number)] = row.seat
    for pk, numbers in rows.items():
        given = {number: seat for number, seat in numbers.items() if seat is not None}
        if number_the_class(list(numbers.values())) and (count := _give(pk, given, seats)):
            applied.reseated[pk] = count


def _give(class_group: int, numbers: Mapping[str, int], seats: Seats) -> int:
    """Give a class's students the seats of their 学号; return how many have another one now."""
    others, wanted = set(), {}
    sitting = Student.objects.filter(class_group=class_group)
    for pk, number, seat in sitting.values_list("pk", "student_number", "seat"):
        if identity.tidy(number) in numbers:
            wanted[pk] = (seat, numbers[identity.tidy(number)])
        else:
            others.add(seat)
    changed = {pk: new for pk, (old, new) in wanted.items() if old != new}
    if not changed or others & set(numbers.values()):
        return 0
    sitting.filter(pk__in=changed).update(seat=F("seat") + _ASIDE)
    Student.objects.bulk_update([Student(pk=pk, seat=new) for pk, new in changed.items()], ["seat"])
    seats.given[class_group] = max(seats.given[class_group], *changed.values())
    return len(changed)
