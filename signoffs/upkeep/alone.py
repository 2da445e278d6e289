"""What two processes must not do at once, on one machine or on several, with a pooler between or without."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper


def alone(name: str) -> AbstractContextManager[BaseDatabaseWrapper | None]:
    """Return a block into which nobody else gets who asks by that name, of eight letters at most.

    On PostgreSQL it gives out the connection that holds the lock.
    """
    return _by_transaction(name) if connection.vendor == "postgresql" else _by_folder()


@contextmanager
def _by_transaction(name: str) -> Iterator[BaseDatabaseWrapper]:
    """The lock is the transaction of a second connection: a pooler keeps it together."""
    with closing(connection.copy()) as guard:
        guard.set_autocommit(False)
        with guard.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = 0")  # the other one may take its time
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int.from_bytes(name.encode())])
        yield guard


@contextmanager
def _by_folder() -> Iterator[None]:
    """The lock is the kernel's, on the folder of SQLite's file: who is killed has let go of it."""
    descriptor = os.open(Path(connection.settings_dict["NAME"]).resolve().parent, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
