"""Whoever may move by the table has a page for it, or stands in the short list of what has none yet."""

import inspect
import re
import sys

import pytest
from django.urls import get_resolver

from signoffs.process import states
from signoffs.process.states import MONITOR, OFFICE, OFFICER, STUDENT
from tests.test_access_matrix import GATES

# By which page each actor makes each move.
PAGES = {
    ("confirm", STUDENT): "class-record",
    ("report", STUDENT): "class-record",
    ("withdraw_declaration", STUDENT): "class-withdraw",
    ("contest", STUDENT): "class-contest",
    ("enter_on_paper", MONITOR): "monitor-paper",
    ("excuse", MONITOR): "monitor-excuse",
    ("lift_excuse", MONITOR): "monitor-lift-excuse",
    ("mark_overdue", MONITOR): "monitor-overdue",
    ("submit_sheet", MONITOR): "monitor-submit",
    ("countersign", OFFICER): "department-countersign",
    ("return_sheet", OFFICER): "department-return",
    ("accept_sheet", OFFICER): "department-accept",
    ("hand_in", OFFICER): "department-hand-in",
    ("receive", OFFICE): "office-receive",
    ("reopen", OFFICE): "office-reopen",
    ("extend_deadlines", OFFICE): "office-campaign",
    ("withdraw_student", OFFICE): "office-withdraw",
    ("ask_again", OFFICE): "office-roster-confirm",
    ("return_student", OFFICE): "office-roster-confirm",
}
# What no function of the flow does alone: it follows from an import.
WITHIN = {"ask_again": "import_roster", "return_student": "import_roster"}
NO_DESK = "the office's desk has no page for it yet: as a command only"
NO_OFFICER = "an officer's page of the student has no form for it yet"
BY_COMMAND = {
    ("enter_on_paper", OFFICER): NO_OFFICER,
    ("excuse", OFFICER): NO_OFFICER,
    ("lift_excuse", OFFICER): NO_OFFICER,
    ("mark_overdue", OFFICER): NO_OFFICER,
    ("enter_on_paper", OFFICE): NO_DESK,
    ("excuse", OFFICE): NO_DESK,
    ("lift_excuse", OFFICE): NO_DESK,
    ("mark_overdue", OFFICE): NO_DESK,
    ("countersign", OFFICE): NO_DESK,
    ("return_sheet", OFFICE): NO_DESK,
    ("accept_sheet", OFFICE): NO_DESK,
}


def views() -> dict[str, object]:
    """Return the view of each URL name of ours."""
    found, waiting = {}, list(get_resolver().url_patterns)
    while waiting:
        pattern = waiting.pop()
        waiting += getattr(pattern, "url_patterns", [])
        if getattr(pattern, "name", None):
            found[pattern.name] = pattern.callback
    return found


def test_each_verb_and_actor_has_a_page_or_a_reason_why_not():
    of_table = {(move.verb, actor) for moves in states.MOVES.values() for move in moves for actor in move.who}
    assert set(PAGES) | set(BY_COMMAND) == of_table
    assert set(PAGES) & set(BY_COMMAND) == set()


@pytest.mark.parametrize(("verb", "actor"), PAGES)
def test_the_page_makes_the_move_and_stands_behind_the_actors_gate(verb, actor):
    name = PAGES[verb, actor]
    assert GATES[name] == actor
    view = inspect.unwrap(views()[name])
    called = WITHIN.get(verb, verb)
    assert re.search(rf"\bflow\.{called}\b", inspect.getsource(sys.modules[view.__module__]))
