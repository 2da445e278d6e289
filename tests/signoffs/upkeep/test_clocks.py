"""By how much a node's clock is off the database's, whatever the question takes and whoever sets a clock."""

import time
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client

from signoffs.upkeep import clocks
from signoffs.upkeep.clocks import Skew
from tests.durability.opened import opened
from tests.races.cluster import cluster, programs

REPOSITORY = Path(__file__).resolve().parent.parent.parent.parent


def test_sqlite_has_no_clock_of_its_own(db):
    if connection.vendor == "sqlite":
        assert Skew(clock=lambda: 0.0).seconds() == 0.0


@pytest.fixture(scope="module")
def postgresql(django_db_blocker):
    """The ORM on a PostgreSQL, whose clock is this machine's."""
    if programs() is None:
        pytest.skip("Debian's postgresql is not installed")
    with cluster() as url, django_db_blocker.unblock(), opened(url):
        yield


class Node:
    """A node whose clock somebody sets, while the steady one goes on."""

    def __init__(self):
        """Begin with the right time."""
        self.off, self.passed = 0.0, 0.0
        self.skew = Skew(lambda: time.time() + self.off + self.passed, lambda: time.monotonic() + self.passed)


@pytest.mark.parametrize(
    ("off", "is_off"), [(0.0, False), (4.0, False), (-4.0, False), (6.0, True), (-6.0, True), (90.0, True)]
)
def test_more_than_five_seconds_is_off_ahead_and_behind(postgresql, off, is_off):
    node = Node()
    node.off = off
    assert node.skew.is_off() is is_off
    assert abs(node.skew.seconds() - abs(off)) < 1


def test_a_clock_that_is_set_is_noticed_at_once_without_another_question(postgresql):
    node = Node()
    assert not node.skew.is_off()
    node.off = 90.0
    assert node.skew.is_off()
    node.off = 0.0
    assert not node.skew.is_off()


def test_it_is_measured_again_since_the_database_may_be_another_one(postgresql):
    node = Node()
    assert not node.skew.is_off()
    node.passed = 60.0  # for the node a minute has passed, for the database none
    assert node.skew.is_off()


def test_a_node_that_is_off_takes_nothing_in_and_can_be_read(postgresql, monkeypatch):
    """Before anything is asked or written: this database has no tables yet."""
    node = Node()
    node.off = 90.0
    monkeypatch.setattr(clocks, "node", node.skew)
    refused = Client().post("/language/", {"language": "en"})
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "10")
    assert "本服务器时钟不准" in refused.content.decode()
    assert Client().get("/livez").status_code == 200
    node.off = 0.0
    assert Client().post("/language/", {"language": "en"}).status_code == 302
