"""The office's campaigns: deadlines, texts, the end, other years."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rosters.models import Campaign
from signoffs import flow
from signoffs.entrance import links
from signoffs.forms.staff import a_year_on
from signoffs.queries.actors import Who
from tests import factories, pages, stories


class TestTheCampaign:
    def test_deadlines_are_extended_and_never_shortened(self, desk, campaign):
        def send(days):
            return desk.post(
                reverse("office-campaign"),
                {
                    "campaign": campaign.slug,
                    "student_deadline": campaign.student_deadline + timedelta(days=days),
                    "department_deadline": campaign.department_deadline + timedelta(days=days),
                },
            )

        stories.confirm(factories.class_group(students=1).students.get())
        assert send(-1).status_code == 409
        assert send(3).status_code == 302
        assert Campaign.objects.get().student_deadline == campaign.student_deadline + timedelta(days=3)
        said = {"campaign": campaign.slug, "student_deadline": "soon"}
        assert desk.post(reverse("office-campaign"), said).status_code == 422

    @pytest.mark.parametrize("student_deadline", ["", "9999-12-31"])
    def test_a_deadline_that_could_never_be_taken_back_is_refused(self, desk, campaign, student_deadline):
        days = {
            "campaign": campaign.slug,
            "student_deadline": student_deadline or campaign.student_deadline,
            "department_deadline": "9999-12-31",
        }
        response = desk.post(reverse("office-campaign"), days)
        assert response.status_code == 409
        last = max(int(campaign.slug), timezone.localdate().year) + 2
        assert f"最晚只能定在 {last} 年" in pages.text(response)
        assert Campaign.objects.get().department_deadline == campaign.department_deadline

    def test_closing_wants_the_year_typed_once_more(self, desk, campaign):
        url = reverse("office-campaign-close")
        wrong = desk.post(url, {"year": "1999"})
        assert wrong.status_code == 422
        assert "与本次核对工作的年级不符" in pages.text(wrong)
        assert Campaign.objects.get().state == "open"
        assert desk.post(url, {"year": campaign.slug}).status_code == 302
        assert Campaign.objects.get().state == "closed"
        assert desk.post(url, {"year": campaign.slug}).status_code == 409


class TestCampaigns:
    def next_year(self, campaign, **changed) -> dict:
        said = {
            "slug": str(int(campaign.slug) + 1),
            "university": campaign.university,
            "student_deadline": "2027-12-22",
            "department_deadline": "2027-12-24",
            "copy_texts": "on",
        }
        return said | changed

    def test_next_year_begins_from_this_one(self, desk, campaign):
        form = desk.get(reverse("office-campaigns")).context["form"]
        assert form.initial["slug"] == str(int(campaign.slug) + 1)
        assert form.initial["student_deadline"].year == campaign.student_deadline.year + 1

    def test_it_is_prepared_with_the_texts_and_opened_after_the_other_is_closed(self, desk, campaign):
        campaign.texts = {"office": "行政楼202室"}
        campaign.save()
        assert desk.post(reverse("office-campaigns"), self.next_year(campaign)).status_code == 302
        made = Campaign.objects.get(slug="2027")
        assert (made.state, made.texts) == ("draft", {"office": "行政楼202室"})
        url = reverse("office-campaign-open", args=["2027"])
        assert "请先关闭" in pages.text(desk.post(url, follow=True))
        desk.post(reverse("office-campaign-close"), {"year": campaign.slug})
        desk.post(url)
        made.refresh_from_db()
        assert made.state == "open"

    @pytest.mark.parametrize(
        "changed, sentence",
        [
            ({"slug": "abcd"}, "以年级命名"),
            ({"slug": "20２７"}, "以年级命名"),
            ({"department_deadline": "2027-12-01"}, "不能早于"),
            ({"student_deadline": "9999-12-31", "department_deadline": "9999-12-31"}, "最晚只能定在"),
            ({"slug": "2026"}, "已经存在"),
        ],
    )
    def test_what_cannot_be_is_said(self, desk, campaign, changed, sentence):
        response = desk.post(reverse("office-campaigns"), self.next_year(campaign, **changed))
        assert response.status_code == 409
        assert sentence in pages.text(response)
        assert Campaign.objects.count() == 1

    @pytest.mark.parametrize(
        "day, next_year",
        [("2026-12-22", "2027-12-22"), ("2028-02-29", "2029-02-28"), ("9999-12-31", "9999-12-31")],
    )
    def test_a_year_on_is_a_day_that_there_is(self, day, next_year):
        assert a_year_on(date.fromisoformat(day)) == date.fromisoformat(next_year)

    def test_an_old_year_can_be_looked_at(self, desk, campaign, own_class):
        old = factories.campaign("2025", state="closed")
        factories.class_group("老班", of=old)
        desk.post(reverse("office-campaign-choose", args=["2025"]))
        assert "老班" in pages.text(desk.get(reverse("office")))
        assert desk.get(reverse("office-class", args=[own_class.uuid])).status_code == 404
        desk.post(reverse("office-campaign-choose", args=[campaign.slug]))
        assert own_class.name in pages.text(desk.get(reverse("office")))

    @pytest.mark.parametrize("page", ["office-campaign", "office-texts", "office-roster"])
    def test_a_form_of_one_year_changes_no_other_that_another_tab_chose(self, desk, campaign, page):
        factories.campaign("2027", state="draft")
        shown = pages.forms(desk.get(reverse(page)))
        form = next(one for one in shown if "campaign" in one.fields and one.action in ("", reverse(page)))
        later = campaign.department_deadline + timedelta(days=3)
        said = form.fields | {"department_deadline": later, "office": "行政楼202室"}
        before = list(Campaign.objects.order_by("slug").values())
        desk.post(reverse("office-campaign-choose", args=["2027"]))
        response = desk.post(reverse(page), said)
        assert response.status_code == 409
        assert "已切换为 2027" in pages.text(response)
        assert list(Campaign.objects.order_by("slug").values()) == before
        desk.post(reverse("office-campaign-choose", args=[campaign.slug]))
        assert desk.post(reverse(page), said).status_code != 409

    def test_a_deletion_is_announced_of_the_year_that_the_page_showed(self, desk, campaign):
        factories.campaign("2027", state="closed", closed_at=timezone.now())
        flow.close_campaign(campaign=campaign, who=Who(command="test"))
        desk.post(reverse("office-campaign-choose", args=[campaign.slug]))
        announce = reverse("office-purge-announce")
        shown = pages.forms(desk.get(reverse("office-campaign")))
        (said,) = [form.fields for form in shown if form.action == announce]
        desk.post(reverse("office-campaign-choose", args=["2027"]))
        assert desk.post(announce, said).status_code == 409
        assert not Campaign.objects.exclude(purge_on=None).exists()

    def test_the_guides_texts_are_the_offices(self, desk, campaign, own_class):
        page = desk.get(reverse("office-texts"))
        given = {field.html_name: field.value() or "" for field in page.context["form"]}
        said = given | {
            "campaign": campaign.slug,
            "office": "行政楼202室",
            "steps": "打开学信网\n看学籍信息",
            "troubles": "打不开？\n换一台\n\n慢？\n晚上再来",
        }
        assert desk.post(reverse("office-texts"), said).status_code == 302
        assert set(Campaign.objects.get().texts) == {"office", "steps", "troubles"}
        client = Client()
        client.get(f"/c/{links.issue(own_class, 'student', timezone.now()).token}/")
        guide = pages.text(client.get(reverse("class-guide")))
        for text in ("行政楼202室", "看学籍信息", "打不开？", "晚上再来"):
            assert text in guide
        assert "010-82199588" not in guide
