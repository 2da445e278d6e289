"""How many students stand how: sums of tallies."""

from dataclasses import dataclass, fields

from ..models import Tally


@dataclass(frozen=True)
class Counts:
    """How many students stand how; sums of tallies."""

    expected: int = 0
    confirmed: int = 0
    reported: int = 0
    recheck: int = 0
    excused: int = 0
    overdue: int = 0
    withdrawn: int = 0
    late: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    @property
    def missing(self) -> int:
        """Expected, and not accounted for in any way."""
        return self.expected - self.confirmed - self.reported - self.recheck - self.excused - self.overdue

    @property
    def declared(self) -> int:
        """Who signed: that all is right, or with an error."""
        return self.confirmed + self.reported

    @property
    def accounted(self) -> int:
        """Who no longer keeps the books from balancing."""
        return self.confirmed + self.reported + self.excused + self.overdue

    @property
    def left(self) -> int:
        """未完成: who still does; who is to check again, too."""
        return self.expected - self.accounted

    @property
    def done(self) -> int:
        """Who signed, or has a reason not to; who is overdue has not checked."""
        return self.declared + self.excused

    @property
    def rate(self) -> float:
        """完成率, from 0 to 1."""
        return self.done / self.expected if self.expected else 1.0

    @property
    def percent(self) -> int:
        """The same in a hundred, rounded down: 100 means all of them."""
        return self.done * 100 // self.expected if self.expected else 100


def counts_of(tally: Tally | None) -> Counts:
    """Return the counts of a class."""
    return Counts(*(getattr(tally, one.name) for one in fields(Counts))) if tally else Counts()
