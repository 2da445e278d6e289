"""How offices lay a roster out: titles, headings of two lines, merged cells, totals, several sheets."""

import pytest
from openpyxl import Workbook

from rosters import planning, reading

from . import files, old_formats
from .test_formats import html

ROWS = [files.row(1), files.row(2)]
TABLE = files.table(ROWS)


def read(rows: list[list]) -> reading.Reading:
    """Read an xlsx file of these cells."""
    return reading.read(files.xlsx(rows), "roster.xlsx")


def names(found: reading.Reading) -> list[str]:
    """Return the names that were read."""
    return [row.name for row in found.rows]


def test_title_lines_above_are_skipped_and_counted():
    found = read([["云麓理工大学"], ["2026级新生名册"], ["制表日期：2026年12月1日"], *TABLE])

    assert names(found) == [one["姓名"] for one in ROWS]
    assert [row.row for row in found.rows] == [5, 6]
    assert found.sheets[0].skipped == {"title": [1, 2, 3]}


def test_a_heading_after_line_20_is_not_sought():
    assert [one.code for one in read([["title"]] * 21 + TABLE).problems] == ["no_roster"]
    assert len(read([["title"]] * 19 + TABLE).rows) == 2


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (["合计", None, None, None, None, None, "2人"], "total"),
        ([None, "合 计", None, None, None, None, 50], "total"),
        (["共2人"], "total"),
        (["注：本表一式两份"], "note"),
        ([None, "备注：港澳台学生另册"], "note"),
        (["制表人：王某", None, None, "审核人：李某"], "note"),
        ([None, None, "学院盖章"], "note"),
        (list(files.HEADINGS), "heading"),
    ],
)
def test_lines_that_are_no_students_are_skipped_and_counted(line, kind):
    found = read([*TABLE, line])

    assert found.sheets[0].skipped == {kind: [4]}
    assert len(found.rows) == 2
    assert found.problems == []


@pytest.mark.parametrize(
    ("values", "codes"),
    [
        ({"姓名": "孙某"}, {"no_student_number"}),
        ({"学号": "2026000009"}, {"no_name"}),
        ({"序号": "3", "姓名": "孙某", "班级": "软件2601班"}, {"no_student_number"}),
        ({"性别": "男", "民族": "汉族", "班级": "软件2601班"}, {"no_name", "no_student_number"}),
    ],
)
def test_a_line_that_might_be_a_students_is_refused_and_never_skipped(values, codes):
    found = read([*TABLE, [values.get(heading) for heading in files.HEADINGS]])

    assert found.sheets[0].skipped == {}
    assert codes <= {one.code for one in found.problems if one.row == 4 and one.level == "error"}


def test_empty_lines_between_are_nothing():
    found = read([TABLE[0], [], TABLE[1], [None] * 12, [" "], TABLE[2]])

    assert [row.row for row in found.rows] == [3, 6]
    assert found.skipped == 0


SYNONYMS = {
    "姓名": "姓 名",
    "身份证号": "身份证件号",
    "系部": "院系",
    "班级": "行政班级",
    "层次": "培养层次",
    "学制": "学制（年）",
    "出生日期": "出生年月日",
    "专业名称": "专业",
    "学号": "*学号（必填）",
}


def test_headings_are_known_by_their_synonyms():
    found = read([[SYNONYMS.get(heading, heading) for heading in TABLE[0]], *TABLE[1:]])

    assert found.problems == []
    assert found.rows == read(TABLE).rows


def test_unknown_columns_are_named_and_not_stored():
    found = read([[*TABLE[0], "手机号", "宿舍"], *([*row, "12000000000", "1-101"] for row in TABLE[1:])])

    assert found.sheets[0].header.unknown == ["手机号", "宿舍"]
    assert found.rows == read(TABLE).rows


def test_the_same_key_field_twice_is_refused():
    found = read([[*TABLE[0], "证件号码"], *([*row, "x"] for row in TABLE[1:])])

    (problem,) = found.problems
    assert (problem.code, problem.row, problem.column) == ("column_twice", 1, "id_number")
    assert "身份证号" in problem.message
    assert "证件号码" in problem.message


@pytest.mark.parametrize("missing", ["姓名", "学号", "班级", "系部"])
def test_a_roster_without_a_column_that_places_students_is_refused(missing):
    headings = [heading for heading in files.HEADINGS if heading != missing]

    errors = [one.code for one in read(files.table(ROWS, headings)).problems if one.row == 1]
    assert errors == ["no_column"]


def test_a_column_can_be_mapped_by_hand():
    content = files.xlsx([["代号" if one == "学号" else one for one in TABLE[0]], *TABLE[1:]])
    place = files.HEADINGS.index("学号")

    assert "no_column" in {one.code for one in reading.read(content, "x").problems}
    found = reading.read(content, "x", mapping={f"0:{place}": "student_number"})
    assert found.rows == read(TABLE).rows
    assert found.problems == []


