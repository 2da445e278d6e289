"""What is to be encrypted at rest is: by the models, and by a search for every byte of it after a campaign.

The demo's story is played on a roster of its own, the pages are opened, every file is made, a backup is
taken. Then each ID number, phone and stroke of it is looked for in everything that lies on the disk.
"""

import base64
import io
import itertools
import logging
import os
import re
import secrets
import tempfile
import zipfile
import zlib
from pathlib import Path
from urllib.parse import unquote

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from enrollcheck.demo import story, university
from enrollcheck.logs import JsonFormatter
from enrollcheck.management.commands.demo import Command as Demo
from rosters import key_fields
from rosters.encryption import EncryptedField
from rosters.models import ClassGroup, RosterImport, Student
from signoffs.entrance import links
from signoffs.models import ClassLink, Declaration
from tests import pages, stories
from tests.rosters import files

# What docs/architecture.md names, “Encrypted at rest”.
ENCRYPTED = {
    "rosters.Student": {"id_number"},
    "rosters.RosterImport": {"upload"},
    "rosters.RosterChange": {"old", "new"},
    "rosters.RetiredDigestKey": {"secret"},
    "signoffs.Declaration": {"snapshot", "signature", "phone"},
    "signoffs.FieldError": {"roster_value", "chsi_value", "right_value", "outcome_note"},
    "signoffs.Excuse": {"note"},
    "signoffs.MissingClaim": {"phone"},
    "signoffs.ClassSheet": {"rows", "signature"},
    "signoffs.ClassLink": {"token"},
    "signoffs.Event": {"payload"},
}
TYPED_NUMBER = "990101200701019999"
CLAIMED_PHONE, REPORTED_PHONE = "12000009001", "12000009002"


def test_every_field_that_the_design_names_is_an_encrypted_one():
    found = {}
    for model in apps.get_models():
        for field in model._meta.local_concrete_fields:
            if isinstance(field, EncryptedField):
                found.setdefault(model._meta.label, set()).add(field.name)
    assert found == ENCRYPTED


# The campaign ---------------------------------------------------------------------------------------------


def workbook() -> bytes:
    """Return a roster of two classes of twelve, from the demo's university."""
    wanted = [
        row for row in university.rows(2026) if row[3] in ("软件2601班", "机械2601班") and int(row[0]) <= 12
    ]
    return files.xlsx([list(university.HEADINGS), *map(list, wanted)])


class Everywhere:
    """Collects what the site gives away: files by name, and cookies."""

    def __init__(self, folder: Path):
        self.folder, self.cookies, self.clients = folder, [], []

    def client(self) -> Client:
        """Return a browser whose cookies are kept for the search."""
        made = Client()
        self.clients.append(made)
        return made

    def get(self, client: Client, name: str, /, *arguments):
        """Open a page."""
        return self.seen(client.get(reverse(name, args=arguments)))

    def post(self, client: Client, name: str, /, *arguments, **data):
        """Send a form."""
        return self.seen(client.post(reverse(name, args=arguments), data))

    def seen(self, response):
        """Keep a response's cookies, and the file where it is one."""
        self.cookies.append(response.cookies.output())
        named = re.search(r"filename\*=UTF-8''(.+)", response.headers.get("Content-Disposition", ""))
        if named:
            self.folder.mkdir(exist_ok=True)
            (self.folder / f"{len(self.cookies):03d} {unquote(named[1])}").write_bytes(response.getvalue())
        assert response.status_code in (200, 302), response.status_code
        return response


