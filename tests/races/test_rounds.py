"""A short round of every race, on both databases; the long one is `python -m tests.races.rounds`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.races.cluster import cluster, programs

REPOSITORY = Path(__file__).resolve().parent.parent.parent


def race(url: str) -> subprocess.CompletedProcess:
    """Run a few rounds with four processes on the database of that URL."""
    return subprocess.run(
        [sys.executable, "-m", "tests.races.rounds", "--rounds", "4", "--processes", "4"],
        cwd=REPOSITORY,
        env={**os.environ, "DATABASE_URL": url},
        capture_output=True,
        text=True,
    )


def test_on_sqlite_nothing_comes_out_wrong(tmp_path):
    run = race(f"sqlite:///{tmp_path / 'races.sqlite3'}")
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.skipif(programs() is None, reason="Debian's postgresql is not installed")
def test_on_postgresql_nothing_comes_out_wrong():
    with cluster() as url:
        run = race(url)
    assert run.returncode == 0, run.stdout + run.stderr
