"""Drawing on a canvas: text that stays in its cell, signatures as vectors, QR codes, missing glyphs.

What is drawn ten thousand times in a print is written as the PDF's own operators: reportlab's calls format
every number anew and keep a state that nobody here asks for.
"""

import io
import itertools
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any, NamedTuple, cast

import segno
from reportlab import rl_config
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

from . import fonts
from .document import StreamedDocument
from .fonts import REGULAR

WIDTH, HEIGHT = A4
# Colours: red, green and blue, as the PDF writes them.
INK = ".09 .1 .12"
FAINT = ".42 .45 .49"
SMALLEST = 4.0  # points; below that nothing is read
LEAD = 1.2  # from line to line, in sizes
# Of a drawn signature: the pen's width on paper, in points; and at most so many points for one unit drawn.
PEN, LARGEST_SCALE = 0.8, 0.25
RULE = 0.6  # points
MASK = 2  # of a QR code's eight: vertical stripes, which long texts break up well
# Between the objects of a file, after each class: the page's script reads from it how far the print is.
PROGRESS = "enrollcheck {done} / {total}"

# In a signature as it is kept, compact JSON; a typed name's quotation marks are escaped, and never found.
_STROKES = re.compile(rb'"strokes":\[\[([0-9,[\]-]+)\]\]')
# What a line break leaves together: words and numbers, opening marks with what follows, closing ones before.
_WORDS = re.compile(r"[（“《]*(?:[!-~]+ ?|.)[，。；：、）”》？！]*", re.DOTALL)
_DOTS = "·•・‧ -"
_BITS = bytes.maketrans(b"\0\1", b"01")

rl_config.useA85 = 0  # ASCII85 makes every stream a quarter larger, for printers of the last century


class Box(NamedTuple):
    """A rectangle on the page, in points from its lower left corner."""

    x: float
    y: float
    width: float
    height: float

    def within(self, left: float, bottom: float, right: float, top: float) -> "Box":
        """Return the box without these margins."""
        return Box(self.x + left, self.y + bottom, self.width - left - right, self.height - bottom - top)


