"""What a student declares: once, on the record that was shown, late or not; and where they stand then."""

import time
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from rosters import importing
from signoffs import flow
from signoffs.flow import tallies
from signoffs.flow.chains import verify
from signoffs.models import Declaration, Event, Standing, Tally
from signoffs.process import deadlines
from signoffs.process.answers import FieldReport
from signoffs.process.export_kinds import ExportKind
from signoffs.queries import retention, situations
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


class TestExcuses:
    def test_a_student_who_comes_after_all_lifts_the_excuse(self, student, monitor):
        excuse = stories.excuse(student, monitor)
        assert standing(student) == "excused"
        stories.confirm(student)
        excuse.refresh_from_db()
        assert excuse.lifted_at is not None
        assert standing(student) == "confirmed"

    def test_other_needs_a_note_and_an_unknown_reason_is_refused(self, student, monitor):
        for reason in ("other", "fun"):
            with pytest.raises(flow.Refused):
                flow.excuse(student=student, who=Who(student=monitor), reason=reason, note="")
        assert standing(student) == "missing"

    def test_a_student_without_the_duty_cannot_excuse(self, student, class_group):
        with pytest.raises(flow.Refused):
            stories.excuse(class_group.students.get(seat=3), student)

    def test_overdue_is_for_after_the_deadline_and_apart_from_excuses(self, student, monitor, class_group):
        who = Who(student=monitor)
        with pytest.raises(flow.Refused):
            flow.mark_overdue(class_group=class_group, students=[student], who=who)
        after = deadlines.end_of(student.campaign.student_deadline)
        flow.mark_overdue(class_group=class_group, students=[student], who=who, clock=lambda: after)
        assert standing(student) == "overdue"
        tally = Tally.objects.get()
        assert (tally.overdue, tally.excused) == (1, 0)

    def test_extending_the_deadline_leaves_nobody_overdue(self, student, monitor, class_group):
        after = deadlines.end_of(student.campaign.student_deadline)
        flow.mark_overdue(
            class_group=class_group, students=[student], who=Who(student=monitor), clock=lambda: after
        )
        campaign = student.campaign
        flow.extend_deadlines(
            campaign=campaign,
            deadlines=stories.later(campaign, days=3),
            who=Who(user=factories.user("office")),
            clock=lambda: after,
        )
        assert standing(student) == "missing"
        assert Tally.objects.get().cells == "MMM"

    def test_extending_the_deadline_is_an_event_of_each_class_that_it_changes(self, class_group, campaign):
        after = deadlines.end_of(campaign.student_deadline)
        other = factories.class_group("软件2602班")
        who, everybody = Who(user=factories.user("office")), list(class_group.students.all())
        flow.mark_overdue(class_group=class_group, students=everybody, who=who, clock=lambda: after)
        for one in (class_group, other):
            flow.record_export(
                campaign=campaign, class_group=one, who=who, what=ExportKind.FORM, clock=lambda: after
            )
        assert retention.not_handed_out(campaign) == []
        flow.extend_deadlines(
            campaign=campaign,
            deadlines=stories.later(campaign, days=3),
            who=who,
            clock=lambda: after,
        )
        [event] = Event.objects.filter(verb="extend_deadlines").exclude(chain__class_group=None)
        assert event.chain.class_group == class_group
        assert sorted(event.payload["missing_again"]) == sorted(str(one.uuid) for one in everybody)
        assert verify(event.chain) == []
        assert retention.not_handed_out(campaign) == [class_group]


class TestLateAndThenExtended:
    """Three have signed: in time, on the day after, and after two days; then a day is added."""

    @pytest.fixture
    def extended(self, class_group, campaign):
        """The class, whose sheet was submitted between."""
        end = deadlines.end_of(campaign.student_deadline)
        first, second, third = class_group.students.order_by("seat")
        stories.confirm(first, lambda: end - timedelta(seconds=1))
        stories.report(second, clock=lambda: end + timedelta(hours=23))
        stories.confirm(third, lambda: end + timedelta(days=1))
        stories.submit(class_group, first, lambda: end + timedelta(days=1))
        assert Tally.objects.get().cells == "Crc"
        flow.extend_deadlines(
            campaign=campaign,
            deadlines=stories.later(campaign, days=1),
            who=Who(user=factories.user("office")),
            clock=lambda: end + timedelta(days=2),
        )
        return class_group

    def test_who_signed_within_the_new_deadline_is_late_no_more(self, extended):
        tally = Tally.objects.get()
        assert (tally.cells, tally.late) == ("CRc", 1)
        assert tallies.differences(tally, tallies.count([extended])[extended.pk]) == {}
        late = Standing.objects.values_list("late", "declaration__late").order_by("student__seat")
        assert list(late) == [(False, False), (False, False), (True, True)]

    def test_it_is_an_event_of_the_class(self, extended):
        [event] = Event.objects.filter(verb="extend_deadlines", chain__class_group=extended)
        assert event.payload["in_time_again"] == [str(extended.students.get(seat=2).uuid)]
        assert event.payload["missing_again"] == []
        assert verify(event.chain) == []

    def test_what_was_submitted_stays_as_it_is(self, extended):
        sheet = extended.sheets.get()
        assert (sheet.counts["late"], [row["late"] for row in sheet.rows]) == (2, [False, True, True])

    def test_an_entry_that_is_countersigned_afterwards_is_judged_by_it_too(self, campaign):
        class_group = factories.class_group()
        monitor, student, _third = class_group.students.order_by("seat")
        end = deadlines.end_of(campaign.student_deadline)
        entry = stories.on_paper(student, monitor, lambda: end)
        office = Who(user=factories.user("office"))
        flow.extend_deadlines(
            campaign=campaign,
            deadlines=stories.later(campaign, days=1),
            who=office,
            clock=lambda: end,
        )
        flow.countersign(declaration=entry, who=office, clock=lambda: end)
        assert Tally.objects.get().cells == "MCM"


def test_a_closed_campaign_takes_nothing_more(student):
    flow.close_campaign(campaign=student.campaign, who=Who(user=factories.user("office")))
    student.refresh_from_db()
    with pytest.raises(flow.Refused):
        stories.confirm(student)
