"""dBASE and FoxPro tables, as the exchange platform writes them: fixed-width records in GB18030 or UTF-8.

What can't be read of a cell is said at that cell: it matters only where the roster needs the column.
"""

import struct
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from . import text
from .refusal import CUT, MOST_LINES, UNDECODED, Cell, Refusal, Row, Sheet

_VERSIONS = b"\x02\x03\x30\x31\x32\x43\x63\x83\x8b\xcb\xf5"
_FOXPRO = b"\x30\x31\x32"
_HEAD = 32
_END = 0x0D
_DELETED = b"*"
# Letters of the kinds of fields; 0 is what FoxPro keeps of null values and lengths.
_KINDS = frozenset(b"CVQNFLDTIBYMGPW0+O@")
_TEXT_KINDS, _FLAGS = "CV", "0"
_NULLABLE = 0x02
# Days are counted from a first of January long ago; this is the count of 1970-01-01.
_EPOCH_DAY, _EPOCH = 2_440_588, datetime(1970, 1, 1)  # noqa: DTZ001 - of no zone


class Field(NamedTuple):
    """One column: its place in a record, and which bits of the flags are its own (None: none)."""

    name: bytes
    kind: str
    start: int
    width: int
    short_bit: int | None
    null_bit: int | None


def is_dbf(content: bytes) -> bool:
    """Say whether the file's head is that of a dBASE table; its date may be missing."""
    if len(content) < _HEAD + 1 or content[0] not in _VERSIONS or content[2] > 12:
        return False
    head_length, record_length = struct.unpack_from("<HH", content, 8)
    if head_length <= _HEAD or record_length <= 1:
        return False
    kinds, position = [], _HEAD
    while position + _HEAD <= min(head_length, len(content)) and content[position] != _END:
        kinds.append(content[position + 11])
        position += _HEAD
    return bool(kinds) and _KINDS.issuperset(kinds)


def _fields(content: bytes, head_length: int) -> list[Field]:
    fields, position, start, bit = [], _HEAD, 1, 0
    while position + _HEAD <= head_length and content[position] != _END:
        kind, width = chr(content[position + 11]), content[position + 16]
        bits: list[int | None] = [None, None]
        for place, has in enumerate((kind in "VQ", content[position + 18] & _NULLABLE)):
            if has:
                bits[place], bit = bit, bit + 1
        fields.append(Field(content[position : position + 11].split(b"\x00")[0], kind, start, width, *bits))
        start += width
        position += _HEAD
    return fields


