"""OPERATIONS.md and the Containerfile name what there is: commands, files, units that systemd accepts."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import get_commands

from enrollcheck.management.commands.serve import STOP_WAITS
from enrollcheck.sqlite import options
from signoffs.upkeep import health

REPOSITORY = Path(__file__).resolve().parent.parent
OPERATIONS = (REPOSITORY / "OPERATIONS.md").read_text()
CONTAINERFILE = (REPOSITORY / "Containerfile").read_text()
UNITS = re.findall(r"^```ini\n(.*?)^```", OPERATIONS, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("text", [OPERATIONS, CONTAINERFILE], ids=["OPERATIONS.md", "Containerfile"])
def test_every_command_that_is_named_exists(text):
    named = set(re.findall(r"manage\.py ([a-z_]+)(?![\w.])", text))
    assert named - set(get_commands()) == set()
    assert {"migrate", "collectstatic", "serve"} <= named


def test_everything_that_healthz_may_say_is_explained():
    assert [said for said in health.WORDS.values() if f"`{said}`" not in OPERATIONS] == []


def test_a_stop_is_given_the_time_that_it_needs():
    """A write may wait for the lock, serve for the write, systemd for serve."""
    seconds = int(re.search(r"^TimeoutStopSec=(\d+)$", OPERATIONS, re.MULTILINE)[1])
    assert options("WAL")["timeout"] < STOP_WAITS < seconds


def test_everything_that_the_container_copies_is_there():
    copied = [
        word for line in re.findall(r"^COPY (.*) \S+$", CONTAINERFILE, re.MULTILINE) for word in line.split()
    ]
    assert [name for name in copied if not (REPOSITORY / name).exists()] == []


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_accepts_the_units(tmp_path):
    whole = "\n".join(UNITS).replace("/srv/enrollcheck/app/.venv/bin/python", sys.executable)
    named = re.split(r"^# /etc/systemd/system/(\S+)\n", whole, flags=re.MULTILINE)
    units = {"enrollcheck.service": named[0], **dict(zip(named[1::2], named[2::2], strict=True))}
    assert set(units) == {"enrollcheck.service", "enrollcheck-backup.service", "enrollcheck-backup.timer"}
    for name, text in units.items():
        (tmp_path / name).write_text(text)
    for name in units:
        run = subprocess.run(["systemd-analyze", "verify", tmp_path / name], capture_output=True, text=True)
        assert (run.returncode, run.stderr) == (0, "")
