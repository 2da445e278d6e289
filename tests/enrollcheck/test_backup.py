"""A backup holds every row and opens to its key alone; a restore goes into a fresh place, or not at all."""

import base64
import io
import os
import secrets
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from enrollcheck import vault
from tests import factories

REPOSITORY = Path(__file__).resolve().parent.parent.parent
KEY = secrets.token_bytes(32)

on_sqlite = pytest.mark.skipif(
    "sqlite" not in os.environ.get("DATABASE_URL", "sqlite"), reason="restores a file of SQLite"
)


@pytest.fixture
def backup(transactional_db, tmp_path, monkeypatch) -> Path:
    """A backup of a class of five."""
    factories.class_group(students=5)
    monkeypatch.setenv("BACKUP_KEY", base64.urlsafe_b64encode(KEY).decode())
    call_command("backup", tmp_path / "one.backup", stdout=io.StringIO())
    return tmp_path / "one.backup"


def restore(backup: Path, folder: Path, **environment: str) -> subprocess.CompletedProcess:
    """Run `manage.py restore` into that folder."""
    folder.mkdir(exist_ok=True)
    place = {"DATABASE_URL": f"sqlite:///{folder / 'fresh.sqlite3'}", "DATA_FOLDER": str(folder)}
    return subprocess.run(
        [sys.executable, "manage.py", "restore", str(backup)],
        cwd=REPOSITORY,
        env={**os.environ, **place, **environment},
        capture_output=True,
        text=True,
    )


def rows_of(database: str | Path) -> dict[str, list]:
    """Return every row of every table."""
    with sqlite3.connect(database) as opened:
        tables = [
            name for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type='table' ORDER BY 1")
        ]
        return {table: sorted(map(repr, opened.execute(f'SELECT * FROM "{table}"'))) for table in tables}


@on_sqlite
def test_a_restored_database_has_every_row(backup, tmp_path):
    run = restore(backup, tmp_path / "there")
    assert run.returncode == 0, run.stderr
    assert rows_of(tmp_path / "there" / "fresh.sqlite3") == rows_of(connection.settings_dict["NAME"])


def test_a_backup_is_readable_by_its_owner_alone_and_shows_no_name(backup):
    assert backup.stat().st_mode & 0o077 == 0
    assert factories.name(1).encode() not in backup.read_bytes()
    assert sorted(path.name for path in backup.parent.iterdir()) == ["one.backup", "one.backup.sha256"]


@on_sqlite
@pytest.mark.parametrize(
    "damage, sentence",
    [
        (lambda content: content[:-10], "cut off"),
        (lambda content: content[:-1] + bytes([content[-1] ^ 1]), "damaged"),
        (lambda content: content[:60] + b"\x00" + content[61:], "damaged"),
        (lambda content: content + b"more", "followed"),
        (lambda content: b"SQLite format 3\x00" + content, "not a backup"),
    ],
    ids=["truncated", "last bit", "middle", "appended", "another file"],
)
def test_a_damaged_backup_is_refused_and_leaves_nothing(backup, tmp_path, damage, sentence):
    broken = tmp_path / "broken.backup"
    broken.write_bytes(damage(backup.read_bytes()))
    run = restore(broken, tmp_path / "there")
    assert run.returncode == 1
    assert sentence in run.stderr
    assert [path.name for path in (tmp_path / "there").glob("*")] == []


def test_the_checksum_is_one_that_sha256sum_checks(backup):
    run = subprocess.run(["sha256sum", "-c", "one.backup.sha256"], cwd=backup.parent, capture_output=True)
    assert (run.returncode, run.stdout) == (0, b"one.backup: OK\n")


@on_sqlite
@pytest.mark.parametrize("damaged", ["one.backup", "one.backup.sha256"])
def test_a_backup_that_does_not_fit_its_checksum_is_refused(backup, tmp_path, damaged):
    backup.with_name(damaged).write_bytes(b"\xff" + backup.with_name(damaged).read_bytes())
    run = restore(backup, tmp_path / "there")
    assert run.returncode == 1
    assert "is not the file whose checksum one.backup.sha256 holds" in run.stderr


@on_sqlite
def test_another_key_opens_nothing(backup, tmp_path):
    run = restore(backup, tmp_path / "there", BACKUP_KEY=base64.urlsafe_b64encode(b"k" * 32).decode())
    assert run.returncode == 1
    assert "damaged, or BACKUP_KEY" in run.stderr


@on_sqlite
def test_nothing_is_restored_over_a_database(backup, tmp_path):
    assert restore(backup, tmp_path / "there").returncode == 0
    again = restore(backup, tmp_path / "there")
    assert again.returncode == 1
    assert "not empty" in again.stderr


@on_sqlite
def test_nothing_is_restored_under_the_log_of_an_earlier_database(backup, tmp_path):
    # The server was killed, and only the database itself taken away: its last transaction is in the log.
    there = tmp_path / "there"
    there.mkdir()
    with closing(sqlite3.connect(tmp_path / "old.sqlite3")) as old:
        old.execute("PRAGMA journal_mode=WAL")
        old.execute("CREATE TABLE another (one)")
        old.commit()
        log = shutil.copy(tmp_path / "old.sqlite3-wal", there / "fresh.sqlite3-wal")
    run = restore(backup, there)
    assert run.returncode == 1
    assert f"Left of an earlier database: {log}." in run.stderr
    assert list(there.iterdir()) == [log]


@on_sqlite
@pytest.mark.parametrize("side", ["-shm", "-journal"])
def test_no_file_of_an_earlier_database_may_lie_beside(backup, tmp_path, side):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / f"fresh.sqlite3{side}").touch()
    run = restore(backup, tmp_path / "there")
    assert run.returncode == 1
    assert f"fresh.sqlite3{side}. SQLite would" in run.stderr


def test_no_backup_without_a_key_or_over_a_file(backup, monkeypatch):
    with pytest.raises(CommandError, match="exists already"):
        call_command("backup", backup)
    monkeypatch.delenv("BACKUP_KEY")
    with pytest.raises(CommandError, match="BACKUP_KEY must be"):
        call_command("backup", backup.with_name("two.backup"))


@pytest.mark.parametrize("size", [0, 1, vault.BLOCK, 3 * vault.BLOCK + 17])
def test_what_is_sealed_comes_back_whatever_its_size(size):
    content, file = secrets.token_bytes(size), io.BytesIO()
    vault.seal([content[:100], content[100:]], KEY, file)
    file.seek(0)
    assert b"".join(vault.unseal(file, KEY)) == content


def test_blocks_in_another_order_do_not_open():
    file = io.BytesIO()
    vault.seal([secrets.token_bytes(3 * vault.BLOCK)], KEY, file)
    content = file.getvalue()
    start, length = len(vault.MAGIC) + 8, 4 + vault.BLOCK + 16
    first, second = content[start : start + length], content[start + length : start + 2 * length]
    swapped = content[:start] + second + first + content[start + 2 * length :]
    with pytest.raises(vault.Unusable):
        list(vault.unseal(io.BytesIO(swapped), KEY))
