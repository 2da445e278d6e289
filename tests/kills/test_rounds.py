"""A short run on each database, with one kill of each kind and more.

The long ones are `python -m tests.kills.rounds`.
"""

import subprocess
import sys

import pytest

from tests.durability.site import REPOSITORY
from tests.races.cluster import programs


@pytest.mark.parametrize(
    "chosen",
    [
        [],
        pytest.param(
            ["--postgresql"],
            marks=pytest.mark.skipif(programs() is None, reason="Debian's postgresql is not installed"),
        ),
    ],
    ids=["sqlite", "postgresql"],
)
def test_killed_servers_keep_what_they_acknowledged(chosen):
    run = subprocess.run(
        [sys.executable, "-m", "tests.kills.rounds", "--kills", "5", "--students", "200", *chosen],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    counted = dict(line.split(": ") for line in run.stdout.splitlines())
    assert counted["kills"] == "5"
    assert counted["declarations stored"] != "0"
