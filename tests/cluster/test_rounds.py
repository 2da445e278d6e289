"""A short run: a killed database, a switchover, a pause of more than the lease.

The long one, with every fault, is `python -m tests.cluster.rounds`.
"""

import subprocess
import sys

import pytest

from tests.cluster import cluster
from tests.cluster.faults import FAULTS, SHORT
from tests.cluster.row import HELD, MISSED
from tests.durability.site import REPOSITORY


@pytest.fixture(scope="module", autouse=True)
def installed():
    """What a cluster is made of; else these tests are skipped, and say so."""
    if lacking := cluster.missing():
        pytest.skip(f"not there: {', '.join(lacking)}")
    try:
        cluster.patroni()
    except subprocess.CalledProcessError:
        pytest.skip("Patroni can't be installed: no package index?")


def test_a_cluster_keeps_what_it_acknowledged():
    run = subprocess.run(
        [sys.executable, "-m", "tests.cluster.rounds", "--short"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
    )
    assert run.returncode in (HELD, MISSED), (
        run.stdout + run.stderr
    )  # slower than its targets, on this machine
    rows = [line.split(" | ") for line in run.stdout.splitlines() if line.startswith("| ")][1:]
    words = {fault.name: fault.words for fault in FAULTS}
    assert [row[0].removeprefix("| ") for row in rows] == [words[name] for name in SHORT]
    assert [row[2] for row in rows] == ["0"] * len(SHORT)
    assert [row for row in rows if row[1] == "0" or "WRONG" in row[-1] or "not run" in row[-1]] == []