class Pen:
    """A canvas with our fonts. It remembers which characters it could only draw as a box."""

    def __init__(self, title: str):
        """Begin a PDF with that title."""
        fonts.ready()
        # What we use of it beyond its own calls, its stubs leave out.
        self.canvas = cast(Any, Canvas(io.BytesIO(), pagesize=A4, pageCompression=1))
        # A canvas takes no document; it makes one, and nothing is in it yet.
        self.document = self.canvas._doc = StreamedDocument(compression=1, lang="zh-CN")
        # What reportlab begins each page with: it chooses Helvetica, which the file doesn't hold.
        self.canvas._preamble = ""
        self.canvas.setTitle(title)
        self.canvas.setCreator("enrollcheck")
        self.canvas.setAuthor("")
        self.missing: dict[str, None] = {}
        # (character, font) → the subset's name in the PDF, and the glyph's number in it.
        self._glyphs: dict[tuple[str, str], tuple[str, str]] = {}

    def streamed(self, classes: Iterable, total: int) -> Iterator[bytes]:
        """Yield the PDF while it is drawn: `classes` draws another class each time that it is asked."""
        for done, _ in enumerate(classes, start=1):
            self.document.remark(PROGRESS.format(done=done, total=total))
            yield self.document.taken()
        yield self.finish()

    def finish(self) -> bytes:
        """Return the PDF, or what is left of it."""
        with fonts.EMBEDDING:
            return self.canvas.getpdfdata()

    def code(self, operators: str) -> None:
        """Write operators of the PDF's own on the page."""
        self.canvas._code.append(operators)

    # Text ---------------------------------------------------------------------------------------------

    def text(
        self, x: float, y: float, text: str, size: float, font: str = REGULAR, colour: str = INK
    ) -> float:
        """Draw a line of text from x on the base line y; return where it ends."""
        known = self._glyphs
        glyphs = [known.get((one, font)) or self._glyph(one, font) for one in text]
        if None not in glyphs:
            self._line(x, y, cast("list[tuple[str, str]]", glyphs), size, colour)
            return x + fonts.width(text, size, font)
        for lacking, run in itertools.groupby(zip(text, glyphs, strict=True), lambda one: one[1] is None):
            characters, drawn = zip(*run, strict=True)
            if not lacking:
                self._line(x, y, drawn, size, colour)
                x += fonts.width("".join(characters), size, font)
                continue
            for character in characters:
                self._box_for(x, y, character, size)
                x += size
        return x

    def _line(self, x: float, y: float, glyphs: Sequence[tuple[str, str]], size: float, colour: str) -> None:
        """Draw glyphs of several fonts as one text object: readers would take two for two lines."""
        shown = [
            f"{subset} {size:.2f} Tf <{''.join([number for _, number in run])}> Tj"
            for subset, run in itertools.groupby(glyphs, itemgetter(0))
        ]
        self.canvas._code.append(f"BT {colour} rg {x:.2f} {y:.2f} Td {' '.join(shown)} ET")

    def _glyph(self, character: str, font: str) -> tuple[str, str] | None:
        name = fonts.font_of(character, font)
        if name is None:
            return None
        face: Any = pdfmetrics.getFont(name)  # a TTFont
        [(subset, number)] = face.splitString(character, self.document)
        glyph = (face.getSubsetInternalName(subset, self.document), number.hex())
        self._glyphs[character, font] = glyph
        return glyph

    def centred(self, box: Box, text: str, size: float, font: str = REGULAR, colour: str = INK) -> None:
        """Draw one line in the middle of a box, made smaller until it fits."""
        em = fonts.width(text, 1, font)
        size = min(size, box.height, box.width / em if em else size)
        x = box.x + (box.width - em * size) / 2
        self.text(x, box.y + (box.height - size) / 2 + size * 0.14, text, size, font, colour)

    def right(
        self, x: float, y: float, text: str, size: float, font: str = REGULAR, colour: str = INK
    ) -> None:
        """Draw a line that ends at x."""
        self.text(x - fonts.width(text, size, font), y, text, size, font, colour)

    @staticmethod
    def fitting(text: str, width: float, size: float, font: str = REGULAR) -> float:
        """Return the size, at most `size`, at which the text is no wider than `width`."""
        wide = fonts.width(text, size, font)
        return size if wide <= width else size * width / wide

    @staticmethod
    def wrapped(text: str, width: float, size: float) -> list[str]:
        """Return the text in lines no wider than `width`: Chinese breaks anywhere, a word does not."""
        lines, line = [], ""
        for word in _WORDS.findall(text):
            for part in word if fonts.width(word, size) > width else [word]:
                if line and fonts.width(line + part, size) > width:
                    lines.append(line)
                    line = ""
                line += part
        return [*lines, line] if line else lines

    @staticmethod
    def halves(text: str) -> list[str]:
        """Return a long name in two lines: broken at a dot or space near its middle, else in the middle."""
        middle = len(text) / 2
        breaks = [n for n in range(1, len(text)) if text[n - 1] in _DOTS and abs(n - middle) <= middle / 2]
        at = min(breaks, key=lambda n: abs(n - middle), default=round(middle))
        return [text[:at], text[at:]]

    def block(self, box: Box, text: str, size: float, colour: str = INK) -> None:
        """Draw a name in the middle of a box: in one line or two, as the letters become larger by it."""
        if fonts.width(text, size) <= box.width:
            self.centred(box, text, size, colour=colour)
            return

        def fit(lines: list[str]) -> float:
            widest = max(fonts.ems(line) for line in lines)
            return min(size, box.height / len(lines) / LEAD * 1.08, box.width / widest if widest else size)

        lines = max(([text], self.halves(text)), key=fit)
        size, high = fit(lines), box.height / len(lines)
        # From the first line down, as readers take it; two lines stand close to each other.
        for number, line in enumerate(lines):
            gap = (high - size * LEAD) * (number - 0.5) * (len(lines) - 1)
            y = box.y + (len(lines) - 1 - number) * high
            self.centred(Box(box.x, y + gap, box.width, high), line, size, colour=colour)

    def paragraph(self, box: Box, text: str, size: float, *, top: bool = False, colour: str = INK) -> None:
        """Draw text in a box, in as many lines as it needs, made smaller until it fits."""
        lines = self.wrapped(text, box.width, size)
        while len(lines) * size * LEAD > box.height and size > SMALLEST:
            size -= 0.25
            lines = self.wrapped(text, box.width, size)
        lead = size * LEAD
        y = box.y + (box.height if top else (box.height + len(lines) * lead) / 2) - size * 0.98
        for line in lines:
            self.text(box.x, y, line, size, colour=colour)
            y -= lead

    def _box_for(self, x: float, y: float, character: str, size: float) -> None:
        """Draw a box to write in, with the character's number small beneath."""
        self.missing[character] = None
        side = size * 0.88
        corner = f"{x + size * 0.06:.2f} {y - size * 0.05:.2f}"
        self.code(f"{FAINT} RG .4 w {corner} {side:.2f} {size * 0.85:.2f} re S")
        number = f"U+{ord(character):04X}"
        small = self.fitting(number, size * 0.98, size * 0.3)
        self.text(x + size * 0.01, y - size * 0.05 - small, number, small, colour=FAINT)

    # Lines, signatures, codes -----------------------------------------------------------------------------

    def line(
        self, x1: float, y1: float, x2: float, y2: float, weight: float = RULE, colour: str = INK
    ) -> None:
        """Draw a rule."""
        self.code(f"{colour} RG {weight} w {x1:.2f} {y1:.2f} m {x2:.2f} {y2:.2f} l S")

    def signature(self, box: Box, signature: bytes, size: float = 12) -> None:
        """Draw a signature as it was made: strokes fitted into the box, or a typed name, or nothing.

        It is the JSON that a declaration keeps, unread: strokes become a path without becoming numbers first.
        """
        drawn = _STROKES.search(signature)
        if drawn:
            self._strokes(box, drawn[1].decode())
        elif signature and (typed := json.loads(signature).get("typed")):
            self.block(box, typed, size)

    def _strokes(self, box: Box, strokes: str) -> None:
        """Draw `x,y,x,y],[x,y`: the integers as they are, under one transformation that fits them."""
        numbers = strokes.replace("],[", ",").split(",")
        xs, ys = numbers[::2], numbers[1::2]
        across, down = list(map(int, xs)), list(map(int, ys))
        left, top = min(across), min(down)
        wide, high = max(max(across) - left, 1), max(max(down) - top, 1)
        scale = min((box.width - PEN) / wide, (box.height - PEN) / high, LARGEST_SCALE)
        x = box.x + (box.width - wide * scale) / 2 - left * scale
        y = box.y + (box.height + high * scale) / 2 + top * scale
        path = ["l"] * (len(xs) * 3)
        path[::3], path[1::3] = xs, ys
        first = 0
        for stroke in strokes.split("],["):
            points = (stroke.count(",") + 1) // 2
            # A mere touch is a line to itself: round caps make it a dot.
            path[first * 3 + 2] = "m" if points > 1 else f"m {xs[first]} {ys[first]} l"
            first += points
        self.code(
            f"q {scale:.5f} 0 0 {-scale:.5f} {x:.2f} {y:.2f} cm {INK} RG 1 J 1 j {PEN / scale:.2f} w\n"
            f"{' '.join(path)} S Q"
        )

    def qr(self, box: Box, text: str) -> None:
        """Draw a QR code as a stencil of one bit a module: no seam between its squares on any screen."""
        # One mask for all: trying the eight takes longer than the rest of a page, and any of them is read.
        rows = segno.make(text, error="m", micro=False, mask=MASK).matrix
        side = len(rows)
        padding = "0" * (-side % 8)
        bits = "1" + "".join([row.translate(_BITS).decode() + padding for row in rows])
        stencil = f"{int(bits, 2):x}"[1:]  # the leading 1 keeps the zeros behind it
        self.code(
            f"q 0 g {box.width:.2f} 0 0 {box.height:.2f} {box.x:.2f} {box.y:.2f} cm\n"
            f"BI /W {side} /H {side} /IM true /D [1 0] /F /AHx ID {stencil}>\nEI Q"
        )

    def grid(self, columns: list[float], rows: list[float]) -> None:
        """Draw a table's rules, all alike: the x of its columns, the y of its rows."""
        across = [f"{columns[0]:.2f} {y:.2f} m {columns[-1]:.2f} {y:.2f} l" for y in rows]
        down = [f"{x:.2f} {rows[0]:.2f} m {x:.2f} {rows[-1]:.2f} l" for x in columns]
        # Square ends: the corners close.
        self.code(f"q {INK} RG {RULE} w 2 J {' '.join(across + down)} S Q")
