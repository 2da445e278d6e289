"""The eleven key fields of the notice: one row each of one table, with all that this house knows of a field.

A leaf. A twelfth field is a row here, a column of the model Student, and a migration; every other list is
made from this table. What a comparison looks at, meanings.py says; what is stored of a cell, cleaning.py.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter

from django.utils.translation import gettext_lazy as _

from . import cleaning, identity, meanings
from .cleaning import Cell, Cleaned
from .sentences import Sentence

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


@dataclass(frozen=True, kw_only=True)
class Column:
    """What a roster may say of a student, in a column of its own."""

    name: str
    label: str
    # What rosters and exchange exports call the column, besides the label; without spaces, half width.
    headings: tuple[str, ...]
    # What is stored of a cell; it takes this row of the table and the cell.
    cleaner: Callable[["Column", Cell], Cleaned]
    # How many characters are stored; None for what is no text.
    longest: int | None = None
    # What a student has of whom the file says nothing.
    empty: str | None = ""
    # The code of the error where a student has none; without one it may be empty, and is warned of.
    required: str = ""
    # Thousands of rows share few values: each is cleaned and normalised once.
    shared: bool = False
    # A merged cell holds for all the rows beside it: two students share a class, never a name.
    filled_down: bool = False

    def clean(self, cell: Cell) -> Cleaned:
        """Return the value to store of a cell, and what is wrong with it."""
        return self.cleaner(self, cell)


@dataclass(frozen=True, kw_only=True)
class KeyField(Column):
    """One of those that are checked against CHSI. All of them are in the record's digest."""

    gloss: Sentence
    # What CHSI's own page calls it.
    chsi: tuple[str, ...]
    # Who can have CHSI corrected: the school itself, or only the province.
    owner: str
    # What a comparison looks at, of a text.
    meaning: Callable[[str], str]
    # What a comparison overlooks.
    overlooked: Sentence = _("Full or half width, brackets and spaces do not count.")


