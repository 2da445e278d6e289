"""`manage.py backup FILE`: the whole database, online, sealed with BACKUP_KEY."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from enrollcheck import vault
from enrollcheck.postgresql import programs

CHUNK = 1 << 20


def _of_sqlite(folder: Path) -> Iterator[bytes]:
    """Copy by SQLite's own backup, which sees one moment while others write, and yield the copy."""
    # Imported through Django's backend: the SQLite that enrollcheck/sqlite.py has chosen.
    backend: Any = connection
    database = backend.Database
    copy = folder / "copy.sqlite3"
    connection.ensure_connection()
    target = database.connect(copy)
    try:
        connection.connection.backup(target)
        target.execute("PRAGMA journal_mode=DELETE")
    finally:
        target.close()
    with open(copy, "rb") as file:
        while piece := file.read(CHUNK):
            yield piece


def _of_postgresql() -> Iterator[bytes]:
    """Yield what pg_dump writes. Raise CommandError where it fails, and behind a pooler."""
    programs.refuse_pooler()
    command = ["pg_dump", "--format=custom", "--compress=0", "--no-owner", "--no-privileges"]
    with (
        programs.environment() as environment,
        subprocess.Popen(  # noqa: S603 - our own command line
            [*command, "--dbname", programs.DATABASE],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process,
    ):
        dump, complaints = cast(IO[bytes], process.stdout), cast(IO[bytes], process.stderr)  # pipes, both
        while piece := dump.read(CHUNK):
            yield piece
        complaint = complaints.read().decode(errors="replace")
    if process.returncode:
        raise CommandError(f"pg_dump failed: {complaint.strip()}")


class Command(BaseCommand):
    """Make a backup while the server runs."""

    help = "Write the whole database to FILE, sealed with BACKUP_KEY. The server may go on running."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the file."""
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        """Write the backup, whole or not at all. Raise CommandError where it can't be written."""
        try:
            key = vault.key_from_environment()
        except vault.Unusable as error:
            raise CommandError(str(error)) from error
        if file.exists():
            raise CommandError(f"{file} exists already: choose another name.")
        partial = file.with_name(file.name + ".partial")
        try:
            # The copy lies beside the backup, not in a temp folder that others read, and goes at once.
            with tempfile.TemporaryDirectory(prefix=".backup-", dir=file.parent) as folder:
                pieces = _of_sqlite(Path(folder)) if connection.vendor == "sqlite" else _of_postgresql()
                descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
                with open(descriptor, "wb") as to:
                    vault.seal(pieces, key, to)
                    to.flush()
                    os.fsync(to.fileno())
            os.replace(partial, file)
        except OSError as error:
            raise CommandError(f"{file} can't be written: {error.strerror}.") from error
        finally:
            partial.unlink(missing_ok=True)
        digest = vault.sha256(file)
        # Beside it, as sha256sum writes and checks it: a copy elsewhere is checked without the key.
        vault.sum_of(file).write_text(f"{digest}  {file.name}\n")
        self.stdout.write(f"{file}: {file.stat().st_size:,} bytes, SHA-256 {digest}")
