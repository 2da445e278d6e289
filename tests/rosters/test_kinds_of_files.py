"""Files that other rosters' readers got wrong: each kind in every format where it can occur."""

import base64
import io
import re
import struct
import zipfile
from datetime import date, datetime

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from rosters import reading

from . import files, old_formats
from .test_formats import EXCHANGE, exchange_row, html

ROWS = [files.row(1), files.row(2), files.row(3)]
TABLE = files.table(ROWS)
SHEET = "xl/worksheets/sheet1.xml"
NAMES = [one["姓名"] for one in ROWS]
MAJOR = files.HEADINGS.index("专业名称")
BIRTH = files.HEADINGS.index("出生日期")


def read(content: bytes) -> reading.Reading:
    """Read a file under a name that tells nothing."""
    return reading.read(content, "roster")


def names(found: reading.Reading) -> list[str]:
    """Return the names that were read."""
    return [row.name for row in found.rows]


def places(found: reading.Reading) -> list[tuple]:
    """Return code, row and column of each problem."""
    return [(one.code, one.row, one.column) for one in found.problems]


def refusal(content: bytes) -> reading.Unreadable:
    """Return why a file is refused."""
    with pytest.raises(reading.Unreadable) as refused:
        read(content)
    return refused.value


def with_cell(cell, column: int = MAJOR) -> list[list]:
    """Return the table with one cell of the second student replaced."""
    return [*TABLE[:2], [*TABLE[2][:column], cell, *TABLE[2][column + 1 :]], *TABLE[3:]]


def strict(content: bytes) -> bytes:
    """Return the workbook in the strict dialect of the format."""
    source, target = zipfile.ZipFile(io.BytesIO(content)), io.BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        for name in source.namelist():
            xml = source.read(name)
            for what in (b"spreadsheetml", b"officeDocument"):
                xml = xml.replace(
                    b"http://schemas.openxmlformats.org/%s/2006/" % what,
                    b"http://purl.oclc.org/ooxml/%s/" % what,
                )
            made.writestr(name, xml)
    return target.getvalue()


def without_references(content: bytes) -> bytes:
    """Return the workbook with cells and rows that don't say where they are."""

    def change(xml: bytes) -> bytes:
        return re.sub(rb'(<(?:c|row)) r="\w+"', rb"\1", xml)

    return files.changed_part(content, SHEET, change)


def workbook(rows: list[list], change=None) -> bytes:
    """Return an xlsx file of these cells, changed by a function of its sheet."""
    book = Workbook()
    for cells in rows:
        book.active.append(cells)
    if change is not None:
        change(book.active)
    return files.saved(book)


# Errors of formulas -----------------------------------------------------------------------------------


def error_workbook() -> bytes:
    """Return a workbook with #N/A as the second student's major."""

    def change(sheet: Worksheet) -> None:
        cell = sheet.cell(3, MAJOR + 1)
        cell.value, cell.data_type = "#N/A", "e"

    return workbook(TABLE, change)


PREFIXED = (b'<c r="I3" t="e"><v>#N/A</v></c>', b"<c t = 'e' r='I3'><v>#REF!</v></c>")
ERRORS = {
    "xlsx": error_workbook(),
    "strict xlsx": strict(error_workbook()),
    "xlsx without places": without_references(error_workbook()),
    "xlsx with blanks in its tags": files.changed_part(
        error_workbook(), SHEET, lambda xml: files.replaced_cell(xml, "I3", PREFIXED[1])
    ),
    "xls": old_formats.xls(with_cell(("error", 42))),
    "xls, of a formula": old_formats.xls(with_cell(("formula error", 23))),
    "csv": files.csv(with_cell("#N/A")).encode(),
    "html": html(with_cell("#REF!")),
    "dbf": old_formats.dbf(
        EXCHANGE, [exchange_row(1), [*exchange_row(2)[:8], "#VALUE!", *exchange_row(2)[9:]]]
    ),
}


