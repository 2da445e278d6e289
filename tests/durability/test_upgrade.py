"""A database of an earlier version comes along, whole, and goes on; migrations leave running code alone."""

import sqlite3
import subprocess
import sys
from urllib.parse import urlencode

import pytest
from django.db import connection, migrations
from django.db.migrations.loader import MigrationLoader

from rosters.models import Student
from signoffs.entrance import links
from signoffs.models import ClassSheet, Declaration
from tests.durability import early
from tests.durability.opened import opened
from tests.durability.phone import Phone, acknowledged, run_story
from tests.durability.site import REPOSITORY, Site


@pytest.fixture
def old(tmp_path, static, django_db_blocker):
    """A site on which the earlier version has just been stopped."""
    one = Site(tmp_path / "site", static=static)
    early.write(one.folder / "enrollcheck.sqlite3")
    with django_db_blocker.unblock():
        yield one
        one.end()


def test_every_row_comes_along_and_chains_and_tallies_hold(old):
    file = old.folder / "enrollcheck.sqlite3"
    with sqlite3.connect(file) as database:
        before = early.columns_of(database)
    was = early.rows(file, before)
    assert len(was["signoffs_declaration"]) == early.DECLARATIONS
    assert old.manage("migrate", "--no-input").returncode == 0
    assert early.came_along(was, early.rows(file, before))
    events = old.manage("verify_events")
    assert events.returncode == 0
    assert events.stdout.startswith(f"{early.EVENTS + 1} events in 8 chains, ")
    assert "rows are older than the digests of rows: not proven." in events.stdout
    assert old.manage("recount", "--dry-run").stdout == "0 classes differed.\n"


def test_the_story_goes_on_after_the_upgrade(old, tmp_path):
    """Who had signed finds the receipt; who had not signs; what was handed in still verifies and prints."""
    assert old.manage("migrate", "--no-input").returncode == 0
    with opened(old.url):
        students = list(Student.objects.select_related("class_group", "standing").order_by("pk"))
        tokens = {one.class_group_id: one for one in links.ClassLink.objects.filter(kind="student")}
        people = {
            one: (tokens[one.class_group_id].token, one.student_number, one.id_number, one.name)
            for one in students
        }
        left = [one for one in students if not hasattr(one, "standing") or one.standing.state == "missing"]
        code = ClassSheet.objects.get().verify_code
    assert len(left) == 3
    old.start()

    async def story():
        done = Phone(old.port, people[students[0]])
        await done.get(f"/c/{done.token_of_class}/")
        _, page = await done.post(
            "/class/identify/", urlencode({"student_number": done.number, "last_six": done.id_number[-6:]})
        )
        assert "核对无误，已签名" in page.decode()
        for student in left:
            phone = Phone(old.port, people[student])
            await phone.arrive()
            phone.fill()
            assert acknowledged(await phone.sign())
        status, page = await done.get(f"/verify/{code}/")
        assert (status, "是，这是最新版本" in page.decode()) == (200, True)

    run_story(story())
    assert old.stop() == 0
    assert old.manage("verify_events").returncode == 0
    assert old.manage("recount", "--dry-run").returncode == 0
    printed = old.manage("export_form", "--class", "软件2601班", "--output", str(tmp_path / "form.pdf"))
    assert printed.returncode == 0, printed.stderr
    assert (tmp_path / "form.pdf").read_bytes()[:5] == b"%PDF-"
    with opened(old.url):
        assert Declaration.objects.count() == early.DECLARATIONS + 3


# Migrations beside a running server ---------------------------------------------------------------------

