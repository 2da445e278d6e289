"""Pure time: when a day's deadline ends, how much is left, and the words for it.

A deadline is a day, and it ends when the next day begins in Asia/Shanghai, wherever the server stands.
"""

from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext

from rosters.sentences import Sentence

from .lazily import lazily

SCHOOL_CLOCK = ZoneInfo("Asia/Shanghai")


class Deadlines(NamedTuple):
    """A campaign's last days: the students', to sign; the departments', to hand in."""

    students: date
    departments: date


def usual(year: int) -> Deadlines:
    """Return the deadlines of a year's notice: 22 and 24 December."""
    return Deadlines(date(year, 12, 22), date(year, 12, 24))


def in_force(campaign: Any) -> Deadlines:
    """Return a campaign's deadlines as they stand."""
    return Deadlines(campaign.student_deadline, campaign.department_deadline)


def end_of(day: date) -> datetime:
    """Return the first moment that is too late: the next day's beginning, on the school's clock."""
    return datetime.combine(day + timedelta(days=1), time.min, SCHOOL_CLOCK)


def is_late(day: date, at: datetime) -> bool:
    """Say whether that moment (aware) is after the deadline of that day."""
    return at >= end_of(day)


def day_of(at: datetime) -> date:
    """Return the day on the school's clock."""
    return at.astimezone(SCHOOL_CLOCK).date()


def days_left(day: date, now: datetime) -> int:
    """Return the whole days to go: 0 on the day itself, negative once it has passed."""
    return (day - day_of(now)).days


def in_words(day: date) -> str:
    """Return a day without its year, in the reader's language: 12月22日."""
    # Translators: how a day is written, in the letters of Django's date filter; in Chinese n月j日.
    return date_format(day, gettext("F j"))


@lazily
def _words(day: date, left: int) -> str:
    if left < 0:
        return gettext("Closed since the end of %(date)s") % {"date": in_words(day)}
    if left == 0:
        return gettext("Today, %(date)s, is the last day") % {"date": in_words(day)}
    return gettext("%(days)s days left, until %(date)s") % {"days": left, "date": in_words(day)}


def words(day: date, now: datetime) -> Sentence:
    """Return how much time is left, in words and lazily translated: "还有 3 天，12月22日截止"."""
    return _words(day, days_left(day, now))
