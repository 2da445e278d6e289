"""A cell → the value that is stored, and what is wrong with it.

A leaf. Which column is cleaned by which function, the table in key_fields.py says. A value keeps the record's
own writing (names above all): only what a spreadsheet adds is taken away, the outer spaces, a leading
apostrophe, full-width digits and letters, and codes become their words. A number (ID, 学号) is a code and no
writing: its signs, too, become half width.
"""

import re
import unicodedata
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import NamedTuple, Protocol

from . import ethnic_groups, identity, meanings, writing
from .nothing import DITTO, WORDS, is_ditto, is_nothing
from .widths import HALF_WIDTH, compact

Cell = str | int | float | bool | date | datetime | None
Fault = tuple[str, dict[str, object]]


class Cleaned(NamedTuple):
    """A value, and the codes (of problems.py) of what is wrong with it, with their details."""

    value: object
    faults: tuple[Fault, ...] = ()


class Column(Protocol):
    """What a cleaning has to know of its column: a row of the table in key_fields.py."""

    @property
    def label(self) -> str:
        """What the record calls it."""

    @property
    def longest(self) -> int | None:
        """How many characters are stored of a text; None for what is none."""

    @property
    def required(self) -> str:
        """The code of the error where a student has none; empty where it is no error."""


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
# A number that a program wrote with a fraction, as pandas does: nothing but the fraction was added.
_WHOLE = re.compile(r"(\d{1,15})\.0+")
_DATE = re.compile(
    r"(?P<year>\d{4})(?:(?P<mark>[-/.])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})"
    r"|年(?P<month2>\d{1,2})月(?P<day2>\d{1,2})日?)"
    r"(?:(?:[ T]|(?<=日))(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d+)?)?Z?)?"
    r"|(?P<year3>\d{4})(?P<month3>\d{2})(?P<day3>\d{2})"
)
_AROUND_DATE_WORDS = re.compile(r"\s*([年月日])\s*")
# Programs that count in milliseconds of another time zone miss midnight by less than this.
_MIDNIGHT_MISSED = timedelta(minutes=1)
_SUM = re.compile(r"[\d.]+年?[+、/][\d.]+年?制?")
_AMBIGUOUS = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.](\d{2}|\d{4})")
_LONGEST_WHOLE = 10**15
_USUAL_ID = re.compile(r"\d{6}(?:19|20)\d{10}", re.ASCII)


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


def _without_fraction(text: str) -> str:
    whole = _WHOLE.fullmatch(text)
    return whole[1] if whole else text


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
        elif category == "Co" and not writing.looks_like_another(character):
            code = "private_use"
        elif category == "Cf":
            code = "invisible"
        else:
            continue
        found.setdefault(code, (code, {"character": f"U+{ord(character):04X}"}))
    return list(found.values())


def _text(column: Column, cell: Cell) -> tuple[str, list[Fault]]:
    """Return a cell's trimmed text, and the faults that text of every field can have."""
    if cell is ERROR_CELL:
        return "", [("error_value", {})]
    if cell is TIME_CELL or isinstance(cell, date):
        return "", [("date_cell", {})]
    text = trimmed(text_of(cell))
    text, faults = writing.resolved(text)
    if fault := _instead_of_a_value(column, text):
        return "", [fault]
    faults += _character_faults(text)
    if column.longest is not None and len(text) > column.longest:
        faults.append(("too_long", {"limit": column.longest}))
        text = ""
    return text, faults


def _empty(column: Column) -> Fault:
    return (column.required, {}) if column.required else ("empty", {"label": column.label})


def _instead_of_a_value(column: Column, text: str) -> Fault | None:
    """Return the fault of a text that is written for nothing, or for the cell above."""
    if is_ditto(text):
        return ("ditto", {"text": text})
    if not text or not is_nothing(text):
        return None
    return (column.required, {}) if column.required else ("no_value", {"text": text})


def _finished(column: Column, value: object, faults: list[Fault], empty: object = "") -> Cleaned:
    """Return the value; an empty one without any fault has the fault that it is empty."""
    if not value and not faults:
        faults = [_empty(column)]
    return Cleaned(value or empty, tuple(faults))


def clean_name(column: Column, cell: Cell) -> Cleaned:
    """Keep a name as it is written."""
    if (
        isinstance(cell, str)
        and cell.isalpha()
        and len(cell) <= (column.longest or 0)
        and not writing.may_be_odd(cell)
        and cell not in WORDS
        and cell not in DITTO
    ):
        return Cleaned(cell)  # the usual name, in a hurry
    text, faults = _text(column, cell)
    return _finished(column, text, faults + writing.faults(text))


def clean_words(column: Column, cell: Cell) -> Cleaned:
    """Keep words, full-width digits and letters made plain."""
    text, faults = _text(column, cell)
    return _finished(column, identity.visible(text.translate(_WIDE)), faults + writing.faults(text))


def clean_sex(column: Column, cell: Cell) -> Cleaned:
    """Make a code 男 or 女."""
    text, faults = _text(column, cell)
    value = meanings.sex(_without_fraction(text))
    if value and value not in ("男", "女"):
        faults.append(("unknown_sex", {}))
    return _finished(column, value, faults)


def clean_ethnicity(column: Column, cell: Cell) -> Cleaned:
    """Make a code the name of its ethnic group."""
    text, faults = _text(column, cell)
    text, faults = _without_fraction(text.translate(_WIDE)), faults + writing.faults(text)
    if text.isascii() and text.isdigit():
        text = ethnic_groups.standard_name(text) or text
    return _finished(column, text, faults)


