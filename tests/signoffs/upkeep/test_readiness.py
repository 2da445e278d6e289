"""The node's probe: one at a time, one a second, and an answer within two seconds, whoever asks how often."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import connection

from signoffs.upkeep import health, readiness
from signoffs.upkeep.readiness import SLOW, Readiness

ASKING = 16


class Look:
    """Counts how often it was asked, and answers once it may."""

    def __init__(self, found: list[str]):
        """Take what it finds."""
        self.found, self.times = found, 0
        self.may = threading.Event()
        self.may.set()

    def __call__(self) -> list[str]:
        """Look."""
        self.times += 1
        self.may.wait(10)
        return self.found


@pytest.fixture
def file(tmp_path) -> Path:
    return tmp_path / "readiness"


def ask(*nodes: Readiness) -> list[list[str]]:
    """Let many ask at once."""
    with ThreadPoolExecutor(ASKING) as callers:
        return list(callers.map(lambda number: nodes[number % len(nodes)].ailments(), range(ASKING)))


def ended(node: Readiness) -> None:
    """Wait until the probe that was held up has told."""
    while not node._known().ended:
        time.sleep(0.01)


def test_many_who_ask_at_once_share_one_probe(file):
    look = Look(["the disk is full"])
    assert ask(Readiness(file, look)) == [["the disk is full"]] * ASKING
    assert look.times == 1


def test_processes_of_one_node_share_it_by_the_file(file):
    """Each process has its own object, and its own opening of the file."""
    looks = [Look([]), Look([])]
    assert ask(*(Readiness(file, look) for look in looks)) == [[]] * ASKING
    assert sum(look.times for look in looks) == 1


def test_a_second_later_it_looks_again(file):
    now = [1000.0]
    look = Look([])
    node = Readiness(file, look, steady=lambda: now[0])
    for at, times in ((1000.0, 1), (1000.9, 1), (1001.1, 2), (1001.2, 2)):
        now[0] = at
        assert node.ailments() == []
        assert look.times == times


def test_a_write_that_takes_too_long_is_told_to_all_and_goes_on(file):
    """Who comes later is told at once: the one probe is still in flight."""
    look = Look([])
    look.may.clear()
    node, other = Readiness(file, look), Readiness(file, look)
    assert ask(node, other) == [[SLOW]] * ASKING
    asked_at = time.monotonic()
    assert (node.ailments(), other.ailments()) == ([SLOW], [SLOW])
    assert time.monotonic() - asked_at < readiness.PATIENCE
    assert look.times == 1
    look.may.set()
    ended(node)
    assert (node.ailments(), other.ailments()) == ([], [])
    assert look.times == 1


def test_a_probe_whose_process_was_killed_is_made_again(file):
    file.write_text(json.dumps([time.monotonic() - 60, 0, []]).ljust(readiness.SIZE))
    assert Readiness(file, Look(["the database is locked"])).ailments() == ["the database is locked"]


def test_what_a_machine_said_before_it_was_started_anew_counts_no_more(file):
    """Its steady clock begins at nought."""
    later = time.monotonic() + 1000
    file.write_text(json.dumps([later, later, []]).ljust(readiness.SIZE))
    assert Readiness(file, Look(["migrations are missing"])).ailments() == ["migrations are missing"]


def test_where_the_disk_takes_no_file_a_process_probes_for_itself(tmp_path):
    look = Look([])
    assert ask(Readiness(tmp_path / "no" / "such" / "folder", look)) == [[]] * ASKING
    assert look.times == 1


def test_a_probe_commits_a_write_and_leaves_one_row(transactional_db):
    cache.clear()
    for _ in range(2):
        assert health.ailments() == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM enrollcheck_cache")
        assert cursor.fetchone() == (1,)
    connection.close()  # as its caller does: SQLite's patience is the probe's
