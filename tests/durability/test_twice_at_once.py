"""What a timer starts, and somebody by hand at the same moment: all is done once, and nothing is lost."""

import base64
import re
import secrets
import subprocess
from datetime import timedelta

import pytest
from django.utils import timezone

from rosters.models import Campaign, ClassGroup, RetiredDigestKey, Student
from signoffs import flow
from signoffs.flow.chains import verify
from signoffs.models import Chain, Declaration, Event, Reminder
from signoffs.process.export_kinds import ExportKind
from signoffs.queries.actors import Who
from tests import factories, stories
from tests.durability.opened import migrate, opened
from tests.durability.site import Site
from tests.races.cluster import cluster, programs

AT_ONCE = 3
COMMAND = Who(command="test")


@pytest.fixture(params=["sqlite", "postgresql"])
def one(request, tmp_path, django_db_blocker):
    """A site that is migrated, and empty."""
    with django_db_blocker.unblock():
        if request.param == "sqlite":
            made = Site(tmp_path / "site")
            migrate(made.url)
            yield made
            return
        if programs() is None:
            pytest.skip("Debian's postgresql is not installed")
        with cluster() as url:
            made = Site(tmp_path / "site", url)
            migrate(made.url)
            yield made


def at_once(one: Site, *command: str) -> list[int]:
    """Run a command several times at once, and return how they ended."""
    runs: list[subprocess.Popen] = [one.begin(*command) for _ in range(AT_ONCE)]
    return [run.wait(300) for run in runs]


def all_chains_hold() -> bool:
    """Say whether no chain has a problem."""
    return [problem for chain in Chain.objects.all() for problem in verify(chain)] == []


def test_migrate(tmp_path):
    """On one file of SQLite; on PostgreSQL: test_several_hosts.py."""
    one = Site(tmp_path / "site")
    assert at_once(one, "migrate", "--no-input") == [0] * AT_ONCE, one.log.read_text()
    assert one.log.read_text().count("Applying signoffs.0001") == 1


def test_purge(one):
    """Each class is deleted once, and the one note of the whole counts all of them."""
    with opened(one.url):
        for number in range(1, 7):
            for student in factories.class_group(f"软件260{number}班", students=5).students.all():
                stories.confirm(student)
        campaign = Campaign.objects.get()
        flow.close_campaign(campaign=campaign, who=COMMAND)
        ago = timezone.now() - timedelta(days=400)
        Campaign.objects.update(
            closed_at=ago, purge_announced_at=ago, purge_on=timezone.localdate() - timedelta(days=1)
        )
        for class_group in ClassGroup.objects.all():
            printed(class_group)
    assert at_once(one, "purge") == [0] * AT_ONCE, one.log.read_text()
    with opened(one.url):
        assert (Student.objects.count(), Declaration.objects.count()) == (0, 0)
        assert Event.objects.filter(verb="purge", chain__class_group__isnull=False).count() == 6
        (whole,) = Event.objects.filter(verb="purge", chain__class_group=None)
        assert whole.payload["counts"] == {"students": 30, "declarations": 30}
        assert all_chains_hold()


def printed(class_group: ClassGroup) -> None:
    """Let its filled form have been handed out."""
    flow.record_export(
        campaign=class_group.campaign,
        who=COMMAND,
        clock=timezone.now,
        what=ExportKind.FORM,
        class_group=class_group,
    )


def test_rotate_keys(one):
    new = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    one.environment["FIELD_KEY"] = f"k2:{new},{one.environment['FIELD_KEY']}"
    with opened(one.url):
        factories.class_group(students=40)
    assert at_once(one, "rotate_keys") == [0] * AT_ONCE, one.log.read_text()
    with opened(one.url):
        assert RetiredDigestKey.objects.count() == 1
    assert one.manage("rotate_keys").returncode == 0
    assert one.manage("verify_events").returncode == 0


def test_send_reminders(one):
    """Each letter once, though three processes find it due. Without EMAIL_URL it goes to the console."""
    with opened(one.url):
        factories.campaign(days_left=1)
        for number in range(1, 5):
            own = factories.class_group(f"软件260{number}班", department_name=f"第{number}系")
            user = factories.user(f"officer-{number}", role="department", in_department=own.department)
            user.email = f"officer-{number}@example.edu.cn"
            user.save()
    assert at_once(one, "send_reminders") == [0] * AT_ONCE, one.log.read_text()
    sent = re.findall(r"^To: (.+)$", one.log.read_text(), re.MULTILINE)
    with opened(one.url):
        due = Reminder.objects.exclude(sent_at=None).values_list("user__email", flat=True)
        assert sorted(sent) == sorted(due)
    assert set(sent) == {f"officer-{number}@example.edu.cn" for number in range(1, 5)}
