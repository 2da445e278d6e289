"""The story carried on: over the deadline, a return, a settlement, a second version, the close and the purge.

By a clock that is passed in; what each step shows is held against the steps before.
"""

from datetime import datetime, timedelta

import pytest

from rosters.models import Campaign, Student
from signoffs import flow
from signoffs.flow.chains import verify
from signoffs.models import Chain, ClassSheet, FieldError, HandIn, Standing, Tally
from signoffs.outputs import exports, printing
from signoffs.process import deadlines
from signoffs.queries.actors import Who
from signoffs.queries.charts import completion
from signoffs.queries.overview import campaign_overview
from tests import factories, stories
from tests.printed import pypdf_pages


class Clock:
    """Noon of a day, counted from the students' last one."""

    def __init__(self, deadline):
        self.end = deadlines.end_of(deadline)
        self.now = self.end

    def __call__(self) -> datetime:
        return self.now

    def on(self, day: int) -> "Clock":
        self.now = self.end + timedelta(days=day - 0.5)
        return self


def curve(campaign: Campaign, now: datetime) -> dict:
    """Return the figures of the page's curve: how many had declared by each day."""
    chart = completion(campaign_overview(campaign, now), now)
    return {day: done for day, _count, done, _percent in chart.table}


def reports(campaign: Campaign, now: datetime) -> tuple[int, int, int]:
    told = campaign_overview(campaign, now).reports
    return told.people, told.items, told.open


def printed(class_group, now: datetime) -> str:
    return "".join(pypdf_pages(b"".join(printing.form_pdf([class_group], now=now)))).replace("\n", "")


@pytest.mark.django_db(transaction=True)
def test_what_the_record_says_stays_true_to_the_end():
    campaign = factories.campaign()
    clock = Clock(campaign.student_deadline)
    class_group = factories.class_group(students=4)
    office = Who(user=factories.user("office"))
    in_it = {"role": "department", "in_department": class_group.department}
    officer = factories.user("officer", **in_it)
    monitor, reporter, excused, absent = class_group.students.order_by("seat")

    # In time: one signs, one reports two errors, one is excused; the last has never come.
    stories.confirm(monitor, clock.on(-3))
    stories.report(reporter, "ethnicity", "major", right="壮族", clock=clock.on(-2))
    stories.excuse(excused, monitor, clock)
    before = curve(campaign, clock.on(0).now)
    assert reports(campaign, clock.now) == (1, 2, 2)

    # The deadline passes; the last is overdue, and no page says that all were checked.
    flow.mark_overdue(class_group=class_group, students=[absent], who=Who(user=officer), clock=clock.on(1))
    overview = campaign_overview(campaign, clock.now)
    assert (overview.total.left, overview.total.overdue, overview.total.percent) == (0, 1, 75)
    first = stories.submit(class_group, monitor, clock)
    assert (first.counts["report_items"], first.counts["open_items"]) == (2, 2)

    # One error is mended, the other sent up: the student is not asked yet. Then CHSI shows it.
    ethnicity, major = FieldError.objects.order_by("pk")
    for error, outcome in ((ethnicity, "mended"), (major, "under_way"), (major, "done")):
        flow.settle_error(error=error, who=office, outcome=outcome, note="", clock=clock.on(2))
    assert reports(campaign, clock.now) == (1, 2, 0)

    # The sheet is returned; the student looks again, after the deadline, and is in time all the same.
    flow.return_sheet(sheet=first, who=Who(user=officer), reason="再看", clock=clock)
    stories.confirm(Student.objects.get(pk=reporter.pk), clock.on(3))
    second = stories.submit(class_group, monitor, clock)
    assert (second.version, second.counts["confirmed"], second.counts["late"]) == (2, 2, 0)
    assert (second.counts["reporters"], second.counts["report_items"], second.counts["open_items"]) == (
        1,
        2,
        0,
    )
    assert reports(campaign, clock.now) == (1, 2, 0)
    assert not Standing.objects.get(student=reporter).late
    after = curve(campaign, clock.now)
    assert {day: after[day] for day in before} == before
    form = printed(class_group, clock.now)
    assert ("名册已更正，本人复核无误" in form, "学信网已更正，本人复核无误" in form) == (True, True)
    assert "逾期未核对" in form

    # Handed in, received, closed by mistake, opened again, closed.
    flow.accept_sheet(sheet=second, who=Who(user=officer), clock=clock)
    handed_in = stories.hand_in(class_group, officer, clock)
    cover = pypdf_pages(b"".join(printing.hand_in_pdf(handed_in, [class_group], now=clock.now)))[0]
    assert ("逾期未核对 1" in cover, "反馈错误的条数 2" in cover) == (True, True)
    flow.receive(hand_in=HandIn.objects.get(), who=office, clock=clock)
    flow.close_campaign(campaign=campaign, who=office, clock=clock)
    flow.reopen_campaign(campaign=campaign, who=office, reason="误关", clock=clock.on(5))
    flow.close_campaign(campaign=campaign, who=office, clock=clock.on(9))
    at_close = Tally.objects.values().get()

    # An error turns out not to be settled, months later; then it is. Counts stay.
    flow.settle_error(error=major, who=office, outcome="open", note="", clock=clock.on(60))
    assert reports(campaign, clock.now) == (1, 2, 1)
    flow.record_export(campaign=campaign, who=office, what="form", clock=clock)
    day = flow.announce_purge(campaign=campaign, who=office, clock=clock)
    clock.now = deadlines.end_of(day)
    with pytest.raises(flow.Refused):
        flow.purge_campaign(campaign=Campaign.objects.get(), who=office, clock=clock)
    assert Student.objects.count() == 4
    flow.purge_campaign(campaign=Campaign.objects.get(), who=office, known_open=1, clock=clock)

    # The people are gone; what was counted, and what proves it, is as it was.
    assert (Student.objects.count(), FieldError.objects.count()) == (0, 0)
    left = Tally.objects.values().get()
    assert {name: left[name] for name in left if name != "reports"} == {
        name: at_close[name] for name in at_close if name != "reports"
    }
    assert reports(Campaign.objects.get(), clock.now) == (1, 2, 1)
    assert {day: curve(campaign, clock.now)[day] for day in before} == before
    assert ClassSheet.objects.get(version=2).counts == second.counts
    assert exports.department_summary(Campaign.objects.get(), clock.now)
    assert [problem for chain in Chain.objects.all() for problem in verify(chain)] == []
