"""The office's page: departments, days, errors and a forecast, at a constant number of queries."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from rosters import key_fields
from rosters.models import Campaign, ClassGroup, Department

from ..models import ClassSheet, FieldError, HandIn, Tally
from ..process import deadlines, labels, states
from .classes import ClassRow, rows_of
from .counts import Counts
from .reported import Reports

# The days over which the present pace is taken.
LATELY = 3


# How far below the whole, in points of a hundred, a department is named as lagging.
LAGS = 10


# How many classes are named as the slowest.
SLOWEST = 8


@dataclass(frozen=True)
class DepartmentRow:
    """One department on the office's page."""

    department: Department
    counts: Counts
    classes: tuple[ClassRow, ...]
    hand_in: HandIn | None

    @property
    def reports(self) -> Reports:
        """What was reported in its classes."""
        return sum((row.reports for row in self.classes), Reports())

    @property
    def sheets(self) -> int:
        """Classes whose sheet lies with the department, or is accepted."""
        return sum(
            row.sheet is not None and row.sheet.state != ClassSheet.State.RETURNED for row in self.classes
        )

    @property
    def accepted(self) -> int:
        """Classes whose sheet the department has accepted."""
        return sum(row.is_accepted for row in self.classes)


@dataclass(frozen=True)
class Forecast:
    """Will we make it? The done, the needed a day, the done a day lately, and who lags."""

    days_left: int
    a_day_needed: int
    a_day_lately: int
    percent_by_deadline: int
    lagging: tuple[Department, ...]


@dataclass(frozen=True)
class ErrorCount:
    """How often a field was reported wrong in the campaign, and how many of those are open."""

    field: str
    label: str
    owner: str
    total: int
    open: int


@dataclass(frozen=True)
class Overview:
    """The office's page."""

    campaign: Campaign
    departments: tuple[DepartmentRow, ...]
    total: Counts
    # How many more had declared on each day, from the first to today; less by those taken back on it.
    days: tuple[tuple[date, int], ...]
    errors: tuple[ErrorCount, ...]
    reports: Reports
    forecast: Forecast
    # The classes that are least far, with their cells.
    slowest: tuple[ClassRow, ...]

    @property
    def handed_in(self) -> int:
        """Departments whose hand-in lies with the office, or was received."""
        return sum(
            row.hand_in is not None and row.hand_in.state != HandIn.State.REOPENED for row in self.departments
        )

    @property
    def classes(self) -> int:
        """All classes."""
        return sum(len(row.classes) for row in self.departments)

    @property
    def accepted(self) -> int:
        """Classes whose sheet their department has accepted."""
        return sum(row.accepted for row in self.departments)


def _error_counts(reports: Reports) -> tuple[ErrorCount, ...]:
    total: Counter[str] = Counter()
    still_open: Counter[str] = Counter()
    for (name, _owner, outcome), count in reports.by_key.items():
        total[name] += count
        still_open[name] += count * (outcome in states.UNSETTLED)
    return tuple(
        ErrorCount(
            field=name,
            label=labels.field_label(name),
            owner=key_fields.BY_NAME[name].owner if name in key_fields.BY_NAME else FieldError.Owner.OFFICE,
            total=count,
            open=still_open[name],
        )
        for name, count in total.most_common()
    )


def _days(tallies: Iterable[Tally], now: datetime) -> tuple[tuple[date, int], ...]:
    by_day: Counter[str] = Counter()
    for tally in tallies:
        by_day.update(tally.days)
    if not by_day:
        return ()
    day, last = date.fromisoformat(min(by_day)), deadlines.day_of(now)
    days = []
    while day <= last:
        days.append((day, by_day[day.isoformat()]))
        day += timedelta(days=1)
    return tuple(days)


def _forecast(
    campaign: Campaign,
    rows: Iterable[DepartmentRow],
    total: Counts,
    days: Sequence[tuple[date, int]],
    now: datetime,
) -> Forecast:
    left = deadlines.days_left(campaign.student_deadline, now)
    remaining_days = max(0, left + 1)  # today counts
    full_days = [count for day, count in days if day < deadlines.day_of(now)][-LATELY:]
    lately = round(sum(full_days) / len(full_days)) if full_days else sum(count for _day, count in days)
    reached = min(total.expected - total.overdue, total.done + lately * remaining_days)
    behind = [row for row in rows if row.counts.left and row.counts.percent <= total.percent - LAGS]
    return Forecast(
        days_left=left,
        a_day_needed=-(-total.left // remaining_days) if remaining_days else total.left,
        a_day_lately=lately,
        percent_by_deadline=reached * 100 // total.expected if total.expected else 100,
        lagging=tuple(row.department for row in sorted(behind, key=lambda row: row.counts.percent)[:3]),
    )


def campaign_overview(campaign: Campaign, now: datetime) -> Overview:
    """Return the office's page: six queries, however many classes and students."""
    classes = list(ClassGroup.objects.filter(campaign=campaign).select_related("department").order_by("name"))
    # Without the cells, which grow with the students; few classes are drawn.
    found = Tally.objects.filter(class_group__campaign=campaign).defer("cells")
    tallies = {tally.class_group_id: tally for tally in found}
    hand_ins = {
        one.department_id: one
        for one in HandIn.objects.filter(campaign=campaign).select_related("department").order_by("version")
    }
    by_department: dict[Department, list[ClassRow]] = {}
    class_rows = [row for row in rows_of(classes, tallies, {}) if row.counts.expected or row.counts.withdrawn]
    for row in class_rows:
        by_department.setdefault(row.class_group.department, []).append(row)
    rows = [
        DepartmentRow(
            department,
            sum((row.counts for row in own), Counts()),
            tuple(own),
            hand_ins.get(department.pk),
        )
        for department, own in by_department.items()
    ]
    rows.sort(key=lambda row: (row.counts.percent, row.department.name))
    total = sum((row.counts for row in rows), Counts())
    days = _days(tallies.values(), now)
    reports = sum((row.reports for row in rows), Reports())
    return Overview(
        campaign=campaign,
        departments=tuple(rows),
        total=total,
        days=days,
        errors=_error_counts(reports),
        reports=reports,
        forecast=_forecast(campaign, rows, total, days, now),
        slowest=_slowest(class_rows),
    )


def _slowest(rows: list[ClassRow]) -> tuple[ClassRow, ...]:
    """Return the classes that are least far, with their cells: one query."""
    behind = sorted(
        (row for row in rows if row.counts.left), key=lambda row: (row.counts.percent, -row.counts.left)
    )[:SLOWEST]
    drawn = Tally.objects.filter(class_group__in=[row.class_group for row in behind])
    cells = dict(drawn.values_list("class_group", "cells"))
    return tuple(replace(row, cells=cells.get(row.class_group.pk, "")) for row in behind)
