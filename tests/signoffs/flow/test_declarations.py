"""What a student declares: once, on the record that was shown, late or not; and where they stand then."""

import time
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from rosters import importing
from signoffs import flow
from signoffs.models import Declaration, Event, Standing, Tally
from signoffs.process import deadlines
from signoffs.process.answers import FieldReport
from signoffs.queries import situations
from signoffs.queries.actors import Who
from tests import factories, stories


def standing(student) -> str:
    found = Standing.objects.filter(student=student).first()
    return found.state if found else "missing"


def test_a_confirmation_stands_counts_and_is_an_event(student):
    declaration = stories.confirm(student)
    assert standing(student) == "confirmed"
    assert declaration.record_digest == student.record_digest
    tally = Tally.objects.get()
    assert (tally.confirmed, tally.cells) == (1, "MCM")
    assert list(Event.objects.values_list("verb", "student")) == [("confirm", student.pk)]


def test_sending_twice_is_one_declaration(student):
    once = uuid4()
    first = stories.confirm(student, submission_id=once)
    again = stories.confirm(student, submission_id=once)
    assert first == again
    assert (Declaration.objects.count(), Event.objects.count(), Tally.objects.get().confirmed) == (1, 1, 1)


def test_what_was_taken_back_is_not_sent_again(student):
    once = uuid4()
    stories.confirm(student, submission_id=once)
    flow.withdraw_declaration(student=student, who=Who(student=student))
    with pytest.raises(flow.Refused):
        stories.confirm(student, submission_id=once)
    assert standing(student) == "missing"


def test_somebody_elses_page_sent_again_is_refused(student, monitor):
    once = uuid4()
    stories.confirm(student, submission_id=once)
    with pytest.raises(flow.Refused):
        stories.confirm(monitor, submission_id=once)
    assert standing(monitor) == "missing"


def test_a_record_that_changed_meanwhile_is_shown_again(student):
    shown = student.record_digest
    importing.mend(student, field="major", value="机械工程", now=timezone.now())
    student.refresh_from_db()
    with pytest.raises(flow.Refused) as refused:
        stories.confirm(student, shown_digest=shown)
    assert "Look at it again" in str(refused.value) or "重新核对" in str(refused.value)
    assert (Declaration.objects.count(), Event.objects.count()) == (0, 0)


def test_a_wrong_field_or_another_status_is_no_confirmation(student):
    with pytest.raises(flow.Refused):
        stories.confirm(student, status="保留入学资格")
    wrong = {"fields": {"name": {"answer": "wrong"}}, "status": ""}
    with pytest.raises(flow.Refused):
        stories.confirm(student, snapshot=wrong)
    assert standing(student) == "missing"


@pytest.mark.parametrize(
    "errors",
    [
        [],
        [FieldReport("major", "a", "b"), FieldReport("major", "c", "d")],
        [FieldReport("shoe size", "a", "b")],
    ],
    ids=["none", "twice", "unknown"],
)
def test_a_report_names_known_fields_once(student, errors):
    with pytest.raises(flow.Refused):
        stories.report(student, errors=errors)
    assert Declaration.objects.count() == 0


def test_a_report_keeps_three_values_and_an_owner(student):
    declaration = stories.report(student, "major", "ethnicity", "no_record")
    owners = dict(declaration.field_errors.values_list("field", "owner"))
    assert owners == {"major": "province", "ethnicity": "school", "no_record": "office"}
    error = declaration.field_errors.get(field="major")
    assert (error.roster_value, error.chsi_value, error.right_value) == (
        "软件工程（卓越班）",
        "另一个值",
        "正确的值",
    )
    tally = Tally.objects.get()
    assert tally.reports == {"ethnicity/school/open": 1, "major/province/open": 1, "no_record/office/open": 1}
    assert tally.reporters == 1


def test_one_can_think_again_until_the_sheet_is_submitted(student):
    stories.confirm(student)
    stories.report(student)
    assert standing(student) == "reported"
    stories.confirm(student)
    assert standing(student) == "confirmed"
    assert Tally.objects.get().reports == {"major/province/open": 1}  # it was reported all the same
    assert Declaration.objects.count() == 3  # append-only


def test_this_was_not_me_takes_it_back(student):
    stories.confirm(student)
    flow.withdraw_declaration(student=student, who=Who(student=student))
    assert standing(student) == "missing"
    assert Tally.objects.get().cells == "MMM"


