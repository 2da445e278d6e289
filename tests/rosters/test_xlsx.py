"""The fast writer of workbooks, read back by openpyxl and by calamine."""

import io
from datetime import date, datetime
from decimal import Decimal

import openpyxl
import pytest
import python_calamine
from django.utils import timezone

from rosters.xlsx import Book, as_written

ROW = (
    "王𠮷 <&>\n",
    "007",
    12,
    Decimal("2.5"),
    date(2026, 12, 22),
    datetime(2026, 12, 22, 23, 59),
    None,
    True,
)
FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\tx", "＝1＋1", "＋1", "－1", "＠SUM", '=HYPERLINK("http://x")')


def book(*rows) -> bytes:
    made = Book()
    made.sheet("一", ["甲", "乙"], [10, 20], rows)
    made.sheet("二 & 三", ["丙"], [8], [("x",)])
    return made.content()


def test_values_come_back_as_what_they_are():
    read = openpyxl.load_workbook(io.BytesIO(book(ROW)))
    assert read.sheetnames == ["一", "二 & 三"]
    sheet = read["一"]
    assert [cell.value for cell in sheet[2]] == [
        "王𠮷 <&>\n", "007", 12, 2.5, datetime(2026, 12, 22), datetime(2026, 12, 22, 23, 59), None, True,
    ]  # fmt: skip
    assert sheet.freeze_panes == "A2"
    assert sheet.column_dimensions["B"].width == 20
    assert sheet["A1"].font.b
    assert sheet["E2"].is_date


def test_another_reader_reads_it_too():
    sheet = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(book(ROW))).get_sheet_by_index(0)
    assert sheet.to_python()[1][:5] == ["王𠮷 <&>\n", "007", 12.0, 2.5, date(2026, 12, 22)]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_is_a_formula(text):
    cell = openpyxl.load_workbook(io.BytesIO(book((text,))))["一"]["A2"]
    assert (cell.value, cell.data_type) in ((text, "s"), (text, "inlineStr"))
    assert cell.quotePrefix


def test_what_xml_cannot_hold_is_left_out():
    assert openpyxl.load_workbook(io.BytesIO(book(("a\x00b\x1fc\ufffe",))))["一"]["A2"].value == "abc"


def test_a_moment_with_a_time_zone_and_an_unknown_kind_are_refused():
    with pytest.raises(ValueError, match="time zones"):
        book((timezone.now(),))
    with pytest.raises(TypeError):
        book(({"a": 1},))


@pytest.mark.parametrize("text", ["_x0041_", "a_x000D_b", "_x005F_x0041_", "_xyz_", "王_x4E00_"])
def test_a_text_that_looks_like_an_escape_comes_back_as_it_is(text):
    content = book((text,))
    assert openpyxl.load_workbook(io.BytesIO(content))["一"]["A2"].value == escaped_once(text)
    rows = (
        python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    )
    assert rows[1][0] == text


def escaped_once(text: str) -> str:
    """Return what openpyxl reads: unlike Excel and calamine, it leaves the escapes as they are."""
    return as_written(text)
