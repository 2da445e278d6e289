"""A PostgreSQL that leads, its standbys, and a pgbouncer in front of each: several hosts on one machine."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

from tests.races.cluster import USER, Cluster, free_port, programs, user_of_programs

POOLER = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")


class Pooler:
    """pgbouncer in front of one server, in the mode that keeps no session."""

    def __init__(self, cluster: Cluster):
        """Take the server."""
        self.cluster, self.port = cluster, free_port()
        self.folder = cluster.folder
        self._process: subprocess.Popen | None = None

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        (self.folder / "users").write_text('"enrollcheck" ""\n')
        (self.folder / "pgbouncer.ini").write_text(
            f"[databases]\n* = host=127.0.0.1 port={self.cluster.port}\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {self.port}\nunix_socket_dir =\n"
            f"auth_type = trust\nauth_file = {self.folder}/users\npool_mode = transaction\n"
            "default_pool_size = 30\nserver_login_retry = 1\n"
        )
        self._process = subprocess.Popen(
            [POOLER, "-q", self.folder / "pgbouncer.ini"], stderr=subprocess.DEVNULL, **user_of_programs()
        )
        for _ in range(200):
            with suppress(psycopg.OperationalError):
                psycopg.connect(self.cluster.url.replace(str(self.cluster.port), str(self.port))).close()
                return
            time.sleep(0.05)
        raise AssertionError("pgbouncer did not start")

    def stop(self) -> None:
        """Stop it."""
        self._process.terminate()
        self._process.wait(10)


class Replicas:
    """One that leads and two standbys; in URLs it stands last."""

    def __init__(self, leader: Cluster, standbys: list[Cluster]):
        """Take servers that run."""
        self.leader, self.standbys = leader, standbys
        self.poolers = [Pooler(one) for one in (*standbys, leader)]

    @property
    def url(self) -> str:
        """Return DATABASE_URL: all hosts by their poolers."""
        return self.url_of(*(one.port for one in self.poolers))

    @property
    def direct_url(self) -> str:
        """Return DATABASE_URL: all hosts, without a pooler."""
        return self.url_of(*(one.port for one in (*self.standbys, self.leader)))

    def url_of(self, *ports: int, database: str = "enrollcheck") -> str:
        """Return DATABASE_URL of so many hosts."""
        hosts = ",".join(f"127.0.0.1:{port}" for port in ports)
        return f"postgres://enrollcheck@{hosts}/{database}"

    def run(self, sql: str, database: str = "enrollcheck") -> list[tuple]:
        """Let the leader itself run a statement, and return its rows."""
        with psycopg.connect(self.leader.url_of(database), autocommit=True) as opened:
            cursor = opened.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def wait_for_standbys(self) -> None:
        """Acknowledge from now on what a standby has on its disk, once both of them listen."""
        self.run("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.run("SELECT pg_reload_conf()")

    def caught_up(self) -> None:
        """Wait until each standby has replayed what the leader has written."""
        behind = (
            "SELECT count(*) FROM pg_stat_replication WHERE replay_lsn = pg_current_wal_lsn() "
            "AND state = 'streaming'"
        )
        for _ in range(200):
            if self.run(behind) == [(len(self.standbys),)]:
                return
            time.sleep(0.05)
        raise AssertionError("the standbys stay behind")


def _made(folder: Path) -> Cluster:
    folder.mkdir()
    if os.geteuid() == 0:
        shutil.chown(folder, USER, "nogroup")
    return Cluster(folder)


def _standby(folder: Path, leader: Cluster) -> Cluster:
    """Make and start a standby."""
    one = _made(folder)
    leader.client("pg_basebackup", "-D", str(one.data), "-R", "-c", "fast")
    one.start()
    return one


@contextmanager
def replicas() -> Iterator[Replicas]:
    """Start all of it; stop and delete it afterwards."""
    home = Path(tempfile.mkdtemp(prefix="enrollcheck-replicas-"))
    home.chmod(0o755)
    running: list = []
    try:
        leader = _made(home / "leader")
        leader.make()
        leader.start()
        running.append(leader)
        leader.client("createdb", "enrollcheck")
        standbys = []
        for number in (1, 2):
            standbys.append(_standby(home / f"standby-{number}", leader))
            running.append(standbys[-1])
        made = Replicas(leader, standbys)
        for pooler in made.poolers:
            pooler.start()
            running.append(pooler)
        made.caught_up()
        yield made
    finally:
        for one in reversed(running):
            with suppress(subprocess.CalledProcessError):  # a test may have stopped it
                one.stop()
        shutil.rmtree(home)


def missing() -> str:
    """Return what is not installed; empty: all is there."""
    return ", ".join(name for name, there in (("postgresql", programs()), ("pgbouncer", POOLER)) if not there)
