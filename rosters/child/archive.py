"""An xlsx archive, looked at before anything else reads it.

Counts while it inflates: what an archive says about its own sizes is a stranger's word. On the way it finds
what a reader of values does not tell: where formulas, their errors and hidden rows are, and a value so far
out that a reader would ask for all the memory between.
"""

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from xml.etree import ElementTree

from .refusal import Places, Refusal

LARGEST = 256 * 1024 * 1024
MOST_MEMBERS = 5_000
PIECE = 1024 * 1024
WORKBOOK, RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"

# XML's keywords are written in capitals, and nowhere else can this stand but in a comment.
_DECLARATIONS = (b"<!DOCTYPE", b"<!ENTITY")
_CELL = rb"<(?:\w+:)?c\b[^>]*?\br=[\"']([A-Z]{1,3})([0-9]{1,7})[\"'][^>]*>"
_FORMULA = re.compile(_CELL + rb"\s*<(?:\w+:)?f\b")
# Begin with plain text, which is sought many times faster than a class of characters.
_FAR = tuple(
    re.compile(rb" r=" + quote + rb"([A-Z]{3}[0-9]{1,7})" + quote + rb"[^>]*>\s*<(?:\w+:)?(?:v|is|f)\b")
    for quote in (b'"', b"'")
)
_TAG = re.compile(rb"<(?:\w+:)?(row|c|f)(?=[\s/>])([^>]*)>")
_ROW = re.compile(rb"<(?:\w+:)?(row)(?=[\s/>])([^>]*)>")
_PLACE = re.compile(rb"\br\s*=\s*[\"']([A-Z]{0,3})([0-9]{1,7})[\"']")
_IS_ERROR = re.compile(rb"\bt\s*=\s*[\"']e[\"']")
_IS_HIDDEN = re.compile(rb"\bhidden\s*=\s*[\"'](?:1|true)[\"']|\bht\s*=\s*[\"']0(?:\.0*)?[\"']")


def column_number(letters: bytes) -> int:
    """Return a column's number from 0: A is 0, XFD 16383."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def _walked(xml: bytes, pattern: re.Pattern) -> Places:
    """Return the places of a sheet, tag by tag: a row or cell that names no place follows the one before."""
    places, row, column = Places(), 0, -1
    for tag, attributes in pattern.findall(xml):
        named = _PLACE.search(attributes)
        if tag == b"row":
            row, column = int(named[2]) if named else row + 1, -1
            if _IS_HIDDEN.search(attributes):
                places.hidden_rows.append(row)
        elif tag == b"c":
            column = column_number(named[1]) if named else column + 1
            row = int(named[2]) if named else row
            if _IS_ERROR.search(attributes):
                places.errors.append((row, column))
        else:
            places.formulas.append((row, column))
    return places


def _look(xml: bytes) -> Places:
    for pattern in _FAR:
        if far := pattern.search(xml):
            raise Refusal("far_cell", cell=far[1].decode())
    places = Places()
    if b"<f" in xml or b":f" in xml:
        places.formulas = [(int(row), column_number(letters)) for letters, row in _FORMULA.findall(xml)]
        if not places.formulas:  # or its cells name no place
            return _walked(xml, _TAG)
    if b'"e"' in xml or b"'e'" in xml:
        return _walked(xml, _TAG)
    if b" hidden=" in xml or b" ht=" in xml:
        places.hidden_rows = _walked(xml, _ROW).hidden_rows
    return places


def _sheet_names(parts: dict[str, bytes]) -> dict[str, str]:
    """Return the parts of the sheets by the sheets' names. Raise Refusal where none can be told."""
    try:
        # A part that declares a document type was refused before: there is nothing to expand.
        book = ElementTree.fromstring(parts[WORKBOOK])  # noqa: S314
        relations = ElementTree.fromstring(parts[RELATIONS])  # noqa: S314
    except (KeyError, ElementTree.ParseError) as error:
        raise Refusal("truncated") from error
    targets = {relation.get("Id"): relation.get("Target", "") for relation in relations}
    names = {}
    for sheet in book.iter():
        if sheet.tag.endswith("}sheet"):
            # The namespace of the attribute differs between the two dialects of the format.
            ids = [value for name, value in sheet.attrib.items() if name.endswith("}id")]
            target = targets.get(ids[0], "") if ids else ""
            names[sheet.get("name", "")] = _plain_name(posixpath.join("/xl", target.replace("\\", "/")))
    return names


def _plain_name(name: str) -> str:
    """Return a part's name as the format wants it, from an archive of a program that wants otherwise."""
    return posixpath.normpath(name.replace("\\", "/")).lstrip("/").casefold()


def names(content: bytes) -> set[str]:
    """Return the names of the archive's parts, in lower case. Raise Refusal where it is damaged."""
    try:
        return {_plain_name(name) for name in zipfile.ZipFile(io.BytesIO(content)).namelist()}
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise Refusal("truncated") from error


def inspect(content: bytes) -> dict[str, Places]:
    """Inflate all of the archive once. Return the places by sheet name. Raise Refusal for what is hostile."""
    kept, places = {}, {}
    try:
        for name, xml in _parts(content):
            if name in kept or name in places:
                raise Refusal("truncated")  # twice: which one is read depends on the reader
            if name in (WORKBOOK, RELATIONS):
                kept[name] = xml
            elif b"sheetData" in xml:
                places[name] = _look(xml)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError) as error:
        raise Refusal("truncated") from error
    return {name: places[part] for name, part in _sheet_names(kept).items() if part in places}


def _parts(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the names and contents of the archive's parts of XML. Raise Refusal for what is hostile."""
    inflated = 0
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
            name = _plain_name(member.filename)
            if not name.endswith((".xml", ".rels")):
                continue
            xml = b"".join(pieces)
            if any(mark in xml for mark in _DECLARATIONS):
                raise Refusal("declaration")
            yield name, xml
