"""What a file is, by its content and never by its name; and who reads it."""

import re

from . import archive, biff, dbf, markup, ole, text, workbook
from .refusal import Refusal, Sheet

# What begins so is none of ours.
STRANGERS = {
    b"\x89PNG": "a_picture",
    b"\xff\xd8\xff": "a_picture",
    b"GIF8": "a_picture",
    b"BM": "a_picture",
    b"II*\x00": "a_picture",
    b"MM\x00*": "a_picture",
    b"%PDF": "a_pdf",
    b"Rar!": "an_archive",
    b"7z\xbc\xaf": "an_archive",
    b"\x1f\x8b": "an_archive",
    b"BZh": "an_archive",
    b"\x7fELF": "another_format",
    b"MZ": "another_format",
    b"{\\rtf": "another_format",
    b"SQLite format 3": "another_format",
    # Excel's own formats from before 1995, without a container.
    b"\x09\x00\x04\x00": "another_format",
    b"\x09\x02\x06\x00": "another_format",
    b"\x09\x04\x06\x00": "another_format",
    b"\x09\x08": "another_format",
}
# A web page and its pictures in one file, as a letter: what Excel calls a single file web page.
_LETTER = re.compile(r"\s*(MIME-Version|X-Document-Type|Content-Type|From|Subject)\s*:", re.IGNORECASE)

MOST_SHEETS = 200
_STREAMS = frozenset({"workbook", "book", "encryptedpackage"})


def sheets(content: bytes) -> list[Sheet]:
    """Return the tables of the file. Raise Refusal where it is none that can be read."""
    found = _sheets(content)
    if len(found) > MOST_SHEETS:
        raise Refusal("too_many_sheets")
    return found


def _sheets(content: bytes) -> list[Sheet]:
    if not content.strip(b"\x00\r\n\t \xef\xbb\xbf"):
        raise Refusal("empty")
    if content.startswith(b"PK"):
        return _of_archive(content)
    if content.startswith(ole.BEGINNING):
        return _of_ole(content)
    if dbf.is_dbf(content):
        return dbf.sheets(content)
    decoded = _text(content)
    if decoded.lstrip().startswith("<"):
        return markup.sheets(decoded)
    if _LETTER.match(decoded) and "multipart/" in decoded[:4_000].lower():
        raise Refusal("web_archive")
    return text.sheets(decoded)


def _text(content: bytes) -> str:
    """Return the file as text. Raise Refusal that says what it is instead."""
    try:
        return text.decoded(content)
    except Refusal:
        for beginning, code in STRANGERS.items():
            if content.startswith(beginning):
                raise Refusal(code) from None
        raise


def _of_archive(content: bytes) -> list[Sheet]:
    names = archive.names(content)
    if "xl/workbook.bin" in names:
        raise Refusal("another_format")
    if archive.WORKBOOK in names:
        return workbook.of_xlsx(content)
    if {"mimetype", "content.xml"} <= names:
        raise Refusal("open_document")
    raise Refusal("an_archive")


def _of_ole(content: bytes) -> list[Sheet]:
    found = ole.streams(content, _STREAMS)
    if "encryptedpackage" in found:
        raise Refusal("password")
    if not found:
        raise Refusal("another_format")
    stream = found["workbook"] if "workbook" in found else found["book"]
    if biff.is_too_old(stream):
        raise Refusal("excel_95")
    return workbook.of_xls(content, stream)
