"""The eleven key fields (docs/process.md), one table: names, headings, how to show, compare and mend them.

A leaf. `normalise` gives what a comparison looks at: two texts that mean the same have the same, though they
are written differently (汉 and 汉族, full and half width, `4 年` and 4, a bracketed suffix of the major).
What is stored and printed is always the text as written.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from . import ethnic_groups, identity
from .widths import HALF_WIDTH, compact

SCHOOL, PROVINCE = "school", "province"

STATUS_LABEL = "学籍状态"
GOOD_STATUS = "在籍（注册学籍）"
# What CHSI shows as 学籍状态, the good one first, each with its gloss for whoever reads English.
STATUS_LABELS = {
    GOOD_STATUS: _("在籍（注册学籍） — enrolled, registered"),
    "在籍（暂缓注册）": _("在籍（暂缓注册） — enrolled, registration deferred"),
    "在籍（休学）": _("在籍（休学） — enrolled, on leave"),
    "在籍（保留学籍）": _("在籍（保留学籍） — enrolled, place kept"),
    "不在籍（保留入学资格）": _("不在籍（保留入学资格） — not enrolled, admission kept"),
    "不在籍（放弃入学资格）": _("不在籍（放弃入学资格） — not enrolled, admission given up"),
    "不在籍（取消入学资格）": _("不在籍（取消入学资格） — not enrolled, admission cancelled"),
    "不在籍（退学）": _("不在籍（退学） — not enrolled, withdrawn"),
    "其他": _("其他 — other"),
}
STATUSES = tuple(STATUS_LABELS)

# Every dot that is written between the parts of a name.
_DOTS = {ord(dot): "·" for dot in "•‧∙⋅・･●．."}
_BRACKETS = {"【": "(", "】": ")", "[": "(", "]": ")", "〔": "(", "〕": ")"}
_CHINESE_DIGITS = {digit: str(value) for value, digit in enumerate("零一二三四五六七八九")} | {"两": "2"}
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(\d{4})(\d{2})(\d{2})")
_SEXES = {"1": "男", "男性": "男", "2": "女", "女性": "女"}
_LEVELS = dict.fromkeys(("专科(高职)", "高职(专科)", "高职高专", "高职", "专科"), "专科(高职)") | {
    "大学本科": "本科",
    "普通本科": "本科",
    "硕士": "硕士研究生",
    "博士": "博士研究生",
}


def _name(text: str) -> str:
    return compact(text).translate(_DOTS).casefold()


def _sex(text: str) -> str:
    return _SEXES.get(compact(text), compact(text))


def _ethnicity(text: str) -> str:
    return ethnic_groups.standard_name(compact(text)) or compact(text)


def _date(text: str) -> str:
    found = _DATE.fullmatch(compact(text))
    if found is None:
        return compact(text)
    year, month, day = (part for part in found.groups() if part)
    return f"{year}-{int(month):02d}-{int(day):02d}"


def _bracketed(text: str) -> str:
    return compact(text).translate(str.maketrans(_BRACKETS))


def split_suffix(text: str) -> tuple[str, str]:
    """Return a major and the bracketed text at its end, nested brackets too; a bare bracket stays."""
    plain = text.translate(HALF_WIDTH).translate(str.maketrans(_BRACKETS))  # place by place the same
    end = len(plain.rstrip())
    while plain[:end].endswith(")"):
        depth = 0
        for start in range(end - 1, -1, -1):
            depth += {")": 1, "(": -1}.get(plain[start], 0)
            if depth == 0:
                break
        if depth or not plain[:start].strip():
            break
        end = len(plain[:start].rstrip())
    return text[:end], text[end:]


def without_suffix(text: str) -> str:
    """Return a major, normalised, without the bracketed text at its end."""
    return _bracketed(split_suffix(text)[0])


def _level(text: str) -> str:
    return _LEVELS.get(_bracketed(text), _bracketed(text))


def _duration(text: str) -> str:
    text = compact(text).removesuffix("制").removesuffix("年")
    if text.endswith("年半"):
        text = text.removesuffix("年半") + ".5"
    text = "".join(_CHINESE_DIGITS.get(character, character) for character in text)
    try:
        years = Decimal(text)
    except InvalidOperation:
        return text
    return format(years.normalize(), "f") if years.is_finite() else text


@dataclass(frozen=True)
class KeyField:
    """One of the eleven."""

    name: str
    label: str
    gloss: Promise
    # What rosters and exchange exports call the column, besides the label; without spaces, half width.
    headings: tuple[str, ...]
    # Who can have CHSI corrected: the school itself, or only the province.
    owner: str
    normalise: Callable[[str], str]


KEY_FIELDS = (
    KeyField("name", "姓名", _("name"), ("学生姓名", "XM"), PROVINCE, _name),
    KeyField("sex", "性别", _("sex"), ("性别码", "XB"), PROVINCE, _sex),
    KeyField("ethnicity", "民族", _("ethnic group"), ("民族名称", "民族码", "MZ"), SCHOOL, _ethnicity),
    KeyField(
        "birth_date",
        "出生日期",
        _("date of birth"),
        ("出生年月日", "出生年月", "生日", "CSRQ"),
        PROVINCE,
        _date,
    ),
    KeyField(
        "id_number",
        "身份证号",
        _("ID number"),
        ("身份证号码", "身份证件号", "身份证件号码", "证件号码", "证件号", "身份证", "公民身份号码", "SFZH"),
        PROVINCE,
        identity.tidy,
    ),
    KeyField(
        "student_number", "学号", _("student number"), ("学生学号", "学籍号", "XH"), SCHOOL, identity.tidy
    ),
    KeyField(
        "department_name",
        "系部",
        _("department"),
        ("院系", "系部名称", "院系名称", "分院", "学院", "系", "二级学院", "所属院系", "系所", "XSH", "FY"),
        SCHOOL,
        _bracketed,
    ),
    KeyField(
        "major", "专业名称", _("major"), ("专业", "录取专业", "专业(方向)", "ZYMC"), PROVINCE, without_suffix
    ),
    KeyField(
        "class_name",
        "班级",
        _("class"),
        ("班级名称", "行政班级", "行政班", "所在班级", "班", "BH"),
        SCHOOL,
        _bracketed,
    ),
    KeyField("level", "层次", _("level"), ("培养层次", "学历层次", "办学层次", "CC"), PROVINCE, _level),
    KeyField(
        "duration",
        "学制",
        _("duration in years"),
        ("学制(年)", "学制年限", "修业年限", "XZ"),
        PROVINCE,
        _duration,
    ),
)
BY_NAME = {field.name: field for field in KEY_FIELDS}


def display(field_name: str, value) -> str:
    """Return a field's value as a page and the form show it: dates as 2007-03-05, years without a zero."""
    if value is None:
        return ""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return str(value)


def normalise(field_name: str, value) -> str:
    """Return what a comparison looks at, for a stored value or a typed text. Raise KeyError: no such one."""
    return BY_NAME[field_name].normalise(display(field_name, value))


def same(field_name: str, one, other) -> bool:
    """Say whether two values of a field mean the same."""
    return normalise(field_name, one) == normalise(field_name, other)


_IGNORED = {
    "name": _("Which dot is written, width, spaces and capitals do not count."),
    "ethnicity": _("With or without 族 is the same."),
    "major": _("Text in brackets at the end of the major does not count."),
    "birth_date": _("How the date is written does not count."),
    "duration": _("How the years are written does not count."),
}


def ignored(field_name: str, one, other) -> list[Promise]:
    """Return notes on what was ignored where two values are the same but not written alike; else none."""
    one, other = display(field_name, one), display(field_name, other)
    if one == other or not same(field_name, one, other):
        return []
    return [_IGNORED.get(field_name, _("Full or half width, brackets and spaces do not count."))]


def normalised_record(record) -> str:
    """Return the text that a record digest is of, for any object with the eleven fields as attributes."""
    return "\x1f".join(
        f"{field.name}={normalise(field.name, getattr(record, field.name))}" for field in KEY_FIELDS
    )
