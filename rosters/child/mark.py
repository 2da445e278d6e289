"""The job that marks: the office's own workbook given back, faulty cells painted, each with a comment.

Answers with the line `{"marked": true}` and the workbook.
"""

import io
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill

from . import job, recognise
from .refusal import Refusal, Sheet

PAINT = {
    "error": PatternFill("solid", fgColor="FFC7C7"),
    "warning": PatternFill("solid", fgColor="FFEB9C"),
}
AUTHOR = "enrollcheck"
# openpyxl writes each sheet to a temporary file: let that be memory, never a disk.
MEMORY_FOLDER = "/dev/shm"  # noqa: S108 - the files in it get names nobody can guess
LARGEST_FILE = 256 * 1024 * 1024
MOST_CELLS = 150_000


def marked(content: bytes, marks: list[dict]) -> bytes:
    """Return the workbook, marked. `marks`: {sheet, row, column (from 0), level, message}. Raise Refusal."""
    if Path(MEMORY_FOLDER).is_dir():
        tempfile.tempdir = MEMORY_FOLDER
    cells = recognise.sheets(content)
    if sum(len(row) for sheet in cells for _, row in sheet.rows()) > MOST_CELLS:
        raise Refusal("too_many_to_mark")
    if content.startswith(b"PK"):
        book = load_workbook(io.BytesIO(content), keep_vba=b"xl/vbaProject.bin" in content)
    else:
        book = _rebuilt(cells)
    by_place = defaultdict(list)
    for one in marks:
        by_place[one["sheet"], one["row"], one["column"]].append(one)
    for (sheet, row, column), found in by_place.items():
        table = book[sheet] if sheet in book.sheetnames else book.worksheets[0]
        _mark_cell(table, row, column + 1, found)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _mark_cell(table: Any, row: int, column: int, found: list[dict[str, Any]]) -> None:
    cell = table.cell(row, column)
    if isinstance(cell, MergedCell):
        merged = next(area for area in table.merged_cells.ranges if cell.coordinate in area)
        cell = table.cell(merged.min_row, merged.min_col)
    cell.fill = PAINT["error" if any(one["level"] == "error" for one in found) else "warning"]
    text = "\n".join(one["message"] for one in found)
    if cell.comment is not None:
        text = f"{cell.comment.text}\n{text}"
    cell.comment = Comment(text, AUTHOR, width=320, height=40 + 40 * len(found))


def _rebuilt(sheets: list[Sheet]) -> Workbook:
    """Return a workbook of what was read from a file of another kind, all cells text or numbers."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for sheet in sheets:
        table = book.create_sheet(sheet.name or "1")
        for number, row in sheet.rows():
            for column, value in enumerate(row, start=1):
                if value != "" and not isinstance(value, dict):
                    _put(table.cell(number, column), value)
                elif isinstance(value, dict) and "date" in value:
                    _put(table.cell(number, column), value["date"])
    if not book.worksheets:
        book.create_sheet("1")
    return book


def _put(cell: Any, value: object) -> None:
    if isinstance(value, str):
        cell.value = ILLEGAL_CHARACTERS_RE.sub("\ufffd", value)
        cell.data_type = "s"
    else:
        cell.value = value


def mark(arguments: dict, content: bytes) -> None:
    """Write the marked workbook."""
    book = marked(content, arguments["marks"])
    job.say({"marked": True})
    sys.stdout.buffer.write(book)


if __name__ == "__main__":
    job.run(mark, LARGEST_FILE)