# What the former version, which may still run on another machine, does not notice. A new column must be
# nullable or have a default in the database itself: the former version inserts rows without it.
HARMLESS = (migrations.CreateModel, migrations.AddIndex, migrations.AlterModelOptions)
# The others, each with the reason why it may be all the same.
EXCEPTIONS = {
    ("signoffs", "0002_number_tries", "Add field number_failures to throttle"): "before the first release",
    ("signoffs", "0004_accounts", "Raw Python operation"): "makes the cache's table, which is new",
    ("signoffs", "0004_accounts", "Alter field campaign on chain"): (
        "becomes nullable; only the accounts' chain has none, and the former version's joins leave it out"
    ),
    ("signoffs", "0004_accounts", "Create constraint one_chain_of_accounts on model chain"): (
        "for chains without a campaign, which the former version never writes"
    ),
    ("signoffs", "0004_accounts", "Create constraint campus_name_once on model user"): (
        "for names that are not empty; the former version leaves the default, which is"
    ),
    ("signoffs", "0005_privacy", "Alter field collator on classsheet"): (
        "becomes nullable; only a purge, which is new, empties it, and the former joins leave that sheet out"
    ),
    ("signoffs", "0008_waiting_students", "Remove index entries_that_wait from declaration"): (
        "made anew at once, for what is asked now; the former version asks more slowly"
    ),
}


def is_harmless(operation, new: set[str]) -> bool:
    """Say whether code of before the operation works on after it; `new`: the models its migration makes."""
    if getattr(operation, "model_name_lower", None) in new:
        return True
    if isinstance(operation, migrations.AddField):
        field = operation.field
        return field.many_to_many or field.null or field.has_db_default()
    return isinstance(operation, HARMLESS)


def changes_the_database(migration: migrations.Migration, loader: MigrationLoader) -> bool:
    """Say whether it runs any SQL or Python: new names for the readers run none."""
    if not all(operation.reduces_to_sql for operation in migration.operations):
        return True
    collected = loader.collect_sql([(migration, False)])
    return any(not line.startswith(("--", "BEGIN", "COMMIT")) for line in collected)


@pytest.mark.django_db(transaction=True)  # SQLite's schema editor wants to be outside of a transaction
def test_the_version_before_works_on_the_database_of_the_version_after():
    """Else: split it in two releases (add, then remove), or name it in EXCEPTIONS with a reason."""
    loader = MigrationLoader(connection, replace_migrations=False)
    found = {
        (app, name, operation.describe())
        for (app, name), migration in loader.disk_migrations.items()
        if app in ("rosters", "signoffs") and not migration.initial and "0002_initial" not in name
        if changes_the_database(migration, loader)
        for new in [
            {one.name_lower for one in migration.operations if isinstance(one, migrations.CreateModel)}
        ]
        for operation in migration.operations
        if not is_harmless(operation, new)
    }
    assert found == set(EXCEPTIONS)


def test_every_migration_is_one_transaction():
    """So that a kill in its middle leaves the database as it was."""
    ours = [
        migration
        for (app, _), migration in MigrationLoader(None).disk_migrations.items()
        if app in ("rosters", "signoffs")
    ]
    assert [migration for migration in ours if not migration.atomic] == []


# Dies where Django notes that the migration is applied: argument 1 says before which of the notes.
DIES = """
import os, sys, django
from django.core.management import call_command
from django.db.migrations.recorder import MigrationRecorder
django.setup()
left, note = [int(sys.argv[1])], MigrationRecorder.record_applied
def die(*arguments):
    left[0] -= 1
    os._exit(9) if not left[0] else note(*arguments)
MigrationRecorder.record_applied = die
call_command("migrate", verbosity=0)
"""


def test_a_kill_between_a_migration_and_the_note_of_it_leaves_neither(tmp_path):
    """Of each: Django itself notes it after the transaction, where indexes or references come last."""
    number, code = 0, 9
    while code == 9:
        number += 1
        one = Site(tmp_path / str(number))
        early.write(one.folder / "enrollcheck.sqlite3")
        command = [sys.executable, "-c", DIES, str(number)]
        code = subprocess.run(command, cwd=REPOSITORY, env=one.environment).returncode
        again = one.manage("migrate", "--no-input")
        assert again.returncode == 0, again.stderr[-2000:]
    assert code == 0
    assert number > 4
