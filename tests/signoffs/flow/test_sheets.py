"""Sheets and hand-ins: the books balance, what is submitted is frozen, what comes later stands beside it."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from rosters.models import ClassGroup
from signoffs import flow
from signoffs.flow import tallies
from signoffs.models import ClassSheet, HandIn, Standing, Tally
from signoffs.process import deadlines
from signoffs.queries.actors import Who
from tests import factories, stories


@pytest.fixture
def signed(class_group):
    """The class, all of whom have signed."""
    for student in class_group.students.all():
        stories.confirm(student)
    return class_group


def test_a_sheet_waits_until_everybody_is_accounted_for_and_says_who_is_not(class_group, monitor):
    second, third = class_group.students.filter(seat__gt=1).order_by("seat")
    stories.confirm(monitor)
    stories.on_paper(third, monitor)
    with pytest.raises(flow.Refused) as refused:
        stories.submit(class_group, monitor)
    assert f"2 {second.name}、3 {third.name}" in str(refused.value)
    assert ClassSheet.objects.count() == 0


def test_a_submitted_sheet_is_frozen(signed, monitor, officer):
    sheet = stories.submit(signed, monitor)
    rows = sheet.rows
    student = signed.students.get(seat=2)
    with pytest.raises(flow.Refused):
        stories.report(student)
    with pytest.raises(flow.Refused):
        flow.withdraw_declaration(student=student, who=Who(student=student))
    sheet.refresh_from_db()
    assert sheet.rows == rows
    assert [row["state"] for row in rows] == ["confirmed"] * 3


def test_a_retry_of_the_submission_is_the_same_sheet(signed, monitor):
    once = uuid4()
    first = stories.submit(signed, monitor, submission_id=once)
    assert stories.submit(signed, monitor, submission_id=once) == first
    assert ClassSheet.objects.count() == 1


def test_nothing_is_frozen_that_the_collator_was_not_shown(signed, monitor):
    shown = Tally.objects.get().cells
    stories.report(signed.students.get(seat=2))
    with pytest.raises(flow.Refused) as refused:
        stories.submit(signed, monitor, shown_cells=shown)
    assert "本班情况有变动" in str(refused.value)
    assert ClassSheet.objects.count() == 0


def test_only_a_return_reopens_as_the_next_version(signed, monitor, officer):
    first = stories.submit(signed, monitor)
    with pytest.raises(flow.Refused):
        stories.submit(signed, monitor)
    with pytest.raises(flow.Refused):
        flow.return_sheet(sheet=first, who=Who(user=officer), reason="  ")
    flow.return_sheet(sheet=first, who=Who(user=officer), reason="缺一人")
    stories.report(signed.students.get(seat=2))
    second = stories.submit(signed, monitor)
    assert (second.version, second.counts["reported"]) == (2, 1)
    with pytest.raises(flow.Refused):
        flow.accept_sheet(sheet=first, who=Who(user=officer))


def test_a_late_comer_after_the_sheet_stands_beside_it(class_group, monitor):
    for student in class_group.students.filter(seat__lt=3):
        stories.confirm(student)
    last = class_group.students.get(seat=3)
    stories.excuse(last, monitor)
    sheet = stories.submit(class_group, monitor)
    stories.confirm(last)
    sheet.refresh_from_db()
    assert Standing.objects.get(student=last).state == "confirmed"
    assert sheet.counts["excused"] == 1
    assert sheet.rows[2]["state"] == "excused"


def test_a_classmate_without_the_duty_cannot_submit(signed):
    with pytest.raises(flow.Refused):
        stories.submit(signed, signed.students.get(seat=2))


def test_a_named_monitor_can(signed, officer):
    second = signed.students.get(seat=2)
    flow.name_monitor(student=second, who=Who(user=officer))
    second.refresh_from_db()
    assert stories.submit(signed, second).collator == second


class TestHandIn:
    def hand_in(self, class_group, officer, clock=timezone.now, **exceptions):
        return flow.hand_in(
            campaign=class_group.campaign,
            department=class_group.department,
            who=Who(user=officer),
            exceptions=exceptions,
            clock=clock,
        )

    def test_many_classes_left_out_are_counted_as_classes(self, signed, officer):
        for number in range(2, 14):
            factories.class_group(f"软件26{number:02d}班", students=1)
        with pytest.raises(flow.Refused) as refused:
            self.hand_in(signed, officer)
        assert str(refused.value.reason).endswith("软件2610班，另有 3 个班。")

    def test_it_needs_every_class_accepted_or_a_reason(self, signed, monitor, officer):
        stories.submit(signed, monitor)
        with pytest.raises(flow.Refused) as refused:
            self.hand_in(signed, officer)
        assert signed.name in str(refused.value)
        made = self.hand_in(signed, officer, **{str(signed.uuid): "班长生病"})
        assert [one["reason"] for one in made.exceptions] == ["班长生病"]

    def accept(self, class_group, officer):
        for student in class_group.students.exclude(standing__state="confirmed"):
            stories.confirm(student)
        sheet = stories.submit(class_group, class_group.students.order_by("seat").first())
        flow.accept_sheet(sheet=sheet, who=Who(user=officer))

    def test_it_counts_what_the_sheets_count(self, class_group, officer, monitor):
        end = deadlines.end_of(class_group.campaign.student_deadline)
        second, third = class_group.students.filter(seat__gt=1).order_by("seat")
        factories.student(class_group, 4)
        left = factories.student(class_group, 5)
        tallies.renew([class_group])
        flow.withdraw_student(student=left, who=Who(user=factories.user("office")), reason="退学")
        stories.report(second)
        stories.excuse(third, monitor)
        stories.confirm(monitor, lambda: end)
        flow.mark_overdue(
            class_group=class_group,
            students=[class_group.students.get(seat=4)],
            who=Who(user=officer),
            clock=lambda: end,
        )
        sheet = stories.submit(class_group, monitor)
        flow.accept_sheet(sheet=sheet, who=Who(user=officer))
        made = self.hand_in(class_group, officer)
        assert {name: made.counts.get(name, 0) for name in sheet.counts} == sheet.counts
        assert sheet.counts["late"] == sheet.counts["withdrawn"] == 1

    def test_a_student_who_was_moved_counts_once(self, class_group, officer):
        other = factories.class_group("软件2602班")
        for one in (class_group, other):
            self.accept(one, officer)
        student = class_group.students.get(seat=2)
        stories.move(student, other)
        made, office = self.hand_in(class_group, officer), Who(user=factories.user("office"))
        assert made.counts["expected"] == 6
        flow.reopen(hand_in=made, who=office, reason="再看")
        flow.return_sheet(sheet=other.sheets.get(), who=Who(user=officer), reason="转入一人")
        made = self.hand_in(class_group, officer, **{str(other.uuid): "以后补"})
        assert made.counts["expected"] == 6
        flow.reopen(hand_in=made, who=office, reason="再看")
        self.accept(other, officer)
        made = self.hand_in(class_group, officer)
        assert (made.counts["expected"], made.counts["confirmed"]) == (6, 6)

    def test_the_sheet_of_a_class_that_was_renamed_is_not_handed_in(self, class_group, officer):
        self.accept(class_group, officer)
        for student in class_group.students.all():
            stories.move(student, "软件工程2601班")
        renamed = ClassGroup.objects.get(name="软件工程2601班")
        self.accept(renamed, officer)
        made = self.hand_in(class_group, officer)
        assert [made.counts[name] for name in ("classes", "sheets", "expected")] == [1, 1, 3]

    def test_after_it_only_the_office_reopens(self, signed, monitor, officer):
        sheet = stories.submit(signed, monitor)
        flow.accept_sheet(sheet=sheet, who=Who(user=officer))
        made = self.hand_in(signed, officer)
        with pytest.raises(flow.Refused):
            flow.return_sheet(sheet=sheet, who=Who(user=officer), reason="再看")
        with pytest.raises(flow.Refused):
            flow.reopen(hand_in=made, who=Who(user=officer), reason="再看")
        office = factories.user("office")
        flow.reopen(hand_in=made, who=Who(user=office), reason="再看")
        flow.return_sheet(sheet=sheet, who=Who(user=officer), reason="再看")
        assert HandIn.objects.get().state == "reopened"

    def test_the_24th_is_judged_when_it_is_handed_in(self, signed, monitor, officer):
        sheet = stories.submit(signed, monitor)
        flow.accept_sheet(sheet=sheet, who=Who(user=officer))
        end = deadlines.end_of(signed.campaign.department_deadline)
        made = self.hand_in(signed, officer, clock=lambda: end - timedelta(seconds=1))
        office = factories.user("office")
        flow.receive(hand_in=made, who=Who(user=office), clock=lambda: end + timedelta(days=3))
        assert HandIn.objects.get().late is False
        flow.reopen(hand_in=made, who=Who(user=office), reason="再看", clock=lambda: end)
        assert self.hand_in(signed, officer, clock=lambda: end).late is True
