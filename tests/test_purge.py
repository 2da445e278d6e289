"""After a campaign: who was in it is gone to the last byte; what was counted and proved is still there."""

import io
import os
from datetime import date, timedelta
from pathlib import Path

import openpyxl
import pytest
from django.core import mail
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from rosters import importing
from rosters.models import Campaign, ClassGroup, RosterChange, Student
from signoffs import flow, models
from signoffs.entrance import links
from signoffs.flow.chains import verify
from signoffs.models import AccessRecord, Chain, ClassLink, ClassSheet, Declaration, Event, Tally
from signoffs.process.export_kinds import ExportKind
from signoffs.queries import retention
from signoffs.queries.actors import Who
from signoffs.queries.closing import open_reports
from tests import factories, pages, stories

COMMAND = Who(command="test")
ANNOUNCED = "2027-06-30"


def purge(*arguments: str) -> str:
    """Run it, over the reported errors that are open."""
    out = io.StringIO()
    known = sum(map(open_reports, Campaign.objects.filter(state="closed")))
    call_command("purge", "--with-open", str(known), *arguments, stdout=out)
    return out.getvalue()


def passed(campaign: Campaign, days: int = 400) -> None:
    """Let so many days pass since the campaign was closed and its deletion announced."""
    ago = timezone.now() - timedelta(days=days)
    Campaign.objects.filter(pk=campaign.pk).update(
        closed_at=ago, purge_announced_at=ago, purge_on=timezone.localdate() - timedelta(days=1)
    )


def played(campaign: Campaign, class_name: str, department_name: str) -> dict:
    """Play a class through all of it, with staff who look and a roster that changes."""
    class_group = factories.class_group(class_name, students=6, department_name=department_name)
    officer = factories.user(f"officer-{class_name}", role="department", in_department=class_group.department)
    from_office = factories.user(f"office-{class_name}")
    made = stories.everything(class_group, officer)
    flow.issue_code(student=made["student"], who=Who(user=officer))
    importing.drop_upload(made["import"])
    client = Client()
    client.force_login(officer)
    client.get(reverse("department-class", args=[class_group.uuid]))
    client.get(reverse("department-student", args=[made["student"].uuid]))
    client.force_login(from_office)
    client.get(reverse("office-errors"))
    visitor = Client()
    token = links.issue(class_group, ClassLink.Kind.STUDENT, timezone.now()).token
    visitor.get(reverse("class-link", args=[token]))
    stories.identify(visitor, "class-identify", made["student"])
    return made | {"officer": officer, "office": from_office}


@pytest.fixture
def closed(campaign) -> dict:
    """A campaign of two departments that ended: closed, its forms handed out, the deletion announced."""
    first = played(campaign, "软件2601班", "信息工程系")
    second = played(campaign, "机械2601班", "机械工程系")
    flow.close_campaign(campaign=campaign, who=COMMAND)
    flow.record_export(campaign=campaign, who=COMMAND, what=ExportKind.FORM)
    flow.announce_purge(campaign=campaign, who=COMMAND)
    passed(campaign)
    campaign.refresh_from_db()
    return {"campaign": campaign, "first": first, "second": second}


