"""Plays the check through the real flow, up to a stage. Seeded: the same people do the same on every run.

The story began some days ago, with a first deadline that has passed; the office then extended it to
22 December: who had signed in between was late, and is so no more. Every move is one that the pages make, at
a time that the story sets.
"""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from random import Random
from uuid import UUID

from rosters import key_fields, meanings
from rosters.models import Campaign, ClassGroup, Student
from signoffs import flow
from signoffs.models import ClassSheet, Declaration, Excuse, HandIn, Tally, User
from signoffs.process.answers import Answer, Answers, FieldReport, snapshot_of
from signoffs.process.deadlines import SCHOOL_CLOCK, Deadlines, usual
from signoffs.queries.actors import Who, is_monitor

STAGES = ("imported", "signing", "submitted", "handed-in")

DAYS_AGO = 14  # the roster came in
FIRST_DEADLINE_DAYS_AGO = 4
EXTENDED_DAYS_AGO = 2

REPORTS = 0.025  # of those who declare
DRAWN = 0.7  # of the signatures; the others are typed
REASONS = (Excuse.Reason.NEVER_CAME, Excuse.Reason.RESERVED, Excuse.Reason.SUSPENDED, Excuse.Reason.GIVEN_UP)
# No mobile number in China begins with 12.
PHONE = "12000000{:03d}"


def deadlines(today: date) -> Deadlines:
    """Return the usual deadlines: of this year, or of the next where the students' has passed."""
    this_year = usual(today.year)
    return this_year if today <= this_year.students else usual(today.year + 1)


def first_deadlines(today: date) -> Deadlines:
    """Return the deadlines that the story began with; the students' has passed."""
    students = today - timedelta(days=FIRST_DEADLINE_DAYS_AGO)
    return Deadlines(students, students + timedelta(days=2))


def scribble(random: Random) -> dict:
    """Return a signature as a finger draws it: a few bent strokes from left to right."""
    strokes = []
    for part in range(random.choice((2, 3))):
        x, y = 60 + part * 170, random.randint(60, 130)
        for _ in range(random.randint(2, 4)):
            stroke, across, down = [], random.randint(-6, 22), random.randint(-20, 20)
            for _ in range(random.randint(6, 11)):
                stroke += [x, y]
                across = max(-14, min(24, across + random.randint(-9, 10)))
                down = max(-22, min(22, down + random.randint(-16, 16)))
                x, y = max(10, min(590, x + across)), max(15, min(185, y + down))
            strokes.append(stroke)
            x, y = x - random.randint(10, 50), random.randint(40, 150)
            x = max(20, x)
    return {"strokes": strokes, "size": [600, 200]}


def _report(random: Random, student: Student) -> FieldReport:
    """Invent an error: CHSI differs from the roster, which is right, or has no record at all."""
    shown = {
        "major": f"{meanings.without_suffix(student.major)}（中外合作）类",
        "class_name": f"{student.class_name}（补）",
        "ethnicity": "壮族" if key_fields.normalise("ethnicity", student.ethnicity) != "壮族" else "汉族",
        "name": f"{student.name[:-1]}某",
    }
    name = random.choice([*shown, "major", "no_record"])
    if name == "no_record":
        return FieldReport("no_record", "您没有学籍信息", key_fields.GOOD_STATUS)
    return FieldReport(name, shown[name], key_fields.display(name, getattr(student, name)))


