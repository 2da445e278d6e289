"""`manage.py migrate`: Django's, where a kill never leaves a migration that happened and was not noted.

Django notes a migration after its transaction where something is put off to its end (indexes, references). A
kill between the two, and the next run stops at "table already exists".
"""

from django.core.management.commands import migrate
from django.db import transaction
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ProjectState


class WholeExecutor(MigrationExecutor):
    """Makes a migration and the note of it one transaction."""

    def apply_migration(
        self, state: ProjectState, migration: Migration, fake: bool = False, fake_initial: bool = False
    ) -> ProjectState:
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
migrate.MigrationExecutor = WholeExecutor  # type: ignore[attr-defined]  # which no stub mentions


class Command(migrate.Command):
    """Django's command, with that executor."""
