"""What a file is, by its content and never by its name; and who reads it."""

import io
import zipfile

from . import dbf, markup, text, workbook
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
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


MOST_SHEETS = 200


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
    if content.startswith(OLE):
        return _of_ole(content)
    if dbf.is_dbf(content):
        return dbf.sheets(content)
    if not text.is_text(content):
        for beginning, code in STRANGERS.items():
            if content.startswith(beginning):
                raise Refusal(code)
    decoded = text.decoded(content)
    if decoded.lstrip().startswith("<"):
        return markup.sheets(decoded)
    return text.sheets(decoded)


def _of_archive(content: bytes) -> list[Sheet]:
    try:
        names = set(zipfile.ZipFile(io.BytesIO(content)).namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise Refusal("truncated") from error
    if "xl/workbook.bin" in names:
        raise Refusal("another_format")
    if "xl/workbook.xml" in names:
        return workbook.of_xlsx(content)
    if "mimetype" in names and "content.xml" in names:
        raise Refusal("open_document")
    raise Refusal("an_archive")


def _of_ole(content: bytes) -> list[Sheet]:
    if "EncryptedPackage".encode("utf-16-le") in content:
        raise Refusal("password")
    if "Workbook".encode("utf-16-le") in content or "Book".encode("utf-16-le") in content:
        return workbook.of_xls(content)
    raise Refusal("another_format")