class _Table:
    """The records of a file, cell by cell."""

    def __init__(self, content: bytes):
        self.content = content
        self.count, self.head_length, self.record_length = struct.unpack_from("<IHH", content, 4)
        self.fields = _fields(content, self.head_length)
        if sum(one.width for one in self.fields) + 1 > self.record_length:
            raise Refusal("truncated")
        if len(content) < self.head_length + self.count * self.record_length:
            raise Refusal("truncated")
        if self.count > MOST_LINES:
            raise Refusal("too_many_rows")
        self.flags = next((one for one in self.fields if one.kind == _FLAGS), None)
        self.columns = [one for one in self.fields if one.kind != _FLAGS]
        self.is_foxpro = content[0] in _FOXPRO

    def start(self, number: int) -> int:
        return self.head_length + number * self.record_length

    def is_deleted(self, number: int) -> bool:
        return self.content.startswith(_DELETED, self.start(number))

    def raw(self, number: int, column: Field) -> bytes:
        """Return a cell's bytes; none for a null, and a text of its own length without what follows."""
        start = self.start(number) + column.start
        raw = self.content[start : start + column.width]
        if column.null_bit is not None and self._flag(number, column.null_bit):
            return b""
        if column.short_bit is None or not raw:
            return raw
        if self.flags is None or self._flag(number, column.short_bit):
            return raw[: min(raw[-1], column.width - 1)]
        return raw

    def _flag(self, number: int, bit: int) -> bool:
        if self.flags is None or bit >= 8 * self.flags.width:
            return False
        byte = self.content[self.start(number) + self.flags.start + bit // 8]
        return bool(byte >> bit % 8 & 1)

    def beyond(self) -> int:
        """Return how many records follow those that the head counts."""
        rest, found = self.content[self.start(self.count) :], 0
        while (found + 1) * self.record_length <= len(rest):
            if rest[found * self.record_length : found * self.record_length + 1] not in (b" ", _DELETED):
                break
            found += 1
        return found

    def texts(self) -> list[bytes]:
        """Return the bytes of all texts that are not plain ASCII."""
        columns = [one for one in self.columns if one.kind in _TEXT_KINDS]
        cells = (self.raw(number, one).strip(b" \x00") for number in range(self.count) for one in columns)
        return [cell for cell in cells if not cell.isascii()]

    def cell(self, number: int, column: Field, encoding: str) -> Cell:
        raw = self.raw(number, column)
        if column.kind in _TEXT_KINDS:
            return _text(raw, encoding)
        if column.kind in "NFLD":
            return _of_digits(column.kind, raw)
        if not raw.strip(b" \x00"):
            return 0.0 if self.is_foxpro and column.kind in "IBY" else ""
        return _binary(column.kind, raw, self.is_foxpro)


def _text(raw: bytes, encoding: str) -> Cell:
    try:
        return raw.decode(encoding).strip(" \x00")
    except UnicodeDecodeError as error:
        return CUT if _is_cut(error) else UNDECODED


def _is_cut(error: UnicodeDecodeError) -> bool:
    """Say whether bytes end inside a character, and are sound before it."""
    return error.end == len(error.object) and (
        "unexpected end" in error.reason or "incomplete" in error.reason
    )


def _of_digits(kind: str, raw: bytes) -> Cell:
    try:
        text_ = raw.decode("ascii").strip(" \x00")
    except UnicodeDecodeError:
        return UNDECODED
    if kind == "L":
        return {"T": True, "Y": True, "F": False, "N": False}.get(text_.upper(), "")
    if kind in "NF" and text_:
        try:
            return float(text_)
        except ValueError:
            return text_
    return text_


def _binary(kind: str, raw: bytes, is_foxpro: bool) -> Cell:
    """Return a value of FoxPro's own kinds. A memo lies in another file: there is no reading it."""
    if not is_foxpro or (kind, len(raw)) not in (("I", 4), ("B", 8), ("Y", 8), ("T", 8)):
        return UNDECODED
    if kind == "I":
        return float(struct.unpack("<i", raw)[0])
    if kind == "B":
        return struct.unpack("<d", raw)[0]
    if kind == "Y":
        return struct.unpack("<q", raw)[0] / 10_000
    day, milliseconds = struct.unpack("<ii", raw)
    try:
        moment = _EPOCH + timedelta(days=day - _EPOCH_DAY, milliseconds=milliseconds)
    except OverflowError:
        return UNDECODED
    return {"date": moment.isoformat(timespec="seconds").removesuffix("T00:00:00")}


def _fails(cell: bytes, encoding: str) -> bool:
    return _text(cell, encoding) is UNDECODED


def _encoding(cells: list[bytes]) -> str:
    """Return the encoding in which fewest texts fail, UTF-8 if that is equal. Raise Refusal for neither."""
    failing = {name: sum(_fails(cell, name) for cell in cells) for name in ("utf-8", "gb18030")}
    is_wide = any(text.is_wide(cell.decode("utf-8", "ignore")) for cell in cells)
    best = "utf-8" if is_wide and failing["utf-8"] <= failing["gb18030"] else "gb18030"
    if 2 * failing[best] > len(cells):
        raise Refusal("encoding")
    if best == "gb18030":
        text.refuse_big5(b" ".join(cells))
    return best


def sheets(content: bytes) -> list[Sheet]:
    """Return the one table; its headings are row 1, the first record row 2. Raise Refusal if cut off."""
    table = _Table(content)
    encoding = _encoding(table.texts())
    numbers = range(table.count)
    notes = [("deleted_records", sum(map(table.is_deleted, numbers))), ("records_beyond", table.beyond())]

    def rows() -> Iterator[Row]:
        yield 1, [one.name.decode(encoding, "replace") for one in table.columns]
        for number in numbers:
            if table.is_deleted(number):
                continue
            cells = [table.cell(number, one, encoding) for one in table.columns]
            if any(cell not in ("", 0.0) for cell in cells):
                yield number + 2, cells

    return [Sheet(rows=rows, notes=[(code, {"count": count}) for code, count in notes if count])]
