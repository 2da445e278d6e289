"""The records of an xls workbook (Excel 97 and later): what a reader of values does not tell of them."""

import struct
from collections.abc import Iterator

from .refusal import Places, Refusal

_BEGIN, _SHEET, _ROW, _CELL_ERROR, _FORMULA, _END = 0x0809, 0x0085, 0x0208, 0x0205, 0x0006, 0x000A
_EXCEL_97 = 0x0600
_WORKSHEET = 0
_HIDDEN_ROW = 0x20
# What a formula's result begins with that is an error, and what it ends with that is no number.
_ERROR_RESULT, _NO_NUMBER = 2, 0xFFFF


def is_too_old(stream: bytes) -> bool:
    """Say whether a workbook stream is of Excel 5 or 95, which keep text in an encoding that they don't name.

    Raise Refusal for a stream that is none of a workbook.
    """
    if len(stream) < 8 or struct.unpack_from("<H", stream)[0] != _BEGIN:
        raise Refusal("truncated")
    return struct.unpack_from("<H", stream, 4)[0] != _EXCEL_97


def places(stream: bytes) -> dict[str, Places]:
    """Return the places of each worksheet by its name. Raise Refusal for a stream that is cut off."""
    found = {}
    try:
        for kind, start, length in _records(stream, 0):
            if kind == _SHEET and length >= 8:
                offset, sheet_kind = struct.unpack_from("<IxB", stream, start)
                if sheet_kind == _WORKSHEET:
                    found[_name(stream[start + 6 : start + length])] = _of_sheet(stream, offset)
    except (struct.error, IndexError) as error:
        raise Refusal("truncated") from error
    return found


def _name(raw: bytes) -> str:
    length, is_wide = raw[0], raw[1] & 1
    text = raw[2 : 2 + length * (1 + is_wide)]
    return text.decode("utf-16-le" if is_wide else "latin-1", "replace")


def _records(stream: bytes, place: int) -> Iterator[tuple[int, int, int]]:
    """Yield kind, start and length of each record until the end of the part that begins at the place."""
    depth = 0
    while place + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, place)
        depth += {_BEGIN: 1, _END: -1}.get(kind, 0)
        yield kind, place + 4, length
        if depth <= 0:
            return
        place += 4 + length


def _of_sheet(stream: bytes, offset: int) -> Places:
    found = Places()
    for kind, start, length in _records(stream, offset):
        if kind == _ROW and length >= 14:
            if struct.unpack_from("<H", stream, start + 12)[0] & _HIDDEN_ROW:
                found.hidden_rows.append(struct.unpack_from("<H", stream, start)[0] + 1)
        elif kind == _CELL_ERROR and length >= 8:
            row, column, is_error = struct.unpack_from("<HHxxxB", stream, start)
            if is_error:
                found.errors.append((row + 1, column))
        elif kind == _FORMULA and length >= 14:
            row, column, result, end = struct.unpack_from("<HHxxB5xH", stream, start)
            found.formulas.append((row + 1, column))
            if (result, end) == (_ERROR_RESULT, _NO_NUMBER):
                found.errors.append((row + 1, column))
    return found
