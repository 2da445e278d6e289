"""The paste reader, on invented layouts: a computer's, a phone's, a table's."""

from types import SimpleNamespace

import pytest

from rosters import key_fields
from signoffs.process import chsi_page
from tests.factories import id_number
from tests.rosters.files import BORN

RECORD = SimpleNamespace(
    name="古丽扎尔·阿不都热依木",
    sex="女",
    ethnicity="维吾尔族",
    birth_date=BORN,
    id_number=id_number(BORN, 12),
    student_number="2026000123",
    department_name="信息工程系",
    major="软件工程（卓越班）",
    class_name="软件2601班",
    level="专科（高职）",
    duration="4",
)

COMPUTER = """学信档案 | 高等教育信息
云麓理工大学 – 专科 - 软件工程
姓名：古丽扎尔•阿不都热依木	性别：女
出生日期：2007年05月06日	民族：维吾尔
证件号码：9901**********12X
学校名称：云麓理工大学	层次：专科(高职)
专业：软件工程	学制：4 年
学历类别：普通高等教育	学习形式：全日制
分院：	系所：信息工程系
班级：	学号：2026000123
入学日期：2026年09月01日	学籍状态：在籍（注册学籍）
离校日期：
学籍学历信息有误？"""

PHONE = """姓名
古丽扎尔·阿不都热依木
性别
女
出生日期
2007-05-06
民族
维吾尔族
证件号码
990101200705060129
院校
云麓理工大学
层次
专科（高职）
专业
软件工程【卓越班】
学号
2026000123
分院
--
系所
信息工程系
班级
软件2601班
学制
4
学习形式
全日制
学籍状态
在籍(注册学籍)
"""

TABLE = (
    "姓名 古丽扎尔·阿不都热依木 | 性别 女 | 民族 维吾尔族 | 出生日期 20070506\r\n"
    "学号 2026000123 | 系(所、函授站) 信息工程系 | 专业名称 软件工程（创新实验班） | 班级 软件2602班\r\n"
    "学历层次 本科 | 学制 四年制 | 学籍状态 不在籍（保留入学资格）\r\n"
)


def answers(text: str) -> dict[str, str]:
    return {name: one.answer for name, one in chsi_page.propose(chsi_page.read(text), RECORD).items()}


ALL_OK = {field.name: "ok" for field in key_fields.KEY_FIELDS} | {"id_number": ""}


@pytest.mark.parametrize(
    "text, expected, status",
    [
        (COMPUTER, ALL_OK | {"class_name": ""}, "在籍（注册学籍）"),
        (PHONE, ALL_OK, "在籍（注册学籍）"),
        (TABLE, ALL_OK | {"class_name": "wrong", "level": "wrong"}, "不在籍（保留入学资格）"),
    ],
    ids=["computer", "phone", "table"],
)
def test_a_page_is_read_whatever_its_layout(text, expected, status):
    assert answers(text) == expected
    assert chsi_page.status_of(chsi_page.read(text)) == status


def test_a_label_without_a_value_is_not_shown_and_no_error():
    shown = chsi_page.read(COMPUTER)
    assert shown.values["class_name"] is None
    assert shown.values["department_name"] == "信息工程系"  # 分院 is empty, 系所 is not


def test_what_was_ignored_is_named():
    proposals = chsi_page.propose(chsi_page.read(COMPUTER), RECORD)
    noted = {name for name, one in proposals.items() if one.ignored}
    assert noted == {"name", "birth_date", "ethnicity", "major", "level", "duration"}


def test_the_id_number_is_taken_as_it_is_shown():
    assert chsi_page.read(COMPUTER).values["id_number"] == "9901**********12X"


def test_a_word_that_merely_begins_like_a_label_is_a_value():
    shown = chsi_page.read("专业：民族学\n班级：学制改革班\n姓名：专业\n")
    assert shown.values == {"major": "民族学", "class_name": "学制改革班", "name": "专业"}


@pytest.mark.parametrize(
    "text", ["", "您没有学籍信息", "随便一段话，没有标签。", "\x00\x01", "姓名：" * 5000]
)
def test_what_is_no_record_is_said_to_be_none(text):
    assert not chsi_page.read(text).is_record


def test_an_unknown_status_is_other():
    assert chsi_page.status_of(chsi_page.read("学籍状态：出国留学")) == "其他"


# What a comparison ignores, and what it never does: (field, roster, CHSI, the same).
COMPARED = [
    ("major", "软件工程（卓越班）", "软件工程", True),
    ("major", "软件工程[卓越班]", "软件工程（创新班）", True),
    ("major", "软件工程", "软件技术", False),
    ("ethnicity", "汉族", "汉", True),
    ("ethnicity", "汉族", "01", True),
    ("ethnicity", "汉族", "回族", False),
    ("duration", "4", "4 年", True),
    ("duration", "4", "四年", True),
    ("duration", "2.5", "两年半", True),
    ("duration", "4", "5", False),
    ("birth_date", "2005-09-01", "2005年09月01日", True),
    ("birth_date", "2005-09-01", "2005/9/1", True),
    ("birth_date", "2005-09-01", "2005-01-09", False),
    ("name", "阿里·买买提", "阿里•买买提", True),
    ("name", "张三", "张 三", True),
    ("name", "张三", "张叁", False),
    ("name", "王𠮷", "王吉", False),
    ("level", "专科（高职）", "高职高专", True),
    ("level", "本科", "专科", False),
    ("student_number", "２０２６０１", "202601", True),
    ("student_number", "0202601", "202601", False),
    ("sex", "男", "男性", True),
    ("class_name", "软件2601班", "软件2601", False),
    ("department_name", "信息工程系", "信息工程学院", False),
]


@pytest.mark.parametrize("field, roster, chsi, same", COMPARED)
def test_the_comparer_knows_the_domain(field, roster, chsi, same):
    assert key_fields.same(field, roster, chsi) is same
