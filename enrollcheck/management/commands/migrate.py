"""`manage.py migrate`: Django's, where a kill never leaves a migration that happened and was not noted.

Django notes a migration after its transaction where something is put off to its end (indexes, references). A
kill between the two, and the next run stops at "table already exists". Nor do two of them at once meet: the
second waits, and finds nothing to do.
"""

from typing import Any

from django.core.management.commands import migrate
from django.db import transaction
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ProjectState

from enrollcheck.postgresql import role
from signoffs import flow
from signoffs.models import Event, User
from signoffs.queries.actors import Who
from signoffs.upkeep.alone import alone

ADOPTED = "adopt_accounts"


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
    """Django's command, with that executor, one at a time; once, an event of the accounts that were there."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Check, and migrate. Raise CommandError as Django does."""
        if options["check_unapplied"] or options["plan"]:  # they only look, on a standby too
            return super().execute(*args, **options)
        with alone("migrate") as guard:
            if guard is None:
                return super().execute(*args, **options)
            role.limit_locks()  # before the checks, which ask for it
            done = super().execute(*args, **options)
            role.end_pooled(guard)
            return done

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate, and account for the accounts. Raise what Django's command raises."""
        super().handle(*args, **options)
        whole = not (options["app_label"] or options["plan"] or options["check_unapplied"])
        if whole and User.objects.exists() and not Event.objects.filter(verb=ADOPTED).exists():
            who = Who(command="migrate")
            flow.note_accounts(users=list(User.objects.all()), verb=ADOPTED, who=who)