@pytest.fixture
def disk(transactional_db, tmp_path, monkeypatch, settings):
    """Folders of the test's own, in place of the machine's temporary one, and a log that is a file."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setenv("BACKUP_KEY", base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
    settings.DATA_FOLDER = tmp_path / "data"
    settings.FONT_FOLDER = settings.DATA_FOLDER / "fonts"
    settings.DATA_FOLDER.mkdir()
    handler = logging.FileHandler(tmp_path / "enrollcheck.log", encoding="utf-8")
    handler.setFormatter(JsonFormatter())
    logging.getLogger().addHandler(handler)
    yield tmp_path
    logging.getLogger().removeHandler(handler)
    handler.close()


@pytest.fixture
def campaign_on_disk(disk):
    """The whole campaign: played, looked at, exported, printed, backed up."""
    out, now = Demo(stdout=io.StringIO()), timezone.now()
    campaign = out.bring_in("2026.xlsx", workbook(), "2026", now, invented=True)
    accounts = out.accounts(campaign)
    classes = list(ClassGroup.objects.filter(campaign=campaign).select_related("department").order_by("pk"))
    officers = {
        one.department_id: accounts.get(one.department.name, (None,))[0] or out.officer(one.department)
        for one in classes
    }
    tale = story.Story(campaign, accounts["office"][0], officers, now)
    tale.play("signing")
    everywhere = Everywhere(disk / "exports")
    strangers(everywhere, classes[1])
    stories.report(
        classes[1].students.filter(standing=None).last(),
        "id_number",
        chsi=TYPED_NUMBER,
        right=TYPED_NUMBER,
        phone=REPORTED_PHONE,
    )
    tale.finish([classes[1]])
    office, officer = everywhere.client(), everywhere.client()
    office.force_login(accounts["office"][0])
    officer.force_login(accounts["officer"][0])
    look(everywhere, office, officer, classes[0], accounts["office"][1])
    call_command("rotate_keys", stdout=io.StringIO())
    call_command("backup", str(disk / "nightly.backup"), stdout=io.StringIO())
    (disk / "cookies.txt").write_text("\n".join(map(str, everywhere.cookies)))
    return disk


def strangers(everywhere: Everywhere, class_group: ClassGroup) -> None:
    """Let a student identify, err and sign on the page, and somebody say that the roster lacks them."""
    phone = everywhere.client()
    token = links.issue(class_group, ClassLink.Kind.STUDENT, timezone.now()).token
    everywhere.get(phone, "class-link", token)
    everywhere.post(phone, "class-claim", name="漏掉的人", student_number="", phone=CLAIMED_PHONE)
    drawn = [one for one in Declaration.objects.filter(class_group=class_group) if "strokes" in one.signature]
    student = drawn[0].student
    everywhere.seen(stories.identify(phone, "class-identify", student))
    page = phone.get(reverse("class-record") + "?again=1")
    said = {f"answer_{field.name}": "ok" for field in key_fields.KEY_FIELDS if field.name != "id_number"}
    wrong = pages.hidden(page) | said | {"chsi_id_number": TYPED_NUMBER, "status": key_fields.GOOD_STATUS}
    assert phone.post(reverse("class-record"), wrong).status_code == 422
    everywhere.get(phone, "class-copy")
    everywhere.post(phone, "class-copy-file")


def look(everywhere: Everywhere, office: Client, officer: Client, own: ClassGroup, password: str) -> None:
    """Open what staff open, and make every file that the pages make."""
    student = own.students.last()
    for name, arguments in (
        ("office", []), ("office-class", [own.uuid]), ("office-student", [student.uuid]),
        ("office-errors", []),
        ("office-student-access", [student.uuid]), ("office-roster", []), ("office-campaign", []),
    ):  # fmt: skip
        everywhere.get(office, name, *arguments)
    for name, arguments in (
        ("department", []), ("department-class", [own.uuid]), ("department-student", [student.uuid]),
    ):  # fmt: skip
        everywhere.get(officer, name, *arguments)
    for name in ("office-status-export", "office-summary-export", "office-errors-export", "office-posters"):
        everywhere.post(office, name)
    for kind in ("filled", "blank"):
        everywhere.post(office, "office-forms", kind=kind)
    everywhere.post(office, "office-form", own.uuid)
    everywhere.post(officer, "department-form", own.uuid)
    everywhere.post(officer, "department-forms")
    everywhere.post(office, "office-whole-numbers", reason="省厅要求核对", password=password)
    # A roster with a number that has a wrong check digit waits, marked, while the backup is made.
    bad = files.roster(files.row(901), files.row(902, 身份证号="990101200705060019"))
    upload = io.BytesIO(bad)
    upload.name = "bad.xlsx"
    everywhere.post(office, "office-roster", campaign="2026", file=upload)
    waiting = RosterImport.objects.get(state=RosterImport.State.WAITING)
    everywhere.get(office, "office-roster-preview", waiting.uuid)
    everywhere.post(office, "office-roster-marked", waiting.uuid)


# The search -----------------------------------------------------------------------------------------------


def numbers() -> set[str]:
    """Return every ID number of the campaign: stored, typed, uploaded."""
    stored = {student.id_number for student in Student.objects.all()}
    uploaded = {files.row(901)["身份证号"], "990101200705060019"}
    return stored | uploaded | {TYPED_NUMBER}


def phones() -> set[str]:
    """Return every phone number."""
    given = {one.phone for one in Declaration.objects.all() if one.phone}
    assert {REPORTED_PHONE} < given | {CLAIMED_PHONE}
    return given | {CLAIMED_PHONE}


def strokes() -> set[str]:
    """Return how each drawn signature begins, in the ways that a program would write it."""
    found = set()
    for declaration in Declaration.objects.all():
        for stroke in declaration.signature.get("strokes", ())[:1]:
            points = [str(value) for value in stroke[:8]]
            pairs = [",".join(pair) for pair in zip(points[::2], points[1::2], strict=True)]
            found |= {",".join(points), ", ".join(points), " ".join(pairs)}
    assert len(found) > 20
    return found


def forms(text: str) -> set[bytes]:
    """Return a text as it may lie in a file: plain, in UTF-16, in base64 wherever it begins, in hex."""
    plain = text.encode()
    coded = {plain, text.encode("utf-16-le"), text.encode("utf-16-be"), plain.hex().encode()}
    for shift in range(3):
        whole = base64.b64encode(b"\0" * shift + plain)
        # What surrounds the text changes the first and the last group of four.
        coded.add(whole[4 if shift else 0 : len(whole) // 4 * 4 - 4])
    return coded


def contents(path: Path) -> bytes:
    """Return a file's bytes, and what is compressed within: a workbook's parts, a PDF's streams."""
    content = path.read_bytes()
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return content + b"\n".join(archive.read(name) for name in archive.namelist())
    unpacked = [content]
    for match in re.finditer(rb"stream\r?\n(.+?)\r?\nendstream", content, re.S):
        piece = match[1]
        for filtered in (lambda raw: raw, lambda raw: base64.a85decode(raw, adobe=False)):
            try:
                unpacked.append(zlib.decompress(filtered(piece.removesuffix(b"~>"))))
            except (zlib.error, ValueError):
                continue
    return b"\n".join(unpacked)


