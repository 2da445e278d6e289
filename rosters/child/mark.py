"""The job that marks: the office's own workbook given back, faulty cells painted, each with a comment.

Where it can't be written again as it is (another format, too large, styles that openpyxl can't load), what
was read of it comes back in a new workbook. Answers with the line `{"marked": true}` and the workbook.
"""

import io
import zipfile
from collections import defaultdict
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import MergedCell
from openpyxl.comments import Comment
from openpyxl.drawing.spreadsheet_drawing import SpreadsheetDrawing
from openpyxl.styles import PatternFill
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.writer.excel import ExcelWriter
from PIL import Image

from . import job, rebuild, recognise
from .refusal import Sheet

PAINT = {
    "error": PatternFill("solid", fgColor="FFC7C7"),
    "warning": PatternFill("solid", fgColor="FFEB9C"),
}
AUTHOR = "enrollcheck"
# A workbook with more cells takes openpyxl too long.
MOST_CELLS = 150_000

Places = dict[tuple[str | None, int, int], list[dict]]
# What openpyxl stumbles with over a workbook that Excel and WPS open.
_STUMBLES = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    OSError,
    SyntaxError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
)


def marked(content: bytes, marks: list[dict]) -> bytes:
    """Return the workbook, marked. `marks`: {sheet, row, column (from 0), level, message}. Raise Refusal."""
    sheets = recognise.sheets(content)
    by_place: Places = defaultdict(list)
    for mark_ in marks:
        by_place[mark_["sheet"], mark_["row"], mark_["column"]].append(mark_)
    is_small = sum(len(row) for sheet in sheets for _, row in sheet.rows()) <= MOST_CELLS
    if content.startswith(b"PK") and is_small:
        try:
            return _as_it_is(content, {sheet.name for sheet in sheets}, by_place)
        except _STUMBLES:
            return _rebuilt(sheets, by_place)
    return _rebuilt(sheets, by_place)


def _as_it_is(content: bytes, names: set[str | None], by_place: Places) -> bytes:
    book = load_workbook(io.BytesIO(content), keep_vba=b"xl/vbaProject.bin" in content)
    if lost := names.difference(book.sheetnames):
        raise LookupError(lost)
    for (sheet, row, column), found in by_place.items():
        _mark_cell(book[sheet or ""], row, column + 1, found)
    return _saved(book)


def _rebuilt(sheets: list[Sheet], by_place: Places) -> bytes:
    """Return a workbook of what was read: the marks by openpyxl, all the cells by a faster writer."""
    book = Workbook()
    book.remove(book.worksheets[0])
    tables = {}
    for number, sheet in enumerate(sheets, start=1):
        table = book.create_sheet(rebuild.title(sheet.name or str(number)))
        table.sheet_state = "hidden" if sheet.hidden else "visible"
        tables[sheet.name] = table
    styles: dict[str | None, dict[tuple[int, int], int]] = {sheet.name: {} for sheet in sheets}
    for (name, row, column), found in by_place.items():
        where = name if name in tables else sheets[0].name
        styles[where][row, column] = _mark_cell(tables[where], row, column + 1, found).style_id
    saved = _saved(book)  # which also numbers the sheets' parts
    return rebuild.filled(
        saved,
        {
            table.path[1:]: (sheet, styles[sheet.name])
            for sheet, table in zip(sheets, book.worksheets, strict=True)
        },
    )


def _mark_cell(table: Any, row: int, column: int, found: list[dict[str, Any]]) -> Any:
    """Mark a cell, or that one of the merged cells in which the text stands. Return it."""
    cell = table.cell(row, column)
    if isinstance(cell, MergedCell):
        merged = next(area for area in table.merged_cells.ranges if cell.coordinate in area)
        cell = table.cell(merged.min_row, merged.min_col)
    cell.fill = PAINT["error" if any(one["level"] == "error" for one in found) else "warning"]
    text = "\n".join(one["message"] for one in found)
    if cell.comment is not None:
        text = f"{cell.comment.text}\n{text}"
    cell.comment = Comment(text, AUTHOR, width=320, height=40 + 40 * len(found))
    return cell


class _Writer(ExcelWriter):
    """Writes sheets in memory, where openpyxl takes a temporary file for each."""

    def write_worksheet(self, ws: Any) -> None:
        """Write one sheet."""
        ws._drawing = SpreadsheetDrawing()
        ws._drawing.charts, ws._drawing.images = ws._charts, ws._images
        file = io.BytesIO()
        writer = WorksheetWriter(ws, file)
        writer.write()
        ws._rels = writer._rels  # type: ignore[attr-defined]  # the stubs leave it out
        self._archive.writestr(ws.path[1:], file.getvalue())  # type: ignore[attr-defined]  # as above
        self.manifest.append(ws)


def _saved(book: Workbook) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        _Writer(book, archive).save()
    return file.getvalue()


def mark(arguments: dict, content: bytes, parts: list[str]) -> None:
    """Write the marked workbook."""
    book = marked(content, arguments["marks"])
    job.say({"marked": True})
    job.write(book)


def _import_all() -> None:
    """Let openpyxl import and look up what it puts off until its first workbook."""
    Image.preinit()
    book = Workbook()
    _mark_cell(book.active, 1, 1, [{"level": "error", "message": "x"}])
    load_workbook(io.BytesIO(_saved(book)))


if __name__ == "__main__":
    _import_all()
    job.run(mark)
