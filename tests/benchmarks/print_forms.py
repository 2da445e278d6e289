"""Printing 200 classes of 50 drawn signatures, against PNG signatures and against the barest canvas.

All sides print the same strokes in one run: `python -m tests.benchmarks.print_forms [--classes 200]`.
"""

import argparse
import io
import json
import time

from tests.benchmarks.bench import Result, grown_mb, own_database, report, timed

SIGNATURES = 50


def main() -> None:
    """Run all sides and print the ratios."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--classes", type=int, default=200)
    chosen = options.parse_args()
    with own_database():
        print_results(chosen.classes)


def print_results(count: int) -> None:
    from unittest import mock

    from django.utils import timezone
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    from rosters.models import ClassGroup
    from signoffs.models import Declaration
    from signoffs.outputs import printing
    from signoffs.outputs.printing.pen import Pen
    from tests import factories, stories
    from tests.benchmarks import signed

    campaign = factories.campaign()
    made = [
        factories.class_group(f"软件{number:03d}班", students=SIGNATURES, of=campaign)
        for number in range(count)
    ]
    signed.by_all(made)
    for class_group in made:
        stories.submit(class_group, class_group.students.get(seat=1))
    classes = ClassGroup.objects.select_related("campaign", "department").order_by("pk")
    now = timezone.now()

    def size(of=classes, **how) -> int:
        """Draw to the end, as a server does that sends each piece; return how many bytes there were."""
        return sum(map(len, printing.form_pdf(of, now=now, **how)))

    one = [classes[0]]
    size(one)  # the fonts are made and read
    warm = min(timed(lambda: size(one, blank=True)) for _ in range(10))

    made = {}
    # Memory first: a second run would find what the first has given back.
    grown = grown_mb(lambda: made.update(ours=size()))
    ours = min(timed(size) for _ in range(2))

    strokes = list(Declaration.objects.order_by("class_group", "student__seat").only("signature", "uuid"))
    signatures = [one.signature for one in strokes]

    def barest() -> None:
        canvas = Canvas(io.BytesIO(), pagesize=A4, pageCompression=1)
        for page in range(count):
            for number, signature in enumerate(signatures[page * SIGNATURES : (page + 1) * SIGNATURES]):
                column, row = divmod(number, 16)
                canvas._code.append(f"q .12 0 0 -.12 {60 + column * 128} {720 - row * 26} cm 8 w")
                for stroke in signature["strokes"]:
                    points = [f"{x} {y}" for x, y in zip(stroke[::2], stroke[1::2], strict=True)]
                    canvas._code.append(f"{points[0]} m {' l '.join(points[1:])} l S")
                canvas._code.append("Q")
            canvas.showPage()
        canvas.save()

    bare = min(timed(barest) for _ in range(2))
    pictures = {id(signature): picture_of(signature) for signature in signatures}
    by_strokes = {repr(signature["strokes"]): pictures[id(signature)] for signature in signatures}

    def draw_picture(pen: Pen, box, signature: bytes, size: float = 12) -> None:
        drawn = json.loads(signature or b"{}")
        if drawn.get("strokes"):
            image = ImageReader(io.BytesIO(by_strokes[repr(drawn["strokes"])]))
            pen.canvas.drawImage(image, box.x, box.y, box.width, box.height, mask="auto")

    with mock.patch.object(Pen, "signature", draw_picture):
        start = time.perf_counter()
        made["pictures"] = size()
        with_pictures = time.perf_counter() - start

    report(
        "print",
        [
            Result(
                f"{count} forms with PNG signatures ÷ ours, time",
                with_pictures / ours,
                "×",
                10,
                at_least=True,
            ),
            Result(
                f"{count} forms with PNG signatures ÷ ours, size",
                made["pictures"] / made["ours"],
                "×",
                10,
                at_least=True,
            ),
            Result(f"{count} forms ÷ a canvas with the bare strokes, time", ours / bare, "×", 2),
            Result("One blank form, warm", warm * 1000, "ms", 15),
            Result(f"Memory that {count} forms add", grown, "MB", 60),
        ],
        [
            f"ours {ours:.2f} s and {made['ours'] / 1e6:.1f} MB, with PNG {with_pictures:.1f} s and "
            f"{made['pictures'] / 1e6:.1f} MB, bare canvas {bare:.2f} s"
        ],
    )


def picture_of(signature: dict) -> bytes:
    """Return the strokes as a PNG with a clear ground, of the size at which they were drawn."""
    from PIL import Image, ImageDraw

    image = Image.new("RGBA", signature["size"], (0, 0, 0, 0))
    drawing = ImageDraw.Draw(image)
    for stroke in signature["strokes"]:
        points = list(zip(stroke[::2], stroke[1::2], strict=True))
        drawing.line(points, fill=(23, 26, 31, 255), width=4, joint="curve")
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


if __name__ == "__main__":
    main()
