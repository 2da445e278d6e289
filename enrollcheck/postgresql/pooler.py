"""Whether a pooler stands between us and PostgreSQL."""

from django.db.backends.base.base import BaseDatabaseWrapper


def is_pooled(database: BaseDatabaseWrapper) -> bool:
    """Say whether one does: it tells of a process of its own, not of the server's. Raise OperationalError."""
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0] != database.connection.info.backend_pid
