"""Students' rows, written in batches, each with one prepared statement.

bulk_create and bulk_update build a statement as long as the batch, and take ten times as long. Only
importing.py uses this.
"""

import uuid
from operator import attrgetter
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS, connection, connections

from . import key_fields
from .encryption import key_ring
from .models import Campaign, ClassGroup, Student
from .reading import RosterRow

BATCH = 2_000


class Newcomer(NamedTuple):
    """A student whom an import has created, as far as a tally needs one."""

    uuid: uuid.UUID
    class_group: ClassGroup
    seat: int
    student_number: str

    @property
    def class_group_id(self) -> int:
        """The key of the class."""
        return self.class_group.pk


class StudentWriter:
    """Gathers rows to insert and to update; `flush` writes what is left."""

    KEY_COLUMNS = tuple(key_fields.BY_NAME)
    DERIVED = ("id_digest", "record_digest")
    PLACE_COLUMNS = ("class_group", "seat", "withdrawn_at", "withdrawn_reason")
    ID_NUMBER = KEY_COLUMNS.index("id_number")
    # Where a text stands that the database takes as it is; of the others, few values are prepared once each.
    OTHERS = tuple(
        (place, key.name) for place, key in enumerate(key_fields.KEY_FIELDS) if key.longest is None
    )
    _of = staticmethod(attrgetter(*KEY_COLUMNS))

    def __init__(self) -> None:
        """Prepare the statements."""
        self._ring = key_ring()
        # Not the proxy that looks for the thread's connection at each use: a use is a value of a row here.
        self._database = connections[DEFAULT_DB_ALIAS]
        self._native_uuid = self._database.features.has_native_uuid_field
        self.fields = {field.name: field for field in Student._meta.concrete_fields}
        self._id_number = Student._meta.get_field("id_number")
        insert = ("uuid", "campaign", "duty", *self.PLACE_COLUMNS, *self.KEY_COLUMNS, *self.DERIVED)
        update = ("duty", *self.PLACE_COLUMNS, *self.KEY_COLUMNS, *self.DERIVED)
        quote = connection.ops.quote_name
        table = quote(Student._meta.db_table)
        columns = ", ".join(quote(self.fields[name].column) for name in insert)
        marks = ", ".join(["%s"] * len(insert))
        settings = ", ".join(f"{quote(self.fields[name].column)} = %s" for name in update)
        # Names of columns and marks for values, nothing that anybody has sent.
        self._insert = f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608
        self._update = f"UPDATE {table} SET {settings} WHERE {quote('id')} = %s"  # noqa: S608
        # What a database takes for a date or a number of years: few values, converted once each.
        self._known: dict[tuple[str, object], object] = {}
        self._inserts: list[tuple[Any, ...]] = []
        self._updates: list[tuple[Any, ...]] = []

    def _prepared(self, name: str, value: object) -> Any:
        return self.fields[name].get_db_prep_save(value, self._database)

    def _remembered(self, name: str, value: object) -> Any:
        found = self._known.get((name, value))
        if found is None:
            found = self._known[name, value] = self._prepared(name, value)
        return found

    def _values(self, record: RosterRow | Student, row_uuid: uuid.UUID) -> list[Any]:
        """Return the key columns' values and the derived ones, of a row of the file or of a student."""
        values = list(self._of(record))
        number = values[self.ID_NUMBER]
        for place, name in self.OTHERS:
            values[place] = self._remembered(name, values[place])
        sealed = self._id_number.seal(number, row_uuid)
        values[self.ID_NUMBER] = self._prepared("id_number", sealed)
        values.append(self._ring.digest("id_number", number) if number else "")
        values.append(self._ring.digest("record", key_fields.normalised_record(record)))
        return values

    def insert(self, campaign: Campaign, newcomer: Newcomer, row: RosterRow) -> None:
        """Add a new student."""
        place = (newcomer.class_group.pk, newcomer.seat, None, "")
        row_uuid = newcomer.uuid if self._native_uuid else newcomer.uuid.hex
        values = self._values(row, newcomer.uuid)
        self._inserts.append((row_uuid, campaign.pk, row.duty, *place, *values))
        if len(self._inserts) >= BATCH:
            self.flush()

    def update(self, student: Student) -> None:
        """Write a stored student's key fields, duty and place."""
        withdrawn_at = self._prepared("withdrawn_at", student.withdrawn_at)
        place = (student.class_group_id, student.seat, withdrawn_at, student.withdrawn_reason)
        values = self._values(student, student.uuid)
        student.id_digest, student.record_digest = values[-2:]
        self._updates.append((student.duty, *place, *values, student.pk))

    def flush(self) -> None:
        """Write what has gathered."""
        with connection.cursor() as cursor:
            if self._inserts:
                cursor.executemany(self._insert, self._inserts)
            if self._updates:
                cursor.executemany(self._update, self._updates)
        self._inserts, self._updates = [], []
