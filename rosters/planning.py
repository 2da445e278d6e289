"""A roster file held against the roster that is stored: what would change. Writes nothing.

Stored rows are compared by the digest of their normalised key fields, so their text is fetched only where
something differs; the duty is in no digest, and compared as it stands. The number of queries does not depend
on the number of rows, but for those that changed.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from . import checking, hand_made, identity, key_fields, novelty
from .encryption import key_ring
from .models import Campaign, ClassGroup, RosterImport, Student
from .novelty import Place
from .problems import ERROR, NEWS, Problem, Problems
from .reading import Reading, RosterRow

CHUNK = 500
# Of a roster, more may not be without a usable ID number, unless somebody says so: they can't identify by it.
WITHOUT_NUMBER = 0.05


class Choices(NamedTuple):
    """What somebody has said beside the file: each gives something up, and is off unless ticked."""

    # Empty cells replace what is stored.
    empty_values: bool = False
    # Values that were mended after a report, or by hand, are replaced.
    overwrite_mended: bool = False
    # Many may be without a usable ID number.
    accept_missing_numbers: bool = False
    # Who came only by the last import, and is not in this file, leaves form and seat.
    undo_last: bool = False


NONE_CHOSEN = Choices()


class Kept(NamedTuple):
    """A stored value that the file would empty or undo. It stays unless that is chosen."""

    student: Student
    field: str
    value: object


class Update(NamedTuple):
    """What the file changes of a student who is stored. `changes`: (field, old value, new value).

    `moved_to` is None where the place stays. A student whose `withdrawn_at` is set comes back.
    """

    student: Student
    changes: list[tuple[str, object, object]]
    moved_to: Place | None


class Known(NamedTuple):
    """A stored student, as far as a comparison needs one."""

    student_number: str
    pk: int
    record_digest: str
    id_digest: str
    class_group_id: int
    withdrawn_at: datetime | None
    duty: str
    seat: int


@dataclass
class Plan:
    """What applying the file would do, and what is wrong with it."""

    campaign: Campaign
    reading: Reading
    # Of the stored roster that the plan was made on: applying checks that it is still so.
    basis: str
    choices: Choices = NONE_CHOSEN
    created: list[RosterRow] = field(default_factory=list)
    updated: list[Update] = field(default_factory=list)
    unchanged: int = 0
    refused: int = 0
    # Students of the file's departments whom it does not name. Nobody is deleted.
    missing: list[Student] = field(default_factory=list)
    problems: Problems = field(default_factory=Problems)
    places: list[Place] = field(default_factory=list)
    # Stored values that empty cells would replace, and mended ones that the file would turn back.
    emptied: list[Kept] = field(default_factory=list)
    undone: list[Kept] = field(default_factory=list)
    # The import that was applied last, and the students who came only by it and are not in this file.
    last: RosterImport | None = None
    came_only_by_last: list[Student] = field(default_factory=list)
    # The youngest student's key, and the classes in which a row has another 序号 than the student's seat.
    newest: int = 0
    other_seats: set[int] = field(default_factory=set)
    # Students of the roster as it would be who have no usable ID number, and of how many.
    without_number: int = 0
    expected: int = 0

    @property
    def lacks_numbers(self) -> bool:
        """Whether too many would have no usable ID number to go unnoticed."""
        return self.without_number > WITHOUT_NUMBER * self.expected

    @property
    def news(self) -> list[Problem]:
        """What the file brings that this campaign has not yet, or takes from it as a whole."""
        return [problem for problem in self.problems if problem.code in NEWS]

    @property
    def file_name(self) -> str:
        """The file's name, as it was sent."""
        return self.reading.file_name

    @property
    def rows(self) -> int:
        """How many students' rows the file has."""
        return len(self.reading.rows)

    @property
    def skipped(self) -> int:
        """How many lines are no student's."""
        return self.reading.skipped

    @property
    def classes(self) -> int:
        """How many classes the file names."""
        return len({place.key for place in self.places})

    @property
    def departments(self) -> int:
        """How many departments the file names."""
        return len({place.key[0] for place in self.places})

    @property
    def errors(self) -> list[Problem]:
        """Problems that refuse the file."""
        return [problem for problem in self.problems if problem.level == ERROR]

    @property
    def is_clean(self) -> bool:
        """Whether it can be applied."""
        return not self.errors

    @property
    def may_be_chosen(self) -> bool:
        """Whether it can be applied, by what is chosen beside it at the most."""
        return all(problem.code == "few_numbers" for problem in self.errors)

    @property
    def digest(self) -> str:
        """What was previewed: the file, what was mapped by hand, and the roster it was held against."""
        return hashlib.sha256(f"{self.reading.digest} {self.basis}".encode()).hexdigest()

    @property
    def counts(self) -> dict[str, int]:
        """The numbers, by the names that `import_roster --json` gives them."""
        return {
            "rows": self.rows,
            "departments": self.departments,
            "classes": self.classes,
            "created": len(self.created),
            "updated": len(self.updated),
            "unchanged": self.unchanged,
            "skipped": self.skipped,
            "refused": self.refused,
            "missing": len(self.missing),
            "emptied": len(self.emptied),
            "undone": len(self.undone),
            "without_number": self.without_number,
        }


