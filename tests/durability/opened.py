"""The ORM on another database than the suite's own: the file or the cluster that a server process uses."""

from collections.abc import Iterator
from contextlib import contextmanager

import environ
from django.core.management import call_command
from django.db import connections
from django.db.utils import load_backend

from enrollcheck import sqlite
from enrollcheck.postgresql.options import complete


@contextmanager
def opened(url: str) -> Iterator[None]:
    """Let `default` be the database of that URL; the former one afterwards."""
    own = connections["default"]
    told = environ.Env.db_url_config(url)
    options = sqlite.options("WAL")
    if "sqlite" not in told["ENGINE"]:
        told["ENGINE"], options = "enrollcheck.postgresql", complete(told["HOST"], told.get("OPTIONS", {}))
    defaults = {**own.settings_dict, "USER": "", "PASSWORD": "", "HOST": "", "PORT": "", "CONN_MAX_AGE": 0}
    values = {**defaults, **told, "OPTIONS": options}
    connections["default"] = load_backend(told["ENGINE"]).DatabaseWrapper(values, "default")
    try:
        yield
    finally:
        connections["default"].close()
        connections["default"] = own


def migrate(url: str) -> None:
    """Bring the database of that URL up to this version."""
    with opened(url):
        call_command("migrate", verbosity=0)
