"""Text tables: csv, tsv, txt. Strict about the encoding: a wrong guess would change names without a trace."""

import csv
import io
from collections import Counter
from collections.abc import Iterator

from .refusal import Refusal, Row, Sheet

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
DELIMITERS = ",;\t"
LOOKED_AT = 30
# A cell longer than this is no cell but an open quotation mark.
LONGEST_CELL = 32_768


def is_text(content: bytes) -> bool:
    """Say whether the file is text in an encoding that is read here."""
    try:
        decoded(content)
    except Refusal:
        return False
    return True


def decoded(content: bytes) -> str:
    """Return the file's text: by its byte order mark, else UTF-8, else GB18030. Raise Refusal for neither."""
    encodings = [encoding for mark, encoding in _MARKS if content.startswith(mark)] or ["utf-8", "gb18030"]
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Refusal("encoding")


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
    """Return the one table of the text."""
    csv.field_size_limit(LONGEST_CELL)
    try:
        delimiter = _delimiter(content.splitlines(keepends=True)[:LOOKED_AT])
    except csv.Error as error:
        raise Refusal("quotation", row=1) from error
    return [Sheet(rows=lambda: _rows(content, delimiter))]
