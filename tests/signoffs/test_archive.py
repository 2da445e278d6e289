"""The university's archive: whole, masked, recorded with its head; it verifies where nothing of ours is."""

import io
import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
import pyzipper
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rosters import sealed_zip
from rosters.models import Student
from signoffs import flow
from signoffs.models import Declaration, Event
from signoffs.outputs.archive import README
from signoffs.queries import retention
from signoffs.queries.actors import Who
from tests import factories, pages, stories

REPOSITORY = Path(__file__).resolve().parents[2]
PASSWORD = "栀子花开-seven-lamps"
VARIABLE = "ENROLLCHECK_ARCHIVE_PASSWORD"


@pytest.fixture
def closed(campaign):
    """A campaign of two departments that ended."""
    for name, department in (("软件2601班", "信息工程系"), ("机械2601班", "机械工程系")):
        class_group = factories.class_group(name, students=6, department_name=department)
        officer = factories.user(f"officer-{name}", role="department", in_department=class_group.department)
        stories.everything(class_group, officer)
    flow.close_campaign(campaign=campaign, who=Who(command="test"))
    campaign.refresh_from_db()
    return campaign


@pytest.fixture
def archive(closed, tmp_path, monkeypatch) -> Path:
    """The archive of one department, as the command writes it."""
    monkeypatch.setenv(VARIABLE, PASSWORD)
    export(tmp_path, "--department", "信息工程系")
    return tmp_path / "存档包-2026-信息工程系.zip"


def export(folder: Path, *arguments: str) -> None:
    call_command("export_archive", *arguments, output=folder, stdout=io.StringIO())


def opened(archive: Path) -> dict[str, bytes]:
    with pyzipper.AESZipFile(archive) as file:
        file.setpassword(PASSWORD.encode())
        return {name: file.read(name) for name in file.namelist()}


def check(file: Path, password: str = PASSWORD) -> subprocess.CompletedProcess:
    """Verify in a process that has no setting, no key and no Django."""
    program = "import sys; sys.modules['django'] = None; from enrollcheck.verify_archive import main; "
    return subprocess.run(
        [sys.executable, "-c", f"{program}sys.exit(main(sys.argv[1:]))", str(file)],
        cwd=REPOSITORY,
        env={"PYTHONUTF8": "1"},
        input=f"{password}\n",
        capture_output=True,
        text=True,
    )


def test_it_verifies_in_an_empty_environment(archive):
    result = check(archive)
    assert (result.returncode, result.stderr) == (0, "")
    head = Event.objects.filter(verb="export").latest("pk").payload["head"]
    assert result.stdout.endswith(f"Head, as on paper: {head}\n")
    assert head in opened(archive)[README].decode("utf-8-sig")


def test_the_module_and_the_command_say_the_same(archive):
    module = [sys.executable, "-m", "enrollcheck.verify_archive", str(archive)]
    environment = {"PYTHONUTF8": "1", VARIABLE: PASSWORD}
    said = subprocess.run(module, cwd=REPOSITORY, env=environment, capture_output=True, text=True)
    out = io.StringIO()
    call_command("verify_archive", str(archive), stdout=out)
    assert (said.returncode, said.stdout) == (0, out.getvalue())


