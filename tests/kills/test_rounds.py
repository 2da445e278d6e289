"""A short run, with one kill of each kind and more; the long one is `python -m tests.kills.rounds`."""

import subprocess
import sys

from tests.durability.site import REPOSITORY


def test_killed_servers_keep_what_they_acknowledged():
    run = subprocess.run(
        [sys.executable, "-m", "tests.kills.rounds", "--kills", "5", "--students", "200"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    counted = dict(line.split(": ") for line in run.stdout.splitlines())
    assert counted["kills"] == "5"
    assert counted["declarations stored"] != "0"
