"""How a move is refused, and the clock that it asks."""

from collections.abc import Callable
from datetime import datetime

from rosters.sentences import Sentence

Clock = Callable[[], datetime]


class Refused(Exception):
    """A move that may not be made; `reason` is the sentence, lazily translated. Nothing was written."""

    def __init__(self, reason: Sentence) -> None:
        """Take the sentence that the person is shown."""
        super().__init__(reason)
        self.reason = reason


def refuse_if(reason: Sentence | None) -> None:
    """Raise Refused where a rule gave a reason."""
    if reason is not None:
        raise Refused(reason)