def test_one_flipped_byte_is_refused_wherever_it_is(archive):
    whole = archive.read_bytes()
    for place in [*range(0, len(whole), max(1, len(whole) // 400)), len(whole) - 1]:
        changed = bytearray(whole)
        changed[place] ^= 1
        archive.write_bytes(changed)
        with pytest.raises(sealed_zip.Broken):
            sealed_zip.verify(archive, lambda: PASSWORD)
    result = check(archive)
    assert (result.returncode, result.stdout) == (1, "")
    assert "refused. " in result.stderr


@pytest.mark.parametrize("content", [b"", b"PK", b"x" * 1000])
def test_what_is_no_archive_is_refused(tmp_path, content):
    file = tmp_path / "file.zip"
    file.write_bytes(content)
    assert check(file).returncode == 1


def test_a_wrong_password_and_a_missing_file_are_wrong_usage(archive, tmp_path):
    assert check(archive, "another password").returncode == 2
    assert check(tmp_path / "none.zip").returncode == 2


def test_a_record_that_was_changed_by_who_knows_the_password_is_named(archive, tmp_path):
    files = opened(archive)
    lines = files[sealed_zip.RECORDS].decode().splitlines(keepends=True)
    lines[1] = lines[1].replace('"type"', '"kind of"')
    forged = sealed_zip.SealedZip(tmp_path / "forged.zip", PASSWORD)
    for name in set(files) - {sealed_zip.MANIFEST, sealed_zip.RECORDS}:
        forged.add(name, [files[name]])
    forged.add(sealed_zip.RECORDS, [line.encode() for line in lines])
    forged.close()
    with pytest.raises(sealed_zip.Broken, match="line 2"):
        sealed_zip.verify(tmp_path / "forged.zip", lambda: PASSWORD)


def test_it_holds_every_declaration_and_the_whole_chain_of_its_classes_alone(archive):
    lines = opened(archive)[sealed_zip.RECORDS].decode().splitlines()
    records = [json.loads(line)["record"] for line in lines]
    declared = [one for one in records if one["type"] == "declaration"]
    own = Declaration.objects.filter(class_group__name="软件2601班").order_by("pk")
    assert [one["uuid"] for one in declared] == [str(one.uuid) for one in own]
    assert [one["shown_and_answered"] for one in declared] == [one.snapshot for one in own]
    assert [one["signature"] for one in declared] == [one.signature for one in own]
    events = Event.objects.filter(chain__class_group__name="软件2601班").order_by("position")
    kept = [(one["position"], one["verb"], one["link"]) for one in records if one["type"] == "event"]
    assert kept == list(events.values_list("position", "verb", "link"))


def test_it_holds_forms_and_a_sheet_for_each_class(archive):
    files = opened(archive)
    assert files["登记表.pdf"].startswith(b"%PDF")
    book = openpyxl.load_workbook(io.BytesIO(files["核对结果/001 软件2601班.xlsx"]))
    rows = list(book.worksheets[0].values)
    students = Student.objects.filter(class_group__name="软件2601班").order_by("seat")
    assert [row[1] for row in rows[1:]] == list(students.values_list("student_number", flat=True))
    assert {len(row) for row in rows} == {len(rows[0])}


def test_no_whole_id_number_is_in_it(archive):
    texts = b"".join(content for name, content in opened(archive).items() if not name.endswith(".xlsx"))
    for name, content in opened(archive).items():
        if name.endswith(".xlsx"):
            with pyzipper.ZipFile(io.BytesIO(content)) as book:
                texts += b"".join(book.read(part) for part in book.namelist())
    for student in Student.objects.all():
        assert student.id_number.encode() not in texts


def test_an_open_campaign_has_no_archive_yet(campaign, own_class, tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, PASSWORD)
    with pytest.raises(CommandError, match="Close the campaign first"):
        export(tmp_path, "--campaign", "2026")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("password", ["", "short", "123456789012345"])
def test_a_weak_password_is_refused_and_nothing_is_written(closed, tmp_path, monkeypatch, password):
    monkeypatch.setenv(VARIABLE, password)
    with pytest.raises(CommandError) as error:
        export(tmp_path)
    assert error.value.returncode == 2
    assert list(tmp_path.iterdir()) == []


def test_purge_names_what_was_not_archived(archive, closed):
    assert [str(one) for one in retention.not_archived(closed)] == ["机械工程系"]
    warned = io.StringIO()
    with pytest.raises(CommandError):  # not announced yet: the refusals stay
        call_command("purge", "--dry-run", stdout=io.StringIO(), stderr=warned)
    assert warned.getvalue() == "2026: not archived (`export_archive`): 机械工程系.\n"


def test_the_office_makes_one_with_a_password(closed, office):
    client = Client()
    client.force_login(office)
    department = closed.class_groups.get(name="软件2601班").department
    sent = {"department": department.uuid, "password": PASSWORD, "again": PASSWORD}
    response = client.post(reverse("office-archive"), sent)
    content = b"".join(response.streaming_content)
    assert (response.status_code, content[:2]) == (200, b"PK")
    event = Event.objects.filter(verb="export").latest("pk")
    assert (event.user, event.payload["what"], event.chain.department) == (office, "archive", department)
    again = client.post(reverse("office-archive"), sent | {"again": "something else"})
    assert again.status_code == 422
    assert "机械工程系" in pages.text(client.get(reverse("office-archive")))


def test_the_head_outlives_the_purge(archive, closed):
    made = Event.objects.filter(verb="export", chain__department__isnull=False).latest("pk")
    head = made.payload["head"]
    who, ago = Who(command="test"), timezone.now() - timedelta(days=400)
    flow.record_export(campaign=closed, who=who, what="form")
    flow.announce_purge(campaign=closed, who=who)
    closed.__class__.objects.filter(pk=closed.pk).update(purge_on=ago.date(), closed_at=ago)
    closed.refresh_from_db()
    flow.purge_campaign(campaign=closed, who=who)
    last = Event.objects.filter(verb="purge", chain__class_group=None).latest("pk")
    assert last.payload["archives"] == [head]
