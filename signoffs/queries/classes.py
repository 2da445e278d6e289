"""One class: its seats, the text for its chat, and the row that it is on a list of classes."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from rosters.models import ClassGroup, Student
from rosters.sentences import Sentence

from ..entrance import links
from ..models import ClassLink, ClassSheet, Declaration, Standing, Tally
from ..process import deadlines, rules, states
from ..process.grid import ROWS, SEATS
from . import situations
from .counts import Counts, counts_of
from .reported import Reports, reports_of


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
    def label(self) -> Sentence:
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
        entry.student_id: entry
        for entry in situations.waiting_entries().filter(student__class_group=class_group)
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
    day = class_group.student_deadline
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


# What is to be done next for a class, the most urgent first.
STEPS: dict[str, Sentence] = {
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
    reports: Reports = field(default_factory=Reports)

    @property
    def step_label(self) -> Sentence:
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
    return rows_of(class_groups, tallies, {pk: tally.cells for pk, tally in tallies.items()})


def rows_of(
    class_groups: list[ClassGroup], tallies: dict[int, Tally], cells: dict[int, str]
) -> list[ClassRow]:
    """Return a row for each class, what needs action first, of tallies that were read: two queries."""
    sheets = newest_sheets(class_groups)
    # Of every class there is: they are few, and by their own index found without a look at the students.
    entries = situations.waiting_entries().order_by().values_list("student__class_group")
    waiting = Counter(dict(entries.annotate(entries=Count("pk"))))
    rows = []
    for one in class_groups:
        own, sheet = counts_of(tallies.get(one.pk)), sheets.get(one.pk)
        step = _step(own, sheet, waiting[one.pk])
        reports = reports_of([tallies[one.pk]] if one.pk in tallies else [])
        rows.append(ClassRow(one, own, cells.get(one.pk, ""), sheet, waiting[one.pk], step, reports))
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
