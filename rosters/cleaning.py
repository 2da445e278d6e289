"""A cell → the value that is stored, and what is wrong with it. One row of a table for each key field.

A leaf. A value keeps the record's own writing (names above all): only what a spreadsheet adds is taken
away, the outer spaces, a leading apostrophe, full-width digits and letters, and codes become their words.
A number (ID, 学号) is a code and no writing: its signs, too, become half width.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from . import ethnic_groups, identity, key_fields
from .widths import HALF_WIDTH, compact

Cell = str | int | float | bool | date | datetime | None
Fault = tuple[str, dict]


class Cleaned(NamedTuple):
    """A value, and the codes (of problems.py) of what is wrong with it, with their details."""

    value: object
    faults: tuple[Fault, ...] = ()


LIMITS = {
    "name": 80,
    "sex": 4,
    "ethnicity": 40,
    "id_number": 40,
    "student_number": 32,
    "department_name": 80,
    "major": 120,
    "class_name": 80,
    "level": 30,
    "duty": 30,
}
# What a cell says that isn't a value but a time of day, or the error of a formula.
TIME_CELL, ERROR_CELL = object(), object()

# What a text that leaves as a cell begins with where a spreadsheet would take it for a formula.
FORMULA_BEGINNINGS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")

BIDIRECTIONAL = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_EDGE = "\ufeff\u200b\u2060"
# Of a value as the record writes it only digits and letters become half width, no bracket and no dot.
_WIDE = {code: half for code, half in HALF_WIDTH.items() if chr(half).isalnum()}
_FORMULA_TEXT = re.compile(r'="([^"]*)"')
_ROUNDED = re.compile(r"\d(\.\d+)?[eE]\+?\d+")
_DATE = re.compile(
    r"(?P<year>\d{4})(?:(?P<mark>[-/.])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})"
    r"|年(?P<month2>\d{1,2})月(?P<day2>\d{1,2})日?)(?:[ T]0{1,2}:00(?::00(?:\.0+)?)?)?"
    r"|(?P<year3>\d{4})(?P<month3>\d{2})(?P<day3>\d{2})"
)
_AMBIGUOUS = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.](\d{2}|\d{4})")
_LONGEST_WHOLE = 10**15
# So far off midnight are the days that JavaScript writes in a time zone whose offset once had odd seconds.
_ROUNDING = timedelta(minutes=1)


def text_of(cell: Cell) -> str:
    """Return a cell as the text that a person sees: 4.0 is 4, a date is ISO."""
    if isinstance(cell, str):
        return cell
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, (date, datetime)):
        return cell.isoformat()[:10]
    return str(cell)


def trimmed(text: str) -> str:
    """Return the text without outer spaces, of whatever width, and the apostrophe that makes a cell text."""
    return text.strip().strip(_EDGE).removeprefix("'").strip()


def _character_faults(text: str) -> list[Fault]:
    """Return what is wrong with the characters: one fault a kind."""
    if text.isprintable():
        return []
    found: dict[str, Fault] = {}
    for character in text:
        category = unicodedata.category(character)
        if character in BIDIRECTIONAL:
            code = "bidirectional"
        elif category in ("Cc", "Cs", "Zl", "Zp"):
            code = "control"
        elif category == "Co":
            code = "private_use"
        elif category == "Cf":
            code = "invisible"
        else:
            continue
        found.setdefault(code, (code, {"character": f"U+{ord(character):04X}"}))
    return list(found.values())


def _text(field: str, cell: Cell) -> tuple[str, list[Fault]]:
    """Return a cell's trimmed text, and the faults that text of every field can have."""
    if cell is ERROR_CELL:
        return "", [("error_value", {})]
    if cell is TIME_CELL or isinstance(cell, date):
        return "", [("date_cell", {})]
    text = trimmed(text_of(cell))
    faults = _character_faults(text)
    if len(text) > LIMITS[field]:
        faults.append(("too_long", {"limit": LIMITS[field]}))
        text = ""
    return text, faults


def _empty(field: str) -> Fault:
    required = {
        "name": "no_name",
        "student_number": "no_student_number",
        "class_name": "no_class",
        "department_name": "no_department",
    }
    if field in required:
        return (required[field], {})
    return ("empty", {"label": key_fields.BY_NAME[field].label})


def _finished(field: str, value, faults: list[Fault], empty=""):
    """Return the value; an empty one without any fault has the fault that it is empty."""
    if not value and not faults:
        faults = [_empty(field)]
    return Cleaned(value or empty, tuple(faults))


def _name(cell: Cell) -> Cleaned:
    if isinstance(cell, str) and cell.isalpha() and len(cell) <= LIMITS["name"]:
        return Cleaned(cell)  # the usual name, in a hurry
    return _finished("name", *_text("name", cell))


def _words(field: str) -> Callable[[Cell], Cleaned]:
    """Return the cleaning of a field that holds words: full-width digits and letters become plain."""

    def clean_words(cell: Cell) -> Cleaned:
        text, faults = _text(field, cell)
        return _finished(field, _without_invisible(text.translate(_WIDE)), faults)

    return clean_words


