"""Excel workbooks, xlsx, xlsm and xls, by calamine. Values only: macros and links are never looked at."""

import io
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    PasswordError,
    SheetMetadata,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from .archive import Places, inspect
from .refusal import Cell, Refusal, Row, Sheet

# Rectangles beyond these mark the work of a program that paints, not a class column.
MOST_MERGES = 20_000


def of_xlsx(content: bytes) -> list[Sheet]:
    """Return the sheets of an xlsx or xlsm file. Raise Refusal."""
    return _sheets(content, inspect(content))


def of_xls(content: bytes) -> list[Sheet]:
    """Return the sheets of an xls file (Excel 97 and later). Raise Refusal."""
    return _sheets(content, {})


def _sheets(content: bytes, places: dict[str, Places]) -> list[Sheet]:
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        return [
            _sheet(book, about, places.get(about.name, Places()))
            for about in book.sheets_metadata
            if about.typ == SheetTypeEnum.WorkSheet
        ]
    except PasswordError as error:
        raise Refusal("password") from error
    except (CalamineError, OSError, ValueError) as error:
        raise Refusal("truncated") from error


def _sheet(book: CalamineWorkbook, about: SheetMetadata, places: Places) -> Sheet:
    hidden = about.visible != SheetVisibleEnum.Visible
    if hidden:
        return Sheet(rows=tuple, name=about.name, hidden=True)
    table = book.get_sheet_by_name(about.name)
    merges = [
        (top + 1, left, bottom + 1, right)
        for (top, left), (bottom, right) in (table.merged_cell_ranges or [])[:MOST_MERGES]
    ]
    errors = set(places.errors)

    def rows() -> Iterator[Row]:
        if table.start is None:
            return
        # Empty rows and columns before the first value are left out by the reader.
        first_row, left = table.start[0] + 1, [""] * table.start[1]
        for number, cells in enumerate(table.iter_rows(), start=first_row):
            if not any(cell != "" for cell in cells) and not errors:
                continue
            row = left + [cell if isinstance(cell, (str, float)) else _plain(cell) for cell in cells]
            for column in [column for at, column in errors if at == number] if errors else ():
                row += [""] * (column + 1 - len(row))
                row[column] = {"error": True}
            if any(cell != "" for cell in row):
                yield number, row

    return Sheet(rows=rows, name=about.name, merges=merges, formulas=places.formulas)


def _plain(cell: Any) -> Cell:
    """Return a cell as JSON can say it."""
    if isinstance(cell, datetime):
        return {"date": cell.date().isoformat()}
    if isinstance(cell, date):
        return {"date": cell.isoformat()}
    if isinstance(cell, (time, timedelta)):
        return {"time": str(cell)}
    return cell
