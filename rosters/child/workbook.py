"""Excel workbooks, xlsx, xlsm and xls, by calamine. Values only: macros and links are never looked at."""

import io
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from . import archive, biff
from .refusal import ERROR, Cell, Places, Refusal, Row, Sheet

# Rectangles beyond these mark the work of a program that paints, not a class column.
MOST_MERGES = 20_000


def of_xlsx(content: bytes) -> list[Sheet]:
    """Return the sheets of an xlsx or xlsm file. Raise Refusal."""
    return _sheets(content, archive.inspect(content))


def of_xls(content: bytes, stream: bytes) -> list[Sheet]:
    """Return the sheets of an xls file (Excel 97 and later) and of its stream of records. Raise Refusal."""
    return _sheets(content, biff.places(stream))


def _sheets(content: bytes, places: dict[str, Places]) -> list[Sheet]:
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = [about for about in book.sheets_metadata if about.typ == SheetTypeEnum.WorkSheet]
        return [_sheet(book, about, places[about.name]) for about in sheets]
    except PasswordError as error:
        raise Refusal("password") from error
    # Without its places a sheet's errors would be read as empty cells.
    except (CalamineError, KeyError, OSError, ValueError) as error:
        raise Refusal("truncated") from error


def _sheet(book: Any, about: Any, places: Places) -> Sheet:
    table = book.get_sheet_by_name(about.name)
    merges = [
        (top + 1, left, bottom + 1, right)
        for (top, left), (bottom, right) in (table.merged_cell_ranges or [])[:MOST_MERGES]
    ]
    return Sheet(
        rows=lambda: _rows(table, places),
        name=about.name,
        hidden=about.visible != SheetVisibleEnum.Visible,
        merges=merges,
        formulas=places.formulas,
        hidden_rows=places.hidden_rows,
    )


def _rows(table: Any, places: Places) -> Iterator[Row]:
    """Yield the rows that are not empty."""
    if table.start is None:
        return
    errors = defaultdict(list)
    for line, column in places.errors:
        errors[line].append(column)
    # Empty rows and columns before the first value are left out by the reader.
    first_row, left = table.start[0] + 1, [""] * table.start[1]
    for number, cells in enumerate(table.iter_rows(), start=first_row):
        if number not in errors and not any(cell != "" for cell in cells):
            continue
        row: list[Cell] = left + [cell if isinstance(cell, (str, float)) else _plain(cell) for cell in cells]
        for column in errors.get(number, ()):
            row += [""] * (column + 1 - len(row))
            row[column] = ERROR
        if any(cell != "" for cell in row):
            yield number, row


def _plain(cell: Any) -> Cell:
    """Return a cell as JSON can say it."""
    if isinstance(cell, datetime):
        return {"date": cell.isoformat(timespec="seconds").removesuffix("T00:00:00")}
    if isinstance(cell, date):
        return {"date": cell.isoformat()}
    if isinstance(cell, (time, timedelta)):
        return {"time": str(cell)}
    return cell
