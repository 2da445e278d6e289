"""What the pages tell students: how to look the record up on CHSI, what to do in trouble, and privacy.

The notice's process (docs/process.md) in our words, translated. Where a campaign has texts of its own,
`Campaign.texts` holds them as the office has typed them: `office` (where it is), `phone` (how to reach it),
`steps` and `privacy` (one a line), `troubles` (a question, its answers below it, an empty line between two).
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from django.utils import translation
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from rosters import key_fields
from rosters.sentences import Sentence

from .keeping import KEPT_DAYS


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
    format_lazy(
        _(
            "Compare the {count} fields and the 学籍状态 with this page, one by one. Text in brackets after the "
            "major does not count."
        ),
        count=len(key_fields.KEY_FIELDS),
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

# What the law asks to be told before anything is collected (PIPL, articles 17 and 30): who, what for, which
# data and why the sensitive ones, who sees it, for how long, and the rights. It is a notice, not a consent:
# the check is the school's duty, and a box that everybody must tick would be a sham. The first line stands
# on the page, the others unfold; how to reach the office follows from the campaign's own texts.
_HOW_LONG = format_lazy(
    _(
        "How long: until {days} days after this check is closed. Then it is deleted; counts without names stay."
    ),
    days=KEPT_DAYS,
)
PRIVACY = (
    _(
        "Your university's academic affairs office (教务管理部) uses your data for this year's check of enrolment "
        "records and for nothing else."
    ),
    format_lazy(
        _(
            "Which data: the {count} fields of the roster, your answers, your signature, when you identified, and "
            "a phone number if you report an error. Your ID number is sensitive: it is needed to tell you apart "
            "and to compare it with CHSI. It is stored encrypted and shown masked; only the office can take it "
            "out whole, with a reason that is recorded."
        ),
        count=len(key_fields.KEY_FIELDS),
    ),
    _(
        "Who sees it: your monitor sees name, student number and whether you have signed. Your counsellor, your "
        "department and the office see what you declared; each look is logged. An error that you report goes to "
        "whoever can have CHSI corrected."
    ),
    _HOW_LONG,
    _(
        "Your rights: after identifying, you see your own record here, take a copy of it, and see who looked at "
        "it. You can ask the office to correct it, to explain, or to delete what is no longer needed; and you can "
        "check on paper at your department in place of this page."
    ),
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


def guide_of(texts: Mapping[str, str], purge_on: date | None = None) -> Guide:
    """Return a campaign's guide; `purge_on`: the day of deletion, once the campaign has announced one."""
    return Guide(
        steps=_lines(texts.get("steps", "")) or STEPS,
        troubles=_troubles(texts.get("troubles", "")) or TROUBLES,
        privacy=_lines(texts.get("privacy", "")) or _privacy(purge_on),
        office=office_of(texts),
    )


def _privacy(purge_on: date | None) -> tuple[Sentence, ...]:
    if purge_on is None:
        return PRIVACY
    announced = format_lazy(
        _("How long: until {day}, as announced. Then it is deleted; counts without names stay."),
        day=purge_on.isoformat(),
    )
    return tuple(announced if line is _HOW_LONG else line for line in PRIVACY)


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


def notice_version(texts: Mapping[str, str]) -> str:
    """Return what tells one wording of the notice from another: a short digest of its Chinese text."""
    return _version_of(*(texts.get(name, "") for name in ("privacy", "office", "phone")))


@lru_cache(maxsize=8)  # asked for at each identification
def _version_of(privacy: str, office: str, phone: str) -> str:
    with translation.override("zh-hans"):
        notice = guide_of({"privacy": privacy, "office": office, "phone": phone})
        whole = "\n".join([*map(str, notice.privacy), notice.office])
    return hashlib.sha256(whole.encode()).hexdigest()[:12]
