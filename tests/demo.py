"""The demo as a reader runs it: another process, a real server, nothing left behind."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
STARTED = "Serving on"


def free_port() -> int:
    """Return a port of this machine on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(folder: Path, port: int, *arguments: str) -> subprocess.Popen:
    """Start the demo with its temporary folder in this one, and another database in its environment."""
    environment = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    environment |= {
        "TMPDIR": str(folder),
        "DATABASE_URL": f"sqlite:///{folder / 'somebody-elses.sqlite3'}",
        "PYTHONUNBUFFERED": "1",
    }
    return subprocess.Popen(
        [sys.executable, "manage.py", "demo", "--port", str(port), *arguments],
        cwd=REPOSITORY,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@contextmanager
def demo(folder: Path, *arguments: str) -> Iterator[tuple[str, str]]:
    """Run the demo; yield its address and what it printed before it served. Stop it as Ctrl+C does.

    Raise AssertionError with what it printed where it does not come to serve.
    """
    port = free_port()
    process = start(folder, port, *arguments)
    printed = []
    try:
        for line in process.stdout:
            printed.append(line)
            if line.startswith(STARTED):
                break
        else:
            raise AssertionError("".join(printed))
        yield f"http://127.0.0.1:{port}", "".join(printed)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
