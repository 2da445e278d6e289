"""The disk full, read-only, the database locked or gone: a clear page, nothing lost, and on without hands.

Real ones: a small disk of its own, filled and remounted; another process that holds the lock.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from signoffs.flow.chains import verify
from signoffs.models import Chain, Declaration
from tests.durability.opened import opened
from tests.durability.phone import Phone, acknowledged, run_story
from tests.races.cluster import cluster, programs

MB = 1 << 20
SHORT = {"DJANGO_SETTINGS_MODULE": "tests.durability.settings"}
UNKEPT = {"DJANGO_SETTINGS_MODULE": "tests.durability.unkept"}


@pytest.fixture
def disk(tmp_path):
    """A disk of 260 MB, of which nothing but the site knows."""
    place = tmp_path / "disk"
    place.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=260m,mode=700", "enrollcheck-test", place], capture_output=True
    )
    if made.returncode:
        pytest.skip("needs the right to mount")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


class Ext4:
    """A disk of 300 MB of the kind that servers have, which can fail as they do, and be repaired."""

    def __init__(self, folder: Path):
        """Take a folder for its image and the place where it is mounted."""
        self.image, self.place = folder / "image", folder / "ext4"
        self.place.mkdir()
        with open(self.image, "wb") as image:
            image.truncate(300 * MB)
        subprocess.run(["mkfs.ext4", "-q", "-F", self.image], check=True)
        if self._mount().returncode:
            pytest.skip("needs the right to mount")

    def _mount(self) -> subprocess.CompletedProcess:
        options = "loop,errors=remount-ro"
        return subprocess.run(["mount", "-o", options, self.image, self.place], capture_output=True)

    def fail(self) -> None:
        """Make it read-only under everybody's open files, as the kernel does after an error of the disk."""
        subprocess.run(["mount", "-o", "remount,abort", self.place], check=True, capture_output=True)

    def repair(self) -> None:
        """Check it and mount it again; nobody may have a file open."""
        subprocess.run(["umount", self.place], check=True)
        assert subprocess.run(["fsck.ext4", "-y", self.image], capture_output=True).returncode in (0, 1)
        assert self._mount().returncode == 0


@pytest.fixture
def failing(tmp_path):
    """A disk that can fail."""
    if shutil.which("mkfs.ext4") is None:
        pytest.skip("needs mkfs.ext4")
    one = Ext4(tmp_path)
    yield one
    subprocess.run(["umount", "--lazy", one.place], check=True)


@contextmanager
def filled(disk: Path):
    """Leave not one page free."""
    ballast = disk / "ballast"
    with open(ballast, "wb") as file:
        for size in (MB, 4096):
            with suppress(OSError):
                while True:
                    os.write(file.fileno(), bytes(size))
    yield
    ballast.unlink()


@contextmanager
def read_only(disk: Path):
    """Remount it; the kernel lets us once nobody has a file open to write."""
    for _ in range(100):
        if subprocess.run(["mount", "-o", "remount,ro", disk], capture_output=True).returncode == 0:
            break
        time.sleep(0.1)
    else:
        raise AssertionError("something keeps the disk busy")
    yield
    subprocess.run(["mount", "-o", "remount,rw", disk], check=True)


async def ready(one, people) -> list[Phone]:
    """Let everybody fill the form in."""
    phones = [Phone(one.port, person) for person in people]
    for phone in phones:
        assert await phone.arrive() == 200
        phone.fill()
    return phones


def sound(one, declarations: int) -> None:
    """Hold the database to that number of declarations, whole, in chains that verify."""
    with opened(one.url):
        assert Declaration.objects.count() == declarations
        assert [problem for chain in Chain.objects.all() for problem in verify(chain)] == []
    with sqlite3.connect(one.folder / "enrollcheck.sqlite3") as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []


def outages(one) -> set[str]:
    """Return the outages that the log tells of."""
    lines = (json.loads(line) for line in one.log.read_text().splitlines())
    return {line["outage"] for line in lines if "outage" in line}


async def refused_then_taken(
    phones: list[Phone], outage, title: str, retry: str, saved: str = "这一步没有保存"
) -> None:
    """All are refused while it lasts, with that page; the same send counts right after."""
    first, *others = phones
    assert acknowledged(await first.sign())
    with outage:
        for phone in others:
            status, page = await phone.sign()
            assert status == 503
            assert title in page
            assert saved in page
            assert phone.headers["retry-after"] == retry
        status, page = await first.get("/")
        assert status in (200, 503)
    for phone in others:
        assert acknowledged(await phone.sign())


