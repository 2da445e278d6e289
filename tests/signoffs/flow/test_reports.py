"""A reported error, from the report to its end; and which errors there are to follow."""

from io import BytesIO

import pytest
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from rosters import importing
from rosters.models import ClassGroup, Student
from signoffs import flow
from signoffs.models import FieldError, Standing, Tally
from signoffs.outputs import exports
from signoffs.queries import reported
from signoffs.queries.actors import Who
from tests import factories, stories


@pytest.fixture
def class_group(campaign) -> ClassGroup:
    """A class of four."""
    return factories.class_group(students=4)


@pytest.fixture
def students(class_group) -> list[Student]:
    """Its students; the first is the monitor."""
    return list(class_group.students.order_by("seat"))


def settle(error: FieldError, office, outcome: str, **values) -> int:
    return flow.settle_error(error=error, who=Who(user=office), outcome=outcome, note="已说明情况", **values)


def listed(client, show: str = "open") -> int:
    return len(client.get(reverse("office-errors"), {"show": show}).context["reports"])


def rows_of(class_group) -> int:
    """Count the errors in the workbook, below its heading."""
    book = load_workbook(BytesIO(exports.error_statistics([class_group])))
    return book["明细"].max_row - 1


class TestWhatWasReported:
    def test_it_stays_when_the_student_declares_anew_each_field_once(
        self, students, office, client, class_group
    ):
        client.force_login(office)
        stories.report(students[1], "ethnicity")
        stories.confirm(students[1])
        stories.report(students[2], "ethnicity")
        stories.report(students[2], "ethnicity", "major")
        tally = Tally.objects.get()
        assert tally.reports == {"ethnicity/school/open": 2, "major/province/open": 1}
        assert (tally.reporters, tally.reported, tally.confirmed) == (2, 1, 1)
        assert (listed(client), listed(client, "all"), rows_of(class_group)) == (3, 3, 3)

    def test_it_goes_with_a_report_that_is_taken_back(self, students, office, client):
        client.force_login(office)
        stories.report(students[1])
        flow.withdraw_declaration(student=students[1], who=Who(student=students[1]))
        assert (Tally.objects.get().reports, Tally.objects.get().reporters) == ({}, 0)
        assert listed(client) == 0

    def test_it_stays_when_the_student_leaves(self, students, office, client):
        client.force_login(office)
        stories.report(students[1])
        flow.withdraw_student(student=students[1], who=Who(user=office), reason="退学")
        assert Tally.objects.get().reports == {"major/province/open": 1}
        assert listed(client) == 1

    def test_an_open_one_is_followed_to_its_end_after_the_student_has_signed(self, students, office):
        stories.report(students[1])
        stories.confirm(students[1])
        assert settle(FieldError.objects.get(), office, "explained") == 1
        assert Tally.objects.get().reports == {"major/province/explained": 1}

    def test_what_was_settled_stays_when_the_student_has_looked_again(
        self, students, office, client, class_group
    ):
        client.force_login(office)
        stories.report(students[1], "ethnicity", right="壮族")
        settle(FieldError.objects.get(), office, "mended")
        stories.confirm(class_group.students.get(seat=2))
        assert (listed(client), listed(client, "settled"), rows_of(class_group)) == (0, 1, 1)
        assert settle(FieldError.objects.get(), office, "done") == 1

    def test_what_does_not_count_changes_no_roster(self, students, office):
        stories.report(students[1], "name")
        stories.confirm(students[1])
        with pytest.raises(flow.Refused):
            settle(FieldError.objects.get(), office, "mended")
        assert Standing.objects.get().state == "confirmed"

    def test_those_alike_are_those_that_count(self, students, office):
        for student in students[1:4]:
            stories.report(student, "ethnicity", right="壮族")
        for student in students[1:3]:
            stories.confirm(student)
        (error,) = reported.counting()
        assert settle(error, office, "mended", alike=True) == 1
        assert Student.objects.filter(ethnicity="壮族").count() == 1

    def test_those_alike_are_of_the_class_as_it_is_now(self, students, office):
        """One of them has moved to another class since, which has its own."""
        for student in students[1:4]:
            stories.report(student, "ethnicity", right="壮族")
        other = factories.class_group("软件2602班", students=0)
        Student.objects.filter(pk=students[3].pk).update(class_group=other, seat=1)
        error = FieldError.objects.get(declaration__student=students[1])
        assert settle(error, office, "mended", alike=True) == 2


class TestATakenNumber:
    @pytest.mark.parametrize("change", [str, str.lower])
    def test_it_is_refused_with_a_sentence(self, students, office, client, change):
        client.force_login(office)
        Student.objects.filter(pk=students[2].pk).update(student_number="AB0012")
        stories.report(students[1], "student_number", right=change("AB0012"))
        error = FieldError.objects.get()
        answer = client.post(reverse("office-settle", args=[error.uuid]), {"outcome": "mended"})
        assert answer.status_code == 409
        assert "另有学生使用这个学号" in answer.content.decode()
        assert FieldError.objects.get().outcome == "open"

    def test_a_number_of_another_campaign_is_free(self, students):
        other = factories.class_group("软件2501班", of=factories.campaign("2025", state="closed"))
        theirs = other.students.first().student_number
        assert importing.mend(students[1], field="student_number", value=theirs, now=timezone.now())