class BooksDoNotBalance(Exception):
    """Some row of a file was neither created, updated, unchanged, skipped nor refused: a fault of ours."""


def known_students(campaign: Campaign) -> list[Known]:
    """Return what is stored, in one query."""
    rows = Student.objects.filter(campaign=campaign).order_by("pk").values_list(*Known._fields)
    return list(map(Known._make, rows))


def basis_of(campaign: Campaign, known: list[Known]) -> str:
    """Return a digest of the stored roster."""
    digest = hashlib.sha256(f"{campaign.pk} {campaign.state}".encode())
    for student in known:
        digest.update(repr(student[1:]).encode())
    return digest.hexdigest()


def plan(campaign: Campaign, reading: Reading, choices: Choices = NONE_CHOSEN) -> Plan:
    """Hold a file against the stored roster of a campaign, and return what applying it would do."""
    known = known_students(campaign)
    made = Plan(campaign, reading, basis_of(campaign, known), choices, problems=Problems(reading.problems))
    if campaign.state == Campaign.State.CLOSED:
        made.problems.append(Problem("campaign_closed", details={"slug": campaign.slug}))
    cohort = int(campaign.slug) if campaign.slug.isdigit() else None
    made.problems.extend(checking.problems(reading, cohort))
    _sort_rows(made, known)
    order = {sheet.name: number for number, sheet in enumerate(reading.sheets)}
    columns: dict[str | None, int] = {name: number for number, name in enumerate(key_fields.BY_NAME)}
    made.problems = Problems(made.problems.listed())
    made.problems.sort(
        key=lambda problem: (
            order.get(problem.sheet, -1),
            problem.row or 0,
            columns.get(problem.column, -1),
        )
    )
    named = made.rows - len(made.created) - len(made.updated) - made.unchanged - made.refused
    if named:
        raise BooksDoNotBalance(f"{made.counts}: {named} rows are unaccounted for")
    return made


def _sort_rows(made: Plan, known: list[Known]) -> None:
    """Put every row where it belongs."""
    reading, campaign = made.reading, made.campaign
    names = [sheet.name for sheet in reading.sheets]
    faulty = {(problem.sheet, problem.row) for problem in made.problems if problem.level == ERROR}
    by_number = {identity.tidy(student.student_number): student for student in known}
    by_number |= _by_former_number(made, by_number)
    groups = {
        group.pk: Place(group.department.name, group.name)
        for group in ClassGroup.objects.filter(campaign=campaign).select_related("department")
    }
    place_keys = {pk: place.key for pk, place in groups.items()}
    places: dict[tuple[str, str], Place] = {}
    named: set[int] = set()
    differing: list[tuple[Known, RosterRow, Place]] = []
    for row in reading.rows:
        place = places.get((row.department_name, row.class_name))
        if place is None:
            place = places[row.department_name, row.class_name] = Place(row.department_name, row.class_name)
        student = by_number.get(identity.tidy(row.student_number)) if row.student_number else None
        if student is not None:
            named.add(student.pk)
        if (names[row.sheet], row.row) in faulty:
            made.refused += 1
        elif student is None:
            made.created.append(row)
        else:
            if row.seat is not None and row.seat != student.seat:
                made.other_seats.add(student.class_group_id)
            differing.append((student, row, place))
    made.places = [place for place in places.values() if all(place)]
    _compare(made, differing, place_keys)
    _find_missing(made, known, named, place_keys)
    _find_last_newcomers(made, known, named)
    _find_ids_of_others(made, known, named)
    _count_numbers(made, known)
    made.problems.extend(novelty.problems(made, groups, known))


def _by_former_number(made: Plan, by_number: dict[str, Known]) -> dict[str, Known]:
    """Return by the former 学号 those whose 学号 was mended, where the file has the old one alone."""
    former = hand_made.former_numbers(made.campaign)
    if not former:
        return {}
    by_pk = {student.pk: student for student in by_number.values()}
    in_file = {identity.tidy(row.student_number) for row in made.reading.rows}
    return {
        old: by_pk[pk]
        for old, pk in former.items()
        if old not in by_number and identity.tidy(by_pk[pk].student_number) not in in_file
    }


def _count_numbers(made: Plan, known: list[Known]) -> None:
    """Count who would have no usable ID number; too many refuse the file, unless that is accepted."""
    has_number = {student.pk: bool(student.id_digest) for student in known if student.withdrawn_at is None}
    for student, changes, _ in made.updated:
        has_number.setdefault(student.pk, bool(student.id_digest))
        for name, _, new in changes:
            if name == "id_number":
                has_number[student.pk] = bool(new)
    made.expected = len(has_number) + len(made.created)
    made.without_number = sum(not has for has in has_number.values())
    made.without_number += sum(not row.id_number for row in made.created)
    if made.lacks_numbers:
        code = "without_number" if made.choices.accept_missing_numbers else "few_numbers"
        made.problems.append(Problem(code, details={"count": made.without_number, "total": made.expected}))