@pytest.mark.parametrize("content", ERRORS.values(), ids=ERRORS.keys())
def test_an_error_cell_is_an_error_in_every_format(content):
    found = read(content)
    (problem,) = (one for one in found.problems if one.code != "formula")
    assert (problem.code, problem.row, problem.column) == ("error_value", found.rows[1].row, "major")


# Times of day -----------------------------------------------------------------------------------------


def moment_in_xlsx(moment: datetime) -> bytes:
    return workbook(with_cell(moment, BIRTH))


def moment_in_xls(moment: datetime) -> bytes:
    serial = (moment - datetime(1899, 12, 30)).total_seconds() / 86_400
    return old_formats.xls(with_cell(("day", serial), BIRTH))


def moment_in_foxpro(moment: datetime) -> bytes:
    names_ = [(name, "T", 8) if name == "CSRQ" else (name, kind, width) for name, kind, width in EXCHANGE]
    day, seconds = (
        moment.date().toordinal() + 1_721_425,
        moment.hour * 3600 + moment.minute * 60 + moment.second,
    )
    rows = [exchange_row(number) for number in (1, 2)]
    for row in rows:
        row[3] = struct.pack("<ii", date(2007, 5, 6).toordinal() + 1_721_425, 0)
    rows[1][3] = struct.pack("<ii", day, seconds * 1000)
    return old_formats.dbf(names_, rows, version=0x30)


MOMENTS = {
    "xlsx": moment_in_xlsx,
    "strict xlsx": lambda moment: strict(moment_in_xlsx(moment)),
    "xls": moment_in_xls,
    "dbf": moment_in_foxpro,
}


@pytest.mark.parametrize("write", MOMENTS.values(), ids=MOMENTS.keys())
@pytest.mark.parametrize("moment", [datetime(2007, 5, 5, 23, 59, 17), datetime(2007, 5, 6, 0, 0, 43)])
def test_a_date_some_seconds_off_midnight_is_the_day_that_is_meant(write, moment):
    found = read(write(moment))

    assert found.rows[1].birth_date == date(2007, 5, 6)
    assert places(found) == [("rounded_time", 3, "birth_date")]


@pytest.mark.parametrize("write", MOMENTS.values(), ids=MOMENTS.keys())
@pytest.mark.parametrize("moment", [datetime(2007, 5, 5, 16, 0, 0), datetime(2007, 5, 6, 0, 1, 0)])
def test_any_other_time_of_day_in_a_date_of_birth_is_an_error(write, moment):
    found = read(write(moment))

    assert found.rows[1].birth_date is None
    assert places(found) == [("time_of_day", 3, "birth_date")]


# dBASE and FoxPro -------------------------------------------------------------------------------------

PEOPLE = [exchange_row(1), exchange_row(2), exchange_row(3)]


@pytest.mark.parametrize("department", ["电子系", "信息学院", "信息工程系"])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_dbf_is_read_in_utf_8_and_in_gb18030(encoding, department):
    rows = [exchange_row(number, second=department) for number in (1, 2, 3)]

    found = read(old_formats.dbf(EXCHANGE, rows, encoding))

    assert [(row.name, row.department_name) for row in found.rows] == [(name, department) for name in NAMES]
    assert found.problems == []


def test_columns_of_foxpro_that_the_roster_does_not_need_do_no_harm():
    more = [("NJ", "I", 4), ("LRSJ", "T", 8), ("XF", "B", 8), ("XFY", "Y", 8), ("BZ", "M", 4), ("ZP", "G", 4)]
    bytes_ = [
        b"\xe4\x07\x00\x00",
        b"\x81\xff\xfe\x00\x00\x81\x00\x00",
        bytes(8),
        b"\xff" * 8,
        b"\xc9\0\0\0",
        b"\xff" * 4,
    ]
    table = old_formats.dbf(
        [*EXCHANGE, *more], [[*row, *bytes_] for row in PEOPLE], version=0x30, flags=b"\xff"
    )

    found = read(table)

    assert names(found) == NAMES
    assert found.problems == []
    assert found.sheets[0].header.unknown == ["RXRQ", "NJ", "LRSJ", "XF", "XFY", "BZ", "ZP"]


