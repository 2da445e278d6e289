"""All that is held about one student, for themselves: to see, and to take away as a file that a person reads.

The law gives everybody a copy of their own data (PIPL, article 45). Two things in it are masked all the
same. Whoever opens these pages has proved 学号 and the last six of the ID number, which a classmate may have
seen; the copy must not hand them the other twelve, nor the phone. Who wants those written out asks the
office in person. For the same reason staff are named by their role alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from rosters import identity, key_fields
from rosters.models import Student

from ..models import Declaration, FieldError, Identification
from ..process.answers import Answer
from . import access_log
from .dossier import Dossier, dossier

# Of the looks and files that the copy lists; it says how many there are in all.
LOOKS_SHOWN = 300


@dataclass(frozen=True)
class Answered:
    """What a student said about one field: the roster's value as it was shown, and whether it was right."""

    field: str
    shown: str
    is_right: bool


@dataclass(frozen=True)
class Declared:
    """One declaration, with what it says."""

    declaration: Declaration
    answers: tuple[Answered, ...]
    errors: tuple[FieldError, ...]
    phone: str


@dataclass(frozen=True)
class OwnCopy:
    """Everything, newest first."""

    dossier: Dossier
    declared: tuple[Declared, ...]
    identifications: tuple[Identification, ...]
    looks: tuple[access_log.Access, ...]
    looks_in_all: int
    made_at: datetime


def own_copy(student: Student, now: datetime) -> OwnCopy:
    """Return what is held about the student: a constant number of queries."""
    whole, log = dossier(student), access_log.of_student(student)
    errors = FieldError.objects.filter(declaration__student=student)
    by_declaration: dict[int, list[FieldError]] = {}
    for error in errors:
        by_declaration.setdefault(error.declaration_id, []).append(error)
    return OwnCopy(
        dossier=whole,
        declared=tuple(
            _declared(one, by_declaration.get(one.pk, ()))
            for one in Declaration.objects.filter(student=student)
        ),
        identifications=tuple(student.identifications.all()),
        looks=tuple(log[:LOOKS_SHOWN]),
        looks_in_all=log.count(),
        made_at=now,
    )


def _declared(declaration: Declaration, errors: Iterable[FieldError]) -> Declared:
    fields = declaration.snapshot.get("fields", {})
    return Declared(
        declaration,
        tuple(
            Answered(name, fields[name].get("roster", ""), fields[name].get("answer") != Answer.WRONG)
            for name in key_fields.BY_NAME
            if name in fields
        ),
        tuple(errors),
        identity.mask_phone(declaration.phone or ""),
    )