class TestItIsRefused:
    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"closed": False}, "Close the campaign first"),
            ({"purged": True}, "deleted already"),
            ({"day": None}, "Announce the deletion first"),
            ({"today": date(2027, 6, 29)}, "not before"),
            ({"not_printed": ["软件2601班"]}, "软件2601班"),
            ({}, None),
        ],
        ids=["while it runs", "twice", "unannounced", "a day early", "before the forms", "in time: not"],
    )
    def test_for_a_reason(self, given, said):
        at_rest = {"closed": True, "purged": False, "day": date(2027, 6, 30), "today": date(2027, 6, 30)}
        refusal = retention.may_purge(**at_rest | {"not_printed": []} | given)
        with translation.override("en"):
            assert (refusal is None) if said is None else said in str(refusal)

    @pytest.mark.parametrize(
        ("closed", "today", "days", "day"),
        [
            (date(2026, 12, 31), date(2026, 12, 31), 180, date(2027, 6, 29)),
            (date(2026, 12, 31), date(2027, 6, 20), 180, date(2027, 7, 20)),
            (date(2026, 12, 31), date(2027, 1, 1), 0, date(2027, 1, 31)),
        ],
        ids=["180 days", "announced late: 30 days more", "never less than 30 days"],
    )
    def test_the_announced_day(self, closed, today, days, day):
        assert retention.purge_day(closed, today, days) == day

    def test_and_nothing_is_deleted(self, closed):
        Campaign.objects.update(purge_on=timezone.localdate() + timedelta(days=1))
        before = Student.objects.count(), Event.objects.count()
        with pytest.raises(CommandError, match="not before"):
            purge()
        assert (Student.objects.count(), Event.objects.count()) == before

    def test_a_dry_run_counts_and_deletes_nothing(self, closed):
        assert "2026: 12 students, 10 declarations." in purge("--dry-run")
        assert Student.objects.count() == 12

    def test_a_campaign_that_is_unknown_or_runs(self, campaign):
        with pytest.raises(CommandError, match="No campaign is closed") as error:
            purge()
        assert error.value.returncode == 2
        with pytest.raises(CommandError, match="Close the campaign first"):
            purge("--campaign", "2026", "--announce")


class TestTheFinalForms:
    @pytest.fixture
    def signed(self, campaign):
        """Two classes of one department and one of another, all signed, the campaign closed."""
        made = [
            factories.class_group(name, students=2, department_name=department)
            for name, department in (
                ("软件2601班", "信息工程系"),
                ("软件2602班", "信息工程系"),
                ("机械2601班", "机械工程系"),
            )
        ]
        for one in made:
            stories.confirm(one.students.first())
        return made

    def left(self, campaign) -> list[str]:
        return [str(one) for one in retention.not_handed_out(campaign)]

    def print(self, campaign, what=ExportKind.FORM, **of) -> None:
        flow.record_export(campaign=campaign, who=COMMAND, what=what, **of)

    def test_are_those_of_a_class_a_department_or_all(self, campaign, signed):
        assert self.left(campaign) == ["软件2601班", "软件2602班", "机械2601班"]
        self.print(campaign, class_group=signed[0])
        assert self.left(campaign) == ["软件2602班", "机械2601班"]
        self.print(campaign, what=ExportKind.HAND_IN, department=signed[0].department)
        assert self.left(campaign) == ["机械2601班"]
        self.print(campaign)
        assert self.left(campaign) == []

    def test_are_filled_ones(self, campaign, signed):
        self.print(campaign, what=ExportKind.BLANK_FORM)
        self.print(campaign, what=ExportKind.STATUS)
        assert len(self.left(campaign)) == 3

    def test_come_after_the_last_change(self, campaign, signed):
        self.print(campaign)
        stories.confirm(signed[1].students.last())
        assert self.left(campaign) == ["软件2602班"]

    def test_need_no_second_print_after_a_code(self, campaign, signed):
        self.print(campaign)
        one = signed[2].students.first()
        flow.issue_code(student=one, who=Who(user=factories.user("o")))
        assert self.left(campaign) == []

    def test_a_printed_page_says_whether_it_was_filled(self, campaign, signed, office):
        client = Client()
        client.force_login(office)
        client.post(reverse("office-forms"), {"kind": "blank"})
        assert len(self.left(campaign)) == 3
        client.post(reverse("office-forms"), {"kind": "filled"})
        assert self.left(campaign) == []


class TestTheAnnouncement:
    def test_stands_on_the_offices_page_and_goes_to_staff_by_letter_once(self, campaign, own_class, office):
        office.email = "office@example.edu.cn"
        office.save()
        flow.close_campaign(campaign=campaign, who=COMMAND)
        client = Client()
        client.force_login(office)
        assert client.post(reverse("office-purge-announce"), {"campaign": campaign.slug}).status_code == 302
        campaign.refresh_from_db()
        assert campaign.purge_on == timezone.localdate() + timedelta(days=180)
        assert campaign.purge_on.isoformat() in pages.text(client.get(reverse("office-campaign")))
        for sent in ("1 letters sent.\n", "0 letters sent.\n"):
            out = io.StringIO()
            call_command("send_reminders", stdout=out)
            assert out.getvalue() == sent
        assert campaign.purge_on.isoformat() in mail.outbox[0].body
        assert [own_class.students.first().name in one.body for one in mail.outbox] == [False]

    @pytest.mark.parametrize("days", ["-1", "3651", "999999999"])
    def test_a_number_of_days_that_makes_no_day_is_a_sentence(self, campaign, days):
        flow.close_campaign(campaign=campaign, who=COMMAND)
        with pytest.raises(CommandError, match="from 0 to 3650") as refused:
            purge("--announce", "--days", days)
        assert refused.value.returncode == 2
        assert Campaign.objects.get().purge_on is None

    def test_of_a_running_campaign_is_refused(self, campaign, office):
        client = Client()
        client.force_login(office)
        assert client.post(reverse("office-purge-announce"), {"campaign": campaign.slug}).status_code == 409


