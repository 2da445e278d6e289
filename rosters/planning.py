"""A roster file held against the roster that is stored: what would change. Writes nothing.

Stored rows are compared by the digest of their normalised key fields, so their text is fetched only where
something differs; the duty is in no digest, and compared as it stands. The number of queries does not depend
on the number of rows, but for those that changed.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from . import checking, identity, key_fields
from .encryption import key_ring
from .models import Campaign, ClassGroup, Student
from .problems import ERROR, Problem
from .reading import Reading, RosterRow

CHUNK = 500


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


@dataclass
class Plan:
    """What applying the file would do, and what is wrong with it."""

    campaign: Campaign
    reading: Reading
    # Of the stored roster that the plan was made on: applying checks that it is still so.
    basis: str
    created: list[RosterRow] = field(default_factory=list)
    updated: list[Update] = field(default_factory=list)
    unchanged: int = 0
    refused: int = 0
    # Students of the file's departments whom it does not name. Nobody is deleted.
    missing: list[Student] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)

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


def plan(campaign: Campaign, reading: Reading) -> Plan:
    """Hold a file against the stored roster of a campaign, and return what applying it would do."""
    known = known_students(campaign)
    made = Plan(campaign, reading, basis_of(campaign, known), problems=list(reading.problems))
    if campaign.state == Campaign.State.CLOSED:
        made.problems.append(Problem("campaign_closed", details={"slug": campaign.slug}))
    cohort = int(campaign.slug) if campaign.slug.isdigit() else None
    made.problems += checking.problems(reading, cohort)
    _sort_rows(made, known)
    order = {sheet.name: number for number, sheet in enumerate(reading.sheets)}
    columns: dict[str | None, int] = {name: number for number, name in enumerate(key_fields.BY_NAME)}
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
            differing.append((student, row, place))
    made.places = [place for place in places.values() if all(place)]
    _compare(made, differing, place_keys)
    _find_missing(made, known, named, place_keys)
    _find_ids_of_others(made, known, named)


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
        for pk, row, moved_to in piece:
            theirs = stored[pk]
            changes = _changes(theirs, row, lacking[row.sheet])
            if row.duty != theirs.duty and has_duty[row.sheet]:
                changes.append(("duty", theirs.duty, row.duty))
            if not changes and moved_to is None and theirs.withdrawn_at is None:
                made.unchanged += 1
                continue
            made.updated.append(Update(theirs, changes, moved_to))
            if theirs.withdrawn_at is not None:
                made.problems.append(Problem("returns", made.reading.sheets[row.sheet].name, row.row))


def _changes(student: Student, row: RosterRow, lacking: frozenset[str]) -> list[tuple[str, object, object]]:
    return [
        (name, getattr(student, name), getattr(row, name))
        for name in key_fields.BY_NAME
        if name not in lacking and not key_fields.same(name, getattr(student, name), getattr(row, name))
    ]


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