def test_a_full_disk(site, disk):
    one, people = site(disk / "site", students=4)
    one.start()
    assert one.health() == (200, "ok\n")

    async def story():
        phones = await ready(one, people)
        await refused_then_taken(phones, filled(disk), "服务器磁盘已满", "120")

    run_story(story())
    with filled(disk):
        assert one.health() == (503, "the disk is full\n")
    assert one.health() == (200, "ok\n")
    assert outages(one) == {"full"}
    sound(one, 4)


def test_a_read_only_disk(site, disk, tmp_path):
    witness = {"WITNESS_FOLDER": str(tmp_path / "witness")}  # its open file would keep the disk from it
    one, people = site(disk / "site", students=4, **UNKEPT, **witness)
    one.start()

    async def story():
        phones = await ready(one, people)
        await refused_then_taken(phones, read_only(disk), "服务器暂时无法保存", "120")

    run_story(story())
    with read_only(disk):
        assert one.health() == (503, "the database is read-only\n")
    assert one.health() == (200, "ok\n")
    sound(one, 4)


def test_a_disk_that_turns_read_only_under_connections_that_are_kept(site, failing):
    one, people = site(failing.place / "site", students=4)
    subprocess.run(["sync", "-f", failing.place], check=True)  # as it was installed, long before
    one.start()

    async def refused():
        first, *others = await ready(one, people)
        assert acknowledged(await first.sign())
        failing.fail()
        for phone in others:
            status, page = await phone.sign()
            assert (status, "服务器暂时无法保存" in page) == (503, True)
            assert phone.headers["retry-after"] == "120"
            phone.close()
        return others

    async def taken():
        for phone in others:
            assert acknowledged(await phone.sign())

    others = run_story(refused())
    assert one.health() == (503, "the database is read-only\n")
    assert one.stop() == 0
    failing.repair()
    one.start()
    run_story(taken())
    assert one.health() == (200, "ok\n")
    sound(one, 4)


def test_a_locked_database(site):
    one, people = site(students=4, **SHORT)
    one.start()

    @contextmanager
    def locked():
        held = sqlite3.connect(one.folder / "enrollcheck.sqlite3", isolation_level=None)
        held.execute("BEGIN EXCLUSIVE")
        yield
        status, words = one.health()
        assert (status, words) == (503, "the database is locked\n")
        held.execute("ROLLBACK")
        held.close()

    async def story():
        phones = await ready(one, people)
        await refused_then_taken(phones, locked(), "系统繁忙", "30")

    run_story(story())
    assert one.health() == (200, "ok\n")
    assert outages(one) == {"locked"}
    sound(one, 4)


@pytest.mark.skipif(programs() is None, reason="Debian's postgresql is not installed")
def test_postgresql_locked_read_only_and_away(site, tmp_path):
    with cluster() as url:
        one, people = site(url=url, students=4, **SHORT)
        one.start()

        def run(sql: str, database: str = "enrollcheck") -> None:
            command = ["psql", "-q", f"{url.rpartition('/')[0]}/{database}", "-c", sql]
            subprocess.run(command, check=True, capture_output=True)

        kick = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'enrollcheck'"

        @contextmanager
        def locked():
            with psycopg.connect(url) as other:
                other.execute("SELECT 1 FROM rosters_classgroup FOR UPDATE")
                yield

        @contextmanager
        def read_only():
            run("ALTER DATABASE enrollcheck SET default_transaction_read_only = on")
            run(kick, "postgres")
            yield
            assert one.health() == (503, "the database is read-only\n")
            run("ALTER DATABASE enrollcheck SET default_transaction_read_only = off", "postgres")
            run(kick, "postgres")

        @contextmanager
        def away():
            run("ALTER DATABASE enrollcheck ALLOW_CONNECTIONS false", "postgres")
            run(kick, "postgres")
            yield
            assert one.health() == (503, "the database does not answer\n")
            run("ALTER DATABASE enrollcheck ALLOW_CONNECTIONS true", "postgres")

        async def story():
            monitor, *phones = await ready(one, people)
            await refused_then_taken([monitor, phones[0]], locked(), "系统繁忙", "30")
            await refused_then_taken([monitor, phones[1]], read_only(), "服务器暂时无法保存", "120")
            await refused_then_taken([monitor, phones[2]], away(), "数据库没有响应", "120", "是否已保存")

        run_story(story())
        assert one.health() == (200, "ok\n")
        assert outages(one) == {"locked", "read-only", "away"}
        with opened(url):
            assert Declaration.objects.count() == 4
        assert one.stop() == 0
