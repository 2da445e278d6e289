"""Bytes → rows of clean values, with their places in the file. A child process reads, this process cleans.

A leaf. Every line below a heading is a student's, or it is skipped and counted: a total, a note, the heading
again. A line that might be a student's is never dropped without a word: it is refused, with what it lacks, or
named in a warning.
"""

import hashlib
import html
import json
import re
from bisect import bisect_right
from collections import namedtuple
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, cast

from . import cleaning, guard, headings, identity, key_fields, lines
from .problems import ERROR, LEVELS, Problem
from .refusals import Unreadable

LARGEST_FILE = 30 * 1024 * 1024
MOST_ROWS = 200_000
MOST_PROBLEMS = 5_000

_CACHE_LIMIT = 20_000
# Of a sheet's first lines so many cells are shown, and of a cell so many characters.
FIRST_CELLS, FIRST_CHARACTERS = 14, 24
_LONG_NUMBER = re.compile(r"\d{12,}[\dXx]?")

# How HTML writes a character, where a program has taken such a text for plain.
_REFERENCE = re.compile(r"&(#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_REFERENCE_IN_LINE = re.compile(_REFERENCE.pattern.encode())
# What a spreadsheet shows of a formula's error, and writes where it saves as text.
_ERROR_TEXTS = frozenset(
    ("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#FIELD!")
)
# Cells that the child could not decode, by what it says of them: their codes.
_UNDECODED = {"cut": "cut_text", "undecoded": "undecoded"}


# Any: no type checker reads columns out of a table.
_Row: Any = cast(Any, namedtuple("_Row", (*key_fields.COLUMNS, "sheet", "row")))


class RosterRow(_Row):
    """One student as the file has it: the columns' values, and the place."""

    __slots__ = ()
    # Those that the code names itself; the table in key_fields.py knows all of them.
    student_number: str
    department_name: str
    class_name: str
    ethnicity: str
    sex: str
    birth_date: date | None
    id_number: str | None
    duty: str
    sheet: int
    row: int


EMPTY = {name: column.empty for name, column in key_fields.COLUMNS.items()}


@dataclass
class Sheet:
    """What was found in one sheet; `state`: read, hidden, no_header or empty."""

    name: str | None
    state: str = "empty"
    header: headings.Header | None = None
    # Headings further below, of blocks whose columns stand in another order.
    later: list[headings.Header] = field(default_factory=list)
    students: int = 0
    # Students in rows that the office's program doesn't show.
    hidden_students: int = 0
    # Its first lines as texts, for somebody to point at the heading.
    first_lines: list[tuple[int, list[str]]] = field(default_factory=list)
    # Row numbers by why they are no student's: title, total, note, heading.
    skipped: dict[str, list[int]] = field(default_factory=dict)

    @property
    def lacking(self) -> frozenset[str]:
        """Key fields that the sheet has no column for."""
        return frozenset(key_fields.BY_NAME) - (self.header.index.keys() if self.header else frozenset())

    @property
    def has_duty(self) -> bool:
        """Whether the sheet says who has a duty (职务); one that doesn't leaves the duties as they are."""
        return self.header is not None and "duty" in self.header.index

    def header_at(self, row: int) -> headings.Header | None:
        """Return the heading that a row stands under."""
        return next((header for header in reversed(self.later) if header.first_row <= row), self.header)

    @property
    def skipped_lines(self) -> int:
        """How many lines are no student's."""
        return sum(map(len, self.skipped.values()))


@dataclass
class Reading:
    """All that a file says. `mapping` is what was mapped by hand, as `read` took it."""

    file_name: str
    digest: str
    mapping: dict[str, str]
    sheets: list[Sheet] = field(default_factory=list)
    rows: list[RosterRow] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    # How many more problems there are than are listed.
    unlisted: int = 0

    @property
    def is_full(self) -> bool:
        """Whether as many problems are listed as can be."""
        return len(self.problems) >= MOST_PROBLEMS

    def note(self, problem: Problem) -> None:
        """List a problem. Where there are too many, errors come before warnings."""
        if not self.is_full:
            self.problems.append(problem)
            return
        self.unlisted += 1
        if problem.level == ERROR:
            places = range(min(MOST_PROBLEMS - 1, self._last_warning), -1, -1)
            self._last_warning = next((at for at in places if self.problems[at].level != ERROR), -1)
            if self._last_warning >= 0:
                self.problems[self._last_warning] = problem

    # Above it, all listed problems are errors, once the list is full.
    _last_warning: int = MOST_PROBLEMS

    @property
    def skipped(self) -> int:
        """How many lines are no student's, in all sheets that were read."""
        return sum(sheet.skipped_lines for sheet in self.sheets)


def read(content: bytes, file_name: str, *, mapping: Mapping[str, str] | None = None) -> Reading:
    """Read a roster file of any format that is known, by its content.

    `mapping` says by hand what a column is: {"sheet index:column index": field, or "" for none}, both from 0;
    and which line is the heading: {"sheet index:row": its number}.
    Raise Unreadable for a file that is no table, hostile, or too large.
    """
    if len(content) > LARGEST_FILE:
        raise Unreadable("too_large", limit=LARGEST_FILE // 2**20)
    mapping = dict(mapping or {})
    digest = hashlib.sha256(content + json.dumps(mapping, sort_keys=True).encode()).hexdigest()
    reading = Reading(file_name, digest, mapping)
    work: _SheetWork | None = None
    complete = False
    try:
        for line in guard.answer("read", {}, content):
            if not line.endswith(b"\n"):
                continue  # it was ended in the middle of a line, which is said next
            message = json.loads(line)
            if isinstance(message, list):
                cast(_SheetWork, work).take(message, has_references=bool(_REFERENCE_IN_LINE.search(line)))
                continue
            if "refused" in message:
                raise Unreadable(message["refused"], **message["details"])
            if work is not None:
                work.finish()
            work = _SheetWork(reading, message["sheet"]) if "sheet" in message else None
            complete = "end" in message
    except guard.ChildDied as error:
        raise Unreadable("too_much_memory" if error.killed else "truncated") from error
    if not complete:
        raise Unreadable("truncated")
    _say_of_the_whole(reading)
    return reading


def _say_of_the_whole(reading: Reading) -> None:
    """Note what concerns no cell: no roster, no student, or more problems than are listed."""
    if not any(sheet.state == "read" for sheet in reading.sheets):
        reading.problems = [Problem("no_roster")]
    elif not reading.rows:
        reading.note(Problem("no_students"))
    if reading.unlisted:
        reading.problems.append(Problem("more_problems", details={"count": reading.unlisted}))


class _SheetWork:
    """Takes one sheet's rows as they come: waits for the heading, then cleans line by line."""

    def __init__(self, reading: Reading, about: dict[str, Any]) -> None:
        """Take what the child says about the sheet."""
        self.reading, self.about = reading, about
        self.sheet = Sheet(about["name"], "hidden" if about["hidden"] else "empty")
        self.number = len(reading.sheets)
        reading.sheets.append(self.sheet)
        self.waiting: list[Any] | None = []
        self.formulas = {tuple(place) for place in about["formulas"]}
        self.hidden_rows = frozenset(about["hidden_rows"])
        self.references: set[tuple[int, int]] = set()
        # Lines that are not read though they may be students': all of them, and those with an ID number.
        self.doubtful: list[int] = []
        self.certain: list[int] = []
        self.caches: dict[str, dict[str | float, cleaning.Cleaned]] = {
            name: {} for name, column in key_fields.COLUMNS.items() if column.shared
        }

    def take(self, rows: list[Any], has_references: bool) -> None:
        """Take some rows; `has_references`: there may be characters written as HTML does."""
        if has_references:
            for number, cells in rows:
                self._resolve(number, cells)
        if self.waiting is None:
            self._clean(rows)
            return
        self.waiting += rows
        if self.waiting and self.waiting[-1][0] > headings.FIRST_LINES + 1:
            self._begin()

    def finish(self) -> None:
        """Say that there are no more rows: note what concerns the whole sheet."""
        if self.waiting:
            self._begin()
        for code, details in self.about["notes"]:
            self._problem(code, None, None, details)
        if self.sheet.hidden_students:
            self._problem("hidden_rows", None, None, {"count": self.sheet.hidden_students})
        if self.certain and self.sheet.state == "no_header":
            details = {"count": len(self.certain), "sheet": self.sheet.name or ""}
            self._problem("students_without_heading", self.certain[0], None, details)
        elif self.certain and self.sheet.state == "read":
            self._problem("students_above_heading", self.certain[0], None, {"count": len(self.certain)})
        elif self.doubtful:
            details = {"count": len(self.doubtful), "sheet": self.sheet.name or ""}
            self._problem("lines_not_read", self.doubtful[0], None, details)

    def _resolve(self, number: int, cells: list) -> None:
        """Replace characters that are written as HTML does, and remember where."""
        for index, cell in enumerate(cells):
            if isinstance(cell, str) and "&" in cell:
                cells[index] = _REFERENCE.sub(lambda found: html.unescape(found[0]), cell)
                if cells[index] != cell:
                    self.references.add((number, index))

    def _begin(self) -> None:
        """Find the heading in the rows that have waited, and clean those below it."""
        rows, self.waiting = self.waiting or [], None
        by_hand = {
            int(place.partition(":")[2]): name
            for place, name in self.reading.mapping.items()
            if place.partition(":")[0] == str(self.number) and place.partition(":")[2].isdigit()
        }
        row = self.reading.mapping.get(f"{self.number}:row")
        self.sheet.first_lines = [
            (number, [_seen(cell) for cell in cells[:FIRST_CELLS]])
            for number, cells in rows[: headings.FIRST_LINES]
        ]
        first_lines = [row for row in rows if row[0] <= headings.FIRST_LINES + 1]
        header = None
        if self.sheet.state != "hidden":
            header = headings.find(first_lines, self.about["merges"], by_hand, int(row) if row else None)
            self.sheet.state = "read" if header else "no_header"
        if header is None:
            self._doubt(rows)
            return
        self.sheet.header = header
        self._judge_header(header)
        self.heading_cells = {
            (index, text.strip())
            for number, cells in rows
            if header.first_row <= number <= header.last_row
            for index, text in enumerate(cells)
            if isinstance(text, str) and text.strip()
        }
        self._follow(header)
        above = [row for row in rows if row[0] < header.first_row]
        if above:
            self.sheet.skipped["title"] = [number for number, _cells in above]
            self._doubt(above)
        self._clean([row for row in rows if row[0] > header.last_row])

    def _follow(self, header: headings.Header) -> None:
        """Read the rows from here on by this heading."""
        self.columns = [(name, header.index[name]) for name in key_fields.COLUMNS if name in header.index]
        self.second, self.beside = header.second, header.beside
        # By hand, all columns can be mapped to nothing.
        self.width = 1 + max((column.index for column in header.columns), default=-1)
        self.width += max(map(len, header.beside.values()), default=0)
        self.width = max([self.width, *(index + 1 for index in header.second.values())])
        merged = {
            name: sorted((top, bottom) for top, left, bottom, _right in self.about["merges"] if left == index)
            for name, index in self.columns
            if key_fields.COLUMNS[name].filled_down
        }
        self.merged = {name: areas for name, areas in merged.items() if areas}
        self.held: dict[str, tuple[Any, ...]] = {}

    def _doubt(self, rows: list[Any]) -> None:
        """Remember the lines that are not read though they may be students'."""
        for number, cells in rows:
            if lines.may_be_student(cells):
                self.doubtful.append(number)
                if lines.has_id_number(cells):
                    self.certain.append(number)

    def _judge_header(self, header: headings.Header) -> None:
        for first, second in header.twice:
            label = key_fields.COLUMNS[str(first.field)].label
            details = {"label": label, "first": first.heading, "second": second.heading}
            self._problem("column_twice", header.last_row, first.field, details)
        for key in key_fields.KEY_FIELDS:
            if key.name in self.sheet.lacking:
                code = "no_column" if key.required else "column_missing"
                self._problem(code, header.last_row, key.name, {"label": key.label})

    def _problem(self, code: str, row: int | None, column: str | None, details: Mapping) -> None:
        if self.reading.is_full and LEVELS[code] != ERROR:
            self.reading.unlisted += 1
            return
        column = column if column in key_fields.BY_NAME else None
        self.reading.note(Problem(code, self.sheet.name, row, column, details))

    def _clean(self, rows: list[Any]) -> None:
        if self.sheet.header is None:
            self._doubt(rows)
            return
        for number, cells in rows:
            self._clean_line(number, cells)
        if len(self.reading.rows) > MOST_ROWS:
            raise Unreadable("too_many_rows")

    def _clean_line(self, number: int, cells: list[Any]) -> None:
        cells = cells + [""] * (self.width - len(cells))
        raw = {name: cells[index] for name, index in self.columns}
        for name, index in self.second.items():
            if raw.get(name) == "":
                raw[name] = cells[index]
        for name, indexes in self.beside.items():
            self._take_beside(number, name, raw, [cells[index] for index in indexes if cells[index] != ""])
        if kind := self._no_student(number, cells, raw):
            self.sheet.skipped.setdefault(kind, []).append(number)
            return
        if self.merged:
            self._fill_down(number, raw)
        values: dict[str, Any] = dict(EMPTY)
        for name, cell in raw.items():
            cache = self.caches.get(name)
            cleaned = cache.get(cell) if cache is not None and isinstance(cell, (str, float)) else None
            if cleaned is None:
                cleaned = self._cleaned(name, cell)
            values[name] = cleaned.value
            for code, details in cleaned.faults:
                self._problem(code, number, name, details)
        self._say_how(number, raw)
        self.sheet.students += 1
        self.sheet.hidden_students += number in self.hidden_rows
        self.reading.rows.append(RosterRow(*values.values(), self.number, number))

    def _say_how(self, number: int, raw: dict[str, Any]) -> None:
        """Warn of values that a formula or HTML's way of writing stands for."""
        for places, code in ((self.formulas, "formula"), (self.references, "character_reference")):
            for name, index in self.columns if places else ():
                if (number, index) in places and raw[name] != "":
                    self._problem(code, number, name, {})

    def _take_beside(self, number: int, name: str, raw: dict[str, Any], found: list[Any]) -> None:
        """Take a value from beside a column whose heading is merged over several; two are one too many."""
        if found and (raw[name] != "" or len(found) > 1):
            self._problem("two_values", number, name, {"label": key_fields.COLUMNS[name].label})
        elif found:
            raw[name] = found[0]

    def _no_student(self, number: int, cells: list[Any], raw: dict[str, Any]) -> str | None:
        """Return why a line is no student's: total, note, heading; None where it is or might be one's."""
        name, student_number, id_number = (
            raw.get(field, "") for field in ("name", "student_number", "id_number")
        )
        if (
            isinstance(name, str)
            and name != ""
            and name not in headings.KNOWN
            and isinstance(student_number, str)
            and student_number[-1:].isdigit()
            and id_number != ""
        ):
            return None  # the usual line, in a hurry
        if self._is_heading(number, cells):
            return "heading"
        if lines.has_id_number(cells) or (name != "" and lines.is_number(student_number)):
            return None
        kind = lines.kind_of(cells) if id_number == "" or lines.kind_of([id_number]) else None
        if kind is None and (name, student_number, id_number) == ("", "", ""):
            filled = sum(raw[field] != "" for field, _ in self.columns if field in key_fields.BY_NAME)
            kind = lines.NOTE if filled < 3 else None
        if kind and lines.may_be_student(cells):
            self.doubtful.append(number)
        return kind

    def _is_heading(self, number: int, cells: list) -> bool:
        """Say whether a line is a heading again; one with the same columns in another order is followed."""
        texts = {
            (index, cell.strip())
            for index, cell in enumerate(cells)
            if isinstance(cell, str) and cell.strip()
        }
        if texts and texts <= self.heading_cells:
            return True
        fields = [headings.field_of(text) for _, text in texts]
        if sum(map(bool, fields)) < headings.ENOUGH:
            return False
        header = headings.of_line(number, cells, self.about["merges"])
        current = cast(headings.Header, self.sheet.header_at(number))
        if header is not None and header.index != current.index:
            if header.twice or header.index.keys() != current.index.keys():
                self._problem("other_heading", number, None, {})
            else:
                self.sheet.later.append(header)
                self.heading_cells = texts
                self._follow(header)
        return True

    def _fill_down(self, number: int, raw: dict[str, Any]) -> None:
        """Give a line the class of the merged cell that it stands beside."""
        for name, merges in self.merged.items():
            place = bisect_right(merges, (number, float("inf"))) - 1
            if place < 0 or merges[place][1] < number:
                continue
            if raw[name] != "":
                self.held[name] = (merges[place], raw[name])
            elif self.held.get(name, (None,))[0] == merges[place]:
                raw[name] = self.held[name][1]

    def _cleaned(self, name: str, cell: Any) -> cleaning.Cleaned:
        """Return a cell cleaned, and remember it where the column has few values."""
        if isinstance(cell, dict) and (codes := _UNDECODED.keys() & cell.keys()):
            return cleaning.Cleaned(key_fields.COLUMNS[name].empty, ((_UNDECODED[codes.pop()], {}),))
        result = key_fields.COLUMNS[name].clean(_special(cell))
        cache = self.caches.get(name)
        if cache is not None and isinstance(cell, (str, float)) and len(cache) < _CACHE_LIMIT:
            cache[cell] = result
        return result


def _special(cell: Any) -> Any:
    """Return what a cell stands for that is no plain text and no number."""
    if isinstance(cell, str):
        return cleaning.ERROR_CELL if cell.startswith("#") and cell.strip() in _ERROR_TEXTS else cell
    if not isinstance(cell, dict):
        return cell
    if "date" in cell:
        return (datetime if "T" in cell["date"] else date).fromisoformat(cell["date"])
    return cleaning.ERROR_CELL if "error" in cell else cleaning.TIME_CELL


def _seen(cell: Any) -> str:
    """Return a cell as it is shown to whoever looks for the heading; of a long number only the beginning."""
    text = "" if isinstance(cell, dict) else cleaning.text_of(cell)
    return _LONG_NUMBER.sub(lambda found: identity.mask(found[0]), text)[:FIRST_CHARACTERS]
