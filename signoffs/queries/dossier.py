"""All that staff may know of one student's check: the record, what was declared, what became of it."""

from dataclasses import dataclass
from datetime import datetime

from rosters import identity, key_fields
from rosters.models import RosterChange, Student

from ..models import Declaration, Event, Excuse, FieldError, Standing
from . import actors, situations


@dataclass(frozen=True)
class Dossier:
    """One student's page."""

    student: Student
    # (label of the field, value); the ID number masked.
    record: tuple[tuple[str, str], ...]
    standing: Standing | None
    declarations: tuple[Declaration, ...]
    errors: tuple[FieldError, ...]
    excuses: tuple[Excuse, ...]
    changes: tuple[RosterChange, ...]
    events: tuple[Event, ...]
    waiting: Declaration | None
    is_monitor: bool

    @property
    def history(self) -> list[tuple[Event | None, RosterChange | None]]:
        """What happened and what changed in the roster, one or the other, the newest first."""
        both: list[tuple[datetime, int, Event | None, RosterChange | None]]
        both = [(event.happened_at, event.pk, event, None) for event in self.events]
        both += [(change.changed_at, 0, None, change) for change in self.changes]
        return [(event, change) for *_, event, change in sorted(both, key=lambda one: one[:2], reverse=True)]


def _record(student: Student) -> tuple[tuple[str, str], ...]:
    values = {
        field.name: key_fields.display(field.name, getattr(student, field.name))
        for field in key_fields.KEY_FIELDS
    }
    values["id_number"] = identity.mask(student.id_number or "")
    return tuple((name, value) for name, value in values.items())


def dossier(student: Student) -> Dossier:
    """Return everything about the student, newest first: eight queries."""
    declarations = student.declarations.select_related(
        "entered_by_user", "entered_by_student", "countersigned_by"
    ).defer("snapshot", "signature")
    return Dossier(
        student=student,
        record=_record(student),
        standing=Standing.objects.select_related("declaration", "excuse").filter(student=student).first(),
        declarations=tuple(declarations),
        errors=tuple(
            FieldError.objects.filter(
                declaration__student=student,
                declaration__withdrawn_at=None,
                declaration__contested_at=None,
            )
            .select_related("declaration", "settled_by")
            .order_by("-pk")
        ),
        excuses=tuple(student.excuses.select_related("entered_by_user", "entered_by_student")),
        changes=tuple(student.changes.exclude(field="id_number").order_by("-changed_at")),
        events=tuple(student.events.select_related("user").order_by("-happened_at", "-pk")),
        waiting=situations.waiting_entries().filter(student=student).first(),
        is_monitor=actors.is_monitor(student),
    )
