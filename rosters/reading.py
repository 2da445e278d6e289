"""Bytes → rows of clean values, with their places in the file. A child process reads, this process cleans.

A leaf. Every line below a heading is a student's, or it is skipped and counted: a total, a note, the heading
again. A line that might be a student's is never skipped: it is refused, with what it lacks.
"""

import hashlib
import json
import re
from bisect import bisect_right
from collections import namedtuple
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, cast

from django.utils.translation import gettext_lazy as _

from . import cleaning, guard, headings, identity, key_fields
from .problems import Problem
from .sentences import Sentence

_SAVE_AS = _("Open it in Excel or WPS and save it as “Excel workbook (*.xlsx)”.")
# Why a file can't be read: the code, the sentence, and whether saving it anew is the way out.
REFUSALS: dict[str, tuple[Sentence, bool]] = {
    "empty": (_("The file is empty."), False),
    "truncated": (_("The file is damaged or was not copied to its end."), True),
    "encoding": (_("The text's encoding is unknown: neither UTF-8, GB18030 nor UTF-16."), True),
    "quotation": (_("A quotation mark is opened and not closed (near line %(row)s)."), True),
    "password": (_("The file is protected by a password. Remove the password."), True),
    "a_picture": (_("The file is a picture, whatever its name says."), False),
    "a_pdf": (_("The file is a PDF. Export the roster as a table."), True),
    "an_archive": (_("The file is an archive. Unpack it and choose the workbook inside."), False),
    "open_document": (_("The file is an OpenDocument file."), True),
    "spreadsheet_xml": (_("The file is an XML spreadsheet of 2003."), True),
    "another_format": (_("The file is of a kind that is not read here."), True),
    "no_table": (_("The file is a web page without a table."), True),
    "declaration": (
        _("The file declares entities of its own, which no spreadsheet does. It is not read."),
        True,
    ),
    "too_large_inside": (_("Unpacked, the file is too large for a roster."), True),
    "too_many_cells": (
        _("The file has too many cells for a roster. Copy the roster into a new workbook."),
        True,
    ),
    "too_many_sheets": (_("The file has more than 200 tables. Copy the roster into a new workbook."), True),
    "far_cell": (
        _("There is a value far outside the roster, in the cell %(cell)s. Delete it, or copy the roster."),
        True,
    ),
    "too_much_memory": (
        _("The file asks for too much memory or time. Copy the roster alone into a new workbook."),
        False,
    ),
    "too_many_to_mark": (
        _("The workbook is too large to be marked. The list of problems on the page names every cell."),
        False,
    ),
    "too_large": (_("The file is larger than %(limit)s MB."), False),
}
LARGEST_FILE = 30 * 1024 * 1024

_CACHE_LIMIT = 20_000
# Of a sheet's first lines so many cells are shown, and of a cell so many characters.
FIRST_CELLS, FIRST_CHARACTERS = 14, 24
_LONG_NUMBER = re.compile(r"\d{12,}[\dXx]?")

_TOTAL = re.compile(r"(合计|总计|小计|共计|总人数|总数)([:：].*|\d+人?)?|共\d+人.*")
_NOTE = re.compile(
    r"(注|备注|附注|说明|注意|日期|联系人|联系电话|负责人|班主任|辅导员)(事项)?\d*[:：、.].*"
    r"|(制表|填表|审核|复核|打印|统计|经办|导出)(人|员|时间|日期|单位)?[:：].*",
    re.DOTALL,
)


