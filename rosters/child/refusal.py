"""How a file is refused, and what a sheet is: the two words that all readers of the child share."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

# A row: its number in the file (1 is the first), and its cells. A cell is text, a number, true or false, ""
# where it is empty, {"date": ISO}, {"time": text} or {"error": true}.
Cell = str | float | bool | dict[str, object]
Row = tuple[int, Sequence[Cell]]


class Refusal(Exception):
    """The file can't be read; the code names a sentence of rosters/reading.py."""

    def __init__(self, code: str, **details: object):
        """Take the code and what its sentence mentions."""
        super().__init__(code)
        self.code, self.details = code, details


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

    def about(self) -> dict[str, object]:
        """Return what is known before its rows."""
        return {
            "name": self.name,
            "hidden": self.hidden,
            "merges": self.merges,
            "formulas": self.formulas,
        }
