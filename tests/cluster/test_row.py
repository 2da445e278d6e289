"""What the rounds say of a fault, and what they exit with."""

from types import SimpleNamespace

import pytest

from tests.cluster.faults import FAULTS
from tests.cluster.network import Address
from tests.cluster.row import COLUMNS, HELD, MISSED, WRONG, Row, exit_code

SILENT = next(fault for fault in FAULTS if fault.name == "silent_host")


@pytest.mark.parametrize(
    "rows, code",
    [
        ([{}], HELD),
        ([{}, {"missed": ["a gap of 31.0 s"]}], MISSED),
        ([{}, {"not_run": "needs root"}], MISSED),
        ([{"not_run": "needs root"}, {"wrong": ["1 × acknowledged and not stored"]}], WRONG),
    ],
    ids=["held", "too slow", "not run", "lost"],
)
def test_only_what_was_run_and_held_passes(rows, code):
    assert exit_code([Row(SILENT, **row) for row in rows]) == code


def test_what_can_not_be_played_here_says_so_and_has_no_figures():
    on_loopback = SimpleNamespace(machines={"db1": SimpleNamespace(place=Address("127.0.77.1"))})
    row = Row(SILENT, not_run=SILENT.lacks(on_loopback))
    assert [cell.strip() for cell in row.line().split("|")[1:-1]] == [
        SILENT.words,
        *[""] * (len(COLUMNS) - 2),
        "**not run**: needs root, for networks of its own",
    ]


def test_a_loss_stands_before_a_missed_time():
    row = Row(SILENT, wrong=["2 × acknowledged and not stored"], missed=["a gap of 31.0 s"], lost=2)
    assert row.line().split(" | ")[2] == "2"
    assert row.verdict == "**WRONG**: 2 × acknowledged and not stored"
