"""How a transaction waits for SQLite's write lock."""

import sqlite3
import threading

import pytest
from django.db.utils import ConnectionHandler, OperationalError

from enrollcheck import sqlite


@pytest.fixture
def file(tmp_path):
    return tmp_path / "own.sqlite3"


@pytest.fixture
def waiting(file, django_db_blocker):
    """A connection as the product's, which waits a fifth of a second at most."""
    options = sqlite.options("WAL") | {"timeout": 0.2}
    own = {"ENGINE": "django.db.backends.sqlite3", "NAME": file, "OPTIONS": options}
    connection = ConnectionHandler({"default": own})["default"]
    connection.inc_thread_sharing()
    with django_db_blocker.unblock():
        connection.ensure_connection()
        yield connection
        connection.close()


@pytest.fixture
def holder(file):
    """Somebody else's connection, which holds the lock."""
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    connection.execute("BEGIN IMMEDIATE")
    yield connection
    connection.close()


def patience(connection) -> int:
    with connection.cursor() as cursor:
        return cursor.execute("PRAGMA busy_timeout").fetchone()[0]


def test_it_gives_up_after_the_connections_own_time_and_begins_the_next_time(waiting, holder):
    with waiting.cursor() as cursor, pytest.raises(OperationalError, match="locked"):
        cursor.execute("BEGIN IMMEDIATE")
    assert patience(waiting) == 200
    holder.execute("ROLLBACK")
    with waiting.cursor() as cursor:
        cursor.execute("BEGIN IMMEDIATE")
    assert waiting.connection.in_transaction
    assert patience(waiting) == 200


def test_it_begins_when_the_lock_is_given_back(waiting, holder):
    begun = threading.Event()

    def begin():
        with waiting.cursor() as cursor:
            cursor.execute("BEGIN IMMEDIATE")
        begun.set()

    waiting.connection.execute("PRAGMA busy_timeout=60000")
    thread = threading.Thread(target=begin)
    thread.start()
    assert not begun.wait(0.05)
    holder.execute("ROLLBACK")
    thread.join()
    assert begun.is_set()


def test_what_is_not_a_lock_is_raised_at_once(waiting):
    with waiting.cursor() as cursor:
        cursor.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError, match="within a transaction"):
            cursor.execute("BEGIN IMMEDIATE")


def test_a_reconnect_does_not_wrap_it_twice(waiting):
    waiting.close()
    waiting.ensure_connection()
    assert waiting.execute_wrappers == [sqlite.begin_soon]
