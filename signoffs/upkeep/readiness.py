"""Whether this node is ready: one probe at a time, once a second at most, for all who ask.

Its processes share a small file, and the kernel's lock on it: who dies with the lock in hand has let go of
it. Where the disk takes no file, each process probes for itself.
"""

import fcntl
import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.db import connections

from . import health, outages

PATIENCE = 2.0  # seconds in which a probe must have come to its end
RESTS = 1.0  # seconds for which its answer is good enough
SIZE = 1024  # bytes of the file: always as many, so that a full disk has room for them
SLOW = health.WORDS[outages.SLOW]


class _Probe(NamedTuple):
    """When a probe began and ended, by the machine's steady clock, and what it found; not ended: 0."""

    began: float
    ended: float
    found: list[str]


class Readiness:
    """The node's probe, as one of its processes knows it."""

    def __init__(
        self, file: Path, look: Callable[[], list[str]], steady: Callable[[], float] = time.monotonic
    ):
        """Take the file to share, and what returns the ailments: it is called in a thread of its own."""
        self.file, self._look, self._steady = file, look, steady
        self._own = _Probe(0, 0, [])
        self._busy = threading.Lock()

    def ailments(self) -> list[str]:
        """Return what keeps the node from working, within two seconds; empty: it is ready."""
        until = self._steady() + PATIENCE
        while True:
            known = self._known()
            if self._is_fresh(known):
                return known.found
            self._begin()
            if self._steady() >= until or self._is_held_up(self._known()):
                return [SLOW]
            time.sleep(0.01)

    def _is_fresh(self, probe: _Probe) -> bool:
        return 0 < probe.ended <= self._steady() < probe.ended + RESTS

    def _is_held_up(self, probe: _Probe) -> bool:
        return probe.began > 0 and not probe.ended and self._steady() - probe.began >= PATIENCE

    def _known(self) -> _Probe:
        """Return the newest probe that this process knows of."""
        try:
            there = _Probe(*json.loads(self.file.read_text()))
        except (OSError, ValueError, TypeError):
            return self._own
        is_newer = (there.began, there.ended) > (self._own.began, self._own.ended)
        return there if is_newer and there.began <= self._steady() else self._own

    def _begin(self) -> None:
        """Begin a probe, unless one is at work or has just ended."""
        if not self._busy.acquire(blocking=False):
            return
        descriptor = self._lock()
        if descriptor == BUSY or self._is_fresh(self._known()):
            self._let_go(descriptor)
            return
        began = self._steady()
        self._tell(descriptor, _Probe(began, 0, []))
        threading.Thread(target=self._probe, args=(descriptor, began), name="readiness", daemon=True).start()

    def _lock(self) -> int | None:
        """Return the file's descriptor, locked; BUSY where another process holds it, None without a file."""
        try:
            descriptor = os.open(self.file, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return BUSY
        return descriptor

    def _let_go(self, descriptor: int | None) -> None:
        if descriptor is not None and descriptor != BUSY:
            os.close(descriptor)
        self._busy.release()

    def _tell(self, descriptor: int | None, probe: _Probe) -> None:
        self._own = probe
        if descriptor is not None:
            try:
                os.pwrite(descriptor, json.dumps(probe).ljust(SIZE).encode(), 0)
            except OSError:
                return  # the other processes find out for themselves

    def _probe(self, descriptor: int | None, began: float) -> None:
        """Look, and tell; however long it takes, nobody cuts it short."""
        try:
            found = self._look()
            self._tell(descriptor, _Probe(began, self._steady(), found))
        finally:
            connections.close_all()
            self._let_go(descriptor)


BUSY = -1
node = Readiness(Path(settings.DATA_FOLDER) / "readiness", health.ailments)
