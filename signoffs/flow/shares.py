"""What one student adds to the tally of the class."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from ..models import Standing, Tally
from ..process import states


@dataclass(frozen=True)
class Share:
    """What one student adds to the tally of the class by where they stand."""

    state: str
    late: bool = False
    # (day, 1 or -1): when a word of theirs came to stand, and ceased to.
    days: tuple[tuple[str, int], ...] = ()


def share_of(standing: Standing | None) -> Share:
    """Return the share of a student who stands so."""
    if standing is None:
        return Share(states.MISSING)
    return Share(standing.state, standing.late, tuple(standing.days.items()))


def days_with(standing: Standing, day: str, has_word: bool) -> dict[str, int]:
    """Return the standing's days after one on which the student has a word that stands, or has none."""
    days = Counter(standing.days)
    days[day] += has_word - sum(days.values())
    return {one: count for one, count in sorted(days.items()) if count}


def cell_of(share: Share) -> str:
    """Return the letter of a seat."""
    letter = states.LETTERS[share.state]
    return letter.lower() if share.late else letter


def _count(tally: Tally, share: Share, by: int) -> None:
    if share.state == states.WITHDRAWN:
        tally.withdrawn += by
    else:
        tally.expected += by
        if share.state != states.MISSING:  # what remains of the expected
            setattr(tally, share.state, getattr(tally, share.state) + by)
    tally.late += by * share.late
    if share.days:
        tally.days = _added(tally.days, {day: count * by for day, count in share.days})


def _added(counts: dict[str, int], more: dict[str, int]) -> dict[str, int]:
    keys = sorted(counts.keys() | more.keys())
    sums = ((key, counts.get(key, 0) + more.get(key, 0)) for key in keys)
    return {key: total for key, total in sums if total}


def count_reports(tally: Tally, keys: Iterable[str], by: int = 1) -> None:
    """Count what one student has reported (reported.key_of) in, or with -1 out."""
    counts = Counter(keys)
    if counts:
        tally.reporters += by
        tally.reports = _added(tally.reports, {key: count * by for key, count in counts.items()})


def set_cell(tally: Tally, seat: int, letter: str) -> None:
    """Write a seat's letter; seats between that nobody has are struck."""
    cells = tally.cells.ljust(seat, states.NOBODY)
    tally.cells = (cells[: seat - 1] + letter + cells[seat:]).rstrip(states.NOBODY)


def add_share(tally: Tally, seat: int, share: Share) -> None:
    """Count a student in."""
    _count(tally, share, 1)
    set_cell(tally, seat, cell_of(share))


def take_share(tally: Tally, seat: int, share: Share) -> None:
    """Count a student out: the seat is nobody's."""
    _count(tally, share, -1)
    set_cell(tally, seat, states.NOBODY)
