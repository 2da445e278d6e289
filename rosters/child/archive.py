"""An xlsx archive, looked at before anything else reads it.

Counts while it inflates: what an archive says about its own sizes is a stranger's word. On the way it finds
what a reader of values does not tell: where formulas and their errors are, and a value so far out that a
reader would ask for all the memory between.
"""

import io
import re
import zipfile
import zlib
from dataclasses import dataclass, field
from xml.etree import ElementTree

from .refusal import Refusal

LARGEST = 256 * 1024 * 1024
MOST_MEMBERS = 5_000
PIECE = 1024 * 1024

# XML's keywords are written in capitals, and nowhere else can this stand but in a comment.
_DECLARATIONS = (b"<!DOCTYPE", b"<!ENTITY")
_CELL = rb"<(?:\w+:)?c\b[^>]*?\br=[\"']([A-Z]{1,3})([0-9]{1,7})[\"'][^>]*>"
_FORMULA = re.compile(_CELL + rb"\s*<(?:\w+:)?f\b")
# Begin with plain text, which is sought many times faster than a class of characters.
_FAR = tuple(
    re.compile(rb" r=" + quote + rb"([A-Z]{3}[0-9]{1,7})" + quote + rb"[^>]*>\s*<(?:\w+:)?(?:v|is|f)\b")
    for quote in (b'"', b"'")
)
_CELL_TAG = re.compile(rb"<(?:\w+:)?c\b[^>]*?\bt=[\"']e[\"'][^>]*>")
_PLACE = re.compile(rb"\br=[\"']([A-Z]{1,3})([0-9]{1,7})[\"']")
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


@dataclass
class Places:
    """Cells of one sheet: row from 1, column from 0."""

    formulas: list[tuple[int, int]] = field(default_factory=list)
    errors: list[tuple[int, int]] = field(default_factory=list)


def column_number(letters: bytes) -> int:
    """Return a column's number from 0: A is 0, XFD 16383."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def _place(found: re.Match) -> tuple[int, int]:
    return int(found[2]), column_number(found[1])


def _look(name: str, xml: bytes) -> Places:
    for pattern in _FAR:
        if far := pattern.search(xml):
            raise Refusal("far_cell", cell=far[1].decode())
    places = Places()
    if b"<f" in xml or b":f" in xml:
        places.formulas = [_place(found) for found in _FORMULA.finditer(xml)]
    if b't="e"' in xml or b"t='e'" in xml:
        tags = (_PLACE.search(tag[0]) for tag in _CELL_TAG.finditer(xml))
        places.errors = [_place(found) for found in tags if found]
    return places


def _sheet_names(parts: dict[str, bytes]) -> dict[str, str]:
    """Return the parts of the sheets by the sheets' names."""
    try:
        # A part that declares a document type was refused before: there is nothing to expand.
        book = ElementTree.fromstring(parts["xl/workbook.xml"])  # noqa: S314
        relations = ElementTree.fromstring(parts["xl/_rels/workbook.xml.rels"])  # noqa: S314
    except (KeyError, ElementTree.ParseError):
        return {}
    targets = {relation.get("Id"): relation.get("Target", "") for relation in relations}
    names = {}
    for sheet in book.iter():
        if sheet.tag.endswith("}sheet"):
            target = targets.get(sheet.get(_RELATION), "")
            names[sheet.get("name", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return names


def inspect(content: bytes) -> dict[str, Places]:
    """Inflate all of the archive once. Return the places by sheet name. Raise Refusal for what is hostile."""
    inflated, kept, places = 0, {}, {}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if len(members) > MOST_MEMBERS:
                raise Refusal("too_large_inside")
            for member in members:
                if member.flag_bits & 1:
                    raise Refusal("password")
                pieces = []
                with archive.open(member) as stream:
                    while piece := stream.read(PIECE):
                        inflated += len(piece)
                        if inflated > LARGEST:
                            raise Refusal("too_large_inside")
                        pieces.append(piece)
                if not member.filename.endswith((".xml", ".rels")):
                    continue
                xml = b"".join(pieces)
                if any(mark in xml for mark in _DECLARATIONS):
                    raise Refusal("declaration")
                if member.filename.startswith("xl/worksheets/"):
                    places[member.filename] = _look(member.filename, xml)
                elif member.filename in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels"):
                    kept[member.filename] = xml
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError) as error:
        raise Refusal("truncated") from error
    return {name: places[part] for name, part in _sheet_names(kept).items() if part in places}
