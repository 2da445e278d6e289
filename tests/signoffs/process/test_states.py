"""The table of moves: whole, and such that a bad one is refused at import."""

import pytest

from signoffs import flow
from signoffs.process import states
from signoffs.process.states import BadGraph, Machine, Move, check

# What a student's standing may become, by what was declared or done. Each verb, from each state: to where.
EXPECTED = {
    ("confirm", "missing"): {"confirmed"},
    ("confirm", "reported"): {"confirmed"},
    ("report", "confirmed"): {"reported"},
    ("excuse", "confirmed"): None,
    ("excuse", "missing"): {"excused"},
    ("mark_overdue", "confirmed"): None,
    ("mark_overdue", "excused"): None,
    ("confirm", "withdrawn"): None,
    ("withdraw_student", "withdrawn"): None,
    ("submit_sheet", "accepted"): None,
    ("submit_sheet", "returned"): {"submitted"},
    ("return_sheet", "accepted"): {"returned"},
    ("hand_in", "handed_in"): None,
    ("reopen", "received"): {"reopened"},
}


@pytest.mark.parametrize("verb, source", EXPECTED)
def test_a_move_leads_where_the_process_says(verb, source):
    move = states.find(verb, source)
    assert (move.targets if move else None) == EXPECTED[verb, source]


def test_every_move_is_a_function_of_the_flow():
    # What an import, a deadline or a settlement does to a standing has no function of its own.
    within = {"ask_again", "return_student"}
    assert set(states.MOVES) - within <= set(flow.__all__)


def test_every_standing_has_a_letter_and_a_name():
    assert len(set(states.LETTERS.values())) == len(states.STANDINGS)
    assert [str(states.label(state)) for state in states.STANDINGS]
    with pytest.raises(KeyError):
        states.label("unknown")


def test_every_outcome_leads_somewhere_known():
    known = states.SETTLED | states.UNSETTLED
    assert set(states.OUTCOMES) == known
    assert set().union(*states.OUTCOMES.values()) == known


def _move(**changes) -> Move:
    line = {
        "verb": "go",
        "sources": {"a"},
        "targets": {"b"},
        "who": {"office"},
        "until": states.CLOSE,
    } | changes
    return Move(
        line["verb"], *(frozenset(line[name]) for name in ("sources", "targets", "who")), line["until"]
    )


BACK = _move(verb="back", sources={"b"}, targets={"a"})


@pytest.mark.parametrize(
    "moves",
    [
        (_move(targets={"c"}), BACK),
        (_move(who=()), BACK),
        (_move(who={"nobody known"}), BACK),
        (_move(until="some day"), BACK),
        (_move(), _move(), BACK),
        (_move(),),
        (_move(targets={"a"}), BACK),
    ],
    ids=["unknown state", "nobody", "unknown actor", "no end", "ambiguous", "never left", "never reached"],
)
def test_a_bad_graph_is_refused(moves):
    with pytest.raises(BadGraph):
        check(Machine(("a", "b"), "a", moves))


def test_a_good_graph_is_not():
    check(Machine(("a", "b"), "a", (_move(), BACK)))