@dataclass
class Story:
    """The people of the demo and their clock; `play` lets them act, up to a stage."""

    campaign: Campaign
    office: User
    officers: dict[int, User]  # by the key of the department
    now: datetime
    random: Random = field(default_factory=lambda: Random(24))  # noqa: S311 - invented people, no secret
    at: datetime = field(init=False)

    def clock(self) -> datetime:
        """Return the story's moment: what every move takes for now."""
        return self.at

    def play(self, stage: str) -> None:
        """Play on from the imported roster to the stage. Raise flow.Refused where a move may not be made."""
        classes = list(
            ClassGroup.objects.filter(campaign=self.campaign).select_related("campaign", "department")
        )
        self.name_monitors(classes)
        if stage == "imported":
            self.extend()
            return
        done = 1.0 if stage in ("submitted", "handed-in") else None
        self.sign(classes, done)
        if stage == "signing":
            # Some classes are quicker than the others.
            self.finish(classes[::12])
            return
        self.finish(classes)
        if stage == "handed-in":
            self.hand_in(classes)

    def name_monitors(self, classes: list[ClassGroup]) -> None:
        """Name the first student of a class that has no monitor by its duty column."""
        self.at = self.now - timedelta(days=DAYS_AGO)
        for class_group in classes:
            students = list(class_group.students.select_related("monitor_duty").order_by("seat"))
            if students and not any(is_monitor(student) for student in students):
                officer = self.officers[class_group.department_id]
                flow.name_monitor(student=students[0], who=Who(user=officer), clock=self.clock)

    def extend(self) -> None:
        """Let the office extend the deadline, as the story tells."""
        self.at = self.now - timedelta(days=EXTENDED_DAYS_AGO)
        flow.extend_deadlines(
            campaign=self.campaign,
            deadlines=deadlines(self.now.astimezone(SCHOOL_CLOCK).date()),
            who=Who(user=self.office),
            clock=self.clock,
        )

    def sign(self, classes: list[ClassGroup], done: float | None) -> None:
        """Let students declare: before the extension, and after it."""
        early: list[tuple[datetime, Student]] = []
        later: list[tuple[datetime, Student]] = []
        extended = self.now - timedelta(days=EXTENDED_DAYS_AGO)
        pace = {department: self.random.uniform(0.55, 0.97) for department in self.officers}
        for number, class_group in enumerate(classes):
            share = done or min(1.0, pace[class_group.department_id] + self.random.uniform(-0.15, 0.1))
            if number % 12 == 0:
                share = 1.0
            for student in class_group.students.filter(withdrawn_at=None).order_by("seat"):
                student.class_group, student.campaign = class_group, self.campaign
                leader = is_monitor(student) or self.random.random() > 0.02
                if leader and (self.random.random() < share or is_monitor(student)):
                    moment = self.moment()
                    (early if moment < extended else later).append((moment, student))
        self.declare_all(early)
        self.extend()
        self.declare_all(later)

    def moment(self) -> datetime:
        """Invent when somebody signs: in the evening rather than at noon, mostly by the first deadline."""
        ago = self.random.choices(
            (self.random.uniform(FIRST_DEADLINE_DAYS_AGO, DAYS_AGO - 1), self.random.uniform(0.1, 3.9)),
            (0.75, 0.25),
        )[0]
        day = (self.now - timedelta(days=ago)).astimezone(SCHOOL_CLOCK).date()
        hour, minute = self.random.choice((8, 12, 13, 18, 19, 20, 20, 21, 21, 22)), self.random.randrange(60)
        return min(
            datetime.combine(day, time(hour, minute), SCHOOL_CLOCK),
            self.now - timedelta(minutes=self.random.randint(9, 300)),
        )

    def declare_all(self, moments: list[tuple[datetime, Student]]) -> None:
        """Let each declare at their moment."""
        for self.at, student in sorted(moments, key=lambda pair: pair[0]):
            if self.random.random() < REPORTS and not is_monitor(student):
                self.report(student)
            else:
                self.confirm(student)

    def _answers(self, student: Student, status: str, wrong: str = "") -> Answers:
        """Return what any declaration is made with."""
        drawn = self.random.random() < DRAWN
        snapshot = snapshot_of(student, status, wrong={wrong})
        snapshot["fields"]["id_number"] = {"answer": Answer.OK}
        return Answers(
            submission_id=UUID(int=self.random.getrandbits(128), version=4),
            arrived_at=self.at,
            status=status,
            snapshot=snapshot,
            signature=scribble(self.random) if drawn else {"typed": student.name},
            shown_digest=student.record_digest,
        )

    def confirm(self, student: Student) -> None:
        """All right, and signed."""
        answers = self._answers(student, key_fields.GOOD_STATUS)
        flow.confirm(student=student, answers=answers, who=Who(student=student), clock=self.clock)

    def report(self, student: Student) -> None:
        """Something is wrong."""
        error = _report(self.random, student)
        status = "" if error.field == "no_record" else key_fields.GOOD_STATUS
        phone = PHONE.format(self.random.randrange(1000))
        answers = replace(self._answers(student, status, error.field), errors=(error,), phone=phone)
        flow.report(student=student, answers=answers, who=Who(student=student), clock=self.clock)

    def finish(self, classes: list[ClassGroup]) -> None:
        """Excuse who is left, submit each class's sheet, and let the officers look at most of them."""
        for number, class_group in enumerate(classes):
            self.at = self.now - timedelta(minutes=8)
            students = list(
                class_group.students.filter(withdrawn_at=None)
                .select_related("monitor_duty", "standing")
                .order_by("seat")
            )
            monitor = next(student for student in students if is_monitor(student))
            for student in students:
                if not hasattr(student, "standing"):
                    flow.excuse(
                        student=student,
                        who=Who(student=monitor),
                        reason=self.random.choice(REASONS),
                        note="",
                        clock=self.clock,
                    )
            self.at = self.now - timedelta(minutes=6)
            sheet = self.submit(class_group, monitor)
            self.at = self.now - timedelta(minutes=4)
            officer = Who(user=self.officers[class_group.department_id])
            if number % 7 == 3:
                flow.return_sheet(sheet=sheet, who=officer, reason="请再核实未到学生名单。", clock=self.clock)
                self.at = self.now - timedelta(minutes=3)
                sheet = self.submit(class_group, monitor)
            if number % 5 != 2:
                flow.accept_sheet(sheet=sheet, who=officer, clock=self.clock)

    def submit(self, class_group: ClassGroup, monitor: Student) -> ClassSheet:
        """Submit the class's sheet, signed by its monitor."""
        return flow.submit_sheet(
            class_group=class_group,
            who=Who(student=monitor),
            signature=scribble(self.random),
            submission_id=UUID(int=self.random.getrandbits(128), version=4),
            shown_cells=Tally.objects.get(class_group=class_group).cells,
            clock=self.clock,
        )

    def hand_in(self, classes: list[ClassGroup]) -> None:
        """Accept what is left, hand in for every department, and receive most of it."""
        self.at = self.now - timedelta(minutes=2)
        waiting = ClassSheet.objects.filter(
            class_group__campaign=self.campaign, state=ClassSheet.State.SUBMITTED
        )
        for sheet in waiting.select_related("class_group__campaign", "class_group__department"):
            officer = self.officers[sheet.class_group.department_id]
            flow.accept_sheet(sheet=sheet, who=Who(user=officer), clock=self.clock)
        departments = {class_group.department_id: class_group.department for class_group in classes}
        handed: list[HandIn] = [
            flow.hand_in(
                campaign=self.campaign,
                department=department,
                who=Who(user=self.officers[key]),
                exceptions={},
                clock=self.clock,
            )
            for key, department in departments.items()
        ]
        self.at = self.now - timedelta(minutes=1)
        for hand_in in handed[2:]:
            flow.receive(hand_in=hand_in, who=Who(user=self.office), clock=self.clock)


def numbers() -> dict[str, int]:
    """Return how far the story has got, for the command to print."""
    counted = Declaration.objects.filter(withdrawn_at=None)
    return {
        "signed": counted.filter(kind=Declaration.Kind.CONFIRMED).count(),
        "with errors": counted.filter(kind=Declaration.Kind.REPORTED).count(),
        "sheets": ClassSheet.objects.count(),
        "hand-ins": HandIn.objects.count(),
    }
