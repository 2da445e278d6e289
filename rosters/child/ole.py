"""The container of xls files (OLE, a file system in a file): the streams of its root, by name.

Every chain is followed at most as far as the file is long: a stranger's chain may go in a circle.
"""

import struct
from collections.abc import Iterator

from .refusal import Refusal

BEGINNING = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HEAD = 512
_ENTRY = 128
_LAST = 0xFFFFFFFA  # sectors from here on are marks: free, end of a chain
_STREAM, _ROOT = 2, 5
_MINI_SHIFT = 6


class _File:
    def __init__(self, content: bytes):
        self.content = content
        self.shift = struct.unpack_from("<H", content, 30)[0]
        if not 7 <= self.shift <= 16:
            raise Refusal("truncated")
        self.directory, self.smallest = struct.unpack_from("<I4xI", content, 48)
        self.mini_first, _, far_first, far_count = struct.unpack_from("<IIII", content, 60)
        self.table = self._table(far_first, far_count)

    def sector(self, number: int) -> bytes:
        start = _HEAD if self.shift <= 9 else 1 << self.shift
        start += number << self.shift
        return self.content[start : start + (1 << self.shift)]

    def _table(self, far_first: int, far_count: int) -> list[int]:
        """Return which sector follows each: the head names the sectors of this table, and where more are."""
        places = list(struct.unpack_from("<109I", self.content, 76))
        most = len(self.content) >> self.shift
        for _ in range(min(far_count, most)):
            if far_first >= _LAST:
                break
            more = _numbers(self.sector(far_first))
            places += more[:-1]
            far_first = more[-1] if more else _LAST
        sectors = [place for place in places if place < _LAST][: most + 1]
        return _numbers(b"".join(map(self.sector, sectors)))

    def chain(self, first: int, table: list[int]) -> Iterator[int]:
        for _ in range(len(table)):
            if first >= len(table):
                return
            yield first
            first = table[first]

    def stream(self, first: int) -> bytes:
        return b"".join(map(self.sector, self.chain(first, self.table)))


def _numbers(raw: bytes) -> list[int]:
    return list(struct.unpack(f"<{len(raw) // 4}I", raw[: len(raw) // 4 * 4]))


def streams(content: bytes, names: frozenset[str]) -> dict[str, bytes]:
    """Return the streams of these names, which are in lower case. Raise Refusal for a damaged file."""
    try:
        file = _File(content)
        directory = file.stream(file.directory)
        entries = [_entry(directory, place) for place in range(0, len(directory) - _ENTRY + 1, _ENTRY)]
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise Refusal("truncated") from error
    minis = b"".join(file.stream(first) for _, kind, first, _ in entries if kind == _ROOT)
    mini_table = _numbers(file.stream(file.mini_first)) if file.mini_first < _LAST else []
    found = {}
    for name, kind, first, size in entries:
        if kind != _STREAM or name not in names:
            continue
        if size >= file.smallest:
            found[name] = file.stream(first)[:size]
        else:
            pieces = (
                minis[at << _MINI_SHIFT : (at + 1) << _MINI_SHIFT] for at in file.chain(first, mini_table)
            )
            found[name] = b"".join(pieces)[:size]
        if len(found[name]) < size:
            raise Refusal("truncated")
    return found


def _entry(directory: bytes, place: int) -> tuple[str, int, int, int]:
    length, kind = struct.unpack_from("<HB", directory, place + 64)
    first, size = struct.unpack_from("<II", directory, place + 116)
    name = directory[place : place + max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")
    return name.casefold(), kind, first, size
