"""dBASE tables, as the exchange platform writes them: fixed-width records in GB18030."""

import struct
from collections.abc import Iterator

from .refusal import Cell, Refusal, Row, Sheet

_VERSIONS = b"\x02\x03\x30\x31\x32\x43\x63\x83\x8b\xcb\xf5"
_HEAD = 32
_END = 0x0D
_DELETED = b"*"


def is_dbf(content: bytes) -> bool:
    """Say whether the file's head is that of a dBASE table."""
    if len(content) < _HEAD + 1 or content[0] not in _VERSIONS or not 1 <= content[2] <= 12:
        return False
    head_length, record_length = struct.unpack_from("<HH", content, 8)
    return head_length > _HEAD and record_length > 1 and _END in content[_HEAD : head_length + 1 : 32]


def _fields(content: bytes, head_length: int) -> list[tuple[str, str, int]]:
    fields, position = [], _HEAD
    while position + _HEAD <= head_length and content[position] != _END:
        name = content[position : position + 11].split(b"\x00")[0].decode("gb18030")
        fields.append((name, chr(content[position + 11]), content[position + 16]))
        position += _HEAD
    return fields


def _cell(kind: str, raw: bytes) -> Cell:
    text = raw.decode("gb18030").strip(" \x00")
    if kind == "L":
        return {"T": True, "Y": True, "F": False, "N": False}.get(text.upper(), "")
    if kind in "NF" and text:
        return float(text) if set(text) <= set("0123456789.-+") else text
    return text


def sheets(content: bytes) -> list[Sheet]:
    """Return the one table; its headings are row 1, the first record row 2. Raise Refusal if cut off."""
    count, head_length, record_length = struct.unpack_from("<IHH", content, 4)
    try:
        fields = _fields(content, head_length)
    except UnicodeDecodeError as error:
        raise Refusal("encoding") from error
    if not fields or sum(width for _, _, width in fields) + 1 > record_length:
        raise Refusal("truncated")
    if len(content) < head_length + count * record_length:
        raise Refusal("truncated")

    def rows() -> Iterator[Row]:
        yield 1, [name for name, _, _ in fields]
        for number in range(count):
            start = head_length + number * record_length
            if content[start : start + 1] == _DELETED:
                continue
            position, cells = start + 1, []
            for _, kind, width in fields:
                try:
                    cells.append(_cell(kind, content[position : position + width]))
                except ValueError as error:  # UnicodeDecodeError too
                    raise Refusal("encoding") from error
                position += width
            if any(cell != "" for cell in cells):
                yield number + 2, cells

    return [Sheet(rows=rows)]
