"""The table of the eleven fields: what two texts have to share to mean the same."""

from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import pytest

from rosters import ethnic_groups, key_fields


def test_the_eleven_stand_in_the_notices_order():
    assert [field.label for field in key_fields.KEY_FIELDS] == [
        "姓名", "性别", "民族", "出生日期", "身份证号", "学号", "系部", "专业名称", "班级", "层次", "学制",
    ]  # fmt: skip


def test_the_school_can_correct_four_of_them_and_the_province_the_others():
    by_school = [field.label for field in key_fields.KEY_FIELDS if field.owner == key_fields.SCHOOL]
    assert by_school == ["民族", "学号", "系部", "班级"]


@pytest.mark.parametrize(
    "field, one, other",
    [
        ("name", "阿依古丽·买买提", "阿依古丽•买买提"),
        ("name", "阿依古丽·买买提", "阿依古丽．买买提"),
        ("name", "Anna  Li", "ＡＮＮＡ ＬＩ"),
        ("name", "王⼩⽂", "王小文"),
        ("name", "⻢力", "马力"),
        ("name", "王\uf9e4", "王理"),
        ("name", "王\ue81e", "王\u9fb4"),
        ("name", "王\ue831", "王\U000215d7"),
        ("major", "⼟⽊⼯程", "土木工程"),
        ("duration", "五年一贯制", "5"),
        ("sex", "男", "1"),
        ("ethnicity", "汉", "汉族"),
        ("ethnicity", "毛难族", "毛南"),
        ("birth_date", date(2007, 9, 1), "2007年09月01日"),
        ("birth_date", "2007.9.1", "20070901"),
        ("student_number", "００１２a", "0012A"),
        ("department_name", "信息工程系（东区）", "信息工程系(东区)"),
        ("major", "软件工程（卓越班）", "软件工程"),
        ("major", "软件工程(卓越(甲)班)【师范】", "软件工程"),
        ("level", "专科（高职）", "高职(专科)"),
        ("duration", Decimal("4.0"), "4 年"),
        ("duration", "四年", "4"),
        ("duration", "两年半", "2.5"),
    ],
)
def test_means_the_same(field, one, other):
    assert key_fields.same(field, one, other)


@pytest.mark.parametrize(
    "field, one, other",
    [
        ("name", "李㛃", "李洁"),
        ("name", "阿依古丽·买买提", "阿依古丽买买提"),
        ("student_number", "012", "12"),
        ("ethnicity", "汉族", "回族"),
        ("major", "软件工程", "软件(工程)技术"),
        ("major", "（师范）", "英语"),
        ("birth_date", "2007-09-01", "2007-01-09"),
        ("duration", "4", "5"),
    ],
)
def test_does_not_mean_the_same(field, one, other):
    assert not key_fields.same(field, one, other)


def test_what_was_ignored_is_said_and_only_then():
    assert [str(note) for note in key_fields.ignored("ethnicity", "汉", "汉族")] != []
    assert key_fields.ignored("ethnicity", "汉族", "汉族") == []
    assert key_fields.ignored("ethnicity", "汉族", "回族") == []


def test_a_record_that_means_the_same_has_the_same_text():
    record = SimpleNamespace(
        name="王䶮", sex="男", ethnicity="汉", birth_date=date(2007, 9, 1), id_number=None,
        student_number="0012", department_name="信息系", major="软件工程（卓越班）", class_name="软件2601",
        level="本科", duration=Decimal("4.0"),
    )  # fmt: skip
    before = key_fields.normalised_record(record)
    record.ethnicity, record.major, record.duration = "汉族", "软件工程", Decimal(4)
    assert key_fields.normalised_record(record) == before
    record.name = "王龑"
    assert key_fields.normalised_record(record) != before


def test_there_are_56_ethnic_groups_by_name_short_name_and_code():
    assert len(ethnic_groups.NAMES) == 56
    assert ethnic_groups.standard_name("1") == ethnic_groups.standard_name("汉") == "汉族"
    assert ethnic_groups.standard_name("56") == "基诺族"
    assert ethnic_groups.standard_name("57") is None
    assert ethnic_groups.standard_name("台湾") is None
