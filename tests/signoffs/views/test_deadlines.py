"""Deadlines: set freely at first, then extended, for one department too; a slip is taken back."""

from datetime import date, timedelta

import pytest
from django.core.management import call_command
from django.urls import reverse

from rosters.models import Campaign, ClassGroup
from signoffs import flow
from signoffs.models import DeadlineChange, Standing
from signoffs.process import deadlines
from signoffs.queries import situations
from signoffs.queries.actors import Who
from tests import factories, pages, stories
from tests.rosters import files


@pytest.fixture
def places(campaign):
    """Two departments with a class each."""
    return (
        factories.class_group("软件2601班", department_name="信息工程系"),
        factories.class_group("机械2601班", department_name="机械工程系"),
    )


def extend(campaign, who, days: int, **values) -> None:
    flow.extend_deadlines(
        campaign=campaign,
        deadlines=deadlines.Deadlines(
            campaign.student_deadline + timedelta(days=days),
            campaign.department_deadline + timedelta(days=days),
        ),
        who=who,
        **values,
    )


def test_until_somebody_has_declared_they_are_set_freely(places, office):
    campaign = Campaign.objects.get()
    extend(campaign, Who(user=office), -3)
    stories.confirm(places[0].students.first())
    with pytest.raises(flow.Refused):
        extend(Campaign.objects.get(), Who(user=office), -1)
    assert Campaign.objects.get().student_deadline == campaign.student_deadline - timedelta(days=3)


class TestOneDepartment:
    def test_its_classes_have_a_later_day_and_the_others_not(self, places, office, client):
        extend(Campaign.objects.get(), Who(user=office), 4, department=places[0].department)
        own, other = (ClassGroup.objects.get(pk=one.pk) for one in places)
        campaign = Campaign.objects.get()
        assert own.student_deadline == campaign.student_deadline + timedelta(days=4)
        assert other.student_deadline == campaign.student_deadline
        between = deadlines.end_of(campaign.student_deadline) + timedelta(hours=1)
        for one in (own, other):
            stories.confirm(one.students.first(), clock=lambda: between)
        late = dict(Standing.objects.values_list("student__class_group__name", "late"))
        assert late == {"软件2601班": False, "机械2601班": True}
        assert situations.situation(own, between).deadline_passed is False
        officer = factories.user("officer", role="department", in_department=own.department)
        client.force_login(officer)
        day = own.student_deadline
        assert f"{day.month}月{day.day}日" in pages.text(client.get(reverse("department")))

    def test_who_was_late_there_is_late_no_more(self, places, office):
        campaign = Campaign.objects.get()
        after = deadlines.end_of(campaign.student_deadline) + timedelta(hours=1)
        for one in places:
            stories.confirm(one.students.first(), clock=lambda: after)
        extend(campaign, Who(user=office), 2, department=places[0].department, clock=lambda: after)
        late = dict(Standing.objects.values_list("student__class_group__name", "late"))
        assert late == {"软件2601班": False, "机械2601班": True}

    def test_the_page_extends_them(self, places, office, client):
        client.force_login(office)
        said = pages.hidden(client.get(reverse("office-campaign"))) | {
            "department": places[0].department.uuid,
            "student_deadline": Campaign.objects.get().student_deadline + timedelta(days=1),
            "department_deadline": Campaign.objects.get().department_deadline + timedelta(days=1),
        }
        assert client.post(reverse("office-deadlines-own"), said).status_code == 302
        assert DeadlineChange.objects.get().department == places[0].department


class TestASlip:
    def test_it_is_taken_back_while_nobody_has_acted_on_it(self, places, office, client):
        before = Campaign.objects.get()
        stories.confirm(places[0].students.first())
        extend(before, Who(user=office), 300)
        client.force_login(office)
        said = pages.hidden(client.get(reverse("office-campaign")))
        assert client.post(reverse("office-deadlines-take-back"), said).status_code == 302
        after = Campaign.objects.get()
        assert after.student_deadline == before.student_deadline
        assert after.department_deadline == before.department_deadline

    def test_of_a_department_too(self, places, office):
        extend(Campaign.objects.get(), Who(user=office), 300, department=places[0].department)
        flow.take_back_deadlines(change=DeadlineChange.objects.get(), who=Who(user=office))
        assert ClassGroup.objects.get(pk=places[0].pk).own_student_deadline is None

    def test_not_once_somebody_has_declared(self, places, office):
        stories.confirm(places[0].students.first())
        extend(Campaign.objects.get(), Who(user=office), 300)
        stories.confirm(places[1].students.first())
        with pytest.raises(flow.Refused):
            flow.take_back_deadlines(change=DeadlineChange.objects.get(), who=Who(user=office))

    def test_not_once_the_earlier_date_has_passed(self, places, office):
        campaign = Campaign.objects.get()
        extend(campaign, Who(user=office), 300)
        end = deadlines.end_of(campaign.student_deadline)
        with pytest.raises(flow.Refused):
            flow.take_back_deadlines(
                change=DeadlineChange.objects.get(), who=Who(user=office), clock=lambda: end
            )
        flow.take_back_deadlines(
            change=DeadlineChange.objects.get(),
            who=Who(user=office),
            clock=lambda: end - timedelta(seconds=1),
        )


class TestANewCampaign:
    def test_a_page_asks_for_both_dates_and_the_universitys_name(self, campaign, office, client):
        client.force_login(office)
        page = client.post(reverse("office-campaigns"), {"slug": "2027"})
        assert page.status_code == 422
        assert set(page.context["form"].errors) == {"university", "student_deadline", "department_deadline"}

    def test_the_command_says_with_which_dates_it_made_one(self, db, tmp_path, capsys):
        path = tmp_path / "roster.xlsx"
        path.write_bytes(files.roster(files.row(1)))
        call_command("import_roster", str(path), "--campaign", "2027")
        told = capsys.readouterr().err
        assert told.startswith("warning: ")
        assert "2027-12-22" in told
        assert Campaign.objects.get().student_deadline == date(2027, 12, 22)

    def test_the_name_is_set_at_any_time(self, campaign, office, client):
        flow.close_campaign(campaign=campaign, who=Who(user=office))
        client.force_login(office)
        said = pages.hidden(client.get(reverse("office-campaign"))) | {"university": "青州学院"}
        assert client.post(reverse("office-university"), said).status_code == 302
        assert Campaign.objects.get().university == "青州学院"
