"""`witness FILE…`: hold what the nodes have written down against the database. Exit 1: it has forgotten."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from signoffs.upkeep.forgotten import Forgotten, forgotten
from signoffs.upkeep.witness import Line, read

WRONG_USAGE = 2


def _told(one: Forgotten) -> str:
    """Return the sentence that names a forgotten move."""
    where = one.chain.place if one.chain else f"chain {one.line.chain}, of which nothing is left"
    sent = f", submission {one.line.submission}" if one.line.submission else ""
    instead = "; another move stands in its place" if one.replaced else ""
    return f"{where}: move {one.line.position}, {one.line.verb}, {one.line.at}{sent}: forgotten{instead}"


class Command(BaseCommand):
    """Names each move that was acknowledged and is not in the database."""

    help = "Hold files of the witness (WITNESS_FOLDER of each node) against the database; name what it lost."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the files of all nodes."""
        parser.add_argument("files", type=Path, nargs="+", metavar="FILE")

    def handle(self, *args: Any, files: list[Path], **options: Any) -> None:
        """Print each forgotten move. Raise CommandError where there is one, or where a file can't be read."""
        lines = list(self.lines(files))
        count = 0
        for one in forgotten(lines):
            count += 1
            self.stdout.write(_told(one))
        chains = len({line.chain for line in lines})
        if count:
            raise CommandError(f"{count:,} of {len(set(lines)):,} moves are forgotten.", returncode=1)
        self.stdout.write(f"{len(set(lines)):,} moves in {chains:,} chains: none is forgotten.")

    def lines(self, files: list[Path]) -> Iterator[Line]:
        """Yield what the files say; tell of lines that are not whole. Raise CommandError: no such file."""
        for file in files:
            broken = 0
            try:
                for line in read(file):
                    if line is None:
                        broken += 1
                    else:
                        yield line
            except OSError as error:
                raise CommandError(
                    f"{file} can't be read: {error.strerror}.", returncode=WRONG_USAGE
                ) from error
            if broken:
                self.stderr.write(f"{file}: {broken:,} lines are not whole, and were left out.")
