"""The form's fonts: Noto Sans SC as real Regular and Bold, subset by reportlab, extracted right from the PDF.

The package's fonts are variable, and drawn as they stand they would be Thin. So each is instanced once to its
weight, under a PostScript name of its own, and the result kept in the data folder. Nothing is fetched.
What Noto Sans SC lacks (𠮷) comes from Noto Sans JP; what both lack is never drawn as something else.
"""

import hashlib
import importlib.metadata
import os
import tempfile
import threading
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import uharfbuzz
from django.conf import settings
from fontTools.ttLib import TTFont as FontFile
from reportlab.pdfbase import pdfmetrics, ttfonts

PACKAGE = "justmytype-intl-cjk"
REGULAR, BOLD, SECOND = "FormSans-Regular", "FormSans-Bold", "FormSansSecond-Regular"
# Each font: the package's file, and the weight.
FONTS = {
    REGULAR: ("NotoSansSC[wght].ttf", 400),
    BOLD: ("NotoSansSC[wght].ttf", 700),
    SECOND: ("NotoSansJP[wght].ttf", 400),
}
# Name table entries that tell the weights apart: full name 4, PostScript name 6.
NAMES = (4, 6)
# reportlab reads a font's file from one place at a time: two prints must not make their subsets at once.
EMBEDDING = threading.Lock()
BFCHARS = 100  # of a ToUnicode block, at most (PDF 32000-1, 9.10.3)


def _source(name: str) -> Path:
    """Return the package's variable font. Raise FileNotFoundError where the package is not whole."""
    for file in importlib.metadata.files(PACKAGE) or ():
        if file.name == FONTS[name][0]:
            return Path(file.locate())
    raise FileNotFoundError(f"{PACKAGE} has no {FONTS[name][0]}")


def _instance(name: str, to: Path) -> None:
    """Write the font of that weight, beside its place first, so that nobody reads half of it."""
    face = uharfbuzz.Face(uharfbuzz.Blob.from_file_path(_source(name)))
    wanted = uharfbuzz.SubsetInput()
    wanted.keep_everything()
    wanted.pin_axis_location(face, "wght", FONTS[name][1])
    made = uharfbuzz.subset(face, wanted).blob.data
    # Each weight needs a PostScript name of its own; only the table of names is written anew.
    font = FontFile(BytesIO(made), lazy=True, recalcBBoxes=False, recalcTimestamp=False)
    for record in font["name"].names:
        if record.nameID in NAMES:
            record.string = name
    to.parent.mkdir(parents=True, exist_ok=True)
    descriptor, partial = tempfile.mkstemp(dir=to.parent, suffix=".ttf")
    with open(descriptor, "wb") as file:
        font.save(file)
    os.replace(partial, to)


def _path(name: str) -> Path:
    """Return where the instance is kept; another version of the package has another place."""
    source = _source(name)
    mark = hashlib.sha256(f"{importlib.metadata.version(PACKAGE)} {source.stat().st_size}".encode())
    return Path(settings.FONT_FOLDER) / f"{name}-{mark.hexdigest()[:12]}.ttf"


@cache
def ready() -> None:
    """Register the fonts with reportlab, made first where they are not there yet (some seconds, once)."""
    ttfonts.makeToUnicodeCMap = to_unicode
    for name in FONTS:
        path = _path(name)
        if not path.exists():
            _instance(name, path)
        pdfmetrics.registerFont(ttfonts.TTFont(name, path))


def to_unicode(fontname: str, subset: list[int]) -> str:
    """Return the CMap by which a reader gets text back from glyphs.

    reportlab's own writes characters beyond the BMP as five hexadecimal digits, which no reader understands;
    they are two UTF-16 units.
    """
    pairs = [
        f"<{glyph:02X}> <{chr(code).encode('utf-16-be').hex().upper()}>" for glyph, code in enumerate(subset)
    ]
    blocks = []
    for start in range(0, len(pairs), BFCHARS):
        block = pairs[start : start + BFCHARS]
        blocks += [f"{len(block)} beginbfchar", *block, "endbfchar"]
    return "\n".join(
        [
            "/CIDInit /ProcSet findresource begin",
            "12 dict begin",
            "begincmap",
            f"/CIDSystemInfo << /Registry ({fontname}) /Ordering ({fontname}) /Supplement 0 >> def",
            f"/CMapName /{fontname} def",
            "/CMapType 2 def",
            "1 begincodespacerange",
            f"<00> <{len(subset) - 1:02X}>",
            "endcodespacerange",
            *blocks,
            "endcmap",
            "CMapName currentdict /CMap defineresource pop",
            "end",
            "end",
        ]
    )


@cache
def font_of(character: str, font: str = REGULAR) -> str | None:
    """Return the font that draws this character where `font` is wanted; None: no font does."""
    ready()
    for name in (font, SECOND):
        drawn_by: Any = pdfmetrics.getFont(name)  # a TTFont
        if ord(character) in drawn_by.face.charToGlyph:
            return name
    return None


def lacks(text: str) -> list[str]:
    """Return the characters of a text for which there is no glyph."""
    return [character for character in text if font_of(character) is None]


@cache
def _advance(character: str, font: str) -> float:
    """Return a character's width at size 1; without a glyph it is a box, as wide as it is high."""
    drawn_by = font_of(character, font)
    return pdfmetrics.stringWidth(character, drawn_by, 1) if drawn_by else 1.0


@lru_cache(maxsize=4096)
def ems(text: str, font: str = REGULAR) -> float:
    """Return how wide the text is at size 1."""
    return sum([_advance(character, font) for character in text])


def width(text: str, size: float, font: str = REGULAR) -> float:
    """Return how wide the text is, in points."""
    return size * ems(text, font)
