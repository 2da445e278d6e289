"""The settings from the environment: what starts, and what refuses to start with a sentence."""

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from enrollcheck import sqlite

REPOSITORY = Path(__file__).resolve().parent.parent.parent
KEY = base64.urlsafe_b64encode(b"k" * 32).decode()
COMPLETE = {
    "DEBUG": "off",
    "SECRET_KEY": "a long and random text " * 3,
    "FIELD_KEY": f"k1:{KEY}",
    "SITE_URL": "https://xueji.example.edu.cn",
}


def start(folder: Path, **environment: str) -> subprocess.CompletedProcess:
    """Run `manage.py check` with just this environment."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=REPOSITORY,
        env={**kept, "DATA_FOLDER": str(folder), **environment},
        capture_output=True,
        text=True,
    )


def test_it_starts_with_every_required_setting(tmp_path):
    assert start(tmp_path, **COMPLETE).returncode == 0


@pytest.mark.parametrize("missing", ["SECRET_KEY", "FIELD_KEY", "SITE_URL"])
def test_with_debug_off_it_refuses_to_start_without(missing, tmp_path):
    run = start(tmp_path, **{name: value for name, value in COMPLETE.items() if name != missing})
    assert run.returncode != 0
    assert f"{missing} is not set" in run.stderr


def test_with_debug_on_it_makes_its_own_keys_and_keeps_them(tmp_path):
    assert start(tmp_path, DEBUG="on").returncode == 0
    keys = {file.name: file.read_text() for file in tmp_path.glob("development-*")}
    assert set(keys) == {"development-secret_key", "development-field_key"}
    assert all(file.stat().st_mode & 0o077 == 0 for file in tmp_path.glob("development-*"))
    assert start(tmp_path, DEBUG="on").returncode == 0
    assert keys == {file.name: file.read_text() for file in tmp_path.glob("development-*")}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("FIELD_KEY", "no colon", "FIELD_KEY must be"),
        ("FIELD_KEY", "k1:c2hvcnQ", "FIELD_KEY must be"),
        ("FIELD_KEY", f"k1:{KEY},k1:{KEY}", "names the id k1 twice"),
        ("SITE_URL", "xueji.example.edu.cn", "SITE_URL must be like"),
        ("SITE_URL", "https://example.edu.cn/deep/down", "SITE_URL must be like"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_with_a_sentence(name, value, said, tmp_path):
    run = start(tmp_path, **{**COMPLETE, name: value})
    assert run.returncode != 0
    assert said in run.stderr


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False),
        ((3, 44, 6), True),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 53, 0), True),
    ],
)
def test_which_sqlite_keeps_every_commit_in_wal_mode(version, safe):
    assert sqlite.is_safe_in_wal_mode(version) is safe


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the tests run on another database")
def test_the_database_keeps_its_promises(db):
    pragmas = {}
    with connection.cursor() as cursor:
        for pragma in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout"):
            pragmas[pragma] = cursor.execute(f"PRAGMA {pragma}").fetchone()[0]
        version = cursor.execute("SELECT sqlite_version()").fetchone()[0]
    safe = sqlite.is_safe_in_wal_mode(tuple(int(part) for part in version.split(".")))
    assert pragmas == {
        "journal_mode": "wal" if safe else "delete",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 30_000,
    }
    assert connection.transaction_mode == "IMMEDIATE"
