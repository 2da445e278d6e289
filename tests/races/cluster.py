"""A PostgreSQL of our own, from Debian's package, in a temporary folder, run by an unprivileged user."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

USER = "nobody"  # the server refuses to run as root


def programs() -> Path | None:
    """Return the folder of the newest server's programs; None where there is none."""
    found = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if (path / "initdb").exists()]
    return max(found, key=lambda path: int(path.parent.name), default=None)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def cluster() -> Iterator[str]:
    """Start a cluster and yield DATABASE_URL of an empty database in it; stop and delete it afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="enrollcheck-pg-"))
    as_user = {"user": USER, "group": "nogroup"} if os.geteuid() == 0 else {}
    if as_user:
        shutil.chown(folder, **as_user)
    port, data = _free_port(), folder / "data"

    def run(program: str, *arguments: str) -> None:
        command = [programs() / program, *arguments]
        subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL, **as_user)

    try:
        run("initdb", "-D", data, "-U", "enrollcheck", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        options = f"-h 127.0.0.1 -p {port} -k {folder} -c max_connections=50"
        run("pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
        try:
            run("createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "enrollcheck", "enrollcheck")
            yield f"postgres://enrollcheck@127.0.0.1:{port}/enrollcheck"
        finally:
            run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder)