class Unreadable(Exception):
    """The file can't be read at all. `sentence` says why and what to do; `code` names the reason."""

    def __init__(self, code: str, **details: object) -> None:
        """Take a code of REFUSALS and what its sentence mentions."""
        super().__init__(code)
        self.code, self.details = code, details

    def __str__(self) -> str:
        return self.sentence

    @property
    def sentence(self) -> str:
        """The sentence, in the language that is active."""
        sentence, save_anew = REFUSALS[self.code]
        text = str(sentence) % self.details if self.details else str(sentence)
        return f"{text} {_SAVE_AS}" if save_anew else text


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
    students: int = 0
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
            message = json.loads(line)
            if isinstance(message, list):
                cast(_SheetWork, work).take(message)  # rows come below a sheet's line
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
    if not any(sheet.state == "read" for sheet in reading.sheets):
        reading.problems.append(Problem("no_roster"))
    elif not reading.rows:
        reading.problems.append(Problem("no_students"))
    return reading


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
        self.caches: dict[str, dict[str | float, cleaning.Cleaned]] = {
            name: {} for name, column in key_fields.COLUMNS.items() if column.shared
        }

    def take(self, rows: list[Any]) -> None:
        """Take some rows."""
        if self.waiting is None:
            self._clean(rows)
            return
        self.waiting += rows
        if self.waiting and self.waiting[-1][0] > headings.FIRST_LINES + 1:
            self._begin()

    def finish(self) -> None:
        """Say that there are no more rows."""
        if self.waiting:
            self._begin()

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
        header = headings.find(first_lines, self.about["merges"], by_hand, int(row) if row else None)
        if header is None:
            self.sheet.state = "no_header"
            return
        self.sheet.state, self.sheet.header = "read", header
        self._judge_header(header)
        self.columns = [(name, header.index[name]) for name in key_fields.COLUMNS if name in header.index]
        self.heading_texts = {column.heading for column in header.columns if column.field}
        indexes = [*(index for _, index in self.columns), *header.second.values()]
        self.width = 1 + max(indexes, default=-1)  # by hand, all columns can be mapped to nothing
        merged = {
            name: sorted((top, bottom) for top, left, bottom, _right in self.about["merges"] if left == index)
            for name, index in self.columns
            if key_fields.COLUMNS[name].filled_down
        }
        self.merged = {name: areas for name, areas in merged.items() if areas}
        self.held: dict[str, tuple[Any, ...]] = {}
        for number, _cells in rows:
            if number < header.first_row:
                self.sheet.skipped.setdefault("title", []).append(number)
        self._clean([row for row in rows if row[0] > header.last_row])

    def _judge_header(self, header: headings.Header) -> None:
        for first, second in header.twice:
            label = key_fields.COLUMNS[str(first.field)].label
            details = {"label": label, "first": first.heading, "second": second.heading}
            self._problem("column_twice", header.last_row, first.field, details)
        for key in key_fields.KEY_FIELDS:
            if key.name in self.sheet.lacking:
                code = "no_column" if key.required else "column_missing"
                self._problem(code, header.last_row, key.name, {"label": key.label})

    def _problem(self, code: str, row: int, column: str | None, details: Mapping) -> None:
        column = column if column in key_fields.BY_NAME else None
        self.reading.problems.append(Problem(code, self.sheet.name, row, column, details))

    def _clean(self, rows: list[Any]) -> None:
        if self.waiting is None and self.sheet.header is None:
            return  # a sheet without a heading
        for number, cells in rows:
            self._clean_line(number, cells)

    def _clean_line(self, number: int, cells: list[Any]) -> None:
        cells = cells + [""] * (self.width - len(cells))
        raw = {name: cells[index] for name, index in self.columns}
        for name, index in cast(headings.Header, self.sheet.header).second.items():
            if raw.get(name) == "":
                raw[name] = cells[index]
        if kind := self._no_student(cells, raw):
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
        if self.formulas:
            for name, index in self.columns:
                if (number, index) in self.formulas and raw[name] != "":
                    self._problem("formula", number, name, {})
        self.sheet.students += 1
        self.reading.rows.append(RosterRow(*values.values(), self.number, number))

    def _no_student(self, cells: list[Any], raw: dict[str, Any]) -> str | None:
        """Return why a line is no student's: total, note, heading; None where it is or might be one's."""
        telling = [raw.get(name, "") for name in ("name", "student_number", "id_number")]
        if "" not in telling and isinstance(telling[0], str) and telling[0] not in self.heading_texts:
            return None  # the usual line, in a hurry
        texts = [cell.strip() for cell in cells if isinstance(cell, str) and cell.strip()]
        if telling[2] == "" and texts:
            first = "".join(texts[0].split())
            if _TOTAL.fullmatch(first):
                return "total"
            if _NOTE.fullmatch(first):
                return "note"
        if sum(text in self.heading_texts for text in texts) >= headings.ENOUGH:
            return "heading"
        if any(cell != "" for cell in telling):
            return None
        filled = sum(raw[name] != "" for name, _ in self.columns if name in key_fields.BY_NAME)
        return "note" if filled < 3 else None

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
        result = key_fields.COLUMNS[name].clean(_special(cell) if isinstance(cell, dict) else cell)
        cache = self.caches.get(name)
        if cache is not None and isinstance(cell, (str, float)) and len(cache) < _CACHE_LIMIT:
            cache[cell] = result
        return result


def _special(cell: dict[str, Any]) -> Any:
    """Return what a cell that is no text and no number stands for."""
    if "date" in cell:
        text = cell["date"]
        return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
    return cleaning.ERROR_CELL if "error" in cell else cleaning.TIME_CELL


def _seen(cell: Any) -> str:
    """Return a cell as it is shown to whoever looks for the heading; of a long number only the beginning."""
    text = "" if isinstance(cell, dict) else cleaning.text_of(cell)
    return _LONG_NUMBER.sub(lambda found: identity.mask(found[0]), text)[:FIRST_CHARACTERS]
