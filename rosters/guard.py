"""Runs a job of rosters/child in a process of its own, and reads its answer line by line.

A leaf. The child gets an empty environment (no keys), goes into a sandbox (child/sandbox.py) before it reads
a byte, and is killed when it lets itself be waited for too long: what this process does with the answer in
the meantime doesn't count, however busy the server is.
"""

import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

WALL_SECONDS, SECONDS_TO_END = 16, 2
_PIECE = 256 * 1024
_HOME = Path(__file__).resolve().parent.parent


class ChildDied(Exception):
    """The child ended without an answer. `killed`: for want of memory or time; else the file is damaged."""

    def __init__(self, status: int):
        """Take the exit status; below zero: the signal that ended it."""
        super().__init__(f"exit status {status}")
        self.killed = status < 0


def _feed(pipe: IO[bytes], arguments: dict, content: bytes) -> None:
    try:
        pipe.write(json.dumps(arguments).encode() + b"\n")
        pipe.write(content)
        pipe.close()
    except BrokenPipeError:  # it died before it had read everything; its silence says so
        return


def _lines(pipe: IO[bytes], seconds: float) -> Iterator[bytes]:
    """Yield the lines of a pipe, the last one as far as it came. Raise TimeoutError after so long a wait."""
    ready, begun = select.poll(), []
    ready.register(pipe, select.POLLIN | select.POLLHUP)
    while True:
        start = time.monotonic()
        if not ready.poll(max(0, seconds) * 1000):
            raise TimeoutError
        seconds -= time.monotonic() - start
        piece = os.read(pipe.fileno(), _PIECE)
        if not piece:
            break
        first, *others = piece.split(b"\n")
        begun.append(first)
        for other in others:
            yield b"".join(begun) + b"\n"
            begun = [other]
    if any(begun):
        yield b"".join(begun)


def answer(job: str, arguments: dict, content: bytes) -> Iterator[bytes]:
    """Start the child on a job (read, mark, probe), and yield the lines that it writes.

    Raise ChildDied at a bad end.
    """
    child = subprocess.Popen(  # noqa: S603 - fixed command
        [sys.executable, "-m", f"rosters.child.{job}"],
        cwd=_HOME,
        env={},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # what a crash prints may hold what the file holds
    )
    to_child, from_child = cast(IO[bytes], child.stdin), cast(IO[bytes], child.stdout)  # pipes, both
    watch = threading.Timer(WALL_SECONDS, child.kill)
    watch.start()
    try:
        _feed(to_child, arguments, content)
        watch.cancel()
        yield from _lines(from_child, WALL_SECONDS)
        if child.wait(SECONDS_TO_END) != 0:
            raise ChildDied(child.returncode)
    except (TimeoutError, subprocess.TimeoutExpired):
        raise ChildDied(-signal.SIGKILL) from None
    finally:
        watch.cancel()
        child.kill()
        child.wait()
        from_child.close()
        to_child.close()


def parts() -> list[str]:
    """Return the parts of the sandbox that are on in a child that is started now (child/sandbox.py)."""
    return json.loads(b"".join(answer("probe", {}, b"")))["parts"]
