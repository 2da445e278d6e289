"""What may be wrong with the characters of a name or another word: lost, misread, not what they look like.

A leaf. All of these are warnings: the record under check may really be so, and the office sees the cell.
"""

import html
import re

from .lookalikes import SHOWN

Fault = tuple[str, dict]

_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,8});")
# What a program leaves where it had no room for a character.
_LOST = frozenset("?？\ufffd□")
# The two hanzi that UTF-8's three bytes begin with where they were read as GBK: 384, all of them rare.
_MISREAD_FIRST = "".join(
    bytes((first, second)).decode("gb18030") for first in range(0xE4, 0xEA) for second in range(0x80, 0xC0)
)
_HANZI = re.compile("[\u3400-\u9fff\U00020000-\U0003ffff]{2,}(?:·[\u3400-\u9fff]+)?")
# Characters that a usual name has not, those that need a look among them.
_ODD = re.compile(
    f"[A-Za-z\u0080-\u024f\u2e80-\u2fdf\ue000-\ufaff\ufffd\U0002f800-\U0002fa1f{_MISREAD_FIRST}]"
)
# (What the bytes were taken for, what they are.)
_MISREADINGS = (("gb18030", "utf-8"), ("cp1252", "utf-8"), ("latin-1", "utf-8"), ("latin-1", "gb18030"))


def may_be_odd(text: str) -> bool:
    """Say whether a text of letters needs a look; no is certain, yes is not."""
    return _ODD.search(text) is not None


def looks_like_another(character: str) -> bool:
    """Say whether the character looks like a hanzi and is none for a computer."""
    return ord(character) in SHOWN


def resolved(text: str) -> tuple[str, list[Fault]]:
    """Return the text with the references of HTML (&#17646;) as characters, and a warning of each kind."""
    if "&" not in text or ";" not in text:
        return text, []
    plain = _REFERENCE.sub(lambda found: html.unescape(found[0]), text)
    return plain, [("character_reference", {})] if plain != text else []


def faults(text: str) -> list[Fault]:
    """Return what looks wrong with the characters: at most one fault a kind."""
    found: dict[str, Fault] = {}
    for character in text:
        if character in _LOST:
            found.setdefault("lost_character", ("lost_character", {"character": character}))
        elif ord(character) in SHOWN:
            details = {"character": f"U+{ord(character):04X}", "shown": SHOWN[ord(character)]}
            found.setdefault("lookalike", ("lookalike", details))
    if _was_misread(text):
        found["misread"] = ("misread", {})
    return list(found.values())


def _was_misread(text: str) -> bool:
    if len(text) < 2 or not may_be_odd(text):
        return False
    for taken_for, real in _MISREADINGS:
        try:
            meant = text.encode(taken_for).decode(real)
        except UnicodeError:
            continue
        if meant != text and _HANZI.fullmatch(meant):
            return True
    return False
