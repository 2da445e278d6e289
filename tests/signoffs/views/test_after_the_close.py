"""After the close: errors are followed to their end, nothing else moves, and links open one thing."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rosters.models import Campaign
from signoffs import flow
from signoffs.entrance import links
from signoffs.models import Declaration, FieldError, Standing, Tally
from signoffs.queries.actors import Who
from tests import factories, pages, stories


@pytest.fixture
def closed(campaign):
    """A class whose second student reported an error, in a campaign that was closed."""
    class_group = factories.class_group(students=3)
    office = factories.user("office")
    monitor, reporter, other = class_group.students.order_by("seat")
    stories.confirm(monitor)
    stories.report(reporter)
    flow.close_campaign(campaign=campaign, who=Who(user=office))
    return {
        "class": class_group, "office": Who(user=office), "user": office, "monitor": monitor,
        "reporter": reporter, "other": other, "campaign": campaign,
    }  # fmt: skip


def opened(closed, kind: str = "student") -> Client:
    client = Client()
    link = links.issue(closed["class"], kind, timezone.now())
    client.get(reverse(f"{'class' if kind == 'student' else 'monitor'}-link", args=[link.token]))
    return client


def by_code(closed, student) -> Client:
    client = opened(closed)
    code = flow.issue_code(student=student, who=closed["office"])
    sent = {"student_number": student.student_number, "code": code}
    answer = client.post(reverse("class-identify"), sent)
    assert answer.url == reverse("class-errors")
    return client


class TestLinks:
    def test_the_class_link_says_that_it_is_over(self, closed):
        page = opened(closed).get(reverse("class"))
        assert page.status_code == 200
        assert "本次核对已结束" in pages.text(page)
        assert [field for form in pages.forms(page) for field in form.fields if field == "last_six"] == []

    def test_the_last_six_let_nobody_in(self, closed):
        client = opened(closed)
        assert stories.identify(client, "class-identify", closed["reporter"]).status_code == 422
        assert client.get(reverse("class-errors")).url == reverse("class")

    @pytest.mark.parametrize(
        "name", ["class-record", "class-receipt", "class-copy", "class-guide", "class-claim"]
    )
    def test_nothing_else_opens_by_a_code(self, closed, name):
        client = by_code(closed, closed["reporter"])
        assert client.get(reverse(name)).url == reverse("class")

    def test_who_got_in_before_the_close_is_out(self, campaign):
        class_group = factories.class_group(students=2)
        student = class_group.students.get(seat=2)
        closed = {"class": class_group}
        client = opened(closed)
        stories.identify(client, "class-identify", student)
        assert client.get(reverse("class-record")).status_code == 200
        flow.close_campaign(campaign=campaign, who=Who(command="test"))
        assert client.get(reverse("class-record")).url == reverse("class")
        assert client.get(reverse("class-errors")).url == reverse("class")

    def test_a_former_monitor_sees_nothing(self, closed):
        client = opened(closed, "monitor")
        answer = client.get(reverse("monitor"))
        assert answer.status_code == 410
        assert closed["other"].name not in answer.content.decode()
        assert stories.identify(client, "monitor-identify", closed["monitor"]).status_code == 410


class TestErrors:
    def settle(self, closed, outcome: str, note: str = "已说明") -> int:
        return flow.settle_error(
            error=FieldError.objects.get(), who=closed["office"], outcome=outcome, note=note
        )

    def test_they_are_followed_to_their_end_and_nothing_else_moves(self, closed):
        before = (list(Standing.objects.values()), Declaration.objects.count())
        counts = Tally.objects.get()
        self.settle(closed, "under_way")
        self.settle(closed, "done")
        after = Tally.objects.get()
        assert (list(Standing.objects.values()), Declaration.objects.count()) == before
        names = ("expected", "confirmed", "reported", "recheck", "cells", "days", "reporters")
        assert [getattr(after, name) for name in names] == [getattr(counts, name) for name in names]
        assert after.reports == {"major/province/done": 1}

    def test_the_roster_is_mended_no_more(self, closed):
        with pytest.raises(flow.Refused):
            self.settle(closed, "mended")

    def test_looking_again_is_a_note_with_the_error(self, closed):
        client = by_code(closed, closed["reporter"])
        address = reverse("class-looked-again", args=[FieldError.objects.get().uuid])
        assert client.post(address).status_code == 409  # no end yet
        self.settle(closed, "done")
        assert client.post(address).url == reverse("class-errors")
        assert FieldError.objects.get().looked_again_at is not None
        assert Declaration.objects.count() == 2
        assert Standing.objects.get(student=closed["reporter"]).state == "reported"

    def test_another_students_error_is_not_found(self, closed):
        client = by_code(closed, closed["other"])
        assert "没有反馈过错误" in pages.text(client.get(reverse("class-errors")))
        address = reverse("class-looked-again", args=[FieldError.objects.get().uuid])
        assert client.post(address).status_code == 404


class TestReopening:
    def test_within_seven_days(self, closed):
        flow.reopen_campaign(campaign=closed["campaign"], who=closed["office"], reason="误关")
        stories.confirm(closed["other"])
        assert Campaign.objects.get().state == "open"

    def test_not_after_them(self, closed):
        later = timezone.now() + timedelta(days=7, minutes=1)
        with pytest.raises(flow.Refused):
            flow.reopen_campaign(
                campaign=closed["campaign"], who=closed["office"], reason="误关", clock=lambda: later
            )

    def test_not_beside_another_which_is_named(self, closed):
        factories.campaign("2027")
        with pytest.raises(flow.Refused) as refused:
            flow.reopen_campaign(campaign=closed["campaign"], who=closed["office"], reason="误关")
        assert str(refused.value.reason).startswith("2027年新生学籍查询及核对")

    def test_the_page_does_it_with_a_reason(self, closed, client):
        client.force_login(closed["user"])
        said = pages.hidden(client.get(reverse("office-campaign")))
        assert client.post(reverse("office-campaign-reopen"), said).status_code == 422
        assert client.post(reverse("office-campaign-reopen"), said | {"reason": "误关"}).status_code == 302
        assert Campaign.objects.get().state == "open"


class TestOpenErrors:
    def test_closing_says_what_is_still_open(self, campaign, client):
        class_group = factories.class_group(students=3)
        stories.report(class_group.students.get(seat=2))
        client.force_login(factories.user("office"))
        text = pages.text(client.get(reverse("office-campaign")))
        assert "未完成的学生：2" in text
        assert "未办结的反馈：1" in text

    def test_a_purge_over_them_needs_their_number(self, closed, client):
        client.force_login(closed["user"])
        said = pages.hidden(client.get(reverse("office-campaign")))
        page = client.post(reverse("office-purge-announce"), said, follow=True)
        assert "未办结的反馈 1 条" in pages.text(page)
        Campaign.objects.update(purge_on=timezone.localdate())
        flow.record_export(campaign=closed["campaign"], who=closed["office"], what="form")
        with pytest.raises(CommandError):
            call_command("purge")
        with pytest.raises(CommandError):
            call_command("purge", "--with-open", "2")
        assert FieldError.objects.count() == 1
        call_command("purge", "--dry-run", "--with-open", "1")
