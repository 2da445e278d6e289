"""A PostgreSQL of our own, from Debian's package, in a temporary folder, run by an unprivileged user."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

USER = "nobody"  # the server refuses to run as root


def programs() -> Path | None:
    """Return the folder of the newest server's programs; None where there is none."""
    found = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if (path / "initdb").exists()]
    return max(found, key=lambda path: int(path.parent.name), default=None)


def user_of_programs() -> dict[str, str]:
    """Return as whom PostgreSQL and what belongs to it run: never as root."""
    return {"user": USER, "group": "nogroup"} if os.geteuid() == 0 else {}


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Cluster:
    """A cluster with one empty database, `url`; it can be killed, and starts again on what was left."""

    def __init__(self, folder: Path):
        """Take the folder, which the server's user owns."""
        self.folder, self.data, self.port = folder, folder / "data", free_port()
        self.url = self.url_of("enrollcheck")

    def url_of(self, database: str) -> str:
        """Return the DATABASE_URL of a database in the cluster."""
        return f"postgres://enrollcheck@127.0.0.1:{self.port}/{database}"

    def run(self, program: str, *arguments: str | Path) -> None:
        """Run one of PostgreSQL's programs, as its user."""
        command = [programs() / program, *arguments]
        subprocess.run(command, check=True, cwd=self.folder, stdout=subprocess.DEVNULL, **user_of_programs())

    def client(self, program: str, *arguments: str) -> None:
        """Run a program that asks the server."""
        self.run(program, "-h", "127.0.0.1", "-p", str(self.port), "-U", "enrollcheck", *arguments)

    def make(self) -> None:
        """Make the cluster's files."""
        self.run(
            "initdb", "-D", self.data, "-U", "enrollcheck", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"
        )

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        options = f"-h 127.0.0.1 -p {self.port} -k {self.folder} -c max_connections=50"
        self.run("pg_ctl", "-D", self.data, "-w", "-l", self.folder / "log", "-o", options, "start")

    def stop(self) -> None:
        """Stop it at once; its files are not wanted any more."""
        self.run("pg_ctl", "-D", self.data, "-m", "immediate", "-w", "stop")

    def kill(self) -> None:
        """SIGKILL, to every process of the server by its id."""
        locks = [self.data / "postmaster.pid", self.folder / f".s.PGSQL.{self.port}.lock"]
        main = int(locks[0].read_text().split()[0])
        children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
        for pid in [main, *map(int, children)]:
            with suppress(ProcessLookupError):  # it has ended with the main one
                os.kill(pid, signal.SIGKILL)
        for (
            lock
        ) in locks:  # in a container nobody may reap the process, and the next server takes it for alive
            lock.unlink()


@contextmanager
def running() -> Iterator[Cluster]:
    """Start a cluster and yield it; stop and delete it afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="enrollcheck-pg-"))
    if user_of_programs():
        shutil.chown(folder, **user_of_programs())
    one = Cluster(folder)
    try:
        one.make()
        one.start()
        try:
            one.client("createdb", "enrollcheck")
            yield one
        finally:
            one.stop()
    finally:
        shutil.rmtree(folder)


@contextmanager
def cluster() -> Iterator[str]:
    """Start a cluster and yield DATABASE_URL of an empty database in it; stop and delete it afterwards."""
    with running() as one:
        yield one.url
