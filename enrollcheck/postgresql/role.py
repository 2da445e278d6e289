"""What `migrate` settles with PostgreSQL: that no lock is waited for without end.

The limit stands on the role in this database, not on a connection: a pooler refuses it in a connection's
options, and forgets it where it is set later. It holds on each standby, and in whatever session a transaction
gets.
"""

from contextlib import suppress

from django.db import OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper

from .pooler import is_pooled

# As long as a write waits for SQLite's lock; without it, one stuck transaction holds everybody for good.
LOCK_TIMEOUT = "30s"


def limit_locks() -> None:
    """Give the role a lock_timeout in this database, where there is none; new sessions have it at once."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        if cursor.fetchone() != ("0",):
            return
        name = connection.ops.quote_name(connection.settings_dict["NAME"])
        cursor.execute(f"ALTER ROLE CURRENT_USER IN DATABASE {name} SET lock_timeout = '{LOCK_TIMEOUT}'")
    if is_pooled(connection):
        _end_idle_sessions()
    connection.close()


def _end_idle_sessions() -> None:
    """End the sessions that the pooler keeps from before, our own at last: it opens others in their place."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
            "AND usename = current_user AND state = 'idle' AND pid <> pg_backend_pid()"
        )
    _end(connection)


def end_pooled(session: BaseDatabaseWrapper) -> None:
    """End the session of a connection that a pooler would give to others: it is from before the limit."""
    if is_pooled(session):
        _end(session)


def _end(session: BaseDatabaseWrapper) -> None:
    with session.cursor() as cursor, suppress(OperationalError):  # that is how one's own session ends
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
