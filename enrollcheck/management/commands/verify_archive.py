"""`verify_archive FILE`: as `python -m enrollcheck.verify_archive`, which needs no settings either."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from enrollcheck.verify_archive import check


class Command(BaseCommand):
    """Asks for the password, never takes it from the command line; touches no database."""

    help = "Hold an archive of `export_archive` against itself. Exit 1: it was changed; 2: wrong usage."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the file."""
        parser.add_argument("file", type=Path, metavar="FILE", help="the archive")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        """Say that it holds. Raise CommandError where it does not."""
        code, sentence = check(file)
        if code:
            raise CommandError(sentence, returncode=code)
        self.stdout.write(sentence)
