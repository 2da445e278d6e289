"""Whether the server can do its work: database, disk and migrations, in words for whoever watches it."""

import shutil
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from . import outages

DISK_NEEDED = 200 * 1024 * 1024  # bytes: a year's declarations, several times over
PATIENCE = 5_000  # milliseconds that the probe waits for SQLite's write lock

WORDS = {
    outages.FULL: "the disk is full",
    outages.READ_ONLY: "the database is read-only",
    outages.LOCKED: "the database is locked",
    outages.AWAY: "the database does not answer",
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
    """Return what keeps the site from working; empty: nothing."""
    found = []
    try:
        if migrations_missing():
            found.append("migrations are missing")
        if outage := _write_outage():
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
    """Take the write lock for a moment; return FULL or READ_ONLY. Raise DatabaseError where it can't be had.

    A connection that is kept takes SQLite's lock without writing: so the disk is asked too.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SHOW transaction_read_only")
            return None if cursor.fetchone() == ("off",) else outages.READ_ONLY
        cursor.execute(f"PRAGMA busy_timeout={PATIENCE}")
        try:
            with transaction.atomic():  # BEGIN IMMEDIATE
                return outages.disk_outage(connection.settings_dict["NAME"])
        finally:
            usual = int(float(connection.settings_dict["OPTIONS"]["timeout"]) * 1000)
            cursor.execute(f"PRAGMA busy_timeout={usual}")
