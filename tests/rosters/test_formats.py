"""Every format that is read, told by its content; and every one that is refused, with a sentence."""

import io
import zipfile
from datetime import date

import pytest
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from rosters import reading
from tests import factories

from . import files, old_formats

ROWS = [files.row(1), files.row(2, 姓名="王䶮"), files.row(3, 姓名="阿依古丽·买买提")]
TABLE = files.table(ROWS)
EXPECTED = [(one["学号"], one["姓名"], one["身份证号"]) for one in ROWS]


def people(content: bytes) -> list[tuple]:
    """Read a file under a name that tells nothing; return number, name and ID number of its rows."""
    found = reading.read(content, "file.dat")
    assert found.problems == []
    return [(row.student_number, row.name, row.id_number) for row in found.rows]


TEXT = files.csv(TABLE)
TEXTS = {
    "utf-8": TEXT.encode(),
    "utf-8 with mark": TEXT.encode("utf-8-sig"),
    "gb18030": TEXT.encode("gb18030"),
    "utf-16": TEXT.encode("utf-16"),
    "utf-16 big end": b"\xfe\xff" + TEXT.encode("utf-16-be"),
    "semicolons": files.csv(TABLE, ";").encode(),
    "tabs": files.csv(TABLE, "\t").encode("gb18030"),
    "lone line feeds": TEXT.replace("\r\n", "\n").encode(),
}


@pytest.mark.parametrize("content", TEXTS.values(), ids=TEXTS.keys())
def test_text_is_read_in_every_encoding_and_with_every_delimiter(content):
    assert people(content) == EXPECTED


def test_a_text_in_no_known_encoding_is_refused_not_guessed():
    with pytest.raises(reading.Unreadable) as refused:
        reading.read("姓名,学号,班级\nÅngström,1,2\n".encode("latin-1", "ignore") + b"\xff\xff", "x.csv")
    assert refused.value.code == "encoding"


def test_a_quoted_cell_may_hold_the_delimiter():
    content = TEXT.replace("软件工程（卓越班）", '"软件工程,卓越班"').encode()

    assert {row.major for row in reading.read(content, "x.csv").rows} == {"软件工程,卓越班"}


def test_an_open_quotation_mark_is_refused():
    with pytest.raises(reading.Unreadable) as refused:
        reading.read(('姓名,学号,班级\n"' + "王某,1,2\n" * 10_000).encode(), "x.csv")
    assert refused.value.code == "quotation"


def test_xlsx_is_read():
    assert people(files.xlsx(TABLE)) == EXPECTED


def test_xlsm_is_read_for_its_values_only():
    source, target = zipfile.ZipFile(io.BytesIO(files.xlsx(TABLE))), io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for name in source.namelist():
            content = source.read(name).replace(
                b"spreadsheetml.sheet.main+xml", b"ms-excel.sheet.macroEnabled.main+xml"
            )
            made.writestr(name, content)
        made.writestr("xl/vbaProject.bin", b"macro")
    assert people(target.getvalue()) == EXPECTED


def test_xls_is_read():
    assert people(old_formats.xls(TABLE)) == EXPECTED


@pytest.mark.parametrize(("from_1904", "serial"), [(False, 39208), (True, 39208 - 1462)])
def test_date_cells_of_both_date_systems_of_xls_are_read(from_1904, serial):
    headings, first = TABLE[0], list(TABLE[1])
    first[headings.index("出生日期")] = ("day", serial)

    (row,) = reading.read(old_formats.xls([headings, first], days_from_1904=from_1904), "x").rows
    assert row.birth_date == date(2007, 5, 6)


@pytest.mark.parametrize("epoch", [None, CALENDAR_MAC_1904])
def test_date_cells_of_both_date_systems_of_xlsx_are_read(epoch):
    book = Workbook()
    if epoch:
        book.epoch = epoch
    for cells in files.table([files.row(1, 出生日期=date(2007, 5, 6))]):
        book.active.append(cells)

    (row,) = reading.read(files.saved(book), "x").rows
    assert row.birth_date == date(2007, 5, 6)


EXCHANGE = [
    ("XM", "C", 30),
    ("XB", "C", 2),
    ("MZ", "C", 2),
    ("CSRQ", "C", 8),
    ("SFZH", "C", 18),
    ("XH", "C", 12),
    ("FY", "C", 20),
    ("XSH", "C", 20),
    ("ZYMC", "C", 40),
    ("BH", "C", 20),
    ("CC", "C", 20),
    ("XZ", "N", 3),
    ("RXRQ", "C", 8),
]


def exchange_row(number: int, first: str = "", second: str = "信息工程系") -> list[str]:
    """Return a row of the exchange platform's table."""
    one = files.row(number)
    return [
        one["姓名"],
        "1",
        "01",
        "20070506",
        one["身份证号"],
        one["学号"],
        first,
        second,
        "软件工程",
        "软件2601班",
        "本科",
        "4",
        "20260901",
    ]