def _without_invisible(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(character for character in text if unicodedata.category(character) != "Cf")


def _sex(cell: Cell) -> Cleaned:
    text, faults = _text("sex", cell)
    value = key_fields.normalise("sex", text)
    if value and value not in ("男", "女"):
        faults.append(("unknown_sex", {}))
    return _finished("sex", value, faults)


def _ethnicity(cell: Cell) -> Cleaned:
    text, faults = _text("ethnicity", cell)
    text = text.translate(_WIDE)
    if text.isascii() and text.isdigit():
        text = ethnic_groups.standard_name(text) or text
    return _finished("ethnicity", text, faults)


def birth_date_with_time(moment: datetime) -> Cleaned:
    """Return the day that a moment some seconds off midnight means; at another time of day it means none."""
    day = (moment + _ROUNDING).date()
    off = abs(moment - datetime.combine(day, datetime.min.time()))
    if off >= _ROUNDING:
        return Cleaned(None, (("time_of_day", {"time": f"{moment:%H:%M:%S}"}),))
    return Cleaned(day, (("rounded_time", {"time": f"{moment:%H:%M:%S}"}),) if off else ())


def _birth_date(cell: Cell) -> Cleaned:
    if isinstance(cell, datetime):
        return birth_date_with_time(cell)
    if isinstance(cell, date):
        return Cleaned(cell)
    if cell is ERROR_CELL:
        return Cleaned(None, (("error_value", {}),))
    text = "" if cell is TIME_CELL else "".join(trimmed(text_of(cell)).translate(_WIDE).split("\u3000"))
    text = text.replace("／", "/").replace("－", "-").replace("．", ".")
    if not text and cell is not TIME_CELL:
        return Cleaned(None, (_empty("birth_date"),))
    found = _DATE.fullmatch(text.replace(" ", "") if "年" in text else text)
    if found is None:
        code = "ambiguous_date" if _AMBIGUOUS.fullmatch(text) else "unreadable_date"
        return Cleaned(None, ((code, {}),))
    parts = found.groupdict()
    year, month, day = (
        int(parts[name] or parts.get(name + "2") or parts[name + "3"]) for name in ("year", "month", "day")
    )
    try:
        return Cleaned(date(year, month, day))
    except ValueError:
        return Cleaned(None, (("unreadable_date", {}),))


def _code_text(field: str, cell: Cell) -> tuple[str, list[Fault]]:
    """Return the text of a number that is no quantity (ID, 学号): without spaces, half width."""
    text, faults = _text(field, cell)
    if wrapped := _FORMULA_TEXT.fullmatch(text):  # how a csv keeps a spreadsheet from rounding
        text = trimmed(wrapped[1])
    return _without_invisible(compact(text)), faults


def _id_number(cell: Cell) -> Cleaned:
    if isinstance(cell, (int, float)):
        return Cleaned(None, (("numeric_id", {}),))
    if isinstance(cell, str) and len(cell) == 18 and cell.isascii() and cell.isdigit():
        return Cleaned(cell)  # the usual number, in a hurry
    text, faults = _code_text("id_number", cell)
    if _ROUNDED.fullmatch(text):
        return Cleaned(None, (("numeric_id", {}),))
    return _finished("id_number", identity.tidy(text), faults, None)


def _student_number(cell: Cell) -> Cleaned:
    if isinstance(cell, str) and cell.isascii() and cell.isdigit() and len(cell) <= LIMITS["student_number"]:
        return Cleaned(cell)  # the usual number, in a hurry
    text, faults = _code_text("student_number", cell)
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        if not float(cell).is_integer() or abs(cell) >= _LONGEST_WHOLE:
            return Cleaned("", (("inexact_number", {}),))
        faults.append(("numeric_student_number", {}))
    elif _ROUNDED.fullmatch(text):
        return Cleaned("", (("inexact_number", {}),))
    return _finished("student_number", text, faults)


def _duration(cell: Cell) -> Cleaned:
    if cell is ERROR_CELL or cell is TIME_CELL or isinstance(cell, date):
        return Cleaned(None, (("error_value" if cell is ERROR_CELL else "date_cell", {}),))
    text = trimmed(text_of(cell))
    if not text:
        return Cleaned(None, (_empty("duration"),))
    try:
        years = Decimal(key_fields.normalise("duration", text))
    except InvalidOperation:
        return Cleaned(None, (("unreadable_duration", {}),))
    if not years.is_finite() or not 0 < years < 100 or years * 10 % 1:
        return Cleaned(None, (("unreadable_duration", {}),))
    return Cleaned(years, () if 1 <= years <= 10 else (("odd_duration", {}),))


def _seat(cell: Cell) -> Cleaned:
    """序号: a whole number, or nothing; it orders a class and is no fact about a person."""
    text = trimmed(text_of(cell)).translate(_WIDE) if isinstance(cell, (str, int, float)) else ""
    return Cleaned(int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None)


def _duty(cell: Cell) -> Cleaned:
    text, faults = _text("duty", cell)
    return Cleaned(text, tuple(faults))


CLEANERS: dict[str, Callable[[Cell], Cleaned]] = {
    "name": _name,
    "sex": _sex,
    "ethnicity": _ethnicity,
    "birth_date": _birth_date,
    "id_number": _id_number,
    "student_number": _student_number,
    "department_name": _words("department_name"),
    "major": _words("major"),
    "class_name": _words("class_name"),
    "level": _words("level"),
    "duration": _duration,
    "seat": _seat,
    "duty": _duty,
}


def clean(field: str, cell: Cell) -> Cleaned:
    """Return the value of a field's cell and its faults. Raise KeyError: no such field."""
    return CLEANERS[field](cell)
