"""A print leaves while it is drawn; whole it opens everywhere, broken off nowhere."""

import io
import re
import subprocess
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pypdf import PdfReader
from pypdf.errors import PyPdfError

from rosters.encryption import CannotDecrypt
from signoffs.models import ClassSheet, Declaration
from signoffs.outputs import printing
from signoffs.outputs.printing.content import AT_ONCE
from signoffs.outputs.printing.pen import Pen
from tests import factories, printed, stories

DRAWN = {"strokes": [[20, 150, 200, 40, 380, 160], [90, 90, 420, 80]], "size": [600, 200]}


def some_classes(count: int, students: int = 3) -> list:
    """Classes whose first student has signed by hand."""
    made = [factories.class_group(f"软件{number:03d}班", students=students) for number in range(count)]
    for class_group in made:
        stories.confirm(class_group.students.get(seat=1), signature=DRAWN)
    return made


def spoil(declaration: Declaration) -> None:
    """Do what a failing disk may do: the signature no longer opens."""
    stored = Declaration.objects.filter(pk=declaration.pk)
    [sealed] = stored.values_list("signature", flat=True)
    stored.update(signature=type(sealed)(bytes(sealed)[:-1] + bytes([sealed[-1] ^ 1])))


def test_each_class_leaves_when_it_is_drawn_with_the_count_behind_it(campaign):
    pieces = list(printing.form_pdf(some_classes(3), now=timezone.now()))
    assert [piece.count(b"/Type /Page\n") for piece in pieces] == [1, 1, 1, 0]
    remarks = [piece.splitlines()[-1] for piece in pieces]
    assert remarks == [b"%enrollcheck 1 / 3", b"%enrollcheck 2 / 3", b"%enrollcheck 3 / 3", b"%%EOF"]


def test_the_table_of_objects_says_where_each_of_them_is(campaign):
    content = b"".join(printing.form_pdf(some_classes(3), now=timezone.now()))
    begins = int(re.search(rb"startxref\n(\d+)\n%%EOF\n$", content)[1])
    first, *entries = content[begins:].splitlines()[1:]
    count = int(first.split()[1])
    assert entries[0] == b"0000000000 65535 f "
    for number, entry in enumerate(entries[1:count], start=1):
        assert content[int(entry[:10]) :].startswith(b"%d 0 obj\n" % number)
    assert len(re.findall(rb"^\d+ 0 obj$", content, re.M)) == count - 1


def test_readers_open_it_without_a_word(campaign, tmp_path, caplog):
    content = b"".join(printing.form_pdf(some_classes(3), now=timezone.now()))
    assert len(PdfReader(io.BytesIO(content), strict=True).pages) == 3
    assert [record for record in caplog.records if record.name.startswith("pypdf")] == []
    file = tmp_path / "form.pdf"
    file.write_bytes(content)
    for command in (["pdftotext", file, "-"], ["pdftoppm", "-r", "20", "-png", file, tmp_path / "page"]):
        read = subprocess.run([printed.tool(command[0]), *command[1:]], capture_output=True, check=True)
        assert read.stderr == b""


def test_what_broke_off_opens_nowhere(campaign, tmp_path):
    classes = some_classes(3)
    spoil(Declaration.objects.get(class_group=classes[2]))
    pieces, got = printing.form_pdf(classes, now=timezone.now()), []
    with pytest.raises(CannotDecrypt):
        got.extend(pieces)
    content = b"".join(got)
    assert content.endswith(b"%enrollcheck 2 / 3\n")
    with pytest.raises(PyPdfError):
        len(PdfReader(io.BytesIO(content)).pages)
    file = tmp_path / "half.pdf"
    file.write_bytes(content)
    assert subprocess.run([printed.tool("pdftotext"), file, "-"], capture_output=True, check=False).returncode


def test_the_database_is_asked_as_often_for_a_class_as_for_twenty(campaign):
    def queries(classes) -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            list(printing.form_pdf(classes, now=timezone.now()))
        return len(asked)

    classes = some_classes(AT_ONCE)
    for class_group in classes:
        for student in class_group.students.exclude(seat=1):
            stories.report(student, "major", chsi="机械工程", right="软件工程")
        stories.submit(class_group, class_group.students.get(seat=1))
    assert ClassSheet.objects.count() == AT_ONCE
    assert queries(classes) == queries(classes[:1]) == 4


def test_memory_stays_flat_however_many_classes_there_are(campaign):
    classes = some_classes(5, students=40)

    def peak(times: int) -> int:
        pieces = printing.form_pdf(classes * times, blank=True, now=timezone.now())
        tracemalloc.start()
        for _ in pieces:
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(1)
    # Twenty times the classes; of each only its places in the file and its bookmark are kept.
    assert peak(20) < 3 * peak(1)


def test_prints_at_the_same_time_do_not_mix(campaign):
    texts = ["".join(chr(0x4E00 + 300 * n + k) for k in range(300)) for n in range(4)]

    def draw(text: str) -> bytes:
        pen = Pen("题")
        for start in range(0, len(text), 30):
            pen.text(30, 800 - start, text[start : start + 30], 12)
        return pen.finish()

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(draw, texts * 3))
    read = ["".join(printed.pypdf_pages(content)[0].split()) for content in made]
    assert read == texts * 3