def test_a_memo_that_the_roster_needs_is_an_error_at_its_cell():
    fields = [("ZYMC", "M", 4) if name == "ZYMC" else (name, kind, width) for name, kind, width in EXCHANGE]
    row = [*PEOPLE[0]]
    row[8] = b"\xc9\0\0\0"

    assert places(read(old_formats.dbf(fields, [row], version=0x30))) == [("undecoded", 2, "major")]


def varchar(text: str, width: int) -> bytes:
    """Return a text as FoxPro stores one shorter than its field."""
    raw = text.encode("gb18030")
    return raw.ljust(width - 1, b"\0") + bytes([len(raw)])


def test_a_varchar_ends_at_its_length_unless_it_fills_its_field():
    fields = [(name, "V" if name in ("XM", "SFZH") else kind, width) for name, kind, width in EXCHANGE]
    row = [*PEOPLE[0]]
    row[0] = varchar(row[0], 30)  # its bit is set; that of the ID number, which fills its field, is not

    found = read(old_formats.dbf(fields, [row], version=0x32, flags=b"\x01"))

    assert [(one.name, one.id_number) for one in found.rows] == [(PEOPLE[0][0], PEOPLE[0][4])]
    assert found.problems == []


@pytest.mark.parametrize("written", [(0, 0, 0), (126, 0, 15)])
def test_a_dbf_whose_head_has_no_date_is_read(written):
    assert names(read(old_formats.dbf(EXCHANGE, PEOPLE, written=written))) == NAMES


def test_records_beyond_those_that_the_head_counts_are_named():
    found = read(old_formats.dbf(EXCHANGE, PEOPLE, count=1))

    assert names(found) == NAMES[:1]
    (problem,) = found.problems
    assert (problem.code, problem.level, problem.details) == ("records_beyond", "warning", {"count": 2})


def test_records_that_are_marked_as_deleted_are_counted():
    content = old_formats.dbf(EXCHANGE, PEOPLE)
    start = content.index(NAMES[1].encode("gb18030")) - 1
    found = read(content[:start] + b"*" + content[start + 1 :])

    assert names(found) == [NAMES[0], NAMES[2]]
    assert [(one.code, one.details) for one in found.problems] == [("deleted_records", {"count": 1})]


@pytest.mark.parametrize(("encoding", "width"), [("gb18030", 5), ("utf-8", 7)])
def test_a_name_that_its_field_cuts_inside_a_character_is_an_error_at_its_cell(encoding, width):
    fields = [(name, kind, width if name == "XM" else size) for name, kind, size in EXCHANGE]
    rows = [["张测一二", *PEOPLE[0][1:]], ["李测", *PEOPLE[1][1:]]]

    found = read(old_formats.dbf(fields, rows, encoding))

    assert [row.name for row in found.rows] == ["", "李测"]
    assert places(found) == [("cut_text", 2, "name")]


def test_a_dbf_in_an_unknown_encoding_is_refused():
    rows = [[b"\xff\xf6m".ljust(30), *row[1:7], b"\xff\xe9".ljust(20), *row[8:]] for row in PEOPLE]
    rows = [[*row[:8], b"\xff\xe9".ljust(40), b"\xff\xe9".ljust(20), *row[10:]] for row in rows]

    assert refusal(old_formats.dbf(EXCHANGE, rows)).code == "encoding"


# Encodings and marks ----------------------------------------------------------------------------------

TEXT = files.csv(TABLE)
ENCODED = {
    "two marks": b"\xef\xbb\xbf" * 2 + TEXT.encode(),
    "two marks of utf-16": ("\ufeff" * 2 + TEXT).encode("utf-16-le"),
    "utf-16 without mark": TEXT.encode("utf-16-le"),
    "utf-16 big end without mark": TEXT.encode("utf-16-be"),
    "utf-32": TEXT.encode("utf-32"),
    "html with two marks": b"\xef\xbb\xbf" * 2 + html(TABLE),
    "html in utf-16 without mark": html(TABLE).decode().encode("utf-16-le"),
}


