"""Letters to officers: what is due, to whom, and each of it once."""

import io
from datetime import timedelta
from smtplib import SMTPServerDisconnected

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from signoffs import flow
from signoffs.models import ClassSheet, Reminder
from signoffs.outputs import letters
from signoffs.process import deadlines
from signoffs.queries.actors import Who
from signoffs.queries.classes import class_rows
from tests import factories, stories


@pytest.fixture
def written_to(officer):
    """The officer of 信息工程系, with an address."""
    officer.email = "officer@example.edu.cn"
    officer.save()
    return officer


def send() -> str:
    out = io.StringIO()
    call_command("send_reminders", stdout=out)
    return out.getvalue()


def submit(class_group) -> None:
    for student in class_group.students.all():
        stories.confirm(student)
    stories.submit(class_group, class_group.students.get(seat=1))


def occasions(campaign, now) -> list[str]:
    return [letter.occasion for letter in letters.due(campaign, now)]


def test_a_sheet_to_look_at_is_written_about_once_a_day(own_class, written_to):
    submit(own_class)
    assert send() == "1 letters sent.\n"
    assert send() == "0 letters sent.\n"
    [letter] = mail.outbox
    assert letter.to == ["officer@example.edu.cn"]
    assert own_class.name in letter.body
    assert "http://testserver/department/" in letter.body
    assert not any(student.name in letter.body for student in own_class.students.all())


def test_another_departments_officer_hears_nothing(own_class, other_class, written_to):
    stranger = factories.user("stranger", role="department", in_department=other_class.department)
    stranger.email = "stranger@example.edu.cn"
    stranger.save()
    submit(own_class)
    send()
    assert [letter.to for letter in mail.outbox] == [["officer@example.edu.cn"]]


@pytest.mark.parametrize(
    "days_before, expected",
    [
        (10, []),
        (4, []),
        (3, ["students {day} 3"]),
        (2, ["students {day} 3"]),  # the timer had paused: what was due is still due, once
        (1, ["students {day} 1", "departments {next} 3"]),
        (0, ["students {day} 0", "departments {next} 3"]),
        (-1, ["departments {next} 1"]),
        (-3, []),
    ],
)
def test_before_each_deadline(own_class, written_to, days_before, expected):
    campaign = own_class.campaign
    day = campaign.student_deadline
    now = deadlines.end_of(day) - timedelta(days=days_before, hours=12)
    named = {"day": day, "next": campaign.department_deadline}
    assert occasions(campaign, now) == [text.format(**named) for text in expected]


def test_nobody_is_urged_who_has_finished(own_class, written_to):
    submit(own_class)
    now = deadlines.end_of(own_class.campaign.student_deadline) - timedelta(hours=12)
    assert [text.split()[0] for text in occasions(own_class.campaign, now)] == ["sheets", "departments"]


def last_day(campaign):
    return deadlines.end_of(campaign.department_deadline) - timedelta(hours=12)


def test_a_class_that_is_all_signed_is_named_with_what_it_still_needs(own_class, written_to):
    factories.class_group("空班", students=0)
    factories.class_group("软件2602班", students=2)
    for student in own_class.students.all():
        stories.confirm(student)
    [letter] = letters.due(own_class.campaign, last_day(own_class.campaign))
    assert letter.occasion.startswith("departments ")
    assert "  软件2601班：班长可提交\n" in letter.text
    assert "  软件2602班：还差 2 人\n" in letter.text
    assert "还差 0 人" not in letter.text
    assert "空班" not in letter.text


def test_nobody_hears_of_an_entry_that_was_overtaken_or_whose_student_has_left(own_class, written_to, office):
    monitor, signed_later, left = own_class.students.order_by("seat")
    for one in (signed_later, left):
        stories.on_paper(one, monitor)
    assert occasions(own_class.campaign, timezone.now()) == [f"sheets {deadlines.day_of(timezone.now())}"]
    flow.withdraw_student(student=left, who=Who(user=office), reason="退学")
    for one in (monitor, signed_later):
        stories.confirm(one)
    sheet = stories.submit(own_class, monitor)
    flow.accept_sheet(sheet=sheet, who=Who(user=written_to))
    assert occasions(own_class.campaign, timezone.now()) == []
    [row] = class_rows([own_class])
    assert (row.step, row.waiting) == ("accepted", 0)


def test_a_department_whose_hand_in_lies_with_the_office_hears_only_of_what_it_can_do(
    own_class, written_to, office
):
    neighbour, third = factories.class_group("软件2602班"), factories.class_group("软件2603班")
    now = last_day(own_class.campaign)
    submit(own_class)
    submit(neighbour)
    flow.accept_sheet(sheet=ClassSheet.objects.get(class_group=own_class), who=Who(user=written_to))
    assert [one.split()[0] for one in occasions(own_class.campaign, now)] == ["sheets", "departments"]
    handed_in = flow.hand_in(
        campaign=own_class.campaign,
        department=own_class.department,
        who=Who(user=written_to),
        exceptions={str(one.uuid): "班长请假" for one in (neighbour, third)},
    )
    assert occasions(own_class.campaign, now) == []
    flow.receive(hand_in=handed_in, who=Who(user=office))
    assert occasions(own_class.campaign, now) == []
    stories.on_paper(third.students.get(seat=2), third.students.get(seat=1))
    [letter] = letters.due(own_class.campaign, now)
    assert "软件2603班：待会签" in letter.text
    assert "软件2602班" not in letter.text
    flow.reopen(hand_in=handed_in, who=Who(user=office), reason="缺一个班")
    assert [one.split()[0] for one in occasions(own_class.campaign, now)] == ["sheets", "departments"]


def test_two_at_once_send_one_letter(own_class, written_to):
    submit(own_class)
    [letter] = letters.due(own_class.campaign, timezone.now())
    said = {"campaign": own_class.campaign, "user": letter.user, "occasion": letter.occasion}
    claims = [flow.claim_reminder(**said) for _ in range(3)]
    assert [claim is None for claim in claims] == [False, True, True]


def test_a_claim_that_never_sent_is_taken_over(own_class, written_to):
    submit(own_class)
    [letter] = letters.due(own_class.campaign, timezone.now())
    said = {"campaign": own_class.campaign, "user": letter.user, "occasion": letter.occasion}
    flow.claim_reminder(**said)
    later = timezone.now() + timedelta(minutes=11)
    assert flow.claim_reminder(**said, clock=lambda: later) is not None
    assert flow.claim_reminder(**said, clock=lambda: later) is None


class Broken(EmailBackend):
    """A mail server that is away."""

    def send_messages(self, messages):
        raise SMTPServerDisconnected("gone")


def test_a_mail_server_that_is_away_is_said_and_the_letter_is_sent_later(own_class, written_to, settings):
    submit(own_class)
    settings.EMAIL_BACKEND = f"{__name__}.Broken"
    with pytest.raises(CommandError, match="does not take letters"):
        send()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    Reminder.objects.update(claimed_at=timezone.now() - timedelta(minutes=11))
    assert send() == "1 letters sent.\n"


def test_without_an_open_campaign_nothing_is_sent(db):
    assert send() == "No campaign is open.\n"
