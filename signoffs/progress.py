"""How far it has got: the numbers on every page, from the tallies, at a constant number of queries."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta

from django.db.models import Count
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from rosters import key_fields
from rosters.models import Campaign, ClassGroup, Department, Student

from . import rules
from .entrance import links
from .models import ClassLink, ClassSheet, Declaration, Event, FieldError, HandIn, Standing, Tally
from .process import deadlines, states
from .process.grid import ROWS, SEATS

# The days over which the present pace is taken.
LATELY = 3
# How far below the whole, in points of a hundred, a department is named as lagging.
LAGS = 10
# How many classes are named as the slowest.
SLOWEST = 8

# Counts -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Counts:
    """How many students stand how; sums of tallies."""

    expected: int = 0
    confirmed: int = 0
    reported: int = 0
    recheck: int = 0
    excused: int = 0
    overdue: int = 0
    withdrawn: int = 0
    late: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    @property
    def missing(self) -> int:
        """Expected, and not accounted for in any way."""
        return self.expected - self.confirmed - self.reported - self.recheck - self.excused - self.overdue

    @property
    def declared(self) -> int:
        """Who signed: that all is right, or with an error."""
        return self.confirmed + self.reported

    @property
    def accounted(self) -> int:
        """Who no longer keeps the books from balancing."""
        return self.confirmed + self.reported + self.excused + self.overdue

    @property
    def left(self) -> int:
        """Who still does."""
        return self.expected - self.accounted

    @property
    def percent(self) -> int:
        """The accounted for in a hundred, rounded down: 100 means all of them."""
        return self.accounted * 100 // self.expected if self.expected else 100


def counts(tally: Tally | None) -> Counts:
    """Return the counts of a class."""
    return Counts(*(getattr(tally, one.name) for one in fields(Counts))) if tally else Counts()


# One class --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Seat:
    """One cell of the class's grid."""

    number: int
    student: Student
    state: str
    late: bool
    declaration: Declaration | None
    excuse: str
    # An entry made for the student that awaits the officer.
    waiting: Declaration | None

    @property
    def label(self) -> str:
        """The standing in words."""
        return states.label(self.state)

    @property
    def channel(self) -> str:
        """How the declaration that counts was made; empty without one."""
        return self.declaration.channel if self.declaration else ""


def class_grid(class_group: ClassGroup) -> list[Seat]:
    """Return the class's seats in their order, the withdrawn too: three queries."""
    standings = {
        standing.student_id: standing
        for standing in Standing.objects.filter(student__class_group=class_group)
        .select_related("declaration", "excuse")
        .defer("declaration__snapshot", "declaration__signature", "declaration__phone")
    }
    waiting = {
        entry.student_id: entry for entry in rules.waiting_entries().filter(student__class_group=class_group)
    }
    students = class_group.students.select_related("monitor_duty").order_by("seat")
    return [_seat(student, standings.get(student.pk), waiting.get(student.pk)) for student in students]


def _seat(student: Student, standing: Standing | None, waiting: Declaration | None) -> Seat:
    excuse = standing.excuse.get_reason_display() if standing and standing.excuse else ""
    return Seat(
        number=student.seat,
        student=student,
        state=standing.state if standing else states.MISSING,
        late=bool(standing and standing.late),
        declaration=standing.declaration if standing else None,
        excuse=excuse,
        waiting=waiting,
    )


# A phone that is handed round among friends is no wonder; more on one device is for the officer to know.
FRIENDS = 3


def shared_devices(class_group: ClassGroup) -> list[list[str]]:
    """Return the names of those who declared on one device, for each device of more than FRIENDS of them."""
    by_device: dict[str, dict[str, None]] = {}
    own = Declaration.objects.filter(
        class_group=class_group, channel=Declaration.Channel.OWN, withdrawn_at=None
    )
    marked = own.exclude(device_mark="").order_by("student__seat")
    for mark, name in marked.values_list("device_mark", "student__name"):
        by_device.setdefault(mark, {})[name] = None
    return [list(names) for names in by_device.values() if len(names) > FRIENDS]