def test_a_column_mapped_to_nothing_is_ignored():
    content = files.xlsx([[*TABLE[0], "证件号码"], *([*row, "x"] for row in TABLE[1:])])

    found = reading.read(content, "x", mapping={f"0:{len(files.HEADINGS)}": ""})
    assert found.problems == []
    assert found.sheets[0].header.unknown == ["证件号码"]


def two_line_workbook() -> Workbook:
    """Return a roster whose heading takes two lines: some merged down, some across."""
    book = Workbook()
    sheet = book.active
    sheet.append(["2026级新生名册"])
    sheet.append(
        ["序号", "姓名", "性别", "民族", "出生", "身份证", "学籍", None, "专业", "班级", "层次", "学制"]
    )
    sheet.append([None, None, None, None, "年月日", "号码", "学号", "系部", "名称", None, None, None])
    for one in ROWS:
        sheet.append([one[heading] for heading in files.HEADINGS])
    sheet.merge_cells("A1:L1")
    sheet.merge_cells("G2:H2")
    for column in "ABCDJKL":
        sheet.merge_cells(f"{column}2:{column}3")
    return book


def test_a_heading_of_two_lines_is_read_as_one():
    found = reading.read(files.saved(two_line_workbook()), "x")

    assert found.problems == []
    assert [row.row for row in found.rows] == [4, 5]
    assert [row[:13] for row in found.rows] == [row[:13] for row in read(TABLE).rows]


def test_merged_class_cells_are_filled_down_and_merged_names_are_not():
    headings = ["系部", "班级", "姓名", "学号"]
    book = Workbook()
    sheet = book.active
    rows = [["信息工程系", "软件2601班", "甲", "1"], [None, None, "乙", "2"], [None, "软件2602班", None, "3"]]
    for cells in [headings, *rows]:
        sheet.append(cells)
    sheet.merge_cells("A2:A4")
    sheet.merge_cells("B2:B3")
    sheet.merge_cells("C3:C4")

    found = reading.read(files.saved(book), "x")

    assert [(row.department_name, row.class_name, row.name) for row in found.rows] == [
        ("信息工程系", "软件2601班", "甲"),
        ("信息工程系", "软件2601班", "乙"),
        ("信息工程系", "软件2602班", ""),
    ]
    assert [(one.code, one.row) for one in found.problems if one.level == "error"] == [("no_name", 4)]


def test_a_class_that_is_merely_empty_is_not_guessed():
    found = read([TABLE[0], TABLE[1], [None if one == "软件2601班" else one for one in TABLE[2]]])

    assert [(one.code, one.row) for one in found.problems] == [("no_class", 3)]


def test_all_visible_sheets_with_a_heading_are_read_and_the_others_named():
    book = Workbook()
    book.active.title = "说明"
    book.active.append(["请按班级填写"])
    for number, title in enumerate(["软件", "机械", "旧表"], start=1):
        sheet = book.create_sheet(title)
        for cells in files.table([files.row(number)]):
            sheet.append(cells)
    book["旧表"].sheet_state = "hidden"
    book.create_sheet("空")

    found = reading.read(files.saved(book), "x")

    assert [(sheet.name, sheet.state, sheet.students) for sheet in found.sheets] == [
        ("说明", "no_header", 0),
        ("软件", "read", 1),
        ("机械", "read", 1),
        ("旧表", "hidden", 0),
        ("空", "empty", 0),
    ]
    assert names(found) == [files.row(1)["姓名"], files.row(2)["姓名"]]


def test_a_table_of_numbers_by_class_is_no_roster(campaign):
    book = Workbook()
    for cells in TABLE:
        book.active.append(cells)
    for cells in [["系部", "专业", "班级", "人数"], ["信息工程系", "软件工程", "软件2601班", 2]]:
        (book["统计"] if "统计" in book.sheetnames else book.create_sheet("统计")).append(cells)

    plan = planning.plan(campaign, reading.read(files.saved(book), "x"))

    assert (plan.rows, plan.errors) == (2, [])


def test_a_formulas_stored_result_is_taken_with_a_warning():
    found = reading.read(with_formula(files.xlsx(TABLE), result="软件2601班"), "x")

    place = [(one.code, one.row, one.column) for one in found.problems]
    assert place == [("formula", 2, "class_name")]
    assert found.rows[0].class_name == "软件2601班"


def test_a_formula_without_a_result_counts_as_empty():
    found = reading.read(with_formula(files.xlsx(TABLE), result=None), "x")

    assert [(one.code, one.row, one.column) for one in found.problems] == [("no_class", 2, "class_name")]


