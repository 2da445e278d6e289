"""The server's clock is set back: by a minute (time sync), an hour (a mistake), or past a deadline.

Nothing crashes, nobody loses a declaration, and what was closed or used stays so as far as it rests on rows.
"""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.core import signing
from django.test import Client
from django.utils import timezone

from signoffs import flow
from signoffs.entrance import links, throttle
from signoffs.flow import tallies
from signoffs.flow.chains import verify
from signoffs.models import Chain, ClassSheet, Declaration, Event, OneTimeCode, Standing, Tally
from signoffs.process import deadlines, states
from signoffs.queries.actors import Who
from tests import stories

NOW = timezone.now()
BACK = [timedelta(minutes=1), timedelta(hours=1), timedelta(days=3)]


def at(moment: datetime):
    return lambda: moment


@pytest.fixture
def two(own_class):
    """Two students of the class."""
    return own_class.students.order_by("seat")[:2]


@pytest.mark.parametrize("back", BACK, ids=str)
class TestDeclarations:
    def test_chains_go_by_position_and_hold(self, two, own_class, back):
        stories.confirm(two[0], at(NOW))
        stories.confirm(two[1], at(NOW - back))
        (chain,) = Chain.objects.all()
        assert verify(chain) == []
        moments = list(Event.objects.order_by("position").values_list("happened_at", flat=True))
        assert moments == [NOW, NOW - back]

    def test_the_newest_declaration_is_the_last_one_made_whatever_the_clock_said(self, two, own_class, back):
        stories.confirm(two[0], at(NOW))
        second = stories.report(two[0], "major", clock=at(NOW - back))
        standing = Standing.objects.get(student=two[0])
        assert (standing.state, standing.declaration) == (states.REPORTED, second)
        flow.withdraw_declaration(student=two[0], who=Who(student=two[0]), clock=at(NOW - 2 * back))
        assert Standing.objects.get(student=two[0]).state == states.CONFIRMED
        assert tallies.differences(Tally.objects.get(), tallies.count([own_class])[own_class.pk]) == {}

    def test_a_retry_is_the_same_declaration(self, two, back):
        submission = uuid4()
        first = stories.confirm(two[0], at(NOW), submission_id=submission)
        assert stories.confirm(two[0], at(NOW - back), submission_id=submission) == first
        assert Declaration.objects.count() == 1

    def test_a_submitted_sheet_stays_submitted_and_is_decided_on(self, own_class, officer, back):
        for student in own_class.students.all():
            stories.confirm(student, at(NOW))
        sheet = stories.submit(own_class, own_class.students.get(seat=1), at(NOW - back))
        flow.accept_sheet(sheet=sheet, who=Who(user=officer), clock=at(NOW - 2 * back))
        assert ClassSheet.objects.get().state == ClassSheet.State.ACCEPTED
        assert stories.hand_in(own_class, officer, at(NOW - 2 * back)).version == 1


def test_late_is_what_the_clock_said_when_it_came_and_stays_so(own_class):
    """Set back over the deadline, the clock can only be kind; what was late already stays late."""
    end = deadlines.end_of(own_class.campaign.student_deadline)
    first, second, _ = own_class.students.order_by("seat")
    late = stories.confirm(first, at(end + timedelta(minutes=5)), arrived_at=end + timedelta(minutes=5))
    kind = stories.confirm(second, at(end - timedelta(minutes=5)), arrived_at=end - timedelta(minutes=5))
    assert (late.late, kind.late) == (True, False)
    assert Tally.objects.get().late == 1
    late.refresh_from_db()
    assert late.late


class TestOneTimeCodes:
    def test_a_used_code_stays_used(self, two, officer):
        code = links.issue_code(two[0], officer, NOW)
        assert links.use_code(two[0], code, NOW)
        assert not links.use_code(two[0], code, NOW - timedelta(hours=1))

    def test_a_code_given_out_before_the_clock_went_back_works(self, two, officer):
        code = links.issue_code(two[0], officer, NOW)
        assert links.use_code(two[0], code, NOW - timedelta(hours=1))

    def test_a_new_code_ends_the_former_one_all_the_same(self, two, officer):
        former = links.issue_code(two[0], officer, NOW)
        newer = links.issue_code(two[0], officer, NOW - timedelta(minutes=30))
        assert not links.use_code(two[0], former, NOW - timedelta(minutes=29))
        assert links.use_code(two[0], newer, NOW - timedelta(minutes=29))
        assert OneTimeCode.objects.filter(used_at=None, expires_at__gt=NOW).count() == 0


class TestThrottles:
    def test_a_pause_stays_and_ends_for_who_knows_the_device(self, two):
        for _ in range(throttle.FREE):
            assert throttle.attempt(two[0], NOW)
        assert not throttle.attempt(two[0], NOW - timedelta(hours=1))
        assert throttle.device_attempt(two[0], NOW - timedelta(hours=1))

    def test_the_days_count_of_a_device_goes_on(self, two):
        for _ in range(throttle.FREE):
            assert throttle.device_attempt(two[0], NOW)
        assert not throttle.device_attempt(two[0], NOW - timedelta(hours=1))
        assert throttle.device_attempt(two[0], NOW + throttle.A_DAY)

    def test_a_link_s_delay_has_its_limit(self, own_class):
        link = links.issue(own_class, "student", NOW)
        for _ in range(3):
            throttle.link_failure(link, NOW)
        link.refresh_from_db()
        assert throttle.link_delay(link, NOW - timedelta(days=1)) <= throttle.LINK_SLOWEST


class TestVisits:
    class AheadSigner(signing.TimestampSigner):
        """Signs as a clock does that is an hour ahead."""

        def timestamp(self):
            return signing.b62_encode(int(NOW.timestamp()) + 3600)

    def test_a_visit_that_began_before_the_clock_went_back_goes_on(self, own_class, two):
        link = links.issue(own_class, "student", NOW)
        visit = {"link": str(link.uuid), "student": str(two[1].uuid), "visit": "1" * 16}
        client = Client()
        client.cookies["visit-student"] = self.AheadSigner(salt="visit-student").sign_object(visit)
        response = client.get("/class/record/")
        assert response.status_code == 200
        assert two[1].name in response.content.decode()
