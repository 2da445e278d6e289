"""Writers of formats that nobody writes any more but offices still send: xls (BIFF8 in OLE) and dbf."""

import struct

SECTOR = 512
FREE, END, FAT_SECTOR = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def ole(name: str, stream: bytes) -> bytes:
    """Return an OLE file that holds one stream of that name, of at least 4,096 bytes."""
    assert len(stream) >= 4096
    sectors = -(-len(stream) // SECTOR)
    first, fat_sectors = 2, 1
    assert sectors + first <= SECTOR // 4 * fat_sectors
    fat = [FAT_SECTOR, END, *range(first + 1, first + sectors), END]
    fat += [FREE] * (SECTOR // 4 - len(fat))
    header = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + bytes(16)
        + struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
        + struct.pack("<IIIIIIIIII", 0, fat_sectors, 1, 0, 4096, END, 0, END, 0, 0)
        + struct.pack("<I", FREE) * 108
    )
    directory = _entry("Root Entry", 5, END, 0, child=1) + _entry(name, 2, first, len(stream))
    directory += _entry("", 0, 0, 0) * 2
    return header + struct.pack(f"<{SECTOR // 4}I", *fat) + directory + stream.ljust(sectors * SECTOR, b"\0")


def _entry(name: str, kind: int, start: int, size: int, child: int = FREE) -> bytes:
    text = (name + "\0").encode("utf-16-le") if name else b""
    return (
        text.ljust(64, b"\0")
        + struct.pack("<HBB", len(text), kind, 1)
        + struct.pack("<III", FREE, FREE, child)
        + bytes(16 + 4 + 16)
        + struct.pack("<IQ", start, size)
    )


def _record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _text(text: str, length: str) -> bytes:
    encoded = text.encode("utf-16-le")
    return struct.pack(length, len(encoded) // 2) + b"\x01" + encoded


def _cell(row: int, column: int, cell) -> bytes:
    place = struct.pack("<HH", row, column)
    match cell:
        case ("day", serial):
            return _record(0x0203, place + struct.pack("<Hd", 1, serial))
        case ("error", code):
            return _record(0x0205, place + struct.pack("<HBB", 0, code, 1))
        case ("formula error", code):
            result = struct.pack("<BBB3xH", 2, 0, code, 0xFFFF)[:8]
            return _record(
                0x0006, place + struct.pack("<H", 0) + result + struct.pack("<HIHBB", 0, 0, 2, 0x1C, code)
            )
        case str() if cell:
            return _record(0x0204, place + struct.pack("<H", 0) + _text(cell, "<H"))
        case int() | float():
            return _record(0x0203, place + struct.pack("<Hd", 0, cell))
    return b""


def xls(
    rows: list[list],
    *,
    merges=(),
    days_from_1904: bool = False,
    name: str = "名册",
    stream: str = "Workbook",
    hidden_rows=(),
    version: int = 0x0600,
) -> bytes:
    """Return an xls workbook with one sheet.

    A cell is text, a number, ("day", serial number), ("error", code) or ("formula error", code). Rows from 0.
    """
    sheet = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0x0DBB, 0x07CC, 0, 6))
    sheet += _record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, max(map(len, rows)), 0))
    for row in hidden_rows:
        sheet += _record(0x0208, struct.pack("<HHHHHHHH", row, 0, 0, 0x8000, 0, 0, 0x0020, 0x000F))
    for row, cells in enumerate(rows):
        sheet += b"".join(_cell(row, column, cell) for column, cell in enumerate(cells))
    if merges:
        areas = b"".join(struct.pack("<HHHH", *area) for area in merges)
        sheet += _record(0x00E5, struct.pack("<H", len(merges)) + areas)
    sheet += _record(0x000A, b"")
    begin = _record(0x0809, struct.pack("<HHHHII", version, 0x0005, 0x0DBB, 0x07CC, 0, 6))
    begin += _record(0x0042, struct.pack("<H", 1200)) + _record(0x0022, struct.pack("<H", days_from_1904))
    begin += b"".join(_record(0x00E0, struct.pack("<HH16x", 0, ifmt)) for ifmt in (0, 14))
    begin += _record(0x0FFE, bytes(4096))  # filling, of no kind that a reader knows
    tail = _record(0x000A, b"")
    at = len(begin) + 4 + 8 + len(name.encode("utf-16-le")) + len(tail)
    begin += _record(0x0085, struct.pack("<IBB", at, 0, 0) + _text(name, "<B")) + tail
    assert len(begin) == at
    return ole(stream, begin + sheet)


def dbf(
    names: list[tuple],
    rows: list[list],
    encoding: str = "gb18030",
    *,
    version: int = 3,
    written=(126, 11, 23),
    count: int | None = None,
    flags: bytes = b"",
) -> bytes:
    """Return a dBASE table: fields as (name, kind, width), rows of text or bytes.

    A text that is too long is cut at its field's width. `count` is what the head says; `flags` are FoxPro's,
    a column of their own in each record.
    """
    if flags:
        names = [*names, ("_NullFlags", "0", len(flags))]
        rows = [[*row, flags] for row in rows]
    width = 1 + sum(size for _, _, size in names)
    fields = b"".join(
        name.encode(encoding).ljust(11, b"\0") + kind.encode("ascii") + bytes(4) + bytes([size]) + bytes(15)
        for name, kind, size in names
    )
    head_length = 32 + len(fields) + 1
    given = len(rows) if count is None else count
    head = struct.pack("<BBBBIHH20x", version, *written, given, head_length, width)
    records = b"".join(
        b" "
        + b"".join(
            cell if isinstance(cell, bytes) else cell.encode(encoding).ljust(size, b" ")[:size]
            for cell, (_, _, size) in zip(row, names, strict=True)
        )
        for row in rows
    )
    return head + fields + b"\r" + records + b"\x1a"
