"""The office's own workbook given back: what was in it, and a comment on each faulty cell."""

import io
from datetime import datetime

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment

from rosters import marking, planning, reading

from . import files, old_formats
from .test_formats import html
from .test_kinds_of_files import strict

ROWS = [files.row(1), files.row(2, 出生日期="01/02/05"), files.row(3, 民族="火星族", 姓名="")]


def marked_bytes(campaign, content: bytes) -> bytes:
    """Return the marked workbook of a file's plan."""
    plan = planning.plan(campaign, reading.read(content, "roster"))
    return marking.marked(content, plan.reading, plan.problems)


def marked(campaign, content: bytes):
    """Return the marked workbook of a file's plan, loaded."""
    return load_workbook(io.BytesIO(marked_bytes(campaign, content)))


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


def test_a_workbook_too_large_for_its_own_looks_comes_back_with_all_its_cells(campaign):
    rows = [files.row(1)] + [{"姓名": "甲"}] * 13_000
    sheet = marked(campaign, files.roster(*rows))["名册"]

    assert sheet.max_row == 13_002
    assert sheet["B13002"].value == "甲"
    assert len(comments(sheet)) == 4_999  # of 5,000 listed problems one says how many more there are


def changed_style(change):
    """Return a roster with faults whose styles, or another part, were changed."""
    part, before, after = change
    return files.changed_part(files.roster(*ROWS), part, lambda xml: xml.replace(before, after))


# Excel and WPS open each of these, openpyxl doesn't.
ODD_PARTS = {
    "an empty fill": ("xl/styles.xml", b"<fill><patternFill /></fill>", b"<fill></fill>"),
    "a font's family": ("xl/styles.xml", b'<family val="2"', b'<family val="97"'),
    "a colour": ("xl/styles.xml", b'<color theme="1"', b'<color rgb="red"'),
    "a date of the properties": ("docProps/core.xml", b'W3CDTF">20', b'W3CDTF">20/'),
}


@pytest.mark.parametrize("change", ODD_PARTS.values(), ids=ODD_PARTS.keys())
def test_what_openpyxl_cannot_load_is_marked_on_a_new_workbook(campaign, change):
    content = changed_style(change)
    assert change[2] in files.part(content, change[0])
    with pytest.raises((AttributeError, KeyError, TypeError, ValueError)):
        load_workbook(io.BytesIO(content))

    sheet = marked(campaign, content)["名册"]
    assert set(comments(sheet)) == {"E3", "B4", "D4"}
    assert sheet["E3"].fill.fgColor.rgb == "00FFC7C7"
    assert [cell.value for cell in sheet[3]] == [ROWS[1][heading] for heading in files.HEADINGS]


def every_format() -> dict[str, bytes]:
    """Return a roster with the same faults in each format that is read."""
    table = files.table(ROWS)
    fields = [(f"C{number}", "C", 30) for number in range(len(table[0]))]
    fields = [
        (heading, "C", 30)
        for heading in ("NO", "XM", "XB", "MZ", "CSRQ", "SFZH", "XH", "FY", "ZYMC", "BH", "CC", "XZ")
    ]
    return {
        "xlsx": files.xlsx(table),
        "strict xlsx": strict(files.xlsx(table)),
        "xls": old_formats.xls(table),
        "csv": files.csv(table).encode("utf-16"),
        "html": html(table).replace('<tr><td colspan="12">2026级新生名册</td></tr>'.encode(), b""),
        "dbf": old_formats.dbf(fields, [[cell or "" for cell in row] for row in table[1:]]),
    }


@pytest.mark.parametrize("kind", every_format())
def test_the_marked_workbook_comes_back_for_every_format(campaign, kind):
    sheet = marked(campaign, every_format()[kind]).worksheets[0]

    assert set(comments(sheet)) == {"E3", "B4", "D4"}
    assert (sheet["G2"].value, sheet["J4"].value) == (ROWS[0]["学号"], ROWS[2]["班级"])


def test_a_mark_in_a_second_block_stands_in_its_own_column(campaign):
    other = ["学号", "姓名", *(one for one in files.HEADINGS if one not in ("学号", "姓名"))]
    content = files.xlsx([*files.table(ROWS[:1]), *files.table(ROWS[1:], other)])

    assert set(comments(marked(campaign, content).active)) == {"F4", "B5", "E5"}


def test_cells_of_every_kind_come_back_as_they_are_read(campaign):
    row = files.row(1, 姓名="<&>", 专业名称=datetime(2026, 1, 2, 3, 4, 5), 学制=4.5, 班级="")
    content = files.roster(row, files.row(2, 层次=True))
    broken = changed_style_of(content)

    sheet = marked(campaign, broken)["名册"]
    assert [sheet[place].value for place in ("B2", "I2", "L2", "K3")] == [
        "<&>",
        "2026-01-02T03:04:05",
        4.5,
        True,
    ]


def changed_style_of(content: bytes) -> bytes:
    """Return a workbook with a fill that openpyxl can't load."""
    part, before, after = ODD_PARTS["an empty fill"]
    return files.changed_part(content, part, lambda xml: xml.replace(before, after))


def test_a_text_that_looks_like_a_character_s_number_comes_back_as_text(campaign):
    content = files.csv(files.table([files.row(1, 姓名="_x0041_王")])).encode()

    assert reading.read(marked_bytes(campaign, content), "x").rows[0].name == "_x0041_王"


def test_no_sheet_is_lost_that_openpyxl_does_not_find(campaign):
    book = load_workbook(io.BytesIO(files.roster(*ROWS)))
    book.copy_worksheet(book.active).title = "续"
    content = files.changed_part(
        files.saved(book), "xl/_rels/workbook.xml.rels", lambda xml: xml.replace(b"sheet2.xml", b"Sheet2.xml")
    )
    assert load_workbook(io.BytesIO(content)).sheetnames == ["名册"]

    assert marked(campaign, content).sheetnames == ["名册", "续"]
