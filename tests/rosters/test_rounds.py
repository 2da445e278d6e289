"""Random rosters read back: two hundred rounds here, two thousand by `python -m tests.rosters.rounds`."""

import pytest

from .rounds import FORMATS, difference, roster

GROUPS = 10
ROUNDS_A_GROUP = 20


@pytest.mark.parametrize("group", range(GROUPS))
def test_what_was_written_is_read_back(group):
    first = group * ROUNDS_A_GROUP
    found = [difference(number) for number in range(first, first + ROUNDS_A_GROUP)]

    assert [one for one in found if one] == []


def test_the_rounds_write_every_format():
    assert {roster(number)[0] for number in range(GROUPS * ROUNDS_A_GROUP)} == set(FORMATS)