def test_late_is_judged_by_the_arrival_not_by_the_lock(student, monitor):
    campaign = student.campaign
    end = deadlines.end_of(campaign.student_deadline)
    stories.confirm(student, clock=lambda: end + timedelta(seconds=5), arrived_at=end - timedelta(seconds=1))
    stories.confirm(monitor, clock=lambda: end + timedelta(seconds=5), arrived_at=end)
    assert dict(Standing.objects.values_list("student__seat", "late")) == {2: False, 1: True}
    tally = Tally.objects.get()
    assert (tally.late, tally.cells) == (1, "cCM")


@pytest.fixture(params=["UTC", "America/New_York", "Asia/Shanghai"])
def server_clock(request, monkeypatch):
    """A server that stands elsewhere."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("seconds, late", [(-1, False), (0, True), (1, True)])
def test_a_deadline_that_passes_between_form_and_save(student, server_clock, seconds, late):
    end = deadlines.end_of(student.campaign.student_deadline)
    arrived = end + timedelta(seconds=seconds)
    stories.confirm(student, clock=lambda: arrived + timedelta(seconds=2), arrived_at=arrived)
    assert Standing.objects.get(student=student).late is late
    # 逾期未核对 is for after the deadline as the clock stands under the lock.
    last = student.class_group.students.get(seat=3)
    mark = {"class_group": student.class_group, "students": [last], "clock": lambda: arrived}
    if late:
        flow.mark_overdue(**mark, who=Who(command="test"))
        assert standing(last) == "overdue"
    else:
        with pytest.raises(flow.Refused):
            flow.mark_overdue(**mark, who=Who(command="test"))


def test_a_classmate_cannot_declare_for_another(student, monitor):
    with pytest.raises(flow.Refused):
        stories.confirm(student, who=Who(student=monitor))


class TestOnPaper:
    def test_it_counts_once_the_officer_has_countersigned(self, student, monitor, class_group):
        officer = factories.user("officer", role="department", in_department=class_group.department)
        entry = stories.on_paper(student, monitor)
        assert standing(student) == "missing"
        flow.countersign(declaration=entry, who=Who(user=officer))
        assert standing(student) == "confirmed"

    def test_nobody_countersigns_their_own_entry(self, student, class_group):
        officer = factories.user("officer", role="department", in_department=class_group.department)
        entry = stories.on_paper(student, class_group.students.get(seat=1))
        Declaration.objects.filter(pk=entry.pk).update(entered_by_user=officer)
        with pytest.raises(flow.Refused):
            flow.countersign(declaration=entry, who=Who(user=officer))

    def test_the_officer_of_another_department_cannot(self, student, monitor):
        other = factories.user("other", role="department", in_department=factories.department("机械工程系"))
        entry = stories.on_paper(student, monitor)
        with pytest.raises(flow.Refused):
            flow.countersign(declaration=entry, who=Who(user=other))

    def test_the_students_own_signature_takes_its_place(self, student, monitor, class_group):
        officer = factories.user("officer", role="department", in_department=class_group.department)
        entry = stories.on_paper(student, monitor)
        stories.confirm(student)
        with pytest.raises(flow.Refused):
            flow.countersign(declaration=entry, who=Who(user=officer))

    def test_what_was_overtaken_waits_no_more_until_that_signature_is_taken_back(self, student, monitor):
        entry = stories.on_paper(student, monitor)
        stories.confirm(student)
        assert situations.waiting_entry(student) is None
        flow.withdraw_declaration(student=student, who=Who(student=student))
        assert situations.waiting_entry(student) == entry

    def test_what_was_overtaken_is_not_entered_again(self, student, monitor):
        entry = stories.on_paper(student, monitor)
        assert stories.on_paper(student, monitor, submission_id=entry.submission_id) == entry
        stories.confirm(student)
        with pytest.raises(flow.Refused):
            stories.on_paper(student, monitor, submission_id=entry.submission_id)

    def test_what_was_overtaken_hinders_no_later_entry(self, student, monitor, office):
        stories.on_paper(student, monitor)
        error = stories.report(student).field_errors.get()
        flow.settle_error(error=error, outcome="explained", note="已说明", who=Who(user=office))
        again = stories.on_paper(student, monitor)
        assert situations.waiting_entry(student) == again

    def test_the_student_can_contest_it(self, student, monitor, class_group):
        officer = factories.user("officer", role="department", in_department=class_group.department)
        entry = stories.on_paper(student, monitor)
        flow.countersign(declaration=entry, who=Who(user=officer))
        flow.contest(declaration=entry, who=Who(student=student))
        assert standing(student) == "missing"
        with pytest.raises(flow.Refused):
            flow.contest(declaration=entry, who=Who(student=student))
