"""PostgreSQL's own programs, pointed at the database of the settings."""

import os

from django.db import connection

_NAMES = {
    "PGHOST": "HOST",
    "PGPORT": "PORT",
    "PGUSER": "USER",
    "PGPASSWORD": "PASSWORD",
    "PGDATABASE": "NAME",
}


def environment() -> dict[str, str]:
    """Return the environment for pg_dump and pg_restore: no password stands on a command line."""
    chosen = {name: str(connection.settings_dict[key]) for name, key in _NAMES.items()}
    return {**os.environ, **{name: value for name, value in chosen.items() if value}}
