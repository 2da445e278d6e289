"""What one student adds to the tally of the class."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from ..models import Declaration, FieldError, Standing, Tally
from ..process import deadlines, states


@dataclass(frozen=True)
class Share:
    """What one student adds to the tally of the class."""

    state: str
    late: bool = False
    day: str = ""
    errors: tuple[str, ...] = ()
    open_errors: tuple[str, ...] = ()


def share_from(standing: Standing | None, errors: Iterable[tuple[str, str]]) -> Share:
    """Return the share of a student who stands so; `errors` are those of the declaration: (field, outcome).

    Errors count for as long as their report does.
    """
    if standing is None:
        return Share(states.MISSING)
    declaration = standing.declaration
    if declaration is None:
        return Share(standing.state, standing.late)
    declared = standing.state in states.DECLARED
    reported = declaration.kind == Declaration.Kind.REPORTED and (
        declared or standing.state == states.RECHECK
    )
    return Share(
        standing.state,
        standing.late,
        deadlines.day_of(declaration.declared_at).isoformat() if declared else "",
        tuple(field for field, _ in errors if reported),
        tuple(field for field, outcome in errors if reported and outcome in states.UNSETTLED),
    )


def share_of(standing: Standing | None) -> Share:
    """Return the share of a student who stands so."""
    errors: Iterable[tuple[str, str]] = ()
    declaration = standing.declaration if standing else None
    if declaration is not None and declaration.kind == Declaration.Kind.REPORTED:
        errors = FieldError.objects.filter(declaration=declaration).values_list("field", "outcome")
    return share_from(standing, errors)


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
    days = [share.day] if share.day else []
    for field, keys in (("days", days), ("errors", share.errors), ("open_errors", share.open_errors)):
        if not keys:
            continue
        counts = Counter(getattr(tally, field))
        for key in keys:
            counts[key] += by
        setattr(tally, field, {key: count for key, count in sorted(counts.items()) if count})


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
