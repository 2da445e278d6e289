"""What looks wrong between cells and rows: each case is a roster, and its problems by place."""

import pytest

from rosters import planning, reading
from tests import factories

from . import files

REGION = {"民族": "香港", "身份证号": "H12345678"}
OTHER_BORN = files.BORN.replace(day=7)


def problems(campaign, *rows: dict) -> list[tuple]:
    """Return (code, row, column, level) of what is wrong with these rows; the first is line 2."""
    plan = planning.plan(campaign, reading.read(files.roster(*rows), "roster.xlsx"))
    return [(one.code, one.row, one.column, one.level) for one in plan.problems if one.row is not None]


def broken(number: str) -> str:
    """Return an ID number with a check digit that does not fit."""
    return number[:17] + ("1" if number[17] != "1" else "2")


CASES = {
    "check digit": ({"身份证号": broken(files.row(1)["身份证号"])}, "id_check_digit", "id_number"),
    "birth date": ({"身份证号": factories.id_number(OTHER_BORN, 3)}, "id_other_birth_date", "id_number"),
    "sex": ({"性别": "女"}, "id_other_sex", "id_number"),
    "no ID number": ({"身份证号": ""}, "empty", "id_number"),
    "15 digits": ({"身份证号": "990101050102001"}, "id_length", "id_number"),
    "ethnicity": ({"民族": "火星族"}, "unknown_ethnicity", "ethnicity"),
    "too young": ({"出生日期": "2020-05-06", "身份证号": ""}, None, None),
}


@pytest.mark.parametrize(("values", "code", "column"), CASES.values(), ids=CASES.keys())
def test_what_merely_looks_wrong_is_a_warning(campaign, values, code, column):
    found = problems(campaign, files.row(1, **values))

    if code is None:
        assert found == [("odd_age", 2, "birth_date", "warning"), ("empty", 2, "id_number", "warning")]
    else:
        assert found == [(code, 2, column, "warning")]


@pytest.mark.parametrize(
    "values",
    [
        REGION,
        {"民族": "台湾", "身份证号": "12345678"},
        {"民族": "韩国", "身份证号": "M12345678"},
        {"民族": "澳门", "身份证号": factories.id_number(files.BORN, 3)},
        {"民族": "畬族"},
        {"民族": "穿青人"},
    ],
)
def test_other_documents_regions_and_old_names_are_accepted(campaign, values):
    assert problems(campaign, files.row(1, **values)) == []


def test_the_same_id_number_twice_is_a_warning_at_both_places(campaign):
    rows = [files.row(1), files.row(2), files.row(3, 身份证号=files.row(1)["身份证号"])]

    assert problems(campaign, *rows) == [
        ("id_twice", 2, "id_number", "warning"),
        ("id_twice", 4, "id_number", "warning"),
    ]


def test_the_same_student_number_twice_is_an_error_that_names_the_other_place(campaign):
    rows = [files.row(1), files.row(2), files.row(3, 学号=files.row(1)["学号"])]
    plan = planning.plan(campaign, reading.read(files.roster(*rows), "roster.xlsx"))

    assert [(one.code, one.row, one.column, one.details["place"]) for one in plan.errors] == [
        ("student_number_twice", 2, "student_number", "row 4"),
        ("student_number_twice", 4, "student_number", "row 2"),
    ]
    assert plan.refused == 2


def test_an_id_number_of_a_stored_student_who_is_not_in_the_file_is_a_warning(campaign, own_class):
    other = own_class.students.first()
    row = files.row(7, 系部="机械工程系", 身份证号=other.id_number, 出生日期=other.birth_date, 性别=other.sex)

    assert problems(campaign, row) == [("id_of_another", 2, "id_number", "warning")]


def test_a_student_number_of_another_length_than_its_classs_is_a_warning(campaign):
    rows = [files.row(number) for number in range(1, 4)] + [files.row(4, 学号="20260004")]

    assert problems(campaign, *rows) == [("student_number_length", 5, "student_number", "warning")]


def test_no_message_holds_an_id_number(campaign):
    rows = [
        files.row(1),
        files.row(2, 身份证号=files.row(1)["身份证号"]),
        files.row(3, 身份证号=broken(files.row(3)["身份证号"])),
        files.row(4, 身份证号="990101050102001"),
        files.row(5, 身份证号=990101200501020010),
        files.row(6, 身份证号="9901012005\u202e01020010"),
    ]
    plan = planning.plan(campaign, reading.read(files.roster(*rows), "roster.xlsx"))

    assert len(plan.problems) >= 6
    for problem in plan.problems:
        assert "9901012" not in problem.message
        assert "99010105" not in problem.message