@pytest.mark.parametrize("content", ENCODED.values(), ids=ENCODED.keys())
def test_marks_and_utf_16_are_told(content):
    found = read(content)

    assert names(found) == NAMES
    assert found.problems == []


BIG5_ROWS = [
    ["XM", "XB", "MZ", "XH", "XSH", "BH"],
    *(
        ["陳" + name, "男", "漢族", f"2026{number}", "資訊工程系", "軟體一班"]
        for number, name in enumerate("明華國強美玲")
    ),
]


@pytest.mark.parametrize(
    "content",
    [
        files.csv(BIG5_ROWS).encode("big5"),
        html(BIG5_ROWS).decode().replace("级新生名册", "級名冊").encode("big5"),
        old_formats.dbf([(one, "C", 20) for one in BIG5_ROWS[0]], BIG5_ROWS[1:], "big5"),
    ],
    ids=["csv", "html", "dbf"],
)
def test_big5_is_refused_and_never_mojibake(content):
    assert refusal(content).code == "big5"


def test_rare_hanzi_of_gb18030_are_no_big5():
    rows = [files.row(1, 姓名="王䶮"), files.row(2, 姓名="𠮷喆堃"), files.row(3, 姓名="镕㛃")]

    assert names(read(files.csv(files.table(rows)).encode("gb18030"))) == ["王䶮", "𠮷喆堃", "镕㛃"]


def unseen(headings: list[str]) -> list[str]:
    """Return headings with characters in them that nobody sees."""
    return ["\ufeff" + headings[0], *("\u200b".join(one) + "\u200e" for one in headings[1:])]


HEADED = [unseen(list(TABLE[0])), *TABLE[1:]]
UNSEEN = {
    "xlsx": files.xlsx(HEADED),
    "xls": old_formats.xls(HEADED),
    "csv": files.csv(HEADED).encode(),
    "html": html(HEADED),
    "dbf": old_formats.dbf([("XM\u200b", "C", 30), *EXCHANGE[1:]], PEOPLE, "utf-8"),
}


@pytest.mark.parametrize("content", UNSEEN.values(), ids=UNSEEN.keys())
def test_characters_that_nobody_sees_hide_no_heading(content):
    found = read(content)

    assert names(found) == NAMES
    assert found.problems == []


# Other containers -------------------------------------------------------------------------------------


def renamed(content: bytes, change) -> bytes:
    """Return the workbook with its parts under other names."""
    source, target = zipfile.ZipFile(io.BytesIO(content)), io.BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        for name in source.namelist():
            made.writestr(change(name), source.read(name))
    return target.getvalue()


@pytest.mark.parametrize(
    "change",
    [
        lambda name: name.replace("/", "\\"),
        lambda name: name.replace("workbook.xml", "Workbook.xml").replace("sheet1", "Sheet1"),
        str.upper,
    ],
    ids=["backslashes", "another case", "capitals"],
)
def test_a_workbook_is_read_however_its_archive_writes_names(change):
    found = read(renamed(error_workbook(), change))

    assert names(found) == NAMES
    assert places(found) == [("error_value", 3, "major")]


def test_a_workbook_with_a_part_twice_is_refused():
    target = io.BytesIO(files.xlsx(TABLE))
    with zipfile.ZipFile(target, "a") as made:
        made.writestr("xl/worksheets/SHEET1.xml", "<worksheet><sheetData/></worksheet>")

    assert refusal(target.getvalue()).code == "truncated"


@pytest.mark.parametrize("stream", ["WORKBOOK", "Book"])
def test_an_xls_is_read_however_its_stream_is_written(stream):
    found = read(old_formats.xls(with_cell(("error", 42)), stream=stream))

    assert names(found) == NAMES
    assert places(found) == [("error_value", 3, "major")]


