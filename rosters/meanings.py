"""What two writings of a value have in common: 汉 and 汉族, full and half width, `4 年` and 4.

A leaf. Each function takes a text and returns what a comparison looks at. What is stored and printed is
always the text as written. Which field is compared by which, the table in key_fields.py says.
"""

import re
from decimal import Decimal, InvalidOperation

from . import ethnic_groups
from .lookalikes import FOLDED
from .widths import HALF_WIDTH

# Every dot that is written between the parts of a name.
_DOTS = {ord(dot): "·" for dot in "•‧∙⋅・･●．."}
_BRACKETS = str.maketrans({"【": "(", "】": ")", "[": "(", "]": ")", "〔": "(", "〕": ")"})
_CHINESE_DIGITS = {digit: str(value) for value, digit in enumerate("零一二三四五六七八九")} | {"两": "2"}
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(\d{4})(\d{2})(\d{2})")
_SEXES = {"1": "男", "男性": "男", "2": "女", "女性": "女"}
_LEVELS = dict.fromkeys(("专科(高职)", "高职(专科)", "高职高专", "高职", "专科"), "专科(高职)") | {
    "大学本科": "本科",
    "普通本科": "本科",
    "硕士": "硕士研究生",
    "博士": "博士研究生",
}


def compact(text: str) -> str:
    """Return the text in half width, without spaces, each character as the hanzi that it looks like."""
    return "".join(text.translate(FOLDED).split())


def name(text: str) -> str:
    """Return a name in half width, without spaces, whichever dot parts it."""
    return compact(text).translate(_DOTS).casefold()


def sex(text: str) -> str:
    """Return 男 or 女 for a code or a longer word; any other text as it stands."""
    return _SEXES.get(compact(text), compact(text))


def ethnicity(text: str) -> str:
    """Return the standard name of an ethnic group; any other text as it stands."""
    return ethnic_groups.standard_name(compact(text)) or compact(text)


def day(text: str) -> str:
    """Return a date as 2007-03-05; any other text as it stands."""
    found = _DATE.fullmatch(compact(text))
    if found is None:
        return compact(text)
    year, month, day_of_month = (part for part in found.groups() if part)
    return f"{year}-{int(month):02d}-{int(day_of_month):02d}"


def words(text: str) -> str:
    """Return a text in half width, without spaces, whichever brackets it has."""
    return compact(text).translate(_BRACKETS)


def split_suffix(text: str) -> tuple[str, str]:
    """Return a major and the bracketed text at its end, nested brackets too; a bare bracket stays."""
    plain = text.translate(HALF_WIDTH).translate(_BRACKETS)  # place by place the same
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
    return words(split_suffix(text)[0])


def level(text: str) -> str:
    """Return the usual name of a level; any other text as it stands."""
    return _LEVELS.get(words(text), words(text))


def years(text: str) -> str:
    """Return a number of years as 4 or 2.5; any other text as it stands."""
    text = compact(text).replace("(年)", "年").removesuffix("制").removesuffix("一贯").removesuffix("年")
    if text.endswith("年半"):
        text = text.removesuffix("年半") + ".5"
    text = "".join(_CHINESE_DIGITS.get(character, character) for character in text)
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return format(number.normalize(), "f") if number.is_finite() else text
