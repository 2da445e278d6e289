"""Which outage an error tells of, by errors that SQLite itself raises; PostgreSQL's by their SQLSTATE."""

import errno
import sqlite3

import psycopg
import pytest

from signoffs.upkeep import outages


@pytest.fixture
def file(tmp_path):
    """A database of one table."""
    place = tmp_path / "one.sqlite3"
    with sqlite3.connect(place) as database:
        database.execute("CREATE TABLE rows (content BLOB)")
    return place


def error_of(database: sqlite3.Connection, *statements: str) -> sqlite3.Error:
    """Return what the last statement raises."""
    *before, last = statements
    for statement in before:
        database.execute(statement)
    with pytest.raises(sqlite3.Error) as raised:
        database.execute(last)
    return raised.value


INSERT = "INSERT INTO rows VALUES (zeroblob(100000))"


def test_a_full_database(file):
    error = error_of(sqlite3.connect(file), "PRAGMA max_page_count = 2", INSERT)
    assert outages.outage_of(error) == outages.FULL


def test_a_database_that_may_only_be_read(file):
    error = error_of(sqlite3.connect(f"file:{file}?mode=ro", uri=True), INSERT)
    assert outages.outage_of(error) == outages.READ_ONLY


def test_a_locked_database(file):
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    error = error_of(sqlite3.connect(file, timeout=0), INSERT)
    assert outages.outage_of(error) == outages.LOCKED


def test_a_database_that_is_gone_or_is_none(file, tmp_path):
    assert (
        outages.outage_of(error_of(sqlite3.connect(file), "ATTACH '/no/such/folder/x' AS x")) == outages.AWAY
    )
    (tmp_path / "other").write_bytes(b"something else" * 1000)
    assert outages.outage_of(error_of(sqlite3.connect(tmp_path / "other"), INSERT)) == outages.AWAY


@pytest.mark.parametrize(
    "error, outage",
    [
        (psycopg.errors.DiskFull(), outages.FULL),
        (psycopg.errors.ReadOnlySqlTransaction(), outages.READ_ONLY),
        (psycopg.errors.LockNotAvailable(), outages.LOCKED),
        (psycopg.errors.DeadlockDetected(), outages.LOCKED),
        (psycopg.errors.AdminShutdown(), outages.AWAY),
        (psycopg.errors.TooManyConnections(), outages.AWAY),
        (psycopg.OperationalError("connection failed"), outages.AWAY),
        (psycopg.errors.UniqueViolation(), None),
        (psycopg.errors.UndefinedTable(), None),
        (OSError(errno.ENOSPC, "x"), outages.FULL),
        (OSError(errno.EROFS, "x"), outages.READ_ONLY),
        (OSError(errno.ENOENT, "x"), None),
        (ValueError("x"), None),
        (None, None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_errors_of_postgresql_and_of_the_kernel(error, outage):
    assert outages.outage_of(error) == outage


def test_the_driver_s_error_is_found_behind_djangos():
    with pytest.raises(RuntimeError) as raised:
        raise RuntimeError from psycopg.errors.DiskFull()
    assert outages.outage_of(raised.value) == outages.FULL
