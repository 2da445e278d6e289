"""What two processes must not do at once, on one machine or on several, with a pooler between or without."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper


@contextmanager
def alone(name: str) -> Iterator[BaseDatabaseWrapper]:
    """Wait until nobody else is in a block of that name, of eight letters at most. On PostgreSQL alone.

    The lock is the transaction of a second connection, which is yielded: a pooler keeps it together.
    """
    with closing(connection.copy()) as guard:
        guard.set_autocommit(False)
        with guard.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = 0")  # the other one may take its time
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int.from_bytes(name.encode())])
        yield guard
