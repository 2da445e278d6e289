"""PostgreSQL's own programs, pointed at the settings' database: hosts, certificates, time-outs and all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.core.management.base import CommandError
from django.db import connection

from .pooler import is_pooled

# What a program is told in place of the database's name.
DATABASE = "service=enrollcheck"


def _parameters() -> dict[str, str]:
    """Return what the settings' connection tells libpq; the rest of Django's parameters is psycopg's."""
    known = {option.keyword.decode() for option in psycopg.pq.Conninfo.get_defaults()}
    chosen = connection.get_connection_params()
    return {name: str(value) for name, value in chosen.items() if name in known}


@contextmanager
def environment() -> Iterator[dict[str, str]]:
    """Yield the environment in which `DATABASE` is the settings' database.

    By a service file that its owner alone may read: no password stands on a command line.
    """
    with tempfile.NamedTemporaryFile("w", prefix="enrollcheck-service-") as file:
        file.write("[enrollcheck]\n")
        file.writelines(f"{name}={value}\n" for name, value in _parameters().items())
        file.flush()
        yield {**os.environ, "PGSERVICEFILE": file.name}


def refuse_pooler() -> None:
    """Raise CommandError where DATABASE_URL leads through a pooler.

    pg_dump and pg_restore change settings of their session, which the pooler would hand to the next one: the
    site would find no table any more.
    """
    if is_pooled(connection):
        raise CommandError(
            "DATABASE_URL leads through a pooler (pgbouncer): for this command name PostgreSQL's own host "
            "and port."
        )
