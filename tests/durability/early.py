"""The database of an earlier version: what upgrades are tested on.

`early.sql.gz` was made on 24 November 2026 by commit 9a7e928 and its first migrations, through that
version's own flow: 30 invented students in five classes, most of whom have signed; a sheet that was handed
in, an error, an excuse, a countersigned entry from paper, declarations taken back. The field key is that of
tests/settings.py.
"""

import gzip
import sqlite3
from pathlib import Path

DUMP = Path(__file__).with_name("early.sql.gz")
STUDENTS, DECLARATIONS, EVENTS = 30, 30, 46


def write(file: Path) -> None:
    """Make the database as that version left it."""
    with sqlite3.connect(file) as database:
        database.executescript(gzip.decompress(DUMP.read_bytes()).decode())
    database.close()


def rows(file: Path, columns: dict[str, list[str]] | None = None) -> dict[str, list]:
    """Return every row of our tables, in the columns named, or else in all; sorted."""
    with sqlite3.connect(file) as database:
        names = columns or columns_of(database)
        found = {
            table: sorted(
                map(repr, database.execute(f"SELECT {', '.join(map(_quoted, chosen))} FROM {_quoted(table)}"))
            )
            for table, chosen in names.items()
        }
    database.close()
    return found


# What `migrate` adds once: the chain of the accounts, and the event that accounts for those of old.
ADDED = {"signoffs_chain": 1, "signoffs_event": 1}


def came_along(before: dict[str, list], after: dict[str, list]) -> bool:
    """Say whether each row of before is there still, and nothing was added but ADDED."""
    more = {table: len(rows) - len(before[table]) for table, rows in after.items()}
    return all(set(rows) <= set(after[table]) for table, rows in before.items()) and (
        {table: count for table, count in more.items() if count} == ADDED
    )


def columns(file: Path) -> dict[str, list[str]]:
    """Return the columns of our tables in a file."""
    with sqlite3.connect(file) as database:
        found = columns_of(database)
    database.close()
    return found


def columns_of(database: sqlite3.Connection) -> dict[str, list[str]]:
    """Return the columns of our tables."""
    found = {}
    for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        if table.startswith(("rosters_", "signoffs_")):
            found[table] = [row[1] for row in database.execute(f"PRAGMA table_info({_quoted(table)})")]
    return found


def _quoted(name: str) -> str:
    return f'"{name}"'
