"""Drawing on a canvas: text that stays in its cell, signatures as vectors, QR codes, missing glyphs."""

import io
import itertools
from dataclasses import dataclass

import segno
from reportlab import rl_config
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from . import fonts
from .fonts import REGULAR

WIDTH, HEIGHT = A4
INK = (0.09, 0.1, 0.12)
FAINT = (0.42, 0.45, 0.49)
SMALLEST = 4.0  # points; below that nothing is read
# Of a drawn signature: the pen's width on paper, in points.
PEN = 0.9
MASK = 2  # of a QR code's eight: vertical stripes, which long texts break up well

rl_config.useA85 = 0  # ASCII85 makes every stream a quarter larger, for printers of the last century


@dataclass(frozen=True)
class Box:
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
        self.file = io.BytesIO()
        self.canvas = Canvas(self.file, pagesize=A4, pageCompression=1, lang="zh-CN")
        self.canvas.setTitle(title)
        self.canvas.setCreator("enrollcheck")
        self.canvas.setAuthor("")
        self.missing: dict[str, None] = {}

    def finish(self) -> bytes:
        """Return the PDF."""
        self.canvas.save()
        return self.file.getvalue()

    # Text ---------------------------------------------------------------------------------------------

    def text(self, x: float, y: float, text: str, size: float, font: str = REGULAR, colour=INK) -> float:
        """Draw a line of text from x on the base line y; return where it ends."""
        for drawn, parts in itertools.groupby(fonts.runs(text, font), lambda run: run[0] is not None):
            if drawn:
                x = self._line(x, y, list(parts), size, colour)
                continue
            for character in "".join(run for _, run in parts):
                self._box_for(x, y, character, size)
                x += size
        return x

    def _line(self, x: float, y: float, runs: list[tuple[str, str]], size: float, colour) -> float:
        """Draw runs of several fonts as one text object: readers take two for two lines, and break a name."""
        line = self.canvas.beginText(x, y)
        line.setFillColorRGB(*colour)
        for font, run in runs:
            line.setFont(font, size)
            line.textOut(run)
        self.canvas.drawText(line)
        return line.getX()

    def centred(self, box: Box, text: str, size: float, font: str = REGULAR, colour=INK) -> None:
        """Draw one line in the middle of a box, made smaller until it fits."""
        size = self.fitting(text, box.width, min(size, box.height), font)
        x = box.x + (box.width - fonts.width(text, size, font)) / 2
        self.text(x, box.y + (box.height - size) / 2 + size * 0.14, text, size, font, colour)

    def right(self, x: float, y: float, text: str, size: float, font: str = REGULAR, colour=INK) -> None:
        """Draw a line that ends at x."""
        self.text(x - fonts.width(text, size, font), y, text, size, font, colour)

    @staticmethod
    def fitting(text: str, width: float, size: float, font: str = REGULAR) -> float:
        """Return the size, at most `size`, at which the text is no wider than `width`."""
        wide = fonts.width(text, size, font)
        return size if wide <= width else size * width / wide

    @staticmethod
    def wrapped(text: str, width: float, size: float) -> list[str]:
        """Return the text in lines no wider than `width`: Chinese breaks anywhere."""
        lines, line = [], ""
        for character in text:
            if line and fonts.width(line + character, size) > width:
                lines.append(line)
                line = ""
            line += character
        return [*lines, line] if line else lines

    def paragraph(self, box: Box, text: str, size: float, colour=INK) -> None:
        """Draw text in a box, in as many lines as it needs, made smaller until it fits."""
        lines = self.wrapped(text, box.width, size)
        while len(lines) * size * 1.2 > box.height and size > SMALLEST:
            size -= 0.25
            lines = self.wrapped(text, box.width, size)
        lead = size * 1.2
        y = box.y + (box.height + len(lines) * lead) / 2 - size * 0.98
        for line in lines:
            self.text(box.x, y, line, size, colour=colour)
            y -= lead

    def _box_for(self, x: float, y: float, character: str, size: float) -> None:
        """Draw a box to write in, with the character's number small beneath."""
        self.missing[character] = None
        canvas = self.canvas
        canvas.setStrokeColorRGB(*FAINT)
        canvas.setLineWidth(0.4)
        canvas.rect(x + size * 0.06, y - size * 0.05, size * 0.88, size * 0.85)
        number = f"U+{ord(character):04X}"
        small = self.fitting(number, size * 0.98, size * 0.3)
        self.text(x + size * 0.01, y - size * 0.05 - small, number, small, colour=FAINT)

    # Lines, signatures, codes -----------------------------------------------------------------------------

    def line(self, x1: float, y1: float, x2: float, y2: float, weight: float = 0.6, colour=INK) -> None:
        """Draw a rule."""
        self.canvas.setStrokeColorRGB(*colour)
        self.canvas.setLineWidth(weight)
        self.canvas.line(x1, y1, x2, y2)

    def signature(self, box: Box, signature: dict, size: float = 12) -> None:
        """Draw a signature as it was made: strokes fitted into the box, or a typed name."""
        if signature.get("strokes"):
            self._strokes(box, signature["strokes"])
        elif signature.get("typed"):
            self.centred(box, signature["typed"], size)

    def _strokes(self, box: Box, strokes: list[list[int]]) -> None:
        """Draw the integers as they are, under one transformation that fits and turns them."""
        across = [n for stroke in strokes for n in stroke[::2]]
        down = [n for stroke in strokes for n in stroke[1::2]]
        left, top = min(across), min(down)
        wide, high = max(max(across) - left, 1), max(max(down) - top, 1)
        scale = min(box.width / wide, box.height / high, 0.25)
        x = box.x + (box.width - wide * scale) / 2 - left * scale
        y = box.y + (box.height + high * scale) / 2 + top * scale
        code = [
            f"q {scale:.5f} 0 0 {-scale:.5f} {x:.2f} {y:.2f} cm "
            f"{INK[0]} {INK[1]} {INK[2]} RG 1 J 1 j {PEN / scale:.2f} w"
        ]
        for stroke in strokes:
            points = iter(stroke)
            path = [f"{n} {next(points)}" for n in points]
            # A touch is a line to itself: round caps make it a dot.
            code.append(" l ".join([path[0] + " m " + path[0], *path[1:]]) + " l S")
        code.append("Q")
        # reportlab has no call for a path of literal integers; its own ones format every number anew.
        self.canvas._code.append("\n".join(code))

    def qr(self, box: Box, text: str) -> None:
        """Draw a QR code as one path."""
        # One mask for all: trying the eight takes longer than the rest of a page, and any of them is read.
        rows = list(segno.make(text, error="m", micro=False, mask=MASK).matrix)
        step = box.width / len(rows)
        code = [f"q {step:.4f} 0 0 {-step:.4f} {box.x:.2f} {box.y + box.height:.2f} cm 0 g"]
        for down, row in enumerate(rows):
            start = None
            for across, dark in enumerate([*row, 0]):
                if dark and start is None:
                    start = across
                elif not dark and start is not None:
                    code.append(f"{start} {down} {across - start} 1 re")
                    start = None
        code.append("f Q")
        self.canvas._code.append("\n".join(code))

    def grid(self, columns: list[float], rows: list[float], heavy: float = 0.9, light: float = 0.5) -> None:
        """Draw a table's rules: the x of its columns, the y of its rows."""
        for y in rows:
            edge = y in (rows[0], rows[-1])
            self.line(columns[0], y, columns[-1], y, heavy if edge else light)
        for x in columns:
            edge = x in (columns[0], columns[-1])
            self.line(x, rows[0], x, rows[-1], heavy if edge else light)
