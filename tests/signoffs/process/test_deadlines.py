"""A deadline is a day of the school's clock, wherever the server stands."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import translation

from signoffs.process import deadlines

DAY = date(2026, 12, 22)
# The first moment that is too late, in UTC: 24:00 in China.
END = datetime(2026, 12, 22, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "moment, late",
    [(END - timedelta(microseconds=1), False), (END, True), (END + timedelta(days=1), True)],
)
def test_it_ends_when_the_next_day_begins_in_china(moment, late):
    assert deadlines.is_late(DAY, moment) is late
    assert deadlines.end_of(DAY) == END


@pytest.mark.parametrize(
    "now, words",
    [
        (END - timedelta(days=3, hours=1), "还有 3 天，12月22日截止"),
        (END - timedelta(seconds=1), "今天（12月22日）是最后一天"),
        (END, "已于12月22日截止"),
    ],
)
def test_what_is_left_is_said_in_words(now, words):
    with translation.override("zh-hans"):
        assert str(deadlines.words(DAY, now)) == words


def test_a_day_is_the_schools_day():
    assert deadlines.day_of(END - timedelta(seconds=1)) == DAY
    assert deadlines.day_of(END) == DAY + timedelta(days=1)