def test_dbf_is_read_with_the_exchange_platforms_columns_and_codes():
    found = reading.read(old_formats.dbf(EXCHANGE, [exchange_row(1), exchange_row(2)]), "x.dbf")

    assert [(row.row, row.name, row.sex, row.ethnicity, row.birth_date) for row in found.rows] == [
        (2, factories.name(1), "男", "汉族", date(2007, 5, 6)),
        (3, factories.name(2), "男", "汉族", date(2007, 5, 6)),
    ]
    assert [(row.department_name, row.class_name, str(row.duration)) for row in found.rows] == [
        ("信息工程系", "软件2601班", "4")
    ] * 2
    assert found.sheets[0].header.unknown == ["RXRQ"]
    assert found.problems == []


def test_the_department_is_xsh_and_where_that_is_empty_fy():
    rows = [exchange_row(1, "分院", "信息工程系"), exchange_row(2, "分院", "")]

    found = reading.read(old_formats.dbf(EXCHANGE, rows), "x.dbf")

    assert [row.department_name for row in found.rows] == ["信息工程系", "分院"]


HTML = """<html><head><meta charset="{encoding}"><style>td {{ mso-number-format: "\\@" }}</style></head>
<body><table border=1><tr><td colspan="12">2026级新生名册</td></tr>{rows}</table></body></html>"""


def html(rows: list[list], encoding: str = "utf-8") -> bytes:
    """Return a page as student systems save it under the ending .xls."""
    lines = ("<tr>" + "".join(f"<td>{cell}&nbsp;</td>" for cell in row) + "</tr>" for row in rows)
    return HTML.format(encoding=encoding, rows="\n".join(lines)).encode(encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_an_html_table_saved_as_xls_is_read(encoding):
    assert people(html(TABLE, encoding)) == EXPECTED


def test_a_class_cell_over_several_rows_of_an_html_table_is_filled_down():
    headings = ["班级", "系部", "姓名", "学号"]
    page = (
        "<table><tr>"
        + "".join(f"<th>{heading}</th>" for heading in headings)
        + "</tr><tr><td rowspan=2>软件2601班</td><td rowspan=2>信息工程系</td><td>甲</td><td>1</td></tr>"
        + "<tr><td>乙</td><td>2</td></tr>"
        + "<tr><td>软件2602班</td><td>信息工程系</td><td>丙</td><td>3</td></tr></table>"
    )

    found = reading.read(page.encode(), "x.xls")

    assert [(row.name, row.class_name, row.department_name) for row in found.rows] == [
        ("甲", "软件2601班", "信息工程系"),
        ("乙", "软件2601班", "信息工程系"),
        ("丙", "软件2602班", "信息工程系"),
    ]


def archive(**members: str) -> bytes:
    """Return a zip archive of these members."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        for name, content in members.items():
            made.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return target.getvalue()


SPREADSHEET_XML = '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>'
STRANGERS = {
    "nothing": (b"", "empty"),
    "blank lines": (b"\r\n \r\n", "empty"),
    "png": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "a_picture"),
    "jpeg": (b"\xff\xd8\xff\xe0" + bytes(range(256)), "a_picture"),
    "pdf": (b"%PDF-1.7\n" + bytes(range(256)), "a_pdf"),
    "rar": (b"Rar!\x1a\x07\x01\x00\xff\xff", "an_archive"),
    "zip": (archive(readme_dot_txt="hello"), "an_archive"),
    "ods": (
        archive(mimetype="application/vnd.oasis.opendocument.spreadsheet", content_dot_xml="<x/>"),
        "open_document",
    ),
    "xlsb": (archive(xl__workbook_dot_bin="x"), "another_format"),
    "xml of 2003": (SPREADSHEET_XML.encode(), "spreadsheet_xml"),
    "page without table": (b"<html><body>Please log in</body></html>", "no_table"),
    "word": (old_formats.ole("WordDocument", bytes(4096)), "another_format"),
    "protected": (old_formats.ole("EncryptedPackage", bytes(4096)), "password"),
    "half a workbook": (files.xlsx(TABLE)[:2000], "truncated"),
    "half an xls": (old_formats.xls(TABLE)[:1500], "truncated"),
    "half a dbf": (old_formats.dbf(EXCHANGE, [exchange_row(1)] * 9)[:-300], "truncated"),
}


@pytest.mark.parametrize(("content", "code"), STRANGERS.values(), ids=STRANGERS.keys())
def test_what_is_not_read_is_refused_with_a_sentence(content, code):
    with pytest.raises(reading.Unreadable) as refused:
        reading.read(content, "roster.xlsx")
    assert refused.value.code == code
    assert "%" not in refused.value.sentence


def test_other_formats_are_told_what_to_save_as():
    with pytest.raises(reading.Unreadable) as refused:
        reading.read(STRANGERS["ods"][0], "roster.ods")
    assert "*.xlsx" in refused.value.sentence
