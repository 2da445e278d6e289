"""The engine: Django's own, which tells how long a request has been waiting for the database (turns.py)."""

from collections.abc import Callable
from typing import Any

from django.db.backends.postgresql import base

from enrollcheck import turns


def _within(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    with turns.in_database():
        return execute(sql, params, many, context)


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's connection to PostgreSQL, which may lead through a pooler that keeps no session.

    Such a pooler (pgbouncer, pool_mode transaction) gives each transaction another session of the server. So
    nothing is left behind in a session: no setting (role.py), and no cursor.
    """

    def __init__(self, *args: Any, **kwargs: Any):
        """Take what Django's takes."""
        super().__init__(*args, **kwargs)
        self.settings_dict["DISABLE_SERVER_SIDE_CURSORS"] = True
        self.execute_wrappers.append(_within)

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect. Raise OperationalError where no host may be reached."""
        with turns.in_database():
            return super().get_new_connection(conn_params)

    def _commit(self) -> None:
        with turns.in_database():
            super()._commit()  # type: ignore[misc]  # Django's stubs leave it out
