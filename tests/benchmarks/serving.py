"""The server under test: `manage.py serve` in a process of its own, on a free port of this machine."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A running server, and what it has taken of the processors."""

    def __init__(self, process: subprocess.Popen):
        """Take its first process; the workers are its children."""
        self.process = process

    def cpu_seconds(self) -> float:
        """Return the processor time of all its processes so far. Noise on the machine changes it least."""
        ticks, waiting = 0, [self.process.pid]
        while waiting:
            folder = Path(f"/proc/{waiting.pop()}")
            # After the name in brackets: state is field 3; utime and stime are 14 and 15 (man proc_pid_stat).
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
            for thread in (folder / "task").iterdir():
                waiting += map(int, (thread / "children").read_text().split())
        return ticks / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def serving(port: int, **environment: str) -> Iterator[Server]:
    """Serve until the block ends; `environment`: what differs from this process's. Raise RuntimeError."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "serve", "--port", str(port)],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(process, port)
        yield Server(process)
    finally:
        process.terminate()
        process.wait(30)


def _wait(process: subprocess.Popen, port: int, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as probe:
            probe.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            if probe.recv(1):
                return
        time.sleep(0.1)
    raise RuntimeError("the server did not start")
