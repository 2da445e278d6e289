"""A backup while students sign: one moment, whole; restored elsewhere it is compared row by row."""

import asyncio
import base64
import os
import secrets
import sys
from itertools import cycle

import psycopg
import pytest
from django.db import connection

from signoffs.models import Declaration
from tests.durability.opened import opened
from tests.durability.phone import Phone, acknowledged, run_story
from tests.durability.site import REPOSITORY, Site
from tests.races.cluster import cluster, programs

# Rows that are written once: what the backup holds of them is what the site holds up to some row.
APPENDED = ("signoffs_declaration", "signoffs_event", "signoffs_fielderror")


@pytest.fixture(params=["sqlite", "postgresql"])
def urls(request, tmp_path):
    """The database of a site, and an empty one to restore into."""
    if request.param == "sqlite":
        yield "", ""
        return
    if programs() is None:
        pytest.skip("Debian's postgresql is not installed")
    with cluster() as url:
        with psycopg.connect(url, autocommit=True) as database:
            database.execute("CREATE DATABASE fresh")
        yield url, f"{url.rpartition('/')[0]}/fresh"


def rows(url: str) -> dict[str, list[tuple]]:
    """Return every row of every table, by table and by the first column, which is the key."""
    with opened(url), connection.cursor() as cursor:
        found = {}
        for table in sorted(connection.introspection.table_names()):
            cursor.execute(f'SELECT * FROM "{table}" ORDER BY 1')
            found[table] = [
                tuple(bytes(one) if isinstance(one, memoryview) else one for one in row) for row in cursor
            ]
        return found


async def load_and_backup(one: Site, people: list, environment: dict) -> tuple[set, set]:
    """Sign all the time, back up in the middle; return the submissions acknowledged before, and in all."""
    done: set[str] = set()
    stop = asyncio.Event()
    waiting = cycle(people)

    async def sign() -> None:
        while not stop.is_set():
            phone = Phone(one.port, next(waiting))
            await phone.arrive()
            phone.fill(wrong=len(done) % 3 == 0)
            if acknowledged(await phone.sign()):
                done.add(phone.submission)
            phone.close()

    phones = [asyncio.create_task(sign()) for _ in range(4)]
    while len(done) < 10:
        await asyncio.sleep(0.05)
    before = set(done)
    backup = await asyncio.create_subprocess_exec(
        sys.executable, "manage.py", "backup", str(one.folder.parent / "b"), cwd=REPOSITORY, env=environment
    )
    assert await backup.wait() == 0
    during = set(done)
    await asyncio.sleep(1)
    stop.set()
    await asyncio.gather(*phones)
    assert len(done) > len(during) > len(before)
    return before, done


def test_what_was_acknowledged_before_is_in_it_and_it_is_one_moment(site, urls, tmp_path):
    here, there = urls
    key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    one, people = site(url=here, students=30, BACKUP_KEY=key)
    one.start()
    before, done = run_story(load_and_backup(one, people, one.environment))
    assert one.stop() == 0

    fresh = Site(tmp_path / "fresh", there, BACKUP_KEY=key)
    restored = fresh.manage("restore", str(tmp_path / "b"))
    assert restored.returncode == 0, restored.stderr
    with opened(fresh.url):
        kept = {str(id) for id in Declaration.objects.values_list("submission_id", flat=True)}
    assert before <= kept < done

    live, back = rows(one.url), rows(fresh.url)
    assert live.keys() == back.keys()
    for table in APPENDED:
        assert back[table] == live[table][: len(back[table])]
    # Of the other tables, what a moment's declarations make of them is counted anew from the rows.
    assert fresh.manage("verify_events").returncode == 0
    assert fresh.manage("recount", "--dry-run").stdout == "0 classes differed.\n"
    steady = [name for name in live if name.startswith("rosters_") or name == "signoffs_classlink"]
    assert {name: back[name] for name in steady} == {name: live[name] for name in steady}


@pytest.mark.parametrize("urls", ["postgresql"], indirect=True)  # SQLite: tests/enrollcheck/test_backup.py
def test_at_rest_every_row_of_every_table_is_the_same(site, urls, tmp_path):
    here, there = urls
    key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    one, _people = site(url=here, students=3, BACKUP_KEY=key)
    assert one.manage("backup", str(tmp_path / "b")).returncode == 0
    fresh = Site(tmp_path / "fresh", there, BACKUP_KEY=key)
    assert fresh.manage("restore", str(tmp_path / "b")).returncode == 0
    assert rows(fresh.url) == rows(one.url)
    again = fresh.manage("restore", str(tmp_path / "b"))
    assert again.returncode == 1
    assert "empty" in again.stderr


@pytest.mark.skipif(programs() is None, reason="Debian's postgresql is not installed")
def test_nothing_of_a_damaged_backup_reaches_postgresql(site, tmp_path):
    own, other = (base64.urlsafe_b64encode(secrets.token_bytes(32)).decode() for _ in range(2))
    with cluster() as url:
        one, _ = site(students=3, BACKUP_KEY=own)
        assert one.manage("backup", str(tmp_path / "b")).returncode == 0
        os.remove(tmp_path / "b.sha256")
        whole = (tmp_path / "b").read_bytes()
        fresh = Site(tmp_path / "fresh", url)
        for content, key, sentence in (
            (whole[:-10], own, "cut off"),
            (whole[:-1] + bytes([whole[-1] ^ 1]), own, "damaged"),
            (whole, other, "damaged, or BACKUP_KEY"),
        ):
            (tmp_path / "b").write_bytes(content)
            fresh.environment["BACKUP_KEY"] = key
            run = fresh.manage("restore", str(tmp_path / "b"))
            assert run.returncode == 1
            assert sentence in run.stderr
            with opened(url):
                assert connection.introspection.table_names() == []