# What stays, and what is gone -----------------------------------------------------------------------------


@pytest.fixture
def database(transactional_db) -> None:
    """A database that commits: VACUUM runs in no transaction."""


def stored() -> bytes:
    """Return SQLite's file with what lies beside it."""
    file = str(connection.settings_dict["NAME"])
    found = (Path(file + ending) for ending in ("", "-wal", "-shm"))
    return b"".join(one.read_bytes() for one in found if one.exists())


@pytest.fixture
def purged(database, closed) -> dict:
    """The campaign after its purge; `people` is what told of its students, `tallies` what was counted."""
    people = set()
    for student in Student.objects.all():
        people |= {student.name, student.student_number, student.id_number, student.birth_date.isoformat()}
    people |= {"12000000001", "12000000002", "名册漏人"}
    tallies = list(Tally.objects.order_by("pk").values())
    sheets = list(ClassSheet.objects.order_by("pk").values("digest", "verify_code", "counts", "version"))
    if connection.vendor == "sqlite":  # so that finding nothing afterwards means something
        assert [
            one for one in people if not one.startswith(("99", "120")) and one.encode() not in stored()
        ] == []
    said = purge()
    assert "2026: deleted: 12 students, 10 declarations." in said
    return closed | {"people": people, "tallies": tallies, "sheets": sheets}


def test_what_is_counts_still_comes(purged):
    client = Client()
    client.force_login(factories.user("reader"))
    summary = client.post(reverse("office-summary-export"))
    rows = list(openpyxl.load_workbook(io.BytesIO(summary.content)).active.iter_rows(values_only=True))
    assert (summary.status_code, rows[-1][:2], rows[-1][2]) == (200, ("合计", 2), 12)
    statistics = client.post(reverse("office-errors-export"))
    book = openpyxl.load_workbook(io.BytesIO(statistics.content))
    counted = list(book["统计"].iter_rows(min_row=2, values_only=True))
    assert counted == [("专业名称", "省级部门", "未处理", 2)]
    assert book["明细"].max_row == 1
    assert client.post(reverse("office-status-export")).status_code == 409


def test_every_row_of_a_person_is_gone(purged):
    gone = (
        Student, RosterChange, models.Declaration, models.FieldError, models.Excuse, models.Standing,
        models.MissingClaim, models.OneTimeCode, models.Throttle, models.Identification, models.MonitorDuty,
        models.AccessRecord, models.ClassLink,
    )  # fmt: skip
    assert {model.__name__: model.objects.count() for model in gone} == dict.fromkeys(
        (model.__name__ for model in gone), 0
    )
    assert Event.objects.exclude(student=None).count() == 0
    assert set(Event.objects.exclude(verb="purge").values_list("payload", "salt")) == {(None, None)}


def test_counts_chains_and_codes_stay(purged):
    assert list(Tally.objects.order_by("pk").values()) == purged["tallies"]
    kept = ClassSheet.objects.order_by("pk")
    assert list(kept.values("digest", "verify_code", "counts", "version")) == purged["sheets"]
    assert [verify(chain) for chain in Chain.objects.all()] == [[]] * Chain.objects.count()
    stories.account_for_everybody()
    call_command("verify_events", stdout=io.StringIO())
    call_command("recount", dry_run=True, stdout=io.StringIO())
    [sheet, _] = kept
    assert (sheet.collator, sheet.signature, sheet.return_reason) == (None, {}, "")
    assert sheet.rows[:2] == [
        {"seat": 1, "state": "confirmed", "late": False},
        {"seat": 2, "state": "confirmed", "late": False},
    ]


