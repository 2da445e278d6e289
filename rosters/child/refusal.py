"""How a file is refused, and what a sheet is: the two words that all readers of the child share."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

# A row: its number in the file (1 is the first), and its cells. A cell is text, a number, true or false, ""
# where it is empty, {"date": ISO, with a time where there is one}, {"time": text}, or one of those below.
Cell = Any
Row = tuple[int, list[Cell]]

# All sheets together, titles and notes among them. A roster's own limit (reading.MOST_ROWS) is lower.
MOST_LINES = 250_000

ERROR = {"error": True}
# A text that ends inside a character, and one in no known encoding or of no known kind.
CUT, UNDECODED = {"cut": True}, {"undecoded": True}


class Refusal(Exception):
    """The file can't be read; the code names a sentence of rosters/refusals.py."""

    def __init__(self, code: str, **details: object):
        """Take the code and what its sentence mentions."""
        super().__init__(code)
        self.code, self.details = code, details


@dataclass
class Places:
    """What a reader of values does not tell of a sheet. Cells: row from 1, column from 0."""

    formulas: list[tuple[int, int]] = field(default_factory=list)
    errors: list[tuple[int, int]] = field(default_factory=list)
    hidden_rows: list[int] = field(default_factory=list)


@dataclass
class Sheet:
    """One table: its rows are read when they are asked for."""

    rows: Callable[[], Iterable[Row]]
    # None: the format has no sheets.
    name: str | None = None
    hidden: bool = False
    # Rectangles of merged cells and places of formulas: rows from 1, columns from 0.
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)
    formulas: list[tuple[int, int]] = field(default_factory=list)
    hidden_rows: list[int] = field(default_factory=list)
    # Codes of rosters/problems.py with their details, of what concerns the whole sheet.
    notes: list[tuple[str, dict]] = field(default_factory=list)

    def about(self) -> dict[str, object]:
        """Return what is known before its rows."""
        return {name: value for name, value in vars(self).items() if name != "rows"}