def test_the_error_of_a_formula_is_an_error():
    book = Workbook()
    for cells in TABLE:
        book.active.append(cells)
    cell = book.active.cell(2, files.HEADINGS.index("班级") + 1)
    cell.value, cell.data_type = "#N/A", "e"

    found = reading.read(files.saved(book), "x")
    assert [(one.code, one.row, one.column) for one in found.problems] == [("error_value", 2, "class_name")]


def with_formula(content: bytes, result: str | None) -> bytes:
    """Return the workbook with a formula as the first student's class."""
    letter = "ABCDEFGHIJKL"[files.HEADINGS.index("班级")]
    value = "" if result is None else f"<v>{result}</v>"

    def change(xml: bytes) -> bytes:
        cell = f'<c r="{letter}2" t="str"><f>B1</f>{value}</c>'.encode()
        return files.replaced_cell(xml, f"{letter}2", cell)

    return files.changed_part(content, "xl/worksheets/sheet1.xml", change)


def test_rows_are_accounted_for_to_the_last(campaign):
    rows = [files.row(1), files.row(2, 姓名=""), files.row(3)]
    plan = planning.plan(campaign, read([["title"], *files.table(rows), ["合计", "3"], ["注：完"]]))
    counts = plan.counts

    assert (counts["rows"], counts["skipped"]) == (3, 3)
    assert counts["rows"] == counts["created"] + counts["updated"] + counts["unchanged"] + counts["refused"]


# Two blocks in a sheet, and lines that no heading stands above ------------------------------------------

OTHER_ORDER = [
    *files.HEADINGS[:1],
    "学号",
    "姓名",
    "班级",
    *files.HEADINGS[2:6],
    *files.HEADINGS[7:9],
    "层次",
    "学制",
]
EXPECTED = [(one["学号"], one["姓名"], one["班级"], one["专业名称"]) for one in ROWS]


def expected(found: reading.Reading) -> list[tuple]:
    """Return of each row what EXPECTED holds."""
    return [(row.student_number, row.name, row.class_name, row.major) for row in found.rows]


BLOCKS = [*files.table(ROWS[:1]), [], *files.table(ROWS[1:], OTHER_ORDER)]


@pytest.mark.parametrize(
    "content",
    [
        files.xlsx(BLOCKS),
        old_formats.xls([row or [""] for row in BLOCKS]),
        files.csv(BLOCKS).encode(),
        html(BLOCKS),
    ],
    ids=["xlsx", "xls", "csv", "html"],
)
def test_a_second_heading_in_another_order_is_followed(content):
    found = reading.read(content, "x")

    assert expected(found) == EXPECTED
    assert found.problems == []
    assert len(found.sheets[0].skipped["heading"]) == 1


def test_the_first_order_can_come_back():
    found = read([*BLOCKS, *files.table([files.row(3)])])

    assert names(found) == [files.row(number)["姓名"] for number in (1, 2, 3)]
    assert found.problems == []


@pytest.mark.parametrize(
    "headings",
    [
        ["序号", "学号", "姓名", "班级"],
        [*OTHER_ORDER, "职务"],
        [*OTHER_ORDER, "姓 名"],
    ],
    ids=["fewer", "more", "one twice"],
)
def test_a_second_heading_with_other_columns_refuses_the_file_at_its_row(headings):
    found = read([*files.table(ROWS[:1]), *files.table(ROWS[1:], headings)])

    assert [(one.code, one.row, one.level) for one in found.problems if one.row == 3] == [
        ("other_heading", 3, "error")
    ]


def test_a_block_with_more_columns_below_hides_no_student_of_the_one_above():
    found = read([*files.table(ROWS[:1], OTHER_ORDER), *files.table(ROWS[1:], [*files.HEADINGS, "职务"])])

    assert expected(found)[:1] == EXPECTED[:1]
    assert ("other_heading", 3) in [(one.code, one.row) for one in found.problems]


def test_a_heading_of_two_lines_that_is_printed_on_each_page_is_skipped():
    book = two_line_workbook()
    sheet = book.active
    for line in (2, 3):
        sheet.append([cell.value for cell in sheet[line]])
    sheet.append([files.row(3)[heading] for heading in files.HEADINGS])

    found = reading.read(files.saved(book), "x")

    assert [row.row for row in found.rows] == [4, 5, 8]
    assert found.sheets[0].skipped == {"title": [1], "heading": [6, 7]}
    assert found.problems == []


def merged_heading(second_column: str | None) -> bytes:
    """Return a roster whose heading 姓名 is merged over two columns."""
    book = Workbook()
    book.active.append(["学号", "姓名", None, "班级", "系部"])
    for one in ROWS:
        book.active.append([one["学号"], one["姓名"], second_column, one["班级"], one["系部"]])
    book.active.merge_cells("B1:C1")
    return files.saved(book)