def test_the_campaigns_chain_says_how_much_went(purged):
    event = Event.objects.get(verb="purge", chain__class_group=None)
    assert event.payload["counts"] == {"students": 12, "declarations": 10}


def test_a_print_is_still_told_current_from_old(purged):
    text = pages.text(Client().get(reverse("verify", args=[purged["first"]["sheet"].verify_code])))
    assert "是，这是最新版本" in text


def test_the_old_campaigns_pages_show_counts_and_no_form_is_made(purged):
    client = Client()
    client.force_login(purged["first"]["office"])
    own = purged["first"]["class"]
    for name, arguments in (
        ("office", []),
        ("office-class", [own.uuid]),
        ("office-department", [own.department.uuid]),
        ("office-campaign", []),
        ("office-errors", []),
        ("office-whole-numbers", []),
    ):
        assert client.get(reverse(name, args=arguments)).status_code == 200
    table = pages.tables(client.get(reverse("office")))[1]
    assert {row[0]: row[2:8] for row in table[1:]}["合计"] == ["12", "8", "2", "2", "0", "0"]
    assert client.get(reverse("office-student", args=[purged["first"]["student"].uuid])).status_code == 404
    for name, arguments in (
        ("office-forms", []),
        ("office-form", [own.uuid]),
        ("office-status-export", []),
        ("office-hand-in-print", [purged["first"]["hand-in"].uuid]),
    ):
        response = client.post(reverse(name, args=arguments))
        assert (name, response.status_code) == (name, 409)
        assert "个人信息已删除" in pages.text(response)
    officer = Client()
    officer.force_login(purged["first"]["officer"])
    assert officer.get(reverse("department-class", args=[own.uuid])).status_code == 200
    assert officer.post(reverse("department-forms")).status_code == 409
    with pytest.raises(CommandError, match="个人信息已删除"):
        call_command("export_form", "--campaign", "2026", "--all", "--output", "/nowhere/forms.pdf")


@pytest.mark.skipif("sqlite" not in os.environ.get("DATABASE_URL", "sqlite"), reason="reads SQLite's file")
def test_no_byte_of_a_person_is_left_in_the_database_or_its_log(purged):
    content = stored()
    assert b"signoffs_event" in content
    left = [one for one in purged["people"] if one and one.encode() in content]
    assert left == []


def test_a_second_run_only_empties_the_log_again(purged):
    before = Event.objects.count()
    assert purge() == ""
    assert Event.objects.count() == before


def test_what_was_stopped_goes_on_where_it_was(database, closed):
    """The first class is done; the process died before the second."""
    one = ClassGroup.objects.order_by("pk").first()
    with flow.purging.class_book(one.pk, timezone.now) as book:
        book.note("purge", COMMAND, counts=flow.purging._purge_class(book))
    assert Student.objects.count() == 6
    client = Client()
    client.force_login(closed["first"]["office"])
    assert client.post(reverse("office-forms")).status_code == 409
    assert "deleted: 12 students, 10 declarations" in purge()
    assert Student.objects.count() == 0
    assert [chain for chain in Chain.objects.all() if verify(chain)] == []


def test_somebody_who_moved_between_classes_is_deleted_too(database, campaign, closed):
    """The monitor of the first class, who entered things there, now sits in the second."""
    first, second = closed["first"], closed["second"]
    Student.objects.filter(pk=first["monitor"].pk).update(class_group=second["class"], seat=99)
    purge()
    assert Student.objects.count() == Declaration.objects.count() == 0


def test_another_years_campaign_is_left_alone(database, closed):
    other = factories.campaign("2027")
    class_group = factories.class_group("软件2701班", of=other, students=3)
    for student in class_group.students.all():
        stories.confirm(student)
    AccessRecord.objects.create(
        user=closed["first"]["office"], seen_at=timezone.now(), view="office-class", class_group=class_group
    )
    purge("--campaign", "2026")
    assert Student.objects.filter(campaign=other).count() == Declaration.objects.count() == 3
    assert AccessRecord.objects.count() == 1
