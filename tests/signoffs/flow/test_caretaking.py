"""What monitors and officers do for the students of a class: excuses, duties, links, codes, claims."""

import pytest

from signoffs import flow
from signoffs.entrance import links
from signoffs.flow import caretaking
from signoffs.models import ClassLink, Identification, MissingClaim, Standing, Tally
from signoffs.process import deadlines
from signoffs.queries import actors
from signoffs.queries.actors import Who
from tests import stories


def standing(student) -> str:
    found = Standing.objects.filter(student=student).first()
    return found.state if found else "missing"


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


class TestMonitors:
    def test_one_is_named_and_unnamed_by_the_officer_alone(self, student, monitor, officer):
        for who in (Who(student=monitor), Who(student=student)):
            with pytest.raises(flow.Refused):
                flow.name_monitor(student=student, who=who)
        flow.name_monitor(student=student, who=Who(user=officer))
        student.refresh_from_db()
        assert actors.is_monitor(student)
        with pytest.raises(flow.Refused):
            flow.name_monitor(student=student, who=Who(user=officer))
        flow.unname_monitor(student=student, who=Who(user=officer))
        student = type(student).objects.get(pk=student.pk)
        assert not actors.is_monitor(student)

    def test_a_duty_of_the_roster_is_not_ended_here(self, monitor, officer):
        with pytest.raises(flow.Refused):
            flow.unname_monitor(student=monitor, who=Who(user=officer))
        monitor.refresh_from_db()
        assert actors.is_monitor(monitor)


class TestClaims:
    def test_more_than_twenty_wait_for_no_class(self, own_class):
        for _ in range(caretaking.MOST_CLAIMS):
            stories.claim(own_class)
        with pytest.raises(flow.Refused):
            stories.claim(own_class)
        assert MissingClaim.objects.count() == caretaking.MOST_CLAIMS

    def test_one_is_settled_once_with_a_note_and_makes_room(self, own_class, officer):
        claim, who = stories.claim(own_class), Who(user=officer)
        with pytest.raises(flow.Refused):
            flow.settle_claim(claim=claim, who=who, note=" ")
        flow.settle_claim(claim=claim, who=who, note="已补入名册")
        with pytest.raises(flow.Refused):
            flow.settle_claim(claim=claim, who=who, note="再来一次")
        claim.refresh_from_db()
        assert (claim.settled_by, claim.settled_note) == (officer, "已补入名册")


class TestLinksAndCodes:
    def test_a_link_that_is_replaced_leads_nowhere(self, own_class, officer):
        old = links.issue(own_class, ClassLink.Kind.STUDENT, own_class.campaign.created_at)
        new = flow.rotate_link(link=old, who=Who(user=officer))
        assert links.resolve(old.token, ClassLink.Kind.STUDENT) is None
        assert links.resolve(new.token, ClassLink.Kind.STUDENT) == new

    def test_a_code_lets_in_once_and_is_recorded_as_such(self, student, officer):
        code = flow.issue_code(student=student, who=Who(user=officer))
        assert not flow.use_code(student=student, code="WRONG")
        assert Identification.objects.count() == 0
        assert flow.use_code(student=student, code=code)
        assert not flow.use_code(student=student, code=code)
        assert [one.how for one in Identification.objects.all()] == [Identification.How.CODE]

    def test_who_has_left_gets_no_code(self, student, officer, office):
        flow.withdraw_student(student=student, who=Who(user=office), reason="退学")
        with pytest.raises(flow.Refused):
            flow.issue_code(student=student, who=Who(user=officer))
