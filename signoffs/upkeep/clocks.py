"""The node's clock against the database's: late or not is what a node's clock says when a declaration comes.

Measured every few seconds by whoever needs it; in between a clock that is set is noticed at once, since
the steady clock goes on beside it.
"""

import time
from collections.abc import Callable
from typing import NamedTuple

from django.db import connection

ALLOWED = 5.0  # seconds
MEASURED_EVERY = 10.0  # seconds: the database may be another one by now


class _Measured(NamedTuple):
    """The database's clock less the steady one, between two bounds: the question took its time."""

    at: float
    least: float
    most: float


class Skew:
    """How far this node's clock is off."""

    def __init__(self, clock: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic):
        """Take the node's clock, in seconds since 1970, and one that nobody sets."""
        self._clock, self._steady = clock, steady
        self._last: _Measured | None = None

    def seconds(self) -> float:
        """Return by how much at least it is off. Raise DatabaseError where the database does not answer.

        SQLite has no clock of its own.
        """
        if connection.vendor != "postgresql":
            return 0.0
        if self._last is None or self._steady() - self._last.at > MEASURED_EVERY:
            self._last = self._measure()
        ahead = self._clock() - self._steady()
        return max(0.0, self._last.least - ahead, ahead - self._last.most)

    def is_off(self) -> bool:
        """Say whether it may not judge what is late. Raise DatabaseError as above."""
        return self.seconds() > ALLOWED

    def _measure(self) -> _Measured:
        before = self._steady()
        with connection.cursor() as cursor:
            cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
            there = float(cursor.fetchone()[0])
        after = self._steady()
        return _Measured(after, there - after, there - before)


node = Skew()
