"""SECURITY.md promises a test for each control: each exists, and none of the hostile tests is unmentioned."""

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent.parent
TEXT = (TESTS.parent / "SECURITY.md").read_text()
NAMED = sorted(set(re.findall(r"`([\w/]+\.py(?:::\w+)?)`", TEXT)))


@pytest.mark.parametrize("named", NAMED)
def test_the_named_test_exists(named):
    file, _, name = named.removeprefix("tests/").partition("::")
    found = ast.walk(ast.parse((TESTS / file).read_text()))
    names = {node.name for node in found if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    tests = {one for one in names if one.startswith(("test_", "Test"))}
    assert tests
    assert not name or name in tests


def test_every_hostile_test_is_named():
    mentioned = {named.partition("::")[0].removeprefix("tests/") for named in NAMED}
    hostile = {f"hostile/{path.name}" for path in (TESTS / "hostile").glob("test_*.py")}
    assert hostile - mentioned == set()


def test_every_control_has_a_test():
    rows = [
        line
        for line in TEXT.splitlines()
        if line.startswith("|") and not line.startswith(("| threat", "|---"))
    ]
    assert [row for row in rows if "::" not in row and ".py`" not in row] == []
    assert len(rows) > 25
