"""Since when a request's worker has been waiting in one call of the database.

Whoever waits for the answer is told that it may have arrived, in place of being left to wait (wsgi.py). The
call itself is never cut short: a COMMIT that waits for a standby has happened already.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

# A request that has come so long ago …
PATIENCE = 8.0  # seconds
# … and is held up in one call for so long, is answered without waiting for its end. Together below ten.
HELD_UP = 1.5  # seconds

_here = threading.local()


class Turn:
    """A request at work in its thread."""

    def __init__(self) -> None:
        """Begin outside of the database."""
        self.called_at: float | None = None

    def is_held_up(self, now: float) -> bool:
        """Say whether one call of the database lasts too long; `now` is of `time.monotonic`."""
        called_at = self.called_at
        return called_at is not None and now - called_at >= HELD_UP


def take(turn: Turn) -> None:
    """Let what this thread asks of the database count for that turn."""
    _here.turn = turn


@contextmanager
def in_database() -> Iterator[None]:
    """Mark a call of the database for as long as it takes."""
    turn = getattr(_here, "turn", None)
    if turn is None:
        yield
        return
    turn.called_at = time.monotonic()
    try:
        yield
    finally:
        turn.called_at = None
