"""Hostile files: each gets a sentence, in less than 20 seconds, and this process neither grows nor falls."""

import io
import resource
import time
import zipfile

import pytest

from rosters import guard, importing, planning, reading
from rosters.models import Student

from . import files, old_formats

TABLE = files.table([files.row(1), files.row(2)])
SHEET = "xl/worksheets/sheet1.xml"
SECONDS = 20
GROWTH = 100 * 1024  # in kB: what this process may grow by while the child does the work


def read(content: bytes) -> reading.Reading:
    """Read a file, and hold the reading to its time and to this process's memory."""
    begun, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        return reading.read(content, "roster.xlsx")
    finally:
        assert time.monotonic() - begun < SECONDS
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < GROWTH


def refusal(content: bytes) -> str:
    """Return the code with which a file is refused."""
    with pytest.raises(reading.Unreadable) as refused:
        read(content)
    assert refused.value.sentence
    return refused.value.code


def with_sheet(change) -> bytes:
    """Return a good workbook with its sheet's XML changed."""
    return files.changed_part(files.xlsx(TABLE), SHEET, change)


def test_a_zip_bomb_is_stopped_while_it_inflates():
    target = io.BytesIO(files.xlsx(TABLE))
    with zipfile.ZipFile(target, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as made:
        made.writestr("xl/media/bomb.xml", bytes(260 * 1024 * 1024))
    assert len(target.getvalue()) < 2 * 1024 * 1024
    assert refusal(target.getvalue()) == "too_large_inside"


def test_a_value_in_the_last_cell_of_all_is_named():
    def change(xml: bytes) -> bytes:
        row = b'<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c></row></sheetData>'
        return xml.replace(b"</sheetData>", row)

    with pytest.raises(reading.Unreadable) as refused:
        read(with_sheet(change))
    assert refused.value.code == "far_cell"
    assert "XFD1048576" in refused.value.sentence


def test_a_value_far_out_that_no_scan_finds_kills_the_child_only():
    def change(xml: bytes) -> bytes:
        row = b'<row r="1048576"><c r="ZZ1048576" t="inlineStr"><is><t>x</t></is></c></row></sheetData>'
        return xml.replace(b"</sheetData>", row)

    assert refusal(with_sheet(change)) == "too_much_memory"


def test_a_million_painted_empty_rows_are_imported_or_refused_with_advice():
    def change(xml: bytes) -> bytes:
        rows = b'<row><c s="0"/><c s="0"/></row>' * 1_000_000
        return xml.replace(b"</sheetData>", rows + b"</sheetData>")

    assert len(read(with_sheet(change)).rows) == 2


@pytest.mark.parametrize("dimension", [b"A1", b"A1:B1", b"A1:XFD1048576"])
def test_a_wrong_dimension_loses_no_row(dimension):
    def change(xml: bytes) -> bytes:
        start = xml.index(b'<dimension ref="') + len(b'<dimension ref="')
        return xml[:start] + dimension + xml[xml.index(b'"', start) :]

    assert len(read(with_sheet(change)).rows) == 2


LAUGHS = b'<!DOCTYPE x [<!ENTITY a "haha">' + b"".join(
    b'<!ENTITY %c "%s">' % (98 + n, (b"&%c;" % (97 + n)) * 10) for n in range(9)
)
OUTSIDE = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">'


@pytest.mark.parametrize("declaration", [LAUGHS, OUTSIDE], ids=["billion laughs", "external entity"])
@pytest.mark.parametrize("part", [SHEET, "xl/workbook.xml", "xl/styles.xml"])
def test_entities_are_never_expanded(declaration, part):
    def change(xml: bytes) -> bytes:
        head, _, rest = xml.rpartition(b"?>")
        return head + (b"?>" if head else b"") + declaration + b"]>" + rest

    assert refusal(files.changed_part(files.xlsx(TABLE), part, change)) == "declaration"


@pytest.mark.parametrize("declaration", [LAUGHS, OUTSIDE], ids=["billion laughs", "external entity"])
def test_entities_of_an_html_page_are_text(declaration):
    rows = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in TABLE)
    page = declaration + b"]>" + f"<table>{rows}</table>".replace(TABLE[1][1], "&a;&j;").encode()

    assert read(page).rows[0].name == "&a;&j;"


def test_a_huge_row_span_fills_no_memory():
    page = (
        "<table><tr><td rowspan=99999 colspan=99999>x</td></tr>" + "<tr><td>y</td></tr>" * 5_000 + "</table>"
    )

    assert [one.code for one in read(page.encode()).problems] == ["no_roster"]


def test_two_hundred_megabytes_are_refused_unread():
    assert refusal(bytes(200 * 1024 * 1024)) == "too_large"


HEADING = "姓名,学号,班级,系部\n".encode()


