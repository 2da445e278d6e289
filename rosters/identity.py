"""Resident ID numbers (GB 11643): check digit, birth date, sex; masks, and comparisons that prove somebody.

A leaf. The region is not looked up: counties come and go, and a table of them refuses real people.
Students of 港澳台 and foreign students have other documents, of which nothing but the text is known.
"""

import hmac
import re
import unicodedata
from datetime import date

from .nothing import is_nothing
from .widths import compact

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_DIGITS = "10X98765432"
SHAPE = re.compile(r"[0-9]{17}[0-9X]")
# What identifies: the last six are asked for, so no mask may show one of them.
LAST = 6
HIDDEN = "*"
# How many characters of a masked number must be visible before a comparison means something.
VISIBLE_ENOUGH = 6

# What stands for a hidden character, on CHSI's pages and on people's keyboards.
HIDING = "*＊×•●·﹡∗⁎"
_STARS = dict.fromkeys(map(ord, HIDING), HIDDEN)
# What looks like the X of a check digit: a Roman ten, a Cyrillic or Greek letter, a sign.
_LIKE_X = "ⅩⅹХхΧχ×✕╳"
_CHECKED_BY_X = re.compile(f"((?:[0-9]{{12}})?[0-9]{{5}})[{_LIKE_X}]")
_LETTERS = str.maketrans("OQIL", "0011")
# Fewer characters are nobody's number: they would be guessed.
SHORTEST = 6
_PLACEHOLDER = re.compile(r"(.)\1*|\d*0{10,}|(?:0?1234567890?(?:1234567890?)*\d*X?)|[^0-9]*")


def tidy(text: str) -> str:
    """Return the number in half width and capitals, without spaces and invisible characters.

    So it is stored and compared.
    """
    if text.isascii() and text.isalnum():
        return text.upper()  # the usual number, in a hurry
    return compact(visible(text)).upper()


def visible(text: str) -> str:
    """Return the text without characters that nobody sees, as a chat or a web page puts around a number."""
    if text.isprintable():
        return text
    return "".join(character for character in text if unicodedata.category(character) != "Cf")


def with_plain_x(text: str) -> str:
    """Return an ID number, or its last six, whose last place only looks like an X, with the X."""
    found = _CHECKED_BY_X.fullmatch(text)
    return found[1] + "X" if found else text


def has_letters_for_digits(text: str) -> bool:
    """Say whether the number would be a resident's if an O or l in it were the digit it looks like."""
    return not looks_resident(text) and looks_resident(text.translate(_LETTERS))


def is_masked(text: str) -> bool:
    """Say whether some of the number is hidden behind asterisks or their like."""
    return HIDDEN in with_plain_x(tidy(text)).translate(_STARS)


def is_usable(text: str) -> bool:
    """Say whether the number tells people apart: no placeholder, nothing masked, not too short."""
    text = with_plain_x(tidy(text))
    return not (
        len(text) < SHORTEST
        or is_nothing(text)
        or HIDDEN in text.translate(_STARS)
        or _PLACEHOLDER.fullmatch(text)
    )


def check_digit(first17: str) -> str:
    """Return the 18th character for the first 17 digits (ISO 7064, MOD 11-2)."""
    total = sum(int(digit) * weight for digit, weight in zip(first17, WEIGHTS, strict=True))
    return CHECK_DIGITS[total % 11]


def looks_resident(text: str) -> bool:
    """Say whether the text has the shape of a resident's number, right or wrong."""
    return SHAPE.fullmatch(text) is not None


def birth_date_of(text: str) -> date | None:
    """Return the date of birth that a resident's number holds; None where it holds none."""
    if not looks_resident(text):
        return None
    try:
        return date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return None


def sex_of(text: str) -> str | None:
    """Return 男 or 女 as the 17th digit says; None where the text is no resident's number."""
    if not looks_resident(text):
        return None
    return "男" if int(text[16]) % 2 else "女"


def problems(text: str) -> list[str]:
    """Return what is wrong with the number, as codes: `length`, `birth_date`, `check_digit`.

    Nothing is wrong with another document's number, as far as can be told: only digits alone, too few or too
    many, are taken for a resident's number that has lost or won some.
    """
    if not looks_resident(text):
        return ["length"] if text.isascii() and text.isdigit() else []
    found = [] if birth_date_of(text) else ["birth_date"]
    return found if check_digit(text[:17]) == text[17] else [*found, "check_digit"]


def mask(text: str) -> str:
    """Return the number with at most its first six characters, and never one of the last six."""
    shown = min(6, max(0, len(text) - LAST))
    return text[:shown] + HIDDEN * (len(text) - shown)


def mask_phone(text: str) -> str:
    """Return a phone number by which its owner knows it: its first three and its last four."""
    return text if len(text) < 8 else text[:3] + HIDDEN * (len(text) - 7) + text[-4:]


def last_six_match(stored: str | None, typed: str) -> bool:
    """Say whether the typed text is the end of the number. In constant time; `x` is `X`.

    A record without a number has no end: never. Nor does a placeholder prove anybody.
    """
    end = with_plain_x(tidy(stored or "")[-LAST:])
    same = hmac.compare_digest(end.encode(), with_plain_x(tidy(typed)).encode())
    return same and is_usable(stored or "")


def matches_typed(stored: str | None, typed: str) -> bool | None:
    """Compare the number with what CHSI shows, which may hide some of it behind asterisks.

    Returns True or False; None where too little of it is visible to say.
    """
    stored, typed = with_plain_x(tidy(stored or "")), with_plain_x(tidy(typed)).translate(_STARS)
    if HIDDEN not in typed:
        return hmac.compare_digest(stored.encode(), typed.encode())
    if len(typed) - typed.count(HIDDEN) < VISIBLE_ENOUGH:
        return None
    return len(typed) == len(stored) and all(
        shown in (HIDDEN, real) for shown, real in zip(typed, stored, strict=True)
    )
