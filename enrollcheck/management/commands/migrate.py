"""`manage.py migrate`: Django's, where a kill never leaves a migration that happened and was not noted.

Django notes a migration after its transaction where something is put off to its end (indexes, references). A
kill between the two, and the next run stops at "table already exists". Nor do two of them at once meet: the
second waits, and finds nothing to do.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from django.core.management.commands import migrate
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from enrollcheck.postgresql import role


class WholeExecutor(MigrationExecutor):
    """Makes a migration and the note of it one transaction."""

    def apply_migration(self, state, migration, fake=False, fake_initial=False):
        """Apply it, and return the state after it. Raise what the migration raises: nothing has happened."""
        if not migration.atomic:
            return super().apply_migration(state, migration, fake, fake_initial)
        # As the schema editor does; in a transaction SQLite takes no notice of it.
        self.connection.disable_constraint_checking()
        try:
            with transaction.atomic(self.connection.alias):
                return super().apply_migration(state, migration, fake, fake_initial)
        finally:
            self.connection.enable_constraint_checking()


# The command names its executor itself, and has no place to give another.
migrate.MigrationExecutor = WholeExecutor


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Wait until nobody else migrates an SQLite file in that folder. A kill ends the wait, too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def alone() -> AbstractContextManager[None]:
    """Return a block within which nobody else migrates the database."""
    if connection.vendor == "postgresql":
        return role.migrating()
    return _alone_in(Path(connection.settings_dict["NAME"]).resolve().parent)


class Command(migrate.Command):
    """Django's command, with that executor, one at a time."""

    def execute(self, *args, **options):
        """Check, and migrate. Raise CommandError as Django does."""
        if options["check_unapplied"] or options["plan"]:  # they only look, on a standby too
            return super().execute(*args, **options)
        with alone():
            if connection.vendor == "postgresql":
                role.limit_locks()  # before the checks, which ask for it
            return super().execute(*args, **options)
