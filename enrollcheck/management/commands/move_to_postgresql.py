"""`manage.py move_to_postgresql FILE`: every row of an SQLite database into an empty PostgreSQL.

Rows are carried as they are stored: what is sealed stays sealed, and no key is needed. All in one transaction
that ends with a comparison of every row, so it is whole or not at all.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.management.color import no_style
from django.db import connection, connections, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.models.expressions import Col
from django.db.utils import load_backend

# Filled by `migrate` itself.
MADE_BY_MIGRATE = (ContentType, Permission)


def _source(file: Path) -> BaseDatabaseWrapper:
    """Return a connection to the SQLite file, beside the settings' own database."""
    values = {**connection.settings_dict, "ENGINE": "django.db.backends.sqlite3", "NAME": file}
    values |= {"OPTIONS": {"timeout": 30}, "USER": "", "PASSWORD": "", "HOST": "", "PORT": ""}
    connections["source"] = load_backend(values["ENGINE"]).DatabaseWrapper(values, "source")
    return connections["source"]


def _tables() -> list[type[models.Model]]:
    """Return the models of all tables, those between many and many too."""
    found = apps.get_models(include_auto_created=True)
    return [model for model in found if model._meta.managed and not model._meta.proxy]


def _names(model: type[models.Model]) -> tuple[str, str]:
    """Return a table's name and its columns', quoted: both databases take double quotes."""
    columns = ", ".join(f'"{field.column}"' for field in model._meta.concrete_fields)
    return f'"{model._meta.db_table}"', columns


def _rows(database: BaseDatabaseWrapper, model: type[models.Model]) -> Iterator[list]:
    """Yield a table's rows by their key, in Python's values: what is sealed stays sealed."""
    table, columns = _names(model)
    expressions = [Col(model._meta.db_table, field) for field in model._meta.concrete_fields]
    converters = [database.ops.get_db_converters(expression) for expression in expressions]
    with database.cursor() as cursor:
        cursor.execute(f'SELECT {columns} FROM {table} ORDER BY "{model._meta.pk.column}"')  # noqa: S608
        for stored in cursor:
            row = []
            for value, expression, convert in zip(stored, expressions, converters, strict=True):
                for step in convert:
                    value = step(value, expression, database)
                row.append(bytes(value) if isinstance(value, memoryview) else value)
            yield row


def _comparable(model: type[models.Model], row: list) -> list:
    """Return a row with its JSON parsed: PostgreSQL orders the keys in its own way."""
    fields = model._meta.concrete_fields
    return [
        json.loads(value) if isinstance(field, models.JSONField) and isinstance(value, str) else value
        for field, value in zip(fields, row, strict=True)
    ]


def _copy(source: BaseDatabaseWrapper, model: type[models.Model]) -> int:
    """Copy a table, hold every row against the one that it came from, and return how many there are.

    Raise CommandError where one differs.
    """
    table, columns = _names(model)
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
        for row in _rows(source, model):
            copy.write_row(row)
    count = 0
    there = _rows(connection, model)
    for row in _rows(source, model):
        count += 1
        arrived = next(there, None)
        if arrived is None or _comparable(model, row) != _comparable(model, arrived):
            raise CommandError(f"Row {count} of {table} did not arrive as it was: nothing was moved.")
    if next(there, None) is not None:
        raise CommandError(f"{table} holds more rows than it had: nothing was moved.")
    return count


class Command(BaseCommand):
    """Stop the server first: what it would write to the file meanwhile waits, and is not moved."""

    help = "Copy the SQLite database FILE into the PostgreSQL of DATABASE_URL, which must be empty."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the file."""
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        """Move. Raise CommandError where FILE is not ready, or the database not empty: nothing was moved."""
        if connection.vendor != "postgresql":
            raise CommandError("DATABASE_URL must name the PostgreSQL to move to.")
        if not file.is_file():
            raise CommandError(f"{file} is not there.")
        source = _source(file)
        try:
            behind = MigrationExecutor(source)
            if behind.migration_plan(behind.loader.graph.leaf_nodes()):
                raise CommandError(f"{file} is behind this version: run `manage.py migrate` on it first.")
            self.move(source)
        finally:
            source.close()

    def move(self, source: BaseDatabaseWrapper) -> None:
        """Make the tables, and fill them while nobody writes to the file."""
        tables = _tables()
        call_command("migrate", interactive=False, verbosity=0)
        used = [model for model in tables if model not in MADE_BY_MIGRATE and model._base_manager.exists()]
        if used:
            raise CommandError("The database holds rows already: move into an empty one only.")
        with source.cursor() as lock, transaction.atomic():
            lock.execute("BEGIN IMMEDIATE")
            for model in reversed(MADE_BY_MIGRATE):
                model._base_manager.all().delete()
            # Foreign keys are checked at the end of the transaction: the order of the tables does not matter.
            counts = [_copy(source, model) for model in tables]
            with connection.cursor() as cursor:
                for statement in connection.ops.sequence_reset_sql(no_style(), tables):
                    cursor.execute(statement)
        self.stdout.write(f"{sum(counts):,} rows in {len(tables)} tables moved, and compared one by one.")
