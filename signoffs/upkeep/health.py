"""Whether the server can do its work: database, disk and migrations, in words for whoever watches it."""

import shutil
import socket
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from . import clocks, outages

DISK_NEEDED = 200 * 1024 * 1024  # bytes: a year's declarations, several times over
PATIENCE = 1_500  # milliseconds that the probe waits for SQLite's write lock
# The row that a probe writes: in the table of the cache, which no model and no backup's comparison looks at.
_WRITE = (
    "INSERT INTO {table} (cache_key, value, expires) VALUES (%s, '', CURRENT_TIMESTAMP) "
    "ON CONFLICT (cache_key) DO UPDATE SET expires = excluded.expires"
)

WORDS = {
    outages.FULL: "the disk is full",
    outages.READ_ONLY: "the database is read-only",
    outages.LOCKED: "the database is locked",
    outages.AWAY: "the database does not answer",
    outages.SLOW: "a write takes more than 2 seconds",
    outages.CLOCK: "this node's clock is more than 5 seconds off the database's",
}


def migrations_missing() -> bool:
    """Say whether the database is behind the code. Raise DatabaseError where it does not answer."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def outage_of(error: BaseException | None) -> str | None:
    """Return which outage an error tells of (outages.py); None for a fault of ours."""
    outage = outages.outage_of(error)
    if outage == outages.AWAY and connection.vendor == "sqlite":
        return outages.disk_outage(connection.settings_dict["NAME"]) or outage
    return outage


def ailments() -> list[str]:
    """Return what keeps the site from working; empty: nothing. A write is committed, however long that takes.

    The caller closes the connection afterwards.
    """
    found = []
    try:
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute(f"PRAGMA busy_timeout={PATIENCE}")
        if migrations_missing():
            found.append("migrations are missing")
        elif outage := _write_outage():
            found.append(WORDS[outage])
    except DatabaseError as error:
        found.append(WORDS[outage_of(error) or outages.AWAY])
    if WORDS[outages.FULL] not in found and any(
        shutil.disk_usage(folder).free < DISK_NEEDED for folder in _folders()
    ):
        found.append("the disk is nearly full")
    return found


def _folders() -> set[Path]:
    """Return where the server writes."""
    own = {Path(settings.DATA_FOLDER)}
    if connection.vendor == "sqlite":
        own.add(Path(connection.settings_dict["NAME"]).parent)
    return own


def _write_outage() -> str | None:
    """Commit a write, as a declaration does; return FULL, READ_ONLY or CLOCK. Raise DatabaseError.

    SQLite writes where there is room in its log, though the disk is full: so the disk is asked too.
    """
    if connection.vendor == "sqlite" and (outage := outages.disk_outage(connection.settings_dict["NAME"])):
        return outage
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            _WRITE.format(table=settings.CACHES["default"]["LOCATION"]), [f"ready {socket.gethostname()}"]
        )
    return outages.CLOCK if clocks.node.is_off() else None
