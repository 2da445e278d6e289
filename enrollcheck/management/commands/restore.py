"""`manage.py restore FILE`: a backup into a database that is still empty."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from enrollcheck import vault
from enrollcheck.postgresql import programs

# What SQLite keeps beside a database. It takes an old one for the new database's, and replays it.
SIDE_FILES = ("-wal", "-shm", "-journal")


def _check_place(place: Path) -> None:
    """Raise CommandError where there is a database already, or what is left of one."""
    if place.exists() and place.stat().st_size:
        raise CommandError(f"{place} is not empty: a backup is restored into a fresh place only.")
    sides = [place.with_name(place.name + end) for end in SIDE_FILES]
    left = ", ".join(str(side) for side in sides if side.exists())
    if left:
        raise CommandError(
            f"Left of an earlier database: {left}. SQLite would write what is in it over the backup. "
            "Stop the server, move it to another folder, and restore again."
        )


def _is_sound(file: Path) -> bool:
    """Open a database as the server will, and say whether it is sound."""
    backend: Any = connection  # SQLite's, which has more than every database has
    database = backend.Database.connect(file)
    try:
        sound = database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return sound and not database.execute("PRAGMA foreign_key_check").fetchall()
    except backend.Database.DatabaseError:
        return False
    finally:
        database.close()


class Command(BaseCommand):
    """Restore into a fresh place, never over something."""

    help = "Restore FILE, made by `backup`, into the database of DATABASE_URL, which must be empty."
    requires_system_checks = []  # they would look for tables that are still to come

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the file."""
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        """Restore. Raise CommandError for a database that is not empty, or a backup that is not whole.

        Then nothing has changed, unless another program wrote to the place in that moment.
        """
        try:
            key = vault.key_from_environment()
            vault.check_sum(file)
            with open(file, "rb") as source:
                pieces = vault.unseal(source, key)
                if connection.vendor == "sqlite":
                    self.to_sqlite(pieces)
                else:
                    self.to_postgresql(pieces)
        except vault.Unusable as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{error.filename or file}: {error.strerror}.") from error
        self.stdout.write("Restored. Run `manage.py migrate` if this version is newer than the backup.")

    def to_sqlite(self, pieces: Iterator[bytes]) -> None:
        """Write the file beside its place, look at it, move it in, and look again as the server will."""
        place = Path(connection.settings_dict["NAME"])
        _check_place(place)
        descriptor, name = tempfile.mkstemp(prefix=".restore-", dir=place.parent)
        fresh = Path(name)
        try:
            with open(descriptor, "wb") as to:
                for piece in pieces:
                    to.write(piece)
                to.flush()
                os.fsync(to.fileno())
            if not _is_sound(fresh):
                raise CommandError(
                    "The backup opened, but the database in it is not sound: take another one."
                )
            _check_place(place)  # unsealing takes its time
            os.replace(fresh, place)
            if not _is_sound(place):
                raise CommandError(
                    f"{place} is not what the backup holds: another program wrote there meanwhile. "
                    "Stop it, move away what lies there, and restore again."
                )
        finally:
            fresh.unlink(missing_ok=True)

    def to_postgresql(self, pieces: Iterator[bytes]) -> None:
        """Let pg_restore read the whole, sound backup, in one transaction."""
        programs.refuse_pooler()
        if connection.introspection.table_names():
            raise CommandError(
                "The database has tables already: a backup is restored into an empty one only."
            )
        # Unsealed to the end before the first table is made: only a whole backup is restored.
        with tempfile.TemporaryFile() as whole:
            for piece in pieces:
                whole.write(piece)
            whole.seek(0)
            command = [
                "pg_restore",
                "--no-owner",
                "--no-privileges",
                "--single-transaction",
                "--exit-on-error",
            ]
            with programs.environment() as environment:
                run = subprocess.run(  # noqa: S603 - our own command line
                    [*command, "--dbname", programs.DATABASE],
                    env=environment,
                    stdin=whole,
                    capture_output=True,
                    text=True,
                )
        if run.returncode:
            raise CommandError(f"pg_restore failed: {run.stderr.strip()}")
