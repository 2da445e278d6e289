"""What is killed, and how a file is found sound: on SQLite and on PostgreSQL."""

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

from tests.durability import early
from tests.durability.opened import opened
from tests.durability.site import REPOSITORY, Site
from tests.races.cluster import Cluster, running

CHECKPOINTS = """
import sqlite3, sys
from enrollcheck import sqlite
sqlite.install()
import sqlite3
database = sqlite3.connect(sys.argv[1], timeout=30)
while True:
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
"""


def _killed_somewhere(running: subprocess.Popen, longest: float, dice: random.Random) -> bool:
    """Kill a process within so many seconds; say whether it was at work."""
    time.sleep(dice.uniform(0, longest))
    at_work = running.poll() is None
    running.send_signal(signal.SIGKILL)
    running.wait()
    return at_work


class SQLite:
    """A file in the site's folder."""

    kinds = ("load", "import", "checkpoint", "migration")

    def __init__(self, folder: Path):
        """Take the folder of the rounds."""
        self.folder = folder
        self.site = Site(folder / "site")
        self.file = self.site.folder / "enrollcheck.sqlite3"

    def begin(self, kind: str) -> subprocess.Popen | None:
        """Start what is to be killed beside the server."""
        if kind == "checkpoint":
            command = [sys.executable, "-c", CHECKPOINTS, str(self.file)]
            return subprocess.Popen(command, cwd=REPOSITORY)
        return None

    def problems(self) -> Iterator[str]:
        """Let SQLite look at the file, with the log that the kill has left beside it."""
        return self._problems_of(self.file)

    def _problems_of(self, file: Path) -> Iterator[str]:
        with opened(f"sqlite:///{file}"), connection.cursor() as cursor:
            if cursor.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
                yield "SQLite finds the file unsound"
            if cursor.execute("PRAGMA foreign_key_check").fetchall():
                yield "a row refers to nothing"

    def kill_a_migration(self, counted: Counter, dice: random.Random) -> Iterator[str]:
        """Kill `migrate` on an earlier version's database; run it again; yield what is missing."""
        one = Site(self.folder / f"old-{counted['kills']}")
        file = one.folder / "enrollcheck.sqlite3"
        early.write(file)
        before = early.rows(file)
        columns = early.columns(file)
        migrate = one.begin("migrate", "--no-input")
        while migrate.poll() is None and not file.with_name(file.name + "-wal").exists():
            time.sleep(0.005)  # Python starts; the database is not open yet
        counted["migrations killed at work"] += _killed_somewhere(migrate, 0.25, dice)
        yield from self._problems_of(file)
        if one.manage("migrate", "--no-input").returncode:
            yield "a killed migration does not run again"
        yield from self._problems_of(file)
        if not early.came_along(before, early.rows(file, columns)):
            yield "a killed migration lost rows"
        if one.manage("verify_events").returncode:
            yield "chains do not hold after a killed migration"


class PostgreSQL:
    """A cluster, which is killed, too: the server in front of it stays, and must find it again by itself."""

    kinds = ("load", "import", "database", "migration")

    def __init__(self, folder: Path, cluster: Cluster):
        """Take the folder of the rounds, and a cluster that runs."""
        self.folder, self.cluster = folder, cluster
        self.site = Site(folder / "site", cluster.url)
        cluster.client("psql", "-q", "-c", "CREATE EXTENSION amcheck", "enrollcheck")

    def begin(self, kind: str) -> None:
        """Kill the cluster under the crowd, and start it again; nothing is left beside the server."""
        if kind == "database":
            time.sleep(0.5)
            self.cluster.kill()
            self.cluster.start()

    def problems(self) -> Iterator[str]:
        """Let PostgreSQL look at its files. It looks after references itself, at each commit."""
        try:
            self.cluster.client("pg_amcheck", "--heapallindexed", "enrollcheck")
        except subprocess.CalledProcessError:
            yield "PostgreSQL finds its files unsound"

    def kill_a_migration(self, counted: Counter, dice: random.Random) -> Iterator[str]:
        """Kill `migrate` on an empty database; run it again; yield what is missing."""
        name = f"new_{counted['kills']}"
        self.cluster.client("createdb", name)
        one = Site(self.folder / name, self.cluster.url_of(name))
        migrate = one.begin("migrate", "--no-input")
        counted["migrations killed at work"] += _killed_somewhere(migrate, 4, dice)
        if one.manage("migrate", "--no-input").returncode:
            yield "a killed migration does not run again"
        elif one.manage("migrate", "--check").returncode or one.manage("verify_events").returncode:
            yield "a killed migration left something out"
        self.cluster.client("dropdb", "--force", name)


@contextmanager
def database_of(postgresql: bool, folder: Path) -> Iterator[SQLite | PostgreSQL]:
    """Yield the database of the rounds, in their folder."""
    if not postgresql:
        yield SQLite(folder)
        return
    with running() as cluster:
        yield PostgreSQL(folder, cluster)
