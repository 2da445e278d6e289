"""Sheets and hand-ins: the books balance, what is submitted is frozen, what comes later stands beside it."""

from uuid import uuid4

import pytest

from signoffs import flow
from signoffs.models import ClassSheet, Standing, Tally
from signoffs.queries.actors import Who
from tests import stories


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