@pytest.mark.parametrize("heading", [HEADING, b""], ids=["a heading", "no heading"])
@pytest.mark.parametrize("line", [b"1,2,3,\n", b"1\n", "王某,2,3,4\n".encode("gb18030")])
def test_a_csv_of_four_million_lines_is_refused(heading, line):
    content = heading if line[0] < 0x80 else heading.decode().encode("gb18030")
    content += line * min(4_000_000, (reading.LARGEST_FILE - len(content)) // len(line))

    assert refusal(content) == "too_many_rows"


def test_a_roster_has_no_more_rows_than_the_limit(monkeypatch):
    monkeypatch.setattr(reading, "MOST_ROWS", 2_000)
    lines = [f"王某,{number},班,系\n".encode() for number in range(reading.MOST_ROWS + 1)]

    assert len(read(HEADING + b"".join(lines[:-1])).rows) == reading.MOST_ROWS
    assert refusal(HEADING + b"".join(lines)) == "too_many_rows"


def test_a_child_that_is_ended_at_any_moment_is_a_refusal(monkeypatch):
    """Also in the middle of a line; a quick machine may have read all of it before the later moments."""
    content = HEADING + "".join(f"王某,{number},班,系\n" for number in range(200_000)).encode()
    found = set()
    for seconds in (0.05, 0.15, 0.25, 0.4, 0.6):
        monkeypatch.setattr(guard, "WALL_SECONDS", seconds)
        try:
            found.add(len(read(content).rows))
        except reading.Unreadable as error:
            found.add(error.code)
    assert "too_much_memory" in found
    assert found <= {"too_much_memory", 200_000}


@pytest.mark.parametrize(("cells", "code"), [(700, "too_many_cells"), (50, "read")])
def test_cells_full_of_text_are_not_held_in_memory(cells, code):
    text = "x" * 32_000
    row = b"<row>" + b'<c t="inlineStr"><is><t>%s</t></is></c>' % text.encode() * cells + b"</row>"

    content = with_sheet(lambda xml: xml.replace(b"</sheetData>", row * (1_400 // cells) + b"</sheetData>"))
    if code == "too_many_cells":
        assert refusal(content) == code
    else:
        assert len(read(content).rows) > 2


def test_a_deep_page_is_no_stack_overflow():
    assert refusal(b"<table><tr><td>" * 20_000) == "too_many_sheets"


def test_a_record_of_an_xls_that_lies_about_its_length_is_refused():
    content = old_formats.xls(TABLE)
    place = content.index(b"\x85\x00", 4096)
    assert refusal(content[: place + 2] + b"\xff\xff" + content[place + 4 :]) in (
        "truncated",
        "too_much_memory",
    )


@pytest.mark.parametrize(
    ("character", "code"),
    [("\x00", "control"), ("\x07", "control"), ("\u202e", "bidirectional"), ("\u2066", "bidirectional")],
)
@pytest.mark.parametrize(
    ("heading", "column"), [("姓名", "name"), ("班级", "class_name"), ("身份证号", "id_number")]
)
def test_control_and_bidirectional_characters_refuse_the_cell(campaign, character, code, heading, column):
    row = files.row(1)
    row[heading] = row[heading][:2] + character + row[heading][2:]
    plan = planning.plan(campaign, reading.read(files.csv(files.table([row])).encode(), "x.csv"))

    assert (code, 2, column) in [(one.code, one.row, one.column) for one in plan.errors]


@pytest.mark.parametrize("name", ['=HYPERLINK("http://x")', "<script>alert(1)</script>", "+1", "@x", "-王"])
def test_names_that_are_code_elsewhere_are_kept_as_text(campaign, name):
    content = files.csv(files.table([files.row(1)])).replace(
        files.row(1)["姓名"], '"' + name.replace('"', '""') + '"'
    )
    plan = planning.plan(campaign, reading.read(content.encode(), "x.csv"))
    importing.apply(plan, now=campaign.created_at)

    assert Student.objects.get().name == name


@pytest.mark.parametrize("class_name", ["软件/网络2601", "../../etc/passwd", "..", "a\\b"])
def test_class_names_like_paths_are_names(campaign, class_name):
    plan = planning.plan(campaign, reading.read(files.roster(files.row(1, 班级=class_name)), "x"))

    assert plan.problems == []
    assert plan.places[0].class_name == class_name


def test_a_class_name_with_a_line_break_is_refused_with_its_cell(campaign):
    plan = planning.plan(campaign, reading.read(files.roster(files.row(1, 班级="软件\n2601")), "x"))

    assert [(one.code, one.row, one.column) for one in plan.problems] == [("control", 2, "class_name")]


def test_the_child_knows_no_key(monkeypatch, tmp_path):
    """The child's environment is empty: what runs there could not tell a key even if it were taken over."""
    seen = {}

    class Stop(Exception):
        pass

    def popen(command, **options):
        seen.update(options)
        raise Stop

    monkeypatch.setattr("rosters.guard.subprocess.Popen", popen)
    with pytest.raises(Stop):
        reading.read(b"x", "x")
    assert seen["env"] == {}
