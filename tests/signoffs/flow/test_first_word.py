"""Late is about the first word, and no past day of the curve ever changes."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.urls import reverse

from rosters.models import Campaign, Student
from signoffs import flow
from signoffs.models import ClassSheet, Declaration, FieldError, Standing, Tally
from signoffs.process import deadlines
from signoffs.queries.actors import Who
from tests import factories, pages, stories


class Clock:
    """Shows the moment that a test has set."""

    def __init__(self, now: datetime):
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def on(self, day: int) -> "Clock":
        """Go to noon, that many days after the students' last day."""
        self.now = deadlines.end_of(Campaign.objects.get().student_deadline) + timedelta(days=day - 0.5)
        return self

    @property
    def day(self) -> str:
        return deadlines.day_of(self.now).isoformat()


@pytest.fixture
def clock(campaign) -> Clock:
    """A clock on the students' last day but two."""
    return Clock(datetime.now(deadlines.SCHOOL_CLOCK)).on(-2)


@pytest.fixture
def students(campaign) -> list[Student]:
    """A class of three; the first is the monitor."""
    return list(factories.class_group(students=3).students.order_by("seat"))


def settle(office, outcome: str, clock) -> None:
    flow.settle_error(
        error=FieldError.objects.latest("pk"),
        who=Who(user=office),
        outcome=outcome,
        note="已说明",
        clock=clock,
    )


def lateness() -> tuple:
    """Return what is kept of late: of the standing, of each declaration, of the tally and its cells."""
    standing = Standing.objects.get(student__seat=2)
    declared = list(Declaration.objects.filter(student__seat=2).order_by("pk").values_list("late", flat=True))
    tally = Tally.objects.get()
    return standing.late, declared, tally.late, tally.cells[1]


class TestLate:
    def test_a_second_look_after_the_deadline_is_in_time(self, students, office, clock):
        stories.report(students[1], "ethnicity", right="壮族", clock=clock)
        settle(office, "mended", clock.on(3))
        stories.confirm(Student.objects.get(pk=students[1].pk), clock=clock.on(4))
        assert lateness() == (False, [False, False], 0, "C")

    def test_a_word_in_time_that_was_taken_back_counts_no_more(self, students, clock):
        stories.confirm(students[1], clock=clock)
        flow.withdraw_declaration(student=students[1], who=Who(student=students[1]), clock=clock)
        stories.confirm(students[1], clock=clock.on(1))
        assert lateness() == (True, [False, True], 1, "c")

    def test_who_takes_the_first_word_back_is_judged_by_the_next(self, students, office, clock):
        """The entry made for them in time is contested; what they signed late themselves remains."""
        entry = stories.on_paper(students[1], students[0], clock)
        officer = factories.user(
            "officer", role="department", in_department=students[0].class_group.department
        )
        flow.countersign(declaration=entry, who=Who(user=officer), clock=clock)
        stories.confirm(students[1], clock=clock.on(1))
        assert lateness()[0] is False
        flow.withdraw_declaration(student=students[1], who=Who(student=students[1]), clock=clock)
        assert lateness() == (False, [False, False], 0, "C")

    def test_an_extension_to_the_first_word_clears_the_later_ones(self, students, office, clock):
        stories.report(students[1], clock=clock.on(1))
        stories.confirm(students[1], clock=clock.on(3))
        assert lateness() == (True, [True, True], 1, "c")
        campaign = students[0].campaign
        flow.extend_deadlines(
            campaign=campaign,
            deadlines=deadlines.Deadlines(
                campaign.student_deadline + timedelta(days=1), campaign.department_deadline
            ),
            who=Who(user=office),
            clock=clock,
        )
        assert lateness() == (False, [False, False], 0, "C")

    def test_receipt_export_and_sheet_say_in_time_after_a_return(self, students, office, client, clock):
        officer = factories.user(
            "officer", role="department", in_department=students[0].class_group.department
        )
        for student in (students[0], students[2]):
            stories.confirm(student, clock=clock)
        stories.report(students[1], clock=clock)
        sheet = stories.submit(students[0].class_group, students[0], clock)
        flow.return_sheet(sheet=sheet, who=Who(user=officer), reason="再看", clock=clock.on(1))
        stories.confirm(students[1], clock=clock, submission_id=uuid4())
        second = stories.submit(students[0].class_group, students[0], clock)
        assert (second.version, second.counts["late"]) == (2, 0)
        assert [row["late"] for row in ClassSheet.objects.get(version=2).rows] == [False] * 3
        client.force_login(office)
        page = client.get(reverse("office-student", args=[students[1].uuid]))
        assert "逾期" not in pages.text(page)


class TestTheCurve:
    def days(self) -> dict[str, int]:
        return Tally.objects.get().days

    def test_declaring_again_moves_no_day(self, students, clock):
        stories.report(students[1], clock=clock)
        first = clock.day
        stories.confirm(students[1], clock=clock.on(-1))
        assert self.days() == {first: 1}

    def test_what_is_taken_back_is_subtracted_on_that_day(self, students, clock):
        stories.confirm(students[1], clock=clock)
        first = clock.day
        flow.withdraw_declaration(student=students[1], who=Who(student=students[1]), clock=clock.on(-1))
        second = clock.day
        assert self.days() == {first: 1, second: -1}
        stories.confirm(students[1], clock=clock.on(0))
        assert self.days() == {first: 1, second: -1, clock.day: 1}

    def test_being_asked_again_and_excused_moves_no_day(self, students, office, clock):
        stories.confirm(students[1], clock=clock)
        first = clock.day
        Student.objects.filter(pk=students[1].pk).update(record_digest="d1:another")
        clock.on(-1)
        stories.report(students[2], "ethnicity", right="壮族", clock=clock)
        settle(office, "mended", clock.on(0))
        assert self.days()[first] == 1
        assert sum(self.days().values()) == 2

    def test_who_leaves_is_subtracted_on_the_day_of_leaving(self, students, office, clock):
        stories.confirm(students[1], clock=clock)
        first = clock.day
        flow.withdraw_student(student=students[1], who=Who(user=office), reason="退学", clock=clock.on(-1))
        assert self.days() == {first: 1, clock.day: -1}
