"""The completion curve as SVG, drawn on the server; the page has the same figures as a table."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ..process import deadlines
from .overview import Overview

WIDTH, HEIGHT = 760, 220
LEFT, RIGHT, TOP, BOTTOM = 40, 76, 16, 28  # on the right is room for the last deadline's name


@dataclass(frozen=True)
class Mark:
    """A vertical line at the end of a day: a deadline."""

    x: float
    day: date
    kind: str


@dataclass(frozen=True)
class Chart:
    """Coordinates for the template: nothing here is a sentence."""

    width: int
    height: int
    baseline: float
    top: float
    left: float
    right: float
    points: str
    ahead: str
    levels: tuple[tuple[float, int], ...]
    marks: tuple[Mark, ...]
    days: tuple[tuple[float, date], ...]
    # (day, done on it, done up to it, in a hundred)
    table: tuple[tuple[date, int, int, int], ...]


def completion(overview: Overview, now: datetime) -> Chart | None:
    """Return the curve of declarations up to now, and the way on at the present pace; None without any."""
    expected = overview.total.expected
    if not overview.days or not expected:
        return None
    ends = [overview.campaign.student_deadline, overview.campaign.department_deadline]
    today = deadlines.day_of(now)
    first = overview.days[0][0] - timedelta(days=1)
    last = max(*ends, today)
    span = (last - first).days

    def x(day: date) -> float:
        return round(LEFT + (day - first).days / span * (WIDTH - LEFT - RIGHT), 1)

    def y(done: float) -> float:
        return round(HEIGHT - BOTTOM - min(1, done / expected) * (HEIGHT - TOP - BOTTOM), 1)

    done, path, table = 0, [f"{x(first)},{y(0)}"], []
    for day, count in overview.days:
        done += count
        path.append(f"{x(day)},{y(done)}")
        table.append((day, count, done, done * 100 // expected))
    goal = overview.campaign.student_deadline
    ahead = ""
    if goal > today:
        gained = overview.forecast.a_day_lately * (goal - today).days
        # Everybody may have signed before the deadline: from there on it is level.
        rising = min(1, (expected - done) / gained) if gained else 1
        end = y(done + gained * rising)
        ahead = f"{x(today)},{y(done)} {x(today) + (x(goal) - x(today)) * rising:.1f},{end} {x(goal)},{end}"
    step = max(1, span // 8)
    return Chart(
        width=WIDTH,
        height=HEIGHT,
        baseline=HEIGHT - BOTTOM,
        top=TOP,
        left=LEFT,
        right=WIDTH - RIGHT,
        points=" ".join(path),
        ahead=ahead,
        levels=tuple((y(expected * percent // 100), percent) for percent in (0, 50, 100)),
        marks=tuple(
            Mark(x(day), day, kind) for day, kind in zip(ends, ("students", "departments"), strict=True)
        ),
        days=tuple(
            (x(first + timedelta(days=n)), first + timedelta(days=n)) for n in range(step, span, step)
        ),
        table=tuple(table),
    )
