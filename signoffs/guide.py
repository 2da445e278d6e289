"""What the pages tell students: how to look the record up on CHSI, what to do in trouble, and privacy.

The notice's process (NOTICE.md) in our words, translated. Where a campaign has texts of its own,
`Campaign.texts` holds them as the office has typed them: `office` (where it is), `phone` (how to reach it),
`steps` and `privacy` (one a line), `troubles` (a question, its answers below it, an empty line between two).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

CHSI = "www.chsi.com.cn"
CHSI_HELP = "010-82199588 · kefu@chsi.com.cn"


@dataclass(frozen=True)
class Trouble:
    """Something that goes wrong often, and what helps."""

    question: Promise | str
    answers: tuple[Promise | str, ...]


STEPS = (
    _("On a computer or phone open 学信网 (www.chsi.com.cn), then 学籍查询 or 新生学籍, and enter 学信档案."),
    _(
        "Sign in, or register an account with your own name and ID number. Keep the user name and password: "
        "you need the same account for your graduation record, and the school can't recover it."
    ),
    _("Choose your school and open 学籍信息."),
    _(
        "Compare the eleven fields and the 学籍状态 with this page, one by one. Text in brackets after the major "
        "does not count."
    ),
    _(
        "Come back here and answer. All right: sign. Something is wrong: write down what CHSI shows and what is right."
    ),
)

TROUBLES = (
    Trouble(
        _("“您没有学籍信息”: CHSI shows no record"),
        (
            _("Common on phones. Use a computer, refresh the page, try another one; the library has some."),
            _(
                "CHSI finds a record by the account's name and ID number. Check that both are right in your account."
            ),
            _(
                "If it stays, report it on this page, and go to the academic affairs office in person with your "
                "student card and ID card."
            ),
        ),
    ),
    Trouble(
        _("My ID number is already registered"),
        (
            _("By you: recover the account by phone or e-mail on CHSI's sign-in page."),
            _(
                "By somebody else: 学信档案 has its own help for duplicate ID numbers. Give school, 学号, year of entry "
                "and 层次, or let a schoolmate vouch for you."
            ),
        ),
    ),
    Trouble(
        _("My phone number is already used"),
        (_("Register with another phone number."),),
    ),
    Trouble(
        _("I can't get on with CHSI"),
        (_("CHSI's own help: 010-82199588, kefu@chsi.com.cn."),),
    ),
    Trouble(
        _("I have no computer"),
        (_("The library's reading room will do. Sign out of CHSI when you have finished."),),
    ),
)

PRIVACY = (
    _(
        "Who: the academic affairs office of your university. What for: this year's check of enrolment records."
    ),
    _(
        "What: the eleven fields of the roster, your answers, your signature, and a phone number if you report an "
        "error. Your ID number is compared, never shown."
    ),
    _("Who sees it: your monitor sees who has signed; your department and the office see what you reported."),
    _("You may see your own record at any time, and ask the office to correct it or to explain."),
)


def office_of(texts: Mapping[str, str]) -> str:
    """Return where the office is and how to reach it, as a campaign's texts tell; empty where they don't."""
    return " · ".join(filter(None, (texts.get("office", ""), texts.get("phone", ""))))


@dataclass(frozen=True)
class Guide:
    """What a campaign's pages tell: its own texts, the given ones where it has none."""

    steps: tuple
    troubles: tuple[Trouble, ...]
    privacy: tuple
    office: str


def guide_of(texts: Mapping[str, str]) -> Guide:
    """Return a campaign's guide."""
    return Guide(
        steps=_lines(texts.get("steps", "")) or STEPS,
        troubles=_troubles(texts.get("troubles", "")) or TROUBLES,
        privacy=_lines(texts.get("privacy", "")) or PRIVACY,
        office=office_of(texts),
    )


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _troubles(text: str) -> tuple[Trouble, ...]:
    blocks = [_lines(block) for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n"))]
    return tuple(Trouble(block[0], block[1:]) for block in blocks if block)


def as_typed() -> dict[str, str]:
    """Return the given texts as an office would type them: what it begins its own from."""

    def lines(texts: Iterable) -> str:
        return "\n".join(map(str, texts))

    return {
        "steps": lines(STEPS),
        "troubles": "\n\n".join(lines((one.question, *one.answers)) for one in TROUBLES),
        "privacy": lines(PRIVACY),
    }
