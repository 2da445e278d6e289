"""What a line of a roster looks like by its texts alone: a total, a note, or a student.

A leaf. It judges generously: what might be a student's is never taken for anything less.
"""

import re
from collections.abc import Sequence

TOTAL, NOTE = "total", "note"
# What a text begins with tells enough.
LONGEST = 200

_TOTAL = re.compile(r"(合计|总计|小计|共计|总人数|总数)([:：].*|\d+人?)?|共\d+人.*")
_NOTE = re.compile(
    r"(注|备注|附注|说明|注意|日期|联系人|联系电话|负责人|班主任|辅导员)(事项)?\d*[:：、.].*"
    r"|(制表|填表|审核|复核|打印|统计|经办|导出)(人|员|时间|日期|单位)?[:：].*",
    re.DOTALL,
)
_ID_NUMBER = re.compile(r"'?\d{17}[\dXx]")
# A number that a 学号 could be, and a name. A date of eight digits is none.
_NUMBER = re.compile(r"[A-Za-z]{0,4}\d{6,16}")
_DATE = re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])([0-2]\d|3[01])")
_NAME = re.compile("[\u3400-\u9fff\U00020000-\U000323af]{2,4}|[\u3400-\u9fff]+[·•.][\u3400-\u9fff·•.]+")


def texts_of(cells: Sequence) -> list[str]:
    """Return a line's texts, numbers as whole ones are written."""
    texts = (str(int(cell)) if isinstance(cell, float) and cell.is_integer() else cell for cell in cells)
    return ["".join(text[:LONGEST].split()) for text in texts if isinstance(text, str) and text.strip()]


def has_id_number(cells: Sequence) -> bool:
    """Say whether a line has what only an ID number is."""
    return any(_ID_NUMBER.fullmatch(text) for text in texts_of(cells))


def is_number(cell: object) -> bool:
    """Say whether a cell may be a 学号."""
    return any(map(_NUMBER.fullmatch, texts_of([cell])))


def may_be_student(cells: Sequence) -> bool:
    """Say whether a line may be a student's: it has an ID number, or a number and a name."""
    texts = texts_of(cells)
    if any(_ID_NUMBER.fullmatch(text) for text in texts):
        return True
    numbers = any(_NUMBER.fullmatch(text) and not _DATE.fullmatch(text) for text in texts)
    return numbers and any(map(_NAME.fullmatch, texts))


def kind_of(cells: Sequence) -> str | None:
    """Return whether a line begins as a total or a note does; else None."""
    texts = texts_of(cells)
    if texts and _TOTAL.fullmatch(texts[0]):
        return TOTAL
    return NOTE if texts and _NOTE.fullmatch(texts[0]) else None
