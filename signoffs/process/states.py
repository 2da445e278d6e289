"""The states, and the one table of moves: from where, to where, who may, until when.

Three machines share the table: a student's standing, a class's sheet, a department's hand-in. `rules.py`
says why a move is refused, `flow` makes it; neither knows a move that is not here.

After the class's sheet was submitted, a declaration that comes all the same is 复核 beside the sheet: the
standing (and with it the tally) moves, the sheet keeps its frozen rows and counts. Who may still come:

- a newcomer or somebody who was missing, excused or overdue: a late comer;
- somebody who is asked again (`recheck`: the record has changed), or whose reported errors are all settled:
  they count as `reported` until they have looked again, and move as `recheck` does.

Who confirmed, or whose errors are still open, can't change that until the sheet is returned.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from rosters.sentences import Sentence

# A student's standing --------------------------------------------------------------------------------


class StandingState(StrEnum):
    """How a student stands; below by the short names that the table reads well with."""

    MISSING = "missing"
    CONFIRMED = "confirmed"
    REPORTED = "reported"
    RECHECK = "recheck"
    EXCUSED = "excused"
    OVERDUE = "overdue"
    WITHDRAWN = "withdrawn"


MISSING = StandingState.MISSING
CONFIRMED = StandingState.CONFIRMED
REPORTED = StandingState.REPORTED
RECHECK = StandingState.RECHECK
EXCUSED = StandingState.EXCUSED
OVERDUE = StandingState.OVERDUE
WITHDRAWN = StandingState.WITHDRAWN

STANDINGS = tuple(StandingState)
# The books balance when every student who is expected stands in one of these.
ACCOUNTED = frozenset({CONFIRMED, REPORTED, EXCUSED, OVERDUE})
# A declaration stands behind these, so they can be late and have a day.
DECLARED = frozenset({CONFIRMED, REPORTED})

# One letter a seat in a tally's cells; lower case where late.
LETTERS: dict[str, str] = {
    MISSING: "M",
    CONFIRMED: "C",
    REPORTED: "R",
    RECHECK: "K",
    EXCUSED: "E",
    OVERDUE: "O",
    WITHDRAWN: "W",
}
BY_LETTER = {letter: state for state, letter in LETTERS.items()}
NOBODY = "-"

_LABELS: dict[str, Sentence] = {
    MISSING: _("Not signed"),
    CONFIRMED: _("Signed"),
    REPORTED: _("With errors"),
    RECHECK: _("To be checked again"),
    EXCUSED: _("Excused"),
    OVERDUE: _("Overdue, never checked"),
    WITHDRAWN: _("Withdrawn"),
}


def label(state: str) -> Sentence:
    """Return a standing's name for a page, lazily translated. Raise KeyError for an unknown one."""
    return _LABELS[state]


# A class's sheet, a department's hand-in: the empty state is that there is none yet -------------------

NONE = ""
SUBMITTED = "submitted"
RETURNED = "returned"
ACCEPTED = "accepted"

HANDED_IN = "handed_in"
RECEIVED = "received"
REOPENED = "reopened"

# A reported error's outcomes -------------------------------------------------------------------------


class Outcome(StrEnum):
    """What became of a reported error."""

    OPEN = "open"
    MENDED = "mended"
    ASKED = "asked"
    UNDER_WAY = "under_way"
    DONE = "done"
    EXPLAINED = "explained"


# What is sent up has no end yet: the student would still see the old value (docs/architecture.md, rule 4).
UNSETTLED = frozenset({Outcome.OPEN, Outcome.ASKED, Outcome.UNDER_WAY})
# The student is asked to look again.
SETTLED = frozenset(Outcome) - UNSETTLED
# What may follow on an outcome; a settled error can be opened again.
OUTCOMES: dict[str, frozenset[Outcome]] = {
    Outcome.OPEN: frozenset(Outcome) - {Outcome.OPEN},
    Outcome.ASKED: frozenset(Outcome) - {Outcome.ASKED},
    Outcome.UNDER_WAY: frozenset({Outcome.MENDED, Outcome.DONE, Outcome.EXPLAINED, Outcome.OPEN}),
    Outcome.MENDED: frozenset({Outcome.DONE, Outcome.OPEN}),
    Outcome.DONE: frozenset({Outcome.OPEN}),
    Outcome.EXPLAINED: frozenset({Outcome.OPEN}),
}

# Who -------------------------------------------------------------------------------------------------

STUDENT = "student"  # the student themself
MONITOR = "monitor"  # a student of the class with the duty
OFFICER = "officer"  # of the class's department
OFFICE = "office"  # and commands
ACTORS = frozenset({STUDENT, MONITOR, OFFICER, OFFICE})

# Until when ------------------------------------------------------------------------------------------

SHEET = "until the class's sheet is submitted"
HAND_IN = "until the department has handed in"
CLOSE = "until the campaign is closed"
UNTIL = (SHEET, HAND_IN, CLOSE)


@dataclass(frozen=True)
class Move:
    """One line of the table. Several targets: which one follows from the declarations that remain."""

    verb: str
    sources: frozenset[str]
    targets: frozenset[str]
    who: frozenset[str]
    until: str
    after_deadline: bool = False


@dataclass(frozen=True)
class Machine:
    """A set of states, the one that everything begins in, and its moves."""

    states: tuple[str, ...]
    start: str
    moves: tuple[Move, ...]


def _move(
    verb: str,
    sources: Iterable[str],
    targets: Iterable[str],
    who: Iterable[str],
    until: str,
    *,
    after_deadline: bool = False,
) -> Move:
    return Move(verb, frozenset(sources), frozenset(targets), frozenset(who), until, after_deadline)


