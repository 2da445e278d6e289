"""The office's own workbook given back: what was in it, and a comment on each faulty cell."""

import io

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment

from rosters import marking, planning, reading

from . import files, old_formats

ROWS = [files.row(1), files.row(2, 出生日期="01/02/05"), files.row(3, 民族="火星族", 姓名="")]


def marked(campaign, content: bytes):
    """Return the marked workbook of a file's plan."""
    plan = planning.plan(campaign, reading.read(content, "roster"))
    return load_workbook(io.BytesIO(marking.marked(content, plan.reading, plan.problems)))


def comments(sheet) -> dict[str, str]:
    """Return the comments of a sheet by cell."""
    return {cell.coordinate: cell.comment.text for row in sheet.iter_rows() for cell in row if cell.comment}


def test_faulty_cells_are_painted_and_say_why_and_nothing_else_changes(campaign):
    content = files.roster(*ROWS)
    book = marked(campaign, content)
    sheet = book["名册"]

    found = comments(sheet)
    assert set(found) == {"E3", "B4", "D4"}
    assert found["E3"] == "This date can be read in more than one way. Write it as 2007-03-05."
    assert sheet["E3"].fill.fgColor.rgb == "00FFC7C7"
    assert sheet["D4"].fill.fgColor.rgb == "00FFEB9C"
    before = load_workbook(io.BytesIO(content))["名册"]
    assert list(sheet.values) == list(before.values)


def test_a_comment_that_was_there_stays(campaign):
    book = load_workbook(io.BytesIO(files.roster(*ROWS)))
    book.active["E3"].comment = Comment("ask her", "office")

    text = comments(marked(campaign, files.saved(book)).active)["E3"]
    assert text.startswith("ask her\n")


def test_the_class_of_a_merged_cell_is_marked_where_the_text_is(campaign):
    book = Workbook()
    for cells in [["系部", "班级", "姓名", "学号"], ["系", None, "甲", "1"], [None, None, "乙", "2"]]:
        book.active.append(cells)
    book.active.merge_cells("B2:B3")

    assert set(comments(marked(campaign, files.saved(book)).active)) >= {"B2"}


@pytest.mark.parametrize(
    "content",
    [files.csv(files.table(ROWS)).encode("gb18030"), old_formats.xls(files.table(ROWS))],
    ids=["csv", "xls"],
)
def test_a_file_of_another_kind_comes_back_as_a_workbook_of_its_cells(campaign, content):
    sheet = marked(campaign, content).worksheets[0]

    assert set(comments(sheet)) == {"E3", "B4", "D4"}
    assert sheet["G2"].value == ROWS[0]["学号"]


def test_formulas_of_a_csv_come_back_as_text(campaign):
    content = files.csv(files.table([files.row(1, 姓名="=1+1")])).encode()

    cell = marked(campaign, content).active["B2"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")


def test_a_workbook_too_large_to_mark_is_refused_with_a_sentence(campaign):
    rows = [files.row(1)] + [{"姓名": "甲"}] * 13_000
    content = files.csv(files.table(rows)).encode()
    plan = planning.plan(campaign, reading.read(content, "roster"))

    with pytest.raises(reading.Unreadable) as refused:
        marking.marked(content, plan.reading, plan.problems)
    assert refused.value.code == "too_many_to_mark"
