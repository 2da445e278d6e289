"""The engine: Django's own, which tells how long a request has been waiting for the database (turns.py)."""

from django.db.backends.postgresql import base

from enrollcheck import turns


def _within(execute, sql, params, many, context):
    with turns.in_database():
        return execute(sql, params, many, context)


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's connection to PostgreSQL, which may lead through a pooler that keeps no session.

    Such a pooler (pgbouncer, pool_mode transaction) gives each transaction another session of the server. So
    nothing is left behind in a session: no setting (role.py), and no cursor.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.settings_dict["DISABLE_SERVER_SIDE_CURSORS"] = True
        self.execute_wrappers.append(_within)

    def is_pooled(self) -> bool:
        """Say whether a pooler stands between: it tells a process of its own making, not the server's."""
        with self.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            return cursor.fetchone()[0] != self.connection.info.backend_pid

    def get_new_connection(self, conn_params):
        """Connect. Raise OperationalError where no host may be reached."""
        with turns.in_database():
            return super().get_new_connection(conn_params)

    def _commit(self):
        with turns.in_database():
            return super()._commit()
