"""Which SQLite, and how it keeps its promises: the one place that decides both.

SQLite before 3.51.3 (3.50.7 and 3.44.6 excepted) can lose committed transactions in WAL mode when two
connections checkpoint at once. Debian's and most Pythons' are older, so the pysqlite3 wheel's takes the
name `sqlite3` where there is such a wheel. Where there is none, and Python's own is an unsafe version, the
database keeps a rollback journal: slower, since a writer then waits for readers, but nothing is lost.
"""

import sqlite3 as pythons_own
import sys
import time
from collections.abc import Callable
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.utils import OperationalError

try:
    import pysqlite3.dbapi2
except ImportError:
    pysqlite3 = None

BUSY = 5  # the primary result code of SQLite: another connection holds the lock
LOOKS_FOR = 2  # milliseconds that SQLite itself waits for the lock: it looks at once, after 1 and after 2

SAFE_FROM = (3, 51, 3)
SAFE_BACKPORTS = {(3, 50, 7), (3, 44, 6)}


def is_safe_in_wal_mode(version: tuple[int, int, int]) -> bool:
    """Take a SQLite version and return whether WAL mode keeps every commit in it."""
    return version >= SAFE_FROM or version in SAFE_BACKPORTS


def install() -> str:
    """Let `import sqlite3` give the best SQLite there is, and return the journal mode that fits it.

    Must run before Django loads its SQLite backend: settings.py calls it. From then on transactions begin
    soon (below).
    """
    connection_created.connect(_on_connection, dispatch_uid="enrollcheck.sqlite")
    if is_safe_in_wal_mode(pythons_own.sqlite_version_info):
        return "WAL"
    if pysqlite3 is None or not is_safe_in_wal_mode(pysqlite3.dbapi2.sqlite_version_info):
        return "DELETE"
    sys.modules["sqlite3"] = pysqlite3
    sys.modules["sqlite3.dbapi2"] = pysqlite3.dbapi2
    return "WAL"


def options(journal_mode: str) -> dict[str, Any]:
    """Return the OPTIONS of Django's SQLite backend.

    IMMEDIATE: a transaction takes the write lock when it begins; without it most concurrent
    read-then-write requests fail with "database is locked". FULL: a commit is on the disk before the
    answer goes out; NORMAL loses the last ones in a power cut. 30 s: what a write waits for the lock.
    Django itself switches foreign keys on.
    """
    return {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": f"PRAGMA journal_mode={journal_mode}; PRAGMA synchronous=FULL;",
    }


def begin_soon(
    execute: Callable[..., Any], sql: str, params: object, many: bool, context: dict[str, Any]
) -> Any:
    """Begin a transaction as soon as the write lock is free: an execute wrapper of Django's connections.

    SQLite sleeps up to 100 ms between two looks, so on the last evening whoever waited longest had the worst
    chance: one begin in a hundred took 35 ms, the slowest half a second, and behind it all that its process
    had to answer. Raises OperationalError after the connection's own time, as SQLite would.
    """
    if not sql.startswith("BEGIN"):
        return execute(sql, params, many, context)
    raw = context["connection"].connection
    (patience,) = raw.execute("PRAGMA busy_timeout").fetchone()
    ends = time.monotonic() + patience / 1000
    raw.execute(f"PRAGMA busy_timeout={LOOKS_FOR}")
    try:
        while True:
            try:
                return execute(sql, params, many, context)
            except OperationalError as error:
                if getattr(error.__cause__, "sqlite_errorcode", 0) & 0xFF != BUSY or time.monotonic() > ends:
                    raise
                time.sleep(0.001)  # beside its own unfinished query SQLite does not wait at all
    finally:
        raw.execute(f"PRAGMA busy_timeout={patience}")


def _on_connection(sender: object, connection: BaseDatabaseWrapper, **kwargs: object) -> None:
    """Let a connection begin so; Django tells of each reconnect, and keeps the wrappers."""
    if connection.vendor == "sqlite" and begin_soon not in connection.execute_wrappers:
        connection.execute_wrappers.append(begin_soon)