def on_disk(folder: Path) -> dict[str, bytes]:
    """Return everything that the campaign has left, by name: the database and its log are beside it."""
    found = {str(path.relative_to(folder)): contents(path) for path in folder.rglob("*") if path.is_file()}
    database = str(connection.settings_dict["NAME"])
    for ending in ("", "-wal", "-shm", "-journal"):
        if os.path.exists(database + ending):
            found[f"database{ending}"] = Path(database + ending).read_bytes()
    return found


def holding(found: dict[str, bytes], texts: set[str]) -> set[str]:
    """Return the names of the files in which one of the texts lies, in whatever form."""
    needles = set(itertools.chain.from_iterable(forms(text) for text in texts))
    return {name for name, content in found.items() if any(needle in content for needle in needles)}


@pytest.mark.skipif("sqlite" not in os.environ.get("DATABASE_URL", "sqlite"), reason="reads SQLite's file")
def test_after_a_campaign_no_id_number_phone_or_stroke_lies_anywhere_in_plain(campaign_on_disk):
    found = on_disk(campaign_on_disk)
    names = set(found)
    assert {"database", "nightly.backup", "enrollcheck.log", "cookies.txt"} < names
    exported = {name.partition(" ")[2] for name in names if name.startswith("exports/")}
    assert {
        "学生状态-2026.xlsx", "系部汇总-2026.xlsx", "信息错误反馈统计-2026.xlsx", "海报-2026.pdf",
        "登记表-2026.pdf", "登记表-软件2601班.pdf", "登记表-信息工程系.pdf", "完整号码-2026-001.xlsx",
        "bad-标注.xlsx",
    } < exported  # fmt: skip
    [own_copy] = [name for name in names if "我的核对记录-" in name]
    assert b"<path d=" in found[own_copy]  # the signature is in it, drawn
    # The search finds what is there: a name in the database or its log, numbers in the two that hold them.
    assert holding(found, {Student.objects.first().name}) & {"database", "database-wal"}
    meant = {name for name in names if name.endswith(("完整号码-2026-001.xlsx", "bad-标注.xlsx"))}
    assert holding(found, numbers()) == meant
    assert holding(found, phones()) == set()
    assert holding(found, strokes()) == set()


def test_the_search_would_find_each_form(tmp_path):
    number = TYPED_NUMBER
    for index, written in enumerate(
        (
            number.encode(),
            number.encode("utf-16-le"),
            base64.b64encode(f'{{"id":"{number}"}}'.encode()),
            base64.b64encode(f"x{number}".encode()),
            number.encode().hex().encode(),
            b"stream\n" + zlib.compress(number.encode()) + b"\nendstream",
        )
    ):
        (tmp_path / str(index)).write_bytes(b"before" + written + b"after")
    found = {path.name: contents(path) for path in tmp_path.iterdir()}
    assert holding(found, {number}) == {"0", "1", "2", "3", "4", "5"}
