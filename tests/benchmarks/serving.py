"""The server under test: `manage.py serve` in a process of its own, on a free port of this machine."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def serving(port: int, **environment: str) -> Iterator[None]:
    """Serve until the block ends; `environment`: what differs from this process's. Raise RuntimeError."""
    server = subprocess.Popen(
        [sys.executable, "manage.py", "serve", "--port", str(port)],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(server, port)
        yield
    finally:
        server.terminate()
        server.wait(30)


def _wait(server: subprocess.Popen, port: int, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while server.poll() is None and time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as probe:
            probe.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            if probe.recv(1):
                return
        time.sleep(0.1)
    raise RuntimeError("the server did not start")
