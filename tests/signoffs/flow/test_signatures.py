"""How the flow is called: few parameters, by name, and with a clock that tests may pass."""

import ast
import inspect
from pathlib import Path

import pytest
from django.utils import timezone

from signoffs import flow

MOST_PARAMETERS = 6
SOURCES = sorted(Path(flow.__file__).parent.glob("*.py"))
# What a page asks the flow, and moves nothing.
QUESTIONS = {"begin_archive", "digests_left", "known_classes", "posts_of", "to_purge", "wrong_tally"}
MOVES = [
    getattr(flow, name)
    for name in flow.__all__
    if inspect.isfunction(getattr(flow, name)) and name not in QUESTIONS
]


def parameters(function: ast.FunctionDef) -> int:
    """Count them all: `self`, `*args` and `**values` too."""
    of_call = function.args
    named = (*of_call.posonlyargs, *of_call.args, *of_call.kwonlyargs)
    return len(named) + (of_call.vararg is not None) + (of_call.kwarg is not None)


def test_no_function_of_the_flow_takes_more_than_six_parameters():
    many = [
        f"{path.name}:{node.lineno} {node.name}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and parameters(node) > MOST_PARAMETERS
    ]
    assert many == []


@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.__name__)
def test_every_move_is_called_by_name_and_reads_the_clock_unless_told(move):
    taken = inspect.signature(move).parameters
    assert {one.kind for one in taken.values()} == {inspect.Parameter.KEYWORD_ONLY}
    assert taken["clock"].default is timezone.now
