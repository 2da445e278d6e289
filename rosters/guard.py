"""Runs a job of rosters/child in a process of its own, and reads its answer line by line.

A leaf. The child gets an empty environment (no keys), sets its own limits, and is killed when it takes too
long.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

WALL_SECONDS = 16
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


def answer(job: str, arguments: dict, content: bytes) -> Iterator[bytes]:
    """Start the child on a job (read, mark), yield the lines that it writes. Raise ChildDied at a bad end."""
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
        yield from from_child
        if child.wait() != 0:
            raise ChildDied(child.returncode)
    finally:
        watch.cancel()
        child.kill()
        child.wait()
        from_child.close()
        to_child.close()