@pytest.mark.parametrize("stream", ["Book", "Workbook"])
def test_excel_95_is_refused_with_the_way_out(stream):
    refused = refusal(old_formats.xls(TABLE, stream=stream, version=0x0500))

    assert refused.code == "excel_95"
    assert refused.sentence.endswith("save it as “Excel workbook (*.xlsx)”.")


@pytest.mark.parametrize("beginning", [b"", b"\xef\xbb\xbf", b"\r\n"])
def test_a_web_archive_is_refused_with_the_way_out(beginning):
    letter = (
        b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n--x\r\n"
        b"Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    )
    refused = refusal(beginning + letter + base64.encodebytes(html(TABLE)) + b"--x--")

    assert refused.code == "web_archive"
    assert refused.sentence.endswith("save it as “Excel workbook (*.xlsx)”.")


# Web pages --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("space", ["\r\n   ", "\n", "\t", "\f", "&nbsp; "])
def test_white_space_of_a_pages_source_is_one_space(space):
    rows = [files.row(1, 姓名=f"MUHAMMAD{space}KHAN", 班级=f"软件{space}2601班")]

    (row,) = read(html(files.table(rows))).rows
    assert (row.name, row.class_name) == ("MUHAMMAD KHAN", "软件 2601班")


def test_a_line_break_that_a_page_shows_stays_one():
    assert places(read(html(files.table([files.row(1, 班级="软件<br>2601班")])))) == [
        ("control", 2 + 1, "class_name")
    ]


def test_the_last_cell_of_a_page_that_ends_early_is_read():
    page = html(TABLE).decode()
    found = read(page[: page.rindex("</td>")].encode())

    assert names(found) == NAMES
    assert found.problems == []


REFERENCES = {
    "csv": files.csv(files.table([files.row(1, 姓名="王&#17646;"), files.row(2)])).encode(),
    "xlsx": files.roster(files.row(1, 姓名="王&#x44EE;"), files.row(2)),
    "xls": old_formats.xls(files.table([files.row(1, 姓名="王&#17646;"), files.row(2)])),
    "dbf": old_formats.dbf(EXCHANGE, [["王&#17646;", *PEOPLE[0][1:]], PEOPLE[1]]),
    "html, twice": html(files.table([files.row(1, 姓名="王&amp;#17646;"), files.row(2)])),
}


@pytest.mark.parametrize("content", REFERENCES.values(), ids=REFERENCES.keys())
def test_a_character_written_as_html_does_is_the_character_with_a_warning(content):
    found = read(content)

    assert names(found) == ["王䓮", NAMES[1]]
    assert [(one.code, one.level, one.column) for one in found.problems] == [
        ("character_reference", "warning", "name")
    ]


def test_an_ampersand_that_is_no_reference_stays():
    assert names(read(files.roster(files.row(1, 姓名="A&B;C &x; &#;")))) == ["A&B;C &x; &#;"]


# Hidden rows ------------------------------------------------------------------------------------------


def hidden_workbook() -> bytes:
    def change(sheet: Worksheet) -> None:
        sheet.row_dimensions[2].hidden = sheet.row_dimensions[4].hidden = True
        sheet.row_dimensions[9].hidden = True

    return workbook(TABLE, change)


def hidden_page() -> bytes:
    page = html(TABLE).decode().split("<tr>")
    return (
        "<tr>".join(page[:3])
        + "<tr style='display: none'>"
        + "<tr height=0 hidden>".join(page[3:5])
        + "<tr>"
        + page[5]
    ).encode()


HIDDEN = {
    "xlsx": hidden_workbook(),
    "strict xlsx": strict(hidden_workbook()),
    "xlsx without places": without_references(hidden_workbook()),
    "xls": old_formats.xls(TABLE, hidden_rows=(1, 3)),
    "html": hidden_page(),
}


@pytest.mark.parametrize("content", HIDDEN.values(), ids=HIDDEN.keys())
def test_students_in_hidden_rows_are_imported_and_counted(content):
    found = read(content)

    assert names(found) == NAMES
    assert [(one.code, one.level, one.details) for one in found.problems] == [
        ("hidden_rows", "warning", {"count": 2})
    ]