_COMES_LATE = {MISSING, RECHECK, EXCUSED, OVERDUE}
_FALLS_BACK = {MISSING, RECHECK, CONFIRMED, REPORTED}
_CARETAKERS = {MONITOR, OFFICER, OFFICE}

STANDING = Machine(
    STANDINGS,
    MISSING,
    (
        # verb, from, to, who, until
        _move("confirm", _COMES_LATE, {CONFIRMED}, {STUDENT}, CLOSE),
        _move("confirm", DECLARED, {CONFIRMED}, {STUDENT}, SHEET),
        _move("report", _COMES_LATE, {REPORTED}, {STUDENT}, CLOSE),
        _move("report", DECLARED, {REPORTED}, {STUDENT}, SHEET),
        _move("withdraw_declaration", DECLARED | {RECHECK}, _FALLS_BACK, {STUDENT}, SHEET),
        # Entered for somebody: the standing stays until the countersignature.
        _move("enter_on_paper", _COMES_LATE, (), _CARETAKERS, CLOSE),
        _move("countersign", _COMES_LATE, DECLARED, {OFFICER, OFFICE}, CLOSE),
        # Says of a signature entered for them that it is not theirs. A waiting one moves nothing.
        _move("contest", _COMES_LATE | DECLARED, _FALLS_BACK, {STUDENT}, CLOSE),
        _move("excuse", _COMES_LATE, {EXCUSED}, _CARETAKERS, SHEET),
        _move("lift_excuse", {EXCUSED}, _FALLS_BACK, _CARETAKERS, SHEET),
        _move("mark_overdue", {MISSING}, {OVERDUE}, _CARETAKERS, SHEET, after_deadline=True),
        # The record has changed (or is again what was declared on), by an import or a settled error.
        _move("ask_again", DECLARED | {RECHECK}, DECLARED | {RECHECK}, {OFFICE}, CLOSE),
        # A deadline that is extended leaves nobody overdue.
        _move("extend_deadlines", {OVERDUE}, {MISSING}, {OFFICE}, CLOSE),
        _move("withdraw_student", set(STANDINGS) - {WITHDRAWN}, {WITHDRAWN}, {OFFICE}, CLOSE),
        # The roster names somebody again who had left it.
        _move("return_student", {WITHDRAWN}, _FALLS_BACK, {OFFICE}, CLOSE),
    ),
)

CLASS_SHEET = Machine(
    (NONE, SUBMITTED, RETURNED, ACCEPTED),
    NONE,
    (
        _move("submit_sheet", {NONE, RETURNED}, {SUBMITTED}, {MONITOR}, HAND_IN),
        _move("return_sheet", {SUBMITTED, ACCEPTED}, {RETURNED}, {OFFICER, OFFICE}, HAND_IN),
        _move("accept_sheet", {SUBMITTED}, {ACCEPTED}, {OFFICER, OFFICE}, HAND_IN),
    ),
)

DEPARTMENT = Machine(
    (NONE, HANDED_IN, RECEIVED, REOPENED),
    NONE,
    (
        _move("hand_in", {NONE, REOPENED}, {HANDED_IN}, {OFFICER}, CLOSE),
        _move("receive", {HANDED_IN}, {RECEIVED}, {OFFICE}, CLOSE),
        _move("reopen", {HANDED_IN, RECEIVED}, {REOPENED}, {OFFICE}, CLOSE),
    ),
)

MACHINES = (STANDING, CLASS_SHEET, DEPARTMENT)


class BadGraph(Exception):
    """The table contradicts itself; raised at import, so that no such table ever runs."""


def check(machine: Machine) -> None:
    """Raise BadGraph for an unknown name, an ambiguous move, a state that is never reached or never left."""
    known = set(machine.states)
    taken: set[tuple[str, str]] = set()
    for move in machine.moves:
        if not move.sources or (move.sources | move.targets) - known:
            raise BadGraph(f"{move.verb}: a state that the machine does not have")
        if not move.who or move.who - ACTORS:
            raise BadGraph(f"{move.verb}: nobody, or somebody unknown, may do it")
        if move.until not in UNTIL:
            raise BadGraph(f"{move.verb}: no such end")
        for source in move.sources:
            if (move.verb, source) in taken:
                raise BadGraph(f"{move.verb}: two moves from {source!r}")
            taken.add((move.verb, source))
    reached: set[str] = set()
    found = {machine.start}
    while found - reached:
        reached |= found
        found = {target for move in machine.moves if move.sources & reached for target in move.targets}
    if known - reached:
        raise BadGraph(f"never reached: {sorted(known - reached)}")
    left = {source for move in machine.moves for source in move.sources if move.targets - {source}}
    if known - left:
        raise BadGraph(f"never left: {sorted(known - left)}")


def _index(machines: tuple[Machine, ...]) -> dict[str, tuple[Move, ...]]:
    """Check every machine; return its moves by verb. Raise BadGraph, also for a verb of two machines."""
    index: dict[str, tuple[Move, ...]] = {}
    for machine in machines:
        check(machine)
        for verb in {move.verb for move in machine.moves}:
            if verb in index:
                raise BadGraph(f"{verb}: in two machines")
            index[verb] = tuple(move for move in machine.moves if move.verb == verb)
    return index


MOVES = _index(MACHINES)


def find(verb: str, source: str) -> Move | None:
    """Return the move of that verb from that state; None: there is none. Raise KeyError: no such verb."""
    return next((move for move in MOVES[verb] if source in move.sources), None)
