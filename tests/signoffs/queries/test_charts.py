"""The curve says what the sentence above it says."""

from datetime import date, datetime, timedelta

import pytest

from rosters.models import Campaign
from signoffs.process import deadlines
from signoffs.queries import charts
from signoffs.queries.counts import Counts
from signoffs.queries.overview import Forecast, Overview
from signoffs.queries.reported import Reports

TODAY = date(2026, 12, 12)


def ahead(*, done: int, lately: int, expected: int = 1000) -> list[tuple[float, float]]:
    """Return the points of the way on, ten days before the students' deadline."""
    goal = TODAY + timedelta(days=10)
    overview = Overview(
        campaign=Campaign(student_deadline=goal, department_deadline=goal + timedelta(days=2)),
        departments=(),
        total=Counts(expected=expected, confirmed=done),
        days=((TODAY, done),),
        errors=(),
        reports=Reports(),
        forecast=Forecast(10, 0, lately, 0, ()),
        slowest=(),
    )
    drawn = charts.completion(overview, datetime(2026, 12, 12, 12, tzinfo=deadlines.SCHOOL_CLOCK))
    return [tuple(map(float, point.split(","))) for point in drawn.ahead.split()]


def test_the_way_on_is_level_once_everybody_has_signed():
    today, whole, goal = ahead(done=400, lately=150)  # the 600 left take four days
    assert whole[1] == goal[1] == charts.TOP
    assert (whole[0] - today[0]) / (goal[0] - today[0]) == pytest.approx(0.4, abs=0.001)


@pytest.mark.parametrize("lately, reached", [(30, 700), (60, 1000), (0, 400)])
def test_a_slower_way_on_ends_where_it_has_got_to_by_the_deadline(lately, reached):
    *_, whole, goal = ahead(done=400, lately=lately)
    height = charts.HEIGHT - charts.TOP - charts.BOTTOM
    assert whole == goal
    assert goal[1] == pytest.approx(charts.HEIGHT - charts.BOTTOM - height * reached / 1000, abs=0.1)