def _compare(
    made: Plan, rows: list[tuple[Known, RosterRow, Place]], place_keys: dict[int, tuple[str, str]]
) -> None:
    """Say of the rows of stored students whether they are unchanged or update something."""
    lacking = [sheet.lacking for sheet in made.reading.sheets]
    has_duty = [sheet.has_duty for sheet in made.reading.sheets]
    keys = {place: place.key for _, _, place in rows}
    ring, differing = key_ring(), []
    for student, row, place in rows:
        moved_to = None if place_keys[student.class_group_id] == keys[place] else place
        if (
            moved_to is None
            and student.withdrawn_at is None
            and not lacking[row.sheet]
            and (row.duty == student.duty or not has_duty[row.sheet])
            and ring.same(student.record_digest, "record", key_fields.normalised_record(row))
        ):
            made.unchanged += 1
        else:
            differing.append((student.pk, row, moved_to))
    for start in range(0, len(differing), CHUNK):
        piece = differing[start : start + CHUNK]
        stored = Student.objects.select_related("class_group__department").in_bulk([pk for pk, _, _ in piece])
        mended = hand_made.mended_fields(stored)
        for pk, row, moved_to in piece:
            theirs = stored[pk]
            changes = _changes(made, theirs, row, mended)
            if row.duty != theirs.duty and has_duty[row.sheet]:
                changes.append(("duty", theirs.duty, row.duty))
            if not changes and moved_to is None and theirs.withdrawn_at is None:
                made.unchanged += 1
                continue
            made.updated.append(Update(theirs, changes, moved_to))
            if theirs.withdrawn_at is not None:
                made.problems.append(Problem("returns", made.reading.sheets[row.sheet].name, row.row))


def _changes(
    made: Plan, student: Student, row: RosterRow, mended: set[tuple[int, str]]
) -> list[tuple[str, object, object]]:
    """Return what the row changes of the student's key fields, and list what it would empty or undo."""
    changes, sheet = [], made.reading.sheets[row.sheet]
    for name in key_fields.BY_NAME:
        old, new = getattr(student, name), getattr(row, name)
        if name in sheet.lacking or key_fields.same(name, old, new):
            continue
        kept = None
        if (student.pk, name) in mended:
            kept, chosen, code = made.undone, made.choices.overwrite_mended, "mended_stays"
        elif new in (None, ""):
            kept, chosen, code = made.emptied, made.choices.empty_values, "value_stays"
        if kept is not None:
            kept.append(Kept(student, name, old))
            if not chosen:
                made.problems.append(Problem(code, sheet.name, row.row, name))
                continue
        changes.append((name, old, new))
    return changes


def _find_missing(
    made: Plan, known: list[Known], named: set[int], place_keys: dict[int, tuple[str, str]]
) -> None:
    """List the students of the file's departments whom the file does not name.

    Only of those departments: an office may send the roster one department at a time.
    """
    covered = {place.key[0] for place in made.places}
    missing = [
        student.pk
        for student in known
        if student.pk not in named
        and student.withdrawn_at is None
        and place_keys[student.class_group_id][0] in covered
    ]
    for start in range(0, len(missing), CHUNK):
        made.missing += (
            Student.objects.filter(pk__in=missing[start : start + CHUNK])
            .select_related("class_group__department")
            .order_by("class_group_id", "seat")
        )


def _find_last_newcomers(made: Plan, known: list[Known], named: set[int]) -> None:
    """List the students who came by the last import alone, where this file does not name them."""
    made.newest = known[-1].pk if known else 0
    applied = RosterImport.objects.filter(campaign=made.campaign, state=RosterImport.State.APPLIED)
    made.last = applied.defer("upload").order_by("-applied_at", "-pk").first() if known else None
    before = made.last.counts.get("before") if made.last else None
    if before is None:
        return
    gone = [
        student.pk
        for student in known
        if student.pk > before["student"] and student.pk not in named and student.withdrawn_at is None
    ]
    for start in range(0, len(gone), CHUNK):
        found = Student.objects.filter(pk__in=gone[start : start + CHUNK])
        made.came_only_by_last += found.select_related("class_group__department").order_by("pk")


def _find_ids_of_others(made: Plan, known: list[Known], named: set[int]) -> None:
    """Warn where a row has the ID number of a stored student whom the file does not name."""
    others = {
        student.id_digest: student for student in known if student.pk not in named and student.id_digest
    }
    if not others:
        return
    ring = key_ring()
    for row in made.reading.rows:
        if row.id_number:
            for digest in ring.digests("id_number", row.id_number):
                if digest in others:
                    details = {"number": others[digest].student_number}
                    sheet = made.reading.sheets[row.sheet].name
                    made.problems.append(Problem("id_of_another", sheet, row.row, "id_number", details))
