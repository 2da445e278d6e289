"""What concerns a whole campaign: begun once a year, deadlines that only move on, one end."""

from datetime import date, timedelta

import pytest

from rosters.models import Campaign
from signoffs import flow
from signoffs.flow import tallies
from signoffs.flow.chains import verify
from signoffs.models import Event, Standing, Tally
from signoffs.process import deadlines
from signoffs.process.export_kinds import ExportKind
from signoffs.queries import retention
from signoffs.queries.actors import Who
from tests import factories, stories


def standing(student) -> str:
    found = Standing.objects.filter(student=student).first()
    return found.state if found else "missing"


def begin(slug: str, office, days: deadlines.Deadlines | None = None) -> Campaign:
    """Let the office prepare a year's campaign."""
    return flow.create_campaign(
        slug=slug,
        university="",
        deadlines=days or deadlines.usual(int(slug)),
        texts={},
        who=Who(user=office),
    )


def test_the_first_is_open_at_once_and_the_next_waits(db):
    office = factories.user("office")
    first, second = begin("2026", office), begin("2027", office)
    assert (first.state, second.state) == ("open", "draft")
    assert deadlines.in_force(second) == (date(2027, 12, 22), date(2027, 12, 24))
    with pytest.raises(flow.Refused):
        begin("2027", office)
    with pytest.raises(flow.Refused):
        flow.open_campaign(campaign=second, who=Who(user=office))
    flow.close_campaign(campaign=first, who=Who(user=office))
    flow.open_campaign(campaign=second, who=Who(user=office))
    assert list(Campaign.objects.order_by("slug").values_list("state", flat=True)) == ["closed", "open"]


def test_only_the_office_begins_extends_and_closes(campaign, officer):
    who = Who(user=officer)
    with pytest.raises(flow.Refused):
        begin("2030", officer)
    with pytest.raises(flow.Refused):
        flow.extend_deadlines(campaign=campaign, deadlines=stories.later(campaign, days=1), who=who)
    with pytest.raises(flow.Refused):
        flow.close_campaign(campaign=campaign, who=who)
    campaign.refresh_from_db()
    assert (campaign.state, Campaign.objects.count()) == ("open", 1)


def test_texts_are_kept_and_the_old_ones_stand_in_the_event(campaign, office):
    flow.edit_texts(campaign=campaign, texts={"office": "行政楼202室"}, who=Who(user=office))
    flow.edit_texts(campaign=campaign, texts={}, who=Who(user=office))
    events = Event.objects.filter(verb="edit_texts").order_by("pk")
    assert [event.payload["old"] for event in events] == [{}, {"office": "行政楼202室"}]


def test_extending_the_deadline_leaves_nobody_overdue(student, monitor, class_group):
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


def test_extending_the_deadline_is_an_event_of_each_class_that_it_changes(class_group, campaign):
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
