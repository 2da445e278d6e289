"""Finding a roster's heading among its first lines, and which column is which key field.

A leaf. Headings are known by synonym (key_fields.py); one may stand in two lines, the upper one merged over
several columns (出生 over 年月日). What is not known is not stored, and the preview names it.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from . import key_fields, lines
from .widths import compact

FIRST_LINES = 20
# Fewer known headings than this are no roster's.
ENOUGH = 3
# A longer text is no heading, and is not looked at closely.
LONGEST = 200
# One of these must be among them: a table of numbers by class has none.
TELLING = frozenset({"name", "student_number", "id_number"})

# The exchange platform's two columns for 系部: the second counts where the first is empty.
SECOND_CHOICE = {"department_name": ("FY", "XSH")}

_BRACKETS = str.maketrans("【】", "()")
_REMARK = re.compile(r"\([^()]*\)|\*|[:：]$")


def tidied(heading: str) -> str:
    """Return a heading in half width and capitals, without spaces and characters that nobody sees."""
    if not heading.isprintable():
        heading = "".join(one for one in heading if unicodedata.category(one) != "Cf")
    return compact(heading).translate(_BRACKETS).upper()


KNOWN: dict[str, str] = {
    tidied(heading): column.name
    for column in key_fields.COLUMNS.values()
    for heading in (column.label, *column.headings)
}


def field_of(heading: str) -> str | None:
    """Return the field of a heading, remarks like (必填) and asterisks aside; None for an unknown one."""
    if len(heading) > LONGEST:
        return None
    text = tidied(heading)
    return KNOWN.get(text) or KNOWN.get(_REMARK.sub("", text))


@dataclass(frozen=True)
class Column:
    """One column as the file has it; `field` is None where it is unknown, and not stored."""

    index: int
    heading: str
    field: str | None


@dataclass(frozen=True)
class Header:
    """Where a sheet's heading stands, and what its columns are."""

    first_row: int
    last_row: int
    columns: tuple[Column, ...]
    # Second choices of a field, by field: their column's index.
    second: Mapping[str, int] = field(default_factory=dict)
    # Columns beside a field's own that its heading is merged over, by field: their indexes.
    beside: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def index(self) -> dict[str, int]:
        """The columns' indexes by field; the first one where a field comes twice."""
        return {column.field: column.index for column in reversed(self.columns) if column.field}

    @property
    def twice(self) -> list[tuple[Column, Column]]:
        """Pairs of columns that claim the same field."""
        first: dict[str, Column] = {}
        return [
            (first[column.field], column)
            for column in self.columns
            if column.field and first.setdefault(column.field, column) is not column
        ]

    @property
    def unknown(self) -> list[str]:
        """Headings of the columns that are not stored."""
        return [column.heading for column in self.columns if column.field is None and column.heading]


def _text(cell: object) -> str:
    return cell.strip() if isinstance(cell, str) and len(cell) <= LONGEST else ""


def _across(number: int, merges: Sequence) -> list[tuple[int, int]]:
    """Return the first and last columns of the merged cells that begin in a line and take several columns."""
    return [(left, right) for top, left, _bottom, right in merges if top == number and 0 < right - left < 200]


def _spread(number: int, cells: Sequence, merges: Sequence) -> list[str]:
    """Return a line's texts, a merged cell's text in each column that it covers."""
    texts = [_text(cell) for cell in cells]
    for left, right in _across(number, merges):
        if left < len(texts):
            texts += [""] * (right + 1 - len(texts))
            texts[left : right + 1] = [texts[left]] * (right - left + 1)
    return texts


def _stacked(upper: Sequence[str], lower: Sequence[str]) -> list[str]:
    """Return two lines as one heading a column: the lower one's where it is known, else both together."""
    width = max(len(upper), len(lower))
    upper, lower = [*upper, *[""] * (width - len(upper))], [*lower, *[""] * (width - len(lower))]
    return [
        below if field_of(below) and not field_of(above + below) else above + below
        for above, below in zip(upper, lower, strict=True)
    ]


def _fields(headings: Sequence[str]) -> set[str]:
    return {found for heading in headings if (found := field_of(heading))}


def _is_roster(fields: set[str]) -> bool:
    return len(fields & key_fields.BY_NAME.keys()) >= ENOUGH and bool(fields & TELLING)


def recognised(lines: Sequence[Sequence[str]]) -> list[str]:
    """Return the headings that are known of the line that has the most of them."""
    known = ([text for text in texts if field_of(text)] for texts in lines)
    return max(known, key=len, default=[])


def find(
    rows: Sequence, merges: Sequence, by_hand: Mapping[int, str], row: int | None = None
) -> Header | None:
    """Return the heading among a sheet's first lines, or None.

    `rows` are pairs of a row number and cells; `by_hand` says of a column's index which field it is, "" for
    none; `row` is the line that somebody has pointed at, whatever it says.
    """
    candidates: list[tuple[int, int, list[str]]] = []
    spread = [(number, _spread(number, cells, merges)) for number, cells in rows]
    for place, (number, texts) in enumerate(spread):
        if number > FIRST_LINES:
            break
        candidates.append((number, number, texts))
        if place + 1 < len(spread) and spread[place + 1][0] == number + 1:
            candidates.append((number, number + 1, _stacked(texts, spread[place + 1][1])))
    candidates = [
        found
        for found in candidates
        if (found[:2] == (row, row) if row is not None else _is_roster(_fields(found[2])))
    ]
    if not candidates:
        return None
    # A heading below the first students is that of a second block.
    first_student = min((number for number, cells in rows if lines.may_be_student(cells)), default=None)
    if first_student is not None:
        candidates = [found for found in candidates if found[1] < first_student] or candidates
    # The most fields; one line rather than two (a title above makes no heading of two lines); the first.
    best = max(candidates, key=lambda found: (len(_fields(found[2])), found[0] == found[1], -found[0]))
    return _header(*best, merges, by_hand)


def of_line(number: int, cells: Sequence, merges: Sequence) -> Header | None:
    """Return the heading that one line is by itself, with what it is merged over; None where it is none."""
    texts = _spread(number, cells, merges)
    return _header(number, number, texts, merges, {}) if _is_roster(_fields(texts)) else None


def _header(first: int, last: int, texts: list[str], merges: Sequence, by_hand: Mapping[int, str]) -> Header:
    fields = [by_hand.get(index, field_of(heading)) or None for index, heading in enumerate(texts)]
    second = {}
    for name, (lesser, better) in SECOND_CHOICE.items():
        places = {tidied(heading): index for index, heading in enumerate(texts) if fields[index] == name}
        if places.keys() == {lesser, better}:
            second[name] = places[lesser]
            fields[places[lesser]] = None
    beside = {}
    for left, right in (*_across(first, merges), *_across(last, merges)):
        merged, covers = fields[left] if left < len(fields) else None, range(left + 1, right + 1)
        covered = [index for index in covers if index < len(fields) and fields[index] == merged]
        if merged and covered and not by_hand.keys() & set(covers):
            beside[merged] = tuple(covered)
            for index in covered:
                fields[index], texts[index] = None, ""
    columns = tuple(
        Column(index, heading, found)
        for index, (heading, found) in enumerate(zip(texts, fields, strict=True))
        if (heading or found) and index not in second.values()
    )
    return Header(first, last, columns, second, beside)
