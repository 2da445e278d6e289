"""Text tables: csv, tsv, txt. Strict about the encoding: a wrong guess would change names without a trace."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from .refusal import MOST_LINES, Refusal, Row, Sheet

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_MARK = "\ufeff"
DELIMITERS = ",;\t"
LOOKED_AT = 30
# How many bytes tell of an encoding that no mark names.
_SAMPLE = 8_000
# A cell longer than this is no cell but an open quotation mark.
LONGEST_CELL = 32_768


def decoded(content: bytes) -> str:
    """Return the file's text without marks: by its first mark, else UTF-16 without one, UTF-8, GB18030.

    Raise Refusal for a text in none of them, or in Big5.
    """
    encodings = [encoding for mark, encoding in _MARKS if content.startswith(mark)][:1]
    for encoding in encodings or [*_unmarked_utf16(content[:_SAMPLE]), "utf-8", "gb18030"]:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "gb18030":
            refuse_big5(content)
        return text.lstrip(_MARK)
    raise Refusal("encoding")


def is_wide(text: str) -> bool:
    """Say whether a text has a character for which UTF-8 takes three bytes, as each hanzi does."""
    return any(character > "\u07ff" for character in text)


def _unmarked_utf16(sample: bytes) -> list[str]:
    """Return the UTF-16 that a text with zero bytes is in, judged by its beginning; else nothing."""
    if b"\x00" not in sample:
        return []
    usual: dict[str, float] = {}
    for encoding in ("utf-16-le", "utf-16-be"):
        text = sample.decode(encoding, "replace")
        usual[encoding] = sum(_is_usual(character) for character in text) / max(1, len(text))
    best = max(usual, key=usual.__getitem__)
    return [best] if usual[best] > 0.9 else []


def _is_usual(character: str) -> bool:
    return "\u4e00" <= character <= "\u9fff" or " " <= character <= "~" or character in "\t\r\n\ufeff（）·"


def refuse_big5(content: bytes) -> None:
    """Raise Refusal where bytes that could be GB18030 are Big5: rare in the one, usual in the other."""
    sample = [line for line in content[: 20 * _SAMPLE].splitlines() if not line.isascii()][:2_000]
    usual: dict[str, Counter[bool]] = {"gb18030": Counter(), "big5": Counter()}
    for line in sample:
        for encoding, counted in usual.items():
            counted.update(map(_RANGES[encoding], _wide_bytes(line)))
    if (
        usual["gb18030"][False] > usual["gb18030"][True] / 3
        and usual["big5"][True] > 19 * usual["big5"][False]
    ):
        raise Refusal("big5")


_RANGES = {
    # The hanzi and signs of GB 2312, and those that Big5 begins with, 5,401 of daily use and the signs.
    "gb18030": lambda pair: pair[0] <= 0xF7 and pair[1] >= 0xA1,
    "big5": lambda pair: 0xA1 <= pair[0] <= 0xC6 and (0x40 <= pair[1] <= 0x7E or pair[1] >= 0xA1),
}


def _wide_bytes(line: bytes) -> Iterator[bytes]:
    """Yield the pairs of bytes that a line's characters beyond ASCII take in an encoding of two bytes."""
    place = 0
    while place < len(line) - 1:
        if line[place] < 0x80:
            place += 1
            continue
        yield line[place : place + 2]
        place += 2


def _delimiter(lines: list[str]) -> str:
    """Return the delimiter that cuts most of the first lines into the same number of cells, more than one."""
    best, best_score = ",", (0, 0)
    for delimiter in DELIMITERS:
        widths = Counter(len(row) for row in csv.reader(lines, delimiter=delimiter) if len(row) > 1)
        if widths:
            width, agreeing = max(widths.items(), key=lambda item: (item[1], item[0]))
            best, best_score = max(
                (best, best_score), (delimiter, (agreeing, width)), key=lambda pair: pair[1]
            )
    return best


def _rows(content: str, delimiter: str) -> Iterator[Row]:
    """Yield the rows with the number of the line that each begins on."""
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise Refusal("quotation", row=line) from error
        if any(cell.strip() for cell in row):
            yield line, row


def sheets(content: str) -> list[Sheet]:
    """Return the one table of the text. Raise Refusal for more lines than any roster has."""
    csv.field_size_limit(LONGEST_CELL)
    try:
        delimiter = _delimiter(list(islice(io.StringIO(content, newline=""), LOOKED_AT)))
    except csv.Error as error:
        raise Refusal("quotation", row=1) from error
    if sum(1 for _ in islice(_rows(content, delimiter), MOST_LINES + 1)) > MOST_LINES:
        raise Refusal("too_many_rows")
    return [Sheet(rows=lambda: _rows(content, delimiter))]
