"""Writes the cells of sheets into a workbook that has none: by hand, since a roster may have two million."""

import io
import re
import zipfile
from collections.abc import Iterator, Mapping

from .refusal import Cell, Sheet

_TITLE_LENGTH = 31
_NOT_IN_TITLE = re.compile(r"[\\*?:/\[\]\x00-\x1f]")
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_SPECIAL = re.compile("[&<>\r]")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
# A text such as _x0041_ would be read as the character of that number.
_LOOKS_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_DATA = re.compile(rb"<sheetData\s*/>|<sheetData>.*</sheetData>", re.DOTALL)
_PIECE = 1_000

# Cells by (row, column), row from 1 and column from 0: the number of the style that each has.
Styles = Mapping[tuple[int, int], int]


def title(name: str) -> str:
    """Return a sheet's name as a workbook may have it."""
    return _NOT_IN_TITLE.sub("_", name)[:_TITLE_LENGTH] or "_"


def filled(book: bytes, parts: Mapping[str, tuple[Sheet, Styles]]) -> bytes:
    """Return the workbook with the rows of these sheets, by the parts that they stand in."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(book)) as source,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as target,
    ):
        for name in source.namelist():
            content = source.read(name)
            if name not in parts:
                target.writestr(name, content)
                continue
            before, after = _DATA.split(content)
            with target.open(name, "w", force_zip64=True) as part:
                part.write(before + b"<sheetData>")
                for piece in _pieces(*parts[name]):
                    part.write(piece)
                part.write(b"</sheetData>" + after)
    return file.getvalue()


def _pieces(sheet: Sheet, styles: Styles) -> Iterator[bytes]:
    """Yield the rows as XML, many at a time; marked cells that are empty, too."""
    letters = [_letters(column) for column in range(16_384)]
    marked: dict[int, set[int]] = {}
    for line, column in styles:
        marked.setdefault(line, set()).add(column)
    lines = []
    for number, cells in sheet.rows():
        last = max(marked.get(number, ()), default=-1)
        row = cells + [""] * (last + 1 - len(cells))
        written = [
            _cell(f"{letters[column]}{number}", cell, styles.get((number, column), 0) if last >= 0 else 0)
            for column, cell in enumerate(row)
            if cell != "" or (last >= 0 and (number, column) in styles)
        ]
        lines.append(f'<row r="{number}">{"".join(written)}</row>')
        if len(lines) == _PIECE:
            yield "".join(lines).encode()
            lines = []
    yield "".join(lines).encode()


def _letters(column: int) -> str:
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _cell(place: str, cell: Cell, style: int) -> str:
    start = f'<c r="{place}" s="{style}"' if style else f'<c r="{place}"'
    if isinstance(cell, str):
        if not cell.isalnum():
            cell = _text(cell)
        return f'{start} t="inlineStr"><is><t xml:space="preserve">{cell}</t></is></c>'
    if isinstance(cell, bool):
        return f'{start} t="b"><v>{int(cell)}</v></c>'
    if isinstance(cell, (int, float)):
        return f"{start}><v>{cell!r}</v></c>"
    if "error" in cell:
        return f'{start} t="e"><v>#N/A</v></c>'
    return _cell(place, cell.get("date", cell.get("time", "")), style)


def _text(text: str) -> str:
    text = _LOOKS_ESCAPED.sub("_x005F_", _NOT_IN_XML.sub("\ufffd", text))
    return _SPECIAL.sub(lambda found: _ESCAPES[found[0]], text)
