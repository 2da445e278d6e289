"""A crawler that follows every GET leaves the database as it was, byte for byte."""

import hashlib

import pytest
from django.db import connection

from . import cast
from .crawl import crawl

pytestmark = pytest.mark.django_db(transaction=True)

# What staff looked at is noted: the one thing that a GET writes (signoffs/access/desks.py).
ACCESS_LOG = {"signoffs_accessrecord"}


def tables() -> list[str]:
    """Return all tables of the database, also Django's own."""
    with connection.cursor() as cursor:
        return sorted(connection.introspection.table_names(cursor))


def content(left_out=frozenset()) -> dict[str, str]:
    """Return a digest of every row of every table."""
    found = {}
    with connection.cursor() as cursor:
        for table in tables():
            if table not in left_out:
                cursor.execute(f'SELECT * FROM "{table}"')
                rows = sorted(repr(row) for row in cursor.fetchall())
                found[table] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    return found


def file_bytes() -> bytes:
    """Return the database's file when all that was written is in it; nothing on another database."""
    if connection.vendor != "sqlite":
        return b""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with open(connection.settings_dict["NAME"], "rb") as file:
        return file.read()


@pytest.mark.parametrize("who", cast.STARTS)
def test_following_every_get_changes_nothing(who):
    there = cast.university()
    client = there.clients[who]
    left_out = set() if client.cookies.get("sessionid") is None else ACCESS_LOG
    before, file_before = content(left_out), file_bytes()
    found = crawl(client, *cast.STARTS[who])
    assert content(left_out) == before
    if not left_out:
        assert hashlib.sha256(file_bytes()).digest() == hashlib.sha256(file_before).digest()
    statuses = {url: response.status_code for url, response in found.items()}
    assert {url: status for url, status in statuses.items() if status >= 400} == REFUSED.get(who, {})
    assert len(found) >= AT_LEAST[who]


# What a crawl meets that is closed to it; and how much of the site it must have seen to mean anything.
REFUSED = {
    "nobody": {"/class/": 403, "/monitor/": 403},
}
AT_LEAST = {
    "nobody": 10,
    "visitor": 5,
    "student": 5,
    "student who has declared": 6,
    "student with an entry": 6,
    "monitor": 9,
    "counsellor": 8,
    "officer": 8,
    "officer who handed in": 8,
    "office": 35,
    "superuser": 60,
}