def clean_date(column: Column, cell: Cell) -> Cleaned:
    """Read a date, where it can be read in one way only."""
    if isinstance(cell, datetime):
        return _day_of(cell)
    if isinstance(cell, date):
        return Cleaned(cell)
    if cell is ERROR_CELL:
        return Cleaned(None, (("error_value", {}),))
    text = "" if cell is TIME_CELL else "".join(trimmed(text_of(cell)).translate(_WIDE).split("\u3000"))
    text = text.replace("／", "/").replace("－", "-").replace("．", ".")
    if not text and cell is not TIME_CELL:
        return Cleaned(None, (_empty(column),))
    if fault := _instead_of_a_value(column, text):
        return Cleaned(None, (fault,))
    found = _DATE.fullmatch(_AROUND_DATE_WORDS.sub(r"\1", text))
    if found is None:
        code = "ambiguous_date" if _AMBIGUOUS.fullmatch(text) else "unreadable_date"
        return Cleaned(None, ((code, {}),))
    parts = found.groupdict()
    year, month, day = (
        int(parts[name] or parts.get(name + "2") or parts[name + "3"]) for name in ("year", "month", "day")
    )
    hour, minute, second = (int(parts[name] or 0) for name in ("hour", "minute", "second"))
    try:
        return _day_of(datetime(year, month, day, hour, minute, second))  # noqa: DTZ001 - a birth date has no zone
    except ValueError:
        return Cleaned(None, (("unreadable_date", {}),))


def _day_of(moment: datetime) -> Cleaned:
    """Return the day that begins at the moment, or nearly so; at another time it is another day elsewhere."""
    day = (moment + _MIDNIGHT_MISSED).date()
    off = abs(moment - datetime.combine(day, datetime.min.time()))
    time: dict[str, object] = {"time": f"{moment:%H:%M:%S}"}
    if off >= _MIDNIGHT_MISSED:
        return Cleaned(None, (("time_of_day", time),))
    return Cleaned(day, (("rounded_time", time),) if off else ())


def _code_text(column: Column, cell: Cell) -> tuple[str, list[Fault]]:
    """Return the text of a number that is no quantity (ID, 学号): without spaces, half width."""
    text, faults = _text(column, cell)
    if wrapped := _FORMULA_TEXT.fullmatch(text):  # how a csv keeps a spreadsheet from rounding
        text = trimmed(wrapped[1])
    return identity.visible(compact(text)), faults


def clean_id_number(column: Column, cell: Cell) -> Cleaned:
    """Keep an ID number in capitals, without spaces; one that went through a number is refused."""
    if isinstance(cell, (int, float)):
        return Cleaned(None, (("numeric_id", {}),))
    if isinstance(cell, str) and _USUAL_ID.fullmatch(cell) and "0000000000" not in cell:
        return Cleaned(cell)  # the usual number, in a hurry
    text, faults = _code_text(column, cell)
    if _ROUNDED.fullmatch(text) or re.fullmatch(r"\d+\.\d*", text):
        return Cleaned(None, (("numeric_id", {}),))
    number = identity.with_plain_x(identity.tidy(text))
    if number and not identity.is_usable(number):
        code = "id_masked" if identity.is_masked(number) else "id_placeholder"
        return Cleaned(None, (*faults, (code, {})))
    if number != identity.tidy(text):
        faults.append(("id_like_x", {}))
    elif identity.has_letters_for_digits(number):
        faults.append(("id_letters", {}))
    return _finished(column, number, faults, None)


def clean_student_number(column: Column, cell: Cell) -> Cleaned:
    """Keep a 学号, in half width, without spaces; one that was rounded is refused."""
    if isinstance(cell, str) and cell.isascii() and cell.isdigit() and len(cell) <= (column.longest or 0):
        return Cleaned(cell)  # the usual number, in a hurry
    text, faults = _code_text(column, cell)
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        if not float(cell).is_integer() or abs(cell) >= _LONGEST_WHOLE:
            return Cleaned("", (("inexact_number", {}),))
        faults.append(("numeric_student_number", {}))
    elif _ROUNDED.fullmatch(text):
        return Cleaned("", (("inexact_number", {}),))
    elif _WHOLE.fullmatch(text):
        text = _without_fraction(text)
        faults.append(("numeric_student_number", {}))
    return _finished(column, text, faults)


def clean_years(column: Column, cell: Cell) -> Cleaned:
    """Read a number of years."""
    if cell is ERROR_CELL or cell is TIME_CELL or isinstance(cell, date):
        return Cleaned(None, (("error_value" if cell is ERROR_CELL else "date_cell", {}),))
    text = trimmed(text_of(cell))
    if not text:
        return Cleaned(None, (_empty(column),))
    if fault := _instead_of_a_value(column, text):
        return Cleaned(None, (fault,))
    if _SUM.fullmatch(meanings.compact(text)):
        return Cleaned(None, (("summed_years", {}),))
    try:
        years = Decimal(meanings.years(text))
    except InvalidOperation:
        return Cleaned(None, (("unreadable_duration", {}),))
    if not years.is_finite() or not 0 < years < 100 or years * 10 % 1:
        return Cleaned(None, (("unreadable_duration", {}),))
    return Cleaned(years, () if 1 <= years <= 10 else (("odd_duration", {}),))


def clean_seat(column: Column, cell: Cell) -> Cleaned:
    """Read 序号, a whole number, or nothing: it orders a class and is no fact about a person."""
    text = (
        _without_fraction(trimmed(text_of(cell)).translate(_WIDE)) if isinstance(cell, (str, float)) else ""
    )
    return Cleaned(int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None)


def clean_text(column: Column, cell: Cell) -> Cleaned:
    """Keep a text that may be empty; a word for nothing is no trouble then."""
    text, faults = _text(column, cell)
    return Cleaned(text, tuple(fault for fault in faults if fault[0] != "no_value"))
