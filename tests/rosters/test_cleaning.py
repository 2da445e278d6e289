"""Cells, one by one: what is stored of them, and what is wrong with them. A table."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from rosters import cleaning, key_fields

GOOD = [
    ("name", " 王䶮\u3000", "王䶮"),
    ("name", "张𠮷祥", "张𠮷祥"),
    ("name", "阿依古丽•买买提", "阿依古丽•买买提"),
    ("name", "=HYPERLINK(1)", "=HYPERLINK(1)"),
    ("name", "<script>", "<script>"),
    ("name", "Ａｎｎａ", "Ａｎｎａ"),
    ("sex", "男性", "男"),
    ("sex", 1.0, "男"),
    ("sex", "２", "女"),
    ("ethnicity", "汉", "汉"),
    ("ethnicity", 8.0, "壮族"),
    ("ethnicity", "01", "汉族"),
    ("birth_date", date(2005, 1, 2), date(2005, 1, 2)),
    ("birth_date", datetime(2005, 1, 2, 0, 0), date(2005, 1, 2)),
    ("birth_date", "2005-1-2", date(2005, 1, 2)),
    ("birth_date", "2005/1/2", date(2005, 1, 2)),
    ("birth_date", "2005.1.2", date(2005, 1, 2)),
    ("birth_date", "2005年1月2日", date(2005, 1, 2)),
    ("birth_date", "2005 年 1 月 2 日", date(2005, 1, 2)),
    ("birth_date", "20050102", date(2005, 1, 2)),
    ("birth_date", 20050102.0, date(2005, 1, 2)),
    ("birth_date", "２００５－０１－０２", date(2005, 1, 2)),
    ("birth_date", "2005-01-02 00:00:00", date(2005, 1, 2)),
    ("id_number", "'99010120050102001x", "99010120050102001X"),
    ("id_number", "９９０１０１２００５０１０２００１ｘ", "99010120050102001X"),
    ("id_number", ' ="99010120050102001X" ', "99010120050102001X"),
    ("student_number", "'007", "007"),
    ("student_number", " 2026 0001\t", "20260001"),
    ("student_number", '="0012"', "0012"),
    ("student_number", "Ａｂ２０２６－０００１（２）", "Ab2026-0001(2)"),
    ("class_name", " 软件２６０１班 ", "软件2601班"),
    ("class_name", "软件/网络..2601", "软件/网络..2601"),
    ("major", "软件工程（卓越班）", "软件工程（卓越班）"),
    ("duration", 4.0, Decimal(4)),
    ("duration", "4.0", Decimal(4)),
    ("duration", "4年", Decimal(4)),
    ("duration", "四年", Decimal(4)),
    ("duration", "4 年制", Decimal(4)),
    ("duration", "两年半", Decimal("2.5")),
    ("duration", "2.5", Decimal("2.5")),
    ("seat", 3.0, 3),
    ("duration", "4（年）", Decimal(4)),
    ("duration", "五年一贯制", Decimal(5)),
    ("sex", "1.0", "男"),
    ("ethnicity", "1.0", "汉族"),
    ("birth_date", "2005年1月2日 0:00", date(2005, 1, 2)),
    ("birth_date", "2005-01-02T00:00:00Z", date(2005, 1, 2)),
    ("seat", "3.0", 3),
    ("seat", "x", None),
    ("duty", "无", ""),
    ("class_name", "A&B", "A&B"),
    ("class_name", "..", ".."),
]

FAULTY = [
    ("name", "", "no_name"),
    ("name", "王\u202e某", "bidirectional"),
    ("name", "王\x00某", "control"),
    ("name", "王\n某", "control"),
    ("name", "王\ue000某", "private_use"),
    ("name", "王\u200b某", "invisible"),
    ("name", "王" * 81, "too_long"),
    ("name", date(2005, 1, 2), "date_cell"),
    ("name", cleaning.ERROR_CELL, "error_value"),
    ("sex", "M", "unknown_sex"),
    ("sex", "9", "unknown_sex"),
    ("sex", "", "empty"),
    ("birth_date", "", "empty"),
    ("birth_date", "01/02/05", "ambiguous_date"),
    ("birth_date", "1/2/2005", "ambiguous_date"),
    ("birth_date", "05.01.02", "ambiguous_date"),
    ("birth_date", "2005-13-01", "unreadable_date"),
    ("birth_date", "2005-02-30", "unreadable_date"),
    ("birth_date", "2005-01", "unreadable_date"),
    ("birth_date", 38354.0, "unreadable_date"),
    ("birth_date", "soon", "unreadable_date"),
    ("birth_date", cleaning.TIME_CELL, "unreadable_date"),
    ("birth_date", cleaning.ERROR_CELL, "error_value"),
    ("id_number", "", "empty"),
    ("id_number", 990101200501020010.0, "numeric_id"),
    ("id_number", "9.9010120050102E+17", "numeric_id"),
    ("student_number", "", "no_student_number"),
    ("student_number", 2026000001.0, "numeric_student_number"),
    ("student_number", 20260000011234567.0, "inexact_number"),
    ("student_number", 2026.5, "inexact_number"),
    ("student_number", "2.026E+09", "inexact_number"),
    ("class_name", "", "no_class"),
    ("class_name", "软件\n2601", "control"),
    ("department_name", " \u3000", "no_department"),
    ("duration", "long", "unreadable_duration"),
    ("duration", "1.25", "unreadable_duration"),
    ("duration", "40", "odd_duration"),
    ("duration", "400", "unreadable_duration"),
    ("duration", "", "empty"),
    ("duration", "3+2", "summed_years"),
    ("duration", "待定", "no_value"),
    ("birth_date", "2005-01-02 16:00:00", "time_of_day"),
    ("birth_date", datetime(2005, 1, 2, 16, 0), "time_of_day"),
    ("birth_date", datetime(2005, 1, 2, 0, 1, 1), "time_of_day"),
    ("birth_date", "无", "no_value"),
    ("birth_date", "同上", "ditto"),
    ("name", "王?", "lost_character"),
    ("name", "王\ufffd", "lost_character"),
    ("name", "寮犱紵", "misread"),
    ("name", "å¼\xa0ä¼Ÿ", "misread"),
    ("name", "王⼩⽂", "lookalike"),
    ("name", "⻢力", "lookalike"),
    ("name", "王\uf9e4", "lookalike"),
    ("name", "王\ue81e", "lookalike"),
    ("name", "NULL", "no_name"),
    ("name", "同上", "ditto"),
    ("ethnicity", "无", "no_value"),
    ("level", "/", "no_value"),
    ("level", "——", "no_value"),
    ("class_name", "NULL", "no_class"),
    ("class_name", "〃", "ditto"),
    ("department_name", "待补", "no_department"),
    ("major", "⼟⽊⼯程", "lookalike"),
    ("student_number", "2019000001.0", "numeric_student_number"),
    ("student_number", "-", "no_student_number"),
    ("id_number", "-", "no_value"),
    ("id_number", "NULL", "no_value"),
    ("id_number", "nan", "no_value"),
    ("id_number", "990101********0031", "id_masked"),
    ("id_number", "990101××××××××0031", "id_masked"),
    ("id_number", "000000000000000000", "id_placeholder"),
    ("id_number", "123456789012345678", "id_placeholder"),
    ("id_number", "护照", "id_placeholder"),
    ("id_number", "12345", "id_placeholder"),
    ("id_number", "990101200501020012.0", "numeric_id"),
    ("id_number", "99010120050102001Ⅹ", "id_like_x"),
    ("id_number", "99O101200501020012", "id_letters"),
    ("id_number", "99010120050102001l", "id_letters"),
]


@pytest.mark.parametrize(("field", "cell", "value"), GOOD)
def test_a_good_cell_is_stored_as(field, cell, value):
    assert key_fields.COLUMNS[field].clean(cell) == (value, ())


@pytest.mark.parametrize(("field", "cell", "code"), FAULTY)
def test_a_faulty_cell_has_one_fault(field, cell, code):
    assert [found for found, _ in key_fields.COLUMNS[field].clean(cell).faults] == [code]


def test_a_numeric_student_number_is_stored_without_a_fraction():
    assert key_fields.COLUMNS["student_number"].clean(2026000001.0).value == "2026000001"


def test_an_invisible_character_stays_in_a_name_and_leaves_a_class():
    assert key_fields.COLUMNS["name"].clean("王\u200b某").value == "王\u200b某"
    assert key_fields.COLUMNS["class_name"].clean("软件\u200b2601").value == "软件2601"


@pytest.mark.parametrize("last", "ⅩⅹХхΧχ×")
def test_what_only_looks_like_an_x_is_read_as_one(last):
    cleaned = key_fields.COLUMNS["id_number"].clean(f"99010120050102001{last}")
    assert (cleaned.value, cleaned.faults) == ("99010120050102001X", (("id_like_x", {}),))


@pytest.mark.parametrize("number", ["-", "NULL", "无", "990101********0031", "111111111111111111", "H0123"])
def test_what_is_no_id_number_is_stored_as_none(number):
    assert key_fields.COLUMNS["id_number"].clean(number).value is None


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        (datetime(2005, 1, 1, 23, 59, 17), date(2005, 1, 2)),
        (datetime(2005, 1, 2, 0, 0, 43), date(2005, 1, 2)),
        ("2005-01-01 23:59:17", date(2005, 1, 2)),
    ],
)
def test_some_seconds_off_midnight_is_the_day_and_warned(cell, day):
    cleaned = key_fields.COLUMNS["birth_date"].clean(cell)
    assert (cleaned.value, [code for code, _ in cleaned.faults]) == (day, ["rounded_time"])


def test_what_looks_like_another_hanzi_stays_as_it_is_written():
    assert key_fields.COLUMNS["name"].clean("王⼩⽂").value == "王⼩⽂"
    assert key_fields.COLUMNS["name"].clean("王\ue81e").value == "王\ue81e"


def test_references_of_html_are_the_characters_that_they_stand_for():
    cleaned = key_fields.COLUMNS["name"].clean("王&#17646;")
    assert (cleaned.value, [code for code, _ in cleaned.faults]) == ("王䓮", ["character_reference"])
    assert key_fields.COLUMNS["name"].clean("王&#0;").faults[-1][0] == "lost_character"


@pytest.mark.parametrize(
    "name", ["王䶮", "张𠮷祥", "欧阳𬭎", "阿依古丽·买买提", "Anna Müller", "濮瑾瑶", "裴琬琰", "闫硕"]
)
def test_rare_names_are_no_trouble(name):
    assert key_fields.COLUMNS["name"].clean(name) == (name, ())