KEY_FIELDS = (
    KeyField(
        name="name",
        label="姓名",
        gloss=_("name"),
        headings=("学生姓名", "XM"),
        chsi=("姓名",),
        cleaner=cleaning.clean_name,
        longest=80,
        required="no_name",
        owner=PROVINCE,
        meaning=meanings.name,
        overlooked=_("Which dot is written, width, spaces and capitals do not count."),
    ),
    KeyField(
        name="sex",
        label="性别",
        gloss=_("sex"),
        headings=("性别码", "XB"),
        chsi=("性别",),
        cleaner=cleaning.clean_sex,
        longest=4,
        shared=True,
        owner=PROVINCE,
        meaning=meanings.sex,
    ),
    KeyField(
        name="ethnicity",
        label="民族",
        gloss=_("ethnic group"),
        headings=("民族名称", "民族码", "MZ"),
        chsi=("民族",),
        cleaner=cleaning.clean_ethnicity,
        longest=40,
        shared=True,
        owner=SCHOOL,
        meaning=meanings.ethnicity,
        overlooked=_("With or without 族 is the same."),
    ),
    KeyField(
        name="birth_date",
        label="出生日期",
        gloss=_("date of birth"),
        headings=("出生年月日", "出生年月", "生日", "CSRQ"),
        chsi=("出生日期", "出生年月日"),
        cleaner=cleaning.clean_date,
        empty=None,
        shared=True,
        owner=PROVINCE,
        meaning=meanings.day,
        overlooked=_("How the date is written does not count."),
    ),
    KeyField(
        name="id_number",
        label="身份证号",
        gloss=_("ID number"),
        headings=(
            "身份证号码",
            "身份证件号",
            "身份证件号码",
            "证件号码",
            "证件号",
            "身份证",
            "公民身份号码",
            "SFZH",
        ),
        chsi=("证件号码", "身份证号码", "身份证件号", "身份证号"),
        cleaner=cleaning.clean_id_number,
        longest=40,
        empty=None,
        owner=PROVINCE,
        meaning=identity.tidy,
    ),
    KeyField(
        name="student_number",
        label="学号",
        gloss=_("student number"),
        headings=("学生学号", "学籍号", "XH"),
        chsi=("学号",),
        cleaner=cleaning.clean_student_number,
        longest=32,
        required="no_student_number",
        owner=SCHOOL,
        meaning=identity.tidy,
    ),
    KeyField(
        name="department_name",
        label="系部",
        gloss=_("department"),
        headings=(
            "院系",
            "系部名称",
            "院系名称",
            "分院",
            "学院",
            "系",
            "二级学院",
            "所属院系",
            "系所",
            "XSH",
            "FY",
        ),
        chsi=("系所", "系(所、函授站)", "系(所)", "系部", "院系", "分院", "学院"),
        cleaner=cleaning.clean_words,
        longest=80,
        required="no_department",
        shared=True,
        filled_down=True,
        owner=SCHOOL,
        meaning=meanings.words,
    ),
    KeyField(
        name="major",
        label="专业名称",
        gloss=_("major"),
        headings=("专业", "录取专业", "专业(方向)", "ZYMC"),
        chsi=("专业名称", "专业"),
        cleaner=cleaning.clean_words,
        longest=120,
        shared=True,
        filled_down=True,
        owner=PROVINCE,
        meaning=meanings.without_suffix,
        overlooked=_("Text in brackets at the end of the major does not count."),
    ),
    KeyField(
        name="class_name",
        label="班级",
        gloss=_("class"),
        headings=("班级名称", "行政班级", "行政班", "所在班级", "班", "BH"),
        chsi=("班级", "行政班级"),
        cleaner=cleaning.clean_words,
        longest=80,
        required="no_class",
        shared=True,
        filled_down=True,
        owner=SCHOOL,
        meaning=meanings.words,
    ),
    KeyField(
        name="level",
        label="层次",
        gloss=_("level"),
        headings=("培养层次", "学历层次", "办学层次", "CC"),
        chsi=("学历层次", "培养层次", "层次"),
        cleaner=cleaning.clean_words,
        longest=30,
        shared=True,
        filled_down=True,
        owner=PROVINCE,
        meaning=meanings.level,
    ),
    KeyField(
        name="duration",
        label="学制",
        gloss=_("duration in years"),
        headings=("学制(年)", "学制年限", "修业年限", "XZ"),
        chsi=("学制",),
        cleaner=cleaning.clean_years,
        empty=None,
        shared=True,
        filled_down=True,
        owner=PROVINCE,
        meaning=meanings.years,
        overlooked=_("How the years are written does not count."),
    ),
)
# What rosters say besides: it orders a class and names its monitor, and is no fact that is checked.
EXTRA = (
    Column(
        name="seat",
        label="序号",
        headings=("序", "NO", "NO.", "座号"),
        cleaner=cleaning.clean_seat,
        empty=None,
        shared=True,
    ),
    Column(
        name="duty",
        label="职务",
        headings=("班级职务", "担任职务", "班干部职务"),
        cleaner=cleaning.clean_text,
        longest=30,
        shared=True,
    ),
)
BY_NAME: dict[str, KeyField] = {field.name: field for field in KEY_FIELDS}
COLUMNS: dict[str, Column] = BY_NAME | {column.name: column for column in EXTRA}
REQUIRED = tuple(field.name for field in KEY_FIELDS if field.required)


def display(field_name: str, value: object) -> str:
    """Return a field's value as a page and the form show it: dates as 2007-03-05, years without a zero."""
    if value is None:
        return ""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return str(value)


_KEPT = 4_096  # values a field, of those that are shared


def _normaliser(field: KeyField) -> Callable[[object], str]:
    def normalised(value: object) -> str:
        return field.meaning(display(field.name, value))

    return lru_cache(_KEPT)(normalised) if field.shared else normalised


_NORMALISERS = {field.name: _normaliser(field) for field in KEY_FIELDS}
_RECORD = tuple((f"{name}=", normalised) for name, normalised in _NORMALISERS.items())
_values = attrgetter(*_NORMALISERS)


def normalise(field_name: str, value: object) -> str:
    """Return what a comparison looks at, for a stored value or a typed text. Raise KeyError: no such one."""
    return _NORMALISERS[field_name](value)


def same(field_name: str, one: object, other: object) -> bool:
    """Say whether two values of a field mean the same."""
    return normalise(field_name, one) == normalise(field_name, other)


def ignored(field_name: str, one: object, other: object) -> list[Sentence]:
    """Return notes on what was ignored where two values are the same but not written alike; else none."""
    one, other = display(field_name, one), display(field_name, other)
    if one == other or not same(field_name, one, other):
        return []
    return [BY_NAME[field_name].overlooked]


def normalised_record(record: object) -> str:
    """Return the text that a record digest is of, for any object with the key fields as attributes."""
    values = zip(_RECORD, _values(record), strict=True)
    return "\x1f".join([prefix + normalised(value) for (prefix, normalised), value in values])