def form_pages(seats: list[Seat]) -> list[list[list[tuple[int, Seat | None]]]]:
    """Return the grid as the form has it: pages of 16 rows of 4 numbers, each with its seat or None."""
    by_number = {seat.number: seat for seat in seats}
    pages = max(1, -(-max(by_number, default=1) // SEATS))
    return [
        [
            [(number, by_number.get(number)) for number in range(first, first + SEATS, ROWS)]
            for first in range(start * SEATS + 1, start * SEATS + 1 + ROWS)
        ]
        for start in range(pages)
    ]


def reminder_text(class_group: ClassGroup, now: datetime) -> str:
    """Return a text for the class chat: who is missing, until when, and where. Empty once nobody is.

    Always Chinese. It names those missing, in the chat where everybody knows them; no number, no state of
    anybody else.
    """
    asked = (states.MISSING, states.RECHECK)
    names = [seat.student.name for seat in class_grid(class_group) if seat.state in asked]
    if not names:
        return ""
    live = ClassLink.objects.filter(class_group=class_group, kind=ClassLink.Kind.STUDENT, revoked_at=None)
    link = live.first()
    day = class_group.campaign.student_deadline
    until = f"{day.month}月{day.day}日 24:00"
    lines = [
        f"【{class_group}】学籍查询及核对：还有 {len(names)} 人未完成，请于 {until} 前核对并签名。"
        if not deadlines.is_late(day, now)
        else f"【{class_group}】学籍查询及核对已于 {until} 截止，还有 {len(names)} 人未完成，请尽快补签。",
        "、".join(names),
    ]
    if link is not None:
        lines.append(links.url(link))
    return "\n".join(line for line in lines if line)


@dataclass(frozen=True)
class SheetVersion:
    """A version of a class's sheet, and how it differs from the one before: (seat, name, before, after)."""

    sheet: ClassSheet
    differences: tuple[tuple[int, str, str, str], ...]


def sheet_versions(class_group: ClassGroup) -> list[SheetVersion]:
    """Return the class's sheets, the newest first: one query."""
    sheets = ClassSheet.objects.filter(class_group=class_group).defer("signature").order_by("version")
    versions, before = [], {}
    for sheet in sheets.select_related("collator", "decided_by"):
        # By the seat, which is nobody else's: after a purge it is all that is left of a name.
        now = {row["seat"]: row for row in sheet.rows}
        changed = [
            (seat, row.get("name", ""), _row_words(before.get(seat)), _row_words(row))
            for seat, row in now.items()
            if _row_words(before.get(seat)) != _row_words(row)
        ]
        versions.append(SheetVersion(sheet, tuple(changed) if before else ()))
        before = now
    return versions[::-1]


def _row_words(row: dict | None) -> str:
    """Return how a sheet's row stands, in words; nothing for a student who was not on it."""
    if row is None:
        return ""
    return " · ".join(filter(None, (str(states.label(row["state"])), row.get("excuse"))))


HISTORY_SHOWN = 100


def history(class_group: ClassGroup) -> list[Event]:
    """Return the newest events of a class's chain, each with its student: one query."""
    events = Event.objects.filter(chain__class_group=class_group).select_related("student", "user")
    return list(events.order_by("-position")[:HISTORY_SHOWN])


def whole_number_exports(campaign: Campaign) -> list[Event]:
    """Return who asked for whole ID numbers and who exported them, the newest first: one query."""
    events = Event.objects.filter(chain__campaign=campaign, chain__department=None, chain__class_group=None)
    asked = events.filter(verb__in=("ask_whole_numbers", "export_whole_numbers"))
    return list(asked.select_related("user").order_by("-position")[:HISTORY_SHOWN])


# Classes and departments ------------------------------------------------------------------------------

# What is to be done next for a class, the most urgent first.
STEPS: dict[str, Promise] = {
    "look": _("Look at the sheet"),
    "countersign": _("Countersign"),
    "returned": _("Returned, to be submitted again"),
    "urge": _("Urge those missing"),
    "submit": _("Monitor can submit"),
    "accepted": _("Accepted"),
    "empty": _("No students"),
}
# The steps of a class for which nothing remains to be done before the hand-in.
FINISHED = frozenset({"accepted", "empty"})


@dataclass(frozen=True)
class ClassRow:
    """One class on an officer's page."""

    class_group: ClassGroup
    counts: Counts
    # The tally's cells; empty where only the slowest classes have theirs (campaign_overview).
    cells: str
    sheet: ClassSheet | None
    waiting: int
    step: str

    @property
    def step_label(self) -> str:
        """The next step in words."""
        return STEPS[self.step]

    @property
    def needs_reason(self) -> bool:
        """Whether the department hands it in with a reason alone."""
        return rules.needs_reason(self.counts.expected, self.sheet.state if self.sheet else states.NONE)

    @property
    def is_accepted(self) -> bool:
        """Whether the department has accepted the class's sheet."""
        return self.sheet is not None and self.sheet.state == ClassSheet.State.ACCEPTED

    @property
    def sheet_label(self) -> str:
        """Where the class's sheet is, in words."""
        return self.sheet.get_state_display() if self.sheet else gettext("no sheet submitted")


def _step(class_counts: Counts, sheet: ClassSheet | None, waiting: int) -> str:
    if sheet is not None and sheet.state == ClassSheet.State.SUBMITTED:
        return "look"
    if waiting:
        return "countersign"
    if sheet is not None and sheet.state == ClassSheet.State.ACCEPTED:
        return "accepted"
    if not class_counts.expected:
        return "empty"
    if sheet is not None:
        return "returned"
    return "urge" if class_counts.left else "submit"


def class_rows(class_groups: Iterable[ClassGroup]) -> list[ClassRow]:
    """Return a row for each class, what needs action first: four queries."""
    class_groups = list(class_groups)
    tallies = {tally.class_group_id: tally for tally in Tally.objects.filter(class_group__in=class_groups)}
    return _class_rows(class_groups, tallies, {pk: tally.cells for pk, tally in tallies.items()})


def _class_rows(
    class_groups: list[ClassGroup], tallies: dict[int, Tally], cells: dict[int, str]
) -> list[ClassRow]:
    sheets = newest_sheets(class_groups)
    # Of every class there is: they are few, and by their own index found without a look at the students.
    entries = rules.waiting_entries().order_by().values_list("student__class_group")
    waiting = Counter(dict(entries.annotate(entries=Count("pk"))))
    rows = []
    for one in class_groups:
        own, sheet = counts(tallies.get(one.pk)), sheets.get(one.pk)
        step = _step(own, sheet, waiting[one.pk])
        rows.append(ClassRow(one, own, cells.get(one.pk, ""), sheet, waiting[one.pk], step))
    order = list(STEPS)
    return sorted(rows, key=lambda row: (order.index(row.step), row.counts.percent, row.class_group.name))


def newest_sheets(class_groups: Iterable[ClassGroup]) -> dict[int, ClassSheet]:
    """Return each class's newest sheet, by the class's key: one query.

    Only what stands before the sealed rows in the table: to read a column after them, SQLite goes through
    all of them, and they grow with the class.
    """
    shown = ("uuid", "class_group", "version", "state")
    sheets = ClassSheet.objects.filter(class_group__in=class_groups).only(*shown)
    return {sheet.class_group_id: sheet for sheet in sheets.order_by("version")}


@dataclass(frozen=True)
class DepartmentRow:
    """One department on the office's page."""

    department: Department
    counts: Counts
    classes: tuple[ClassRow, ...]
    hand_in: HandIn | None

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
    """How often a field is reported wrong, and how many of those are open."""

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
    # Declarations that count, by the day they were made; every day from the first to today.
    days: tuple[tuple[date, int], ...]
    errors: tuple[ErrorCount, ...]
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


# Labels besides those of the eleven fields, as they stand and with their glosses.
_WHOLE_LABELS = {
    "status": key_fields.STATUS_LABEL,
    "no_record": "没有学籍信息",
    "place": "所在班级",
    "duty": "职务",
}
_WHOLE_GLOSSED = {
    "status": _("学籍状态 (enrolment status)"),
    "no_record": _("没有学籍信息 (no record)"),
    "place": _("所在班级 (class)"),
    "duty": _("职务 (duty)"),
}


def field_label(name: str) -> str:
    """Return the official label of a field, of the record as a whole, or of what else changes beside it."""
    return _WHOLE_LABELS.get(name) or key_fields.BY_NAME[name].label


def glossed_label(name: str) -> str:
    """Return the same with its gloss for whoever reads English."""
    if name in _WHOLE_GLOSSED:
        return str(_WHOLE_GLOSSED[name])
    field = key_fields.BY_NAME[name]
    return f"{field.label} ({field.gloss})" if get_language() == "en" else field.label


def _error_counts(tallies: Iterable[Tally]) -> tuple[ErrorCount, ...]:
    total, still_open = Counter(), Counter()
    for tally in tallies:
        total.update(tally.errors)
        still_open.update(tally.open_errors)
    return tuple(
        ErrorCount(
            field=name,
            label=field_label(name),
            owner=key_fields.BY_NAME[name].owner if name in key_fields.BY_NAME else FieldError.Owner.OFFICE,
            total=count,
            open=still_open[name],
        )
        for name, count in total.most_common()
    )


def _days(tallies: Iterable[Tally], now: datetime) -> tuple[tuple[date, int], ...]:
    by_day = Counter()
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


def _forecast(campaign: Campaign, rows: Iterable[DepartmentRow], total: Counts, days, now) -> Forecast:
    left = deadlines.days_left(campaign.student_deadline, now)
    remaining_days = max(0, left + 1)  # today counts
    full_days = [count for day, count in days if day < deadlines.day_of(now)][-LATELY:]
    lately = round(sum(full_days) / len(full_days)) if full_days else sum(count for _day, count in days)
    reached = min(total.expected, total.accounted + lately * remaining_days)
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
    class_rows = _class_rows(classes, tallies, {})
    for row in class_rows:
        by_department.setdefault(row.class_group.department, []).append(row)
    rows = [
        DepartmentRow(
            department, sum((row.counts for row in own), Counts()), tuple(own), hand_ins.get(department.pk)
        )
        for department, own in by_department.items()
    ]
    rows.sort(key=lambda row: (row.counts.percent, row.department.name))
    total = sum((row.counts for row in rows), Counts())
    days = _days(tallies.values(), now)
    return Overview(
        campaign=campaign,
        departments=tuple(rows),
        total=total,
        days=days,
        errors=_error_counts(tallies.values()),
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