def test_a_heading_over_two_columns_is_one_column():
    found = reading.read(merged_heading(None), "x")

    assert names(found) == [one["姓名"] for one in ROWS]
    assert [one.code for one in found.problems if one.level == "error"] == []


def test_a_heading_over_two_columns_of_a_web_page_is_one_column():
    page = html(
        [
            ["学号", "姓名", "班级", "系部"],
            *([one[h] for h in ("学号", "姓名", "班级", "系部")] for one in ROWS),
        ]
    )
    page = page.replace("<td>姓名".encode(), "<td colspan=2>姓名".encode())
    for one in ROWS:
        page = page.replace(f"<td>{one['姓名']}".encode(), f"<td></td><td>{one['姓名']}".encode())
    found = reading.read(page, "x")

    assert names(found) == [one["姓名"] for one in ROWS]
    assert [one.code for one in found.problems if one.level == "error"] == []


def test_a_heading_over_two_columns_that_both_hold_values_is_an_error_at_each_row():
    found = reading.read(merged_heading("二"), "x")

    errors = [(one.code, one.row, one.column) for one in found.problems if one.level == "error"]
    assert errors == [("two_values", 2, "name"), ("two_values", 3, "name")]


def two_sheets(second: list[list], state: str = "visible") -> reading.Reading:
    """Read a workbook of a roster and another sheet."""
    book = Workbook()
    for cells in TABLE:
        book.active.append(cells)
    sheet = book.create_sheet("续")
    for cells in second:
        sheet.append(cells)
    sheet.sheet_state = state
    return reading.read(files.saved(book), "x")


def test_a_sheet_that_goes_on_without_a_heading_refuses_the_file():
    found = two_sheets(files.table([files.row(3), files.row(4)])[1:])

    (problem,) = found.problems
    assert (problem.code, problem.level, problem.sheet, problem.row) == (
        "students_without_heading",
        "error",
        "续",
        1,
    )
    assert problem.message.startswith("The sheet “续” has no heading, but 2 lines with ID numbers.")


@pytest.mark.parametrize(
    ("lines", "state"),
    [
        ([["2026000003", "孙某", "软件2601班"]], "visible"),
        (files.table([files.row(3)])[1:], "hidden"),
        (files.table([files.row(3)]), "hidden"),
    ],
    ids=["without ID numbers", "hidden", "hidden, with a heading"],
)
def test_lines_like_students_outside_the_table_are_named_in_a_warning(lines, state):
    (problem,) = two_sheets(lines, state).problems

    assert (problem.code, problem.level, problem.sheet) == ("lines_not_read", "warning", "续")
    assert (problem.row, problem.details["count"]) == (len(lines), 1)


def test_sheets_of_numbers_and_notes_are_no_students():
    assert (
        two_sheets(
            [["系部", "班级", "人数"], ["信息工程系", "软件2601班", 50], ["制表日期", "20261201"]]
        ).problems
        == []
    )


def test_students_above_the_heading_refuse_the_file():
    found = read([TABLE[1], *TABLE[:1], TABLE[2]])

    assert [(one.code, one.row) for one in found.problems] == [("students_above_heading", 1)]


@pytest.mark.parametrize("first", ["备注：转专业", "合计"])
def test_a_student_whose_line_begins_as_a_note_is_a_student(first):
    found = read([*TABLE, [first, "孙某", None, None, None, None, "2026000009"]])

    assert found.sheets[0].skipped == {}
    assert found.rows[-1].student_number == "2026000009"


def test_an_id_number_in_a_line_of_notes_is_no_note():
    found = read([*TABLE, [None, None, None, files.row(3)["身份证号"]]])

    assert found.sheets[0].skipped == {}
    assert {one.row for one in found.problems if one.level == "error"} == {4}


def test_a_contact_below_the_table_is_skipped_with_a_warning():
    found = read([*TABLE, ["联系人：", None, None, "孙某", "13800000000"]])

    assert found.sheets[0].skipped == {"note": [4]}
    assert [(one.code, one.row) for one in found.problems] == [("lines_not_read", 4)]


# Too much -----------------------------------------------------------------------------------------------


def test_problems_beyond_five_thousand_are_counted_and_errors_come_first():
    few = [files.row(number, 专业名称="", 层次="") for number in range(1, 2_701)]
    found = read(files.table([*few, files.row(2_701, 姓名="")]))

    assert len(found.problems) == reading.MOST_PROBLEMS + 1
    assert [one.code for one in found.problems if one.level == "error"] == ["no_name"]
    assert (found.problems[-1].code, found.problems[-1].details) == ("more_problems", {"count": 401})
