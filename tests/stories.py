"""What people do, through the flow itself: the moves that many tests need before their own."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rosters import importing, key_fields, planning, reading
from rosters.models import Campaign, ClassGroup, RosterImport, Student
from signoffs import flow
from signoffs.models import ClassSheet, Declaration, Excuse, HandIn, MissingClaim, Tally, User
from signoffs.process.answers import Answer, Answers, FieldReport, snapshot_of
from signoffs.process.deadlines import Deadlines, in_force
from signoffs.queries.actors import Who

Clock = Callable[[], datetime]


def answers(student: Student, clock: Clock, *wrong: str, **values) -> Answers:
    """Return what the student answers: all right but for the `wrong` fields, and these values."""
    status = key_fields.GOOD_STATUS
    snapshot = snapshot_of(student, status, wrong)
    snapshot["fields"]["id_number"] = {"answer": Answer.WRONG if "id_number" in wrong else Answer.OK}
    usual = {
        "submission_id": uuid4(),
        "arrived_at": clock(),
        "status": status,
        "snapshot": snapshot,
        "signature": {"typed": student.name},
        "shown_digest": student.record_digest,
    }
    return Answers(**usual | values)


def confirm(student: Student, clock: Clock = timezone.now, who: Who | None = None, **values) -> Declaration:
    """Let the student sign that all is right."""
    who = who or Who(student=student)
    return flow.confirm(student=student, answers=answers(student, clock, **values), who=who, clock=clock)


def report(
    student: Student,
    *fields: str,
    clock: Clock = timezone.now,
    chsi: str = "另一个值",
    right: str = "正确的值",
    **values,
) -> Declaration:
    """Let the student report these fields (by default the major) as wrong."""
    fields = fields or ("major",)
    errors = tuple(FieldReport(field, chsi, right) for field in fields)
    usual = {"errors": errors, "phone": "12000000001"}
    made = answers(student, clock, *fields, **usual | values)
    return flow.report(student=student, answers=made, who=Who(student=student), clock=clock)


def later(campaign: Campaign, days: int) -> Deadlines:
    """Return the campaign's deadlines, both that many days later."""
    return Deadlines(*(day + timedelta(days=days) for day in in_force(campaign)))


def excuse(student: Student, monitor: Student, clock: Clock = timezone.now) -> Excuse:
    """Let the monitor excuse the student: 未报到."""
    return flow.excuse(
        student=student, who=Who(student=monitor), reason=Excuse.Reason.NEVER_CAME, note="", clock=clock
    )


def on_paper(student: Student, monitor: Student, clock: Clock = timezone.now, **values) -> Declaration:
    """Let the monitor enter a signature that the student made on paper."""
    return flow.enter_on_paper(
        student=student,
        answers=answers(student, clock, **values),
        who=Who(student=monitor),
        channel=Declaration.Channel.PAPER,
        reason="本人在纸质表上签名",
        clock=clock,
    )


def submit(class_group: ClassGroup, monitor: Student, clock: Clock = timezone.now, **values) -> ClassSheet:
    """Let the monitor submit the class's sheet."""
    said = {
        "signature": {"typed": monitor.name},
        "submission_id": uuid4(),
        "shown_cells": Tally.objects.get(class_group=class_group).cells,
    }
    return flow.submit_sheet(class_group=class_group, who=Who(student=monitor), clock=clock, **said | values)


def hand_in(class_group: ClassGroup, officer: User, clock: Clock = timezone.now) -> HandIn:
    """Let the officer hand in the department of the class."""
    return flow.hand_in(
        campaign=class_group.campaign,
        department=class_group.department,
        who=Who(user=officer),
        exceptions={},
        clock=clock,
    )


def account_for_everybody() -> None:
    """Note the accounts that factories have made, as `migrate` does once with those of an older version."""
    who = Who(command="test")
    flow.note_accounts(users=list(User.objects.all()), verb="adopt_accounts", who=who, clock=timezone.now)


def claim(class_group: ClassGroup, clock: Clock = timezone.now) -> MissingClaim:
    """Let somebody say that the roster has forgotten them."""
    return flow.claim_missing(
        class_group=class_group, name="名册漏人", student_number="", phone="12000000002", clock=clock
    )


def upload(class_group: ClassGroup, user: User | None = None) -> RosterImport:
    """Keep an uploaded roster, of one newcomer to the class, waiting for its confirmation."""
    header = ",".join(field.label for field in key_fields.KEY_FIELDS)
    place = f"{class_group.department},软件工程,{class_group}"
    row = f"新来人,女,汉族,2007-05-06,,99{class_group.pk:06d},{place},本科,4"
    content = f"{header}\n{row}\n".encode()
    plan = planning.plan(class_group.campaign, reading.read(content, "newcomer.csv"))
    return importing.keep_upload(
        class_group.campaign,
        file_name="newcomer.csv",
        content=content,
        plan=plan,
        user=user,
        now=timezone.now(),
    )


def move(student: Student, to: ClassGroup | str) -> None:
    """Let an import move the student, place and record, to a class; by its name, to one of the department."""
    department = student.class_group.department if isinstance(to, str) else to.department
    values = {name: key_fields.display(name, getattr(student, name)) for name in key_fields.BY_NAME}
    values |= {"department_name": str(department), "class_name": str(to)}
    header = ",".join(field.label for field in key_fields.KEY_FIELDS)
    content = f"{header}\n{','.join(values[field.name] for field in key_fields.KEY_FIELDS)}\n".encode()
    plan = planning.plan(student.campaign, reading.read(content, "moved.csv"))
    flow.import_roster(plan=plan, who=Who(command="import_roster"))
    student.refresh_from_db()


def identify(client: Client, url_name: str, student: Student):
    """Let somebody identify as this student on the page of that name; return the response."""
    typed = {"student_number": student.student_number, "last_six": student.id_number[-6:]}
    return client.post(reverse(url_name), typed)


def everything(class_group: ClassGroup, officer: User, *, with_hand_in: bool = True) -> dict:
    """Play a class of six through all of it, to the hand-in; return what there is, by name.

    The monitor and the second student sign, the third reports, the fourth is excused, the fifth signs on
    paper, the sixth signs; somebody says that the roster has forgotten them.
    """
    monitor, student, reporter, absent, on_paper_only, last = class_group.students.order_by("seat")
    for one in (monitor, student, last):
        confirm(one)
    reported = report(reporter)
    excused = excuse(absent, monitor)
    entered = on_paper(on_paper_only, monitor)
    flow.countersign(declaration=entered, who=Who(user=officer))
    sheet = submit(class_group, monitor)
    claimed = claim(class_group)
    flow.accept_sheet(sheet=sheet, who=Who(user=officer))
    return {
        "class": class_group,
        "department": class_group.department,
        "monitor": monitor,
        "student": student,
        "declaration": entered,
        "error": reported.field_errors.get(),
        "excuse": excused,
        "sheet": sheet,
        "claim": claimed,
        "import": upload(class_group),
        **({"hand-in": hand_in(class_group, officer)} if with_hand_in else {}),
    }
