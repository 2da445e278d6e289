"""The production server as systemd runs it: it refuses an unsafe start, and its stop loses nothing."""

import asyncio
import gzip
import json
import os
import re
import signal
import socket
import sqlite3
import time
import urllib.request
from contextlib import contextmanager
from urllib.parse import urlencode

import psycopg
import pytest
from django.utils import timezone

from enrollcheck.management.commands.serve import PROCESSES
from signoffs.models import ClassLink, Declaration
from tests.durability.opened import opened
from tests.durability.phone import Phone, acknowledged, run_story
from tests.durability.site import Site
from tests.races.cluster import cluster, programs


@contextmanager
def writing(one: Site):
    """Hold the lock that a confirm needs, as a long transaction of another process does."""
    if one.url.startswith("postgres"):
        with psycopg.connect(one.url) as held:
            held.execute("SELECT 1 FROM rosters_classgroup FOR UPDATE")
            yield
        return
    held = sqlite3.connect(one.folder / "enrollcheck.sqlite3", isolation_level=None)
    held.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        held.execute("ROLLBACK")
        held.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request):
    """The database of a site: a file of its own, or an empty cluster."""
    if request.param == "sqlite":
        yield ""
        return
    if programs() is None:
        pytest.skip("Debian's postgresql is not installed")
    with cluster() as started:
        yield started


async def ready(site, people) -> list[Phone]:
    """Let everybody fill the form in."""
    phones = [Phone(site.port, person) for person in people]
    for phone in phones:
        assert await phone.arrive() == 200
        phone.fill()
    return phones


def test_a_stop_answers_every_request_in_flight(site, url):
    """More of them than threads, all waiting for the lock when SIGTERM comes; none is asked twice."""
    one, people = site(url=url, students=20)
    one.start()
    assert len(one.processes()) - 1 == PROCESSES

    async def story() -> list:
        phones = await ready(one, people)
        with writing(one):
            sending = [asyncio.create_task(phone.sign()) for phone in phones]
            await asyncio.sleep(1)
            one.process.terminate()
            await asyncio.sleep(1)
            assert one.process.poll() is None
        return await asyncio.gather(*sending)

    answers = run_story(story())
    assert [acknowledged(answer) for answer in answers] == [True] * 20
    assert one.process.wait(30) == 0
    with opened(one.url):
        assert Declaration.objects.count() == 20


def test_answers_that_are_held_back_hold_no_worker(site):
    """Someone guesses through one class's link, more at once than there are processes."""
    one, people = site(students=1)
    with opened(one.url):
        ClassLink.objects.update(failures=1000, last_failure_at=timezone.now())
    one.start()
    ((token, number, _, _),) = people

    async def guess(phone: Phone) -> int:
        status, _ = await phone.post(
            "/class/identify/", urlencode({"student_number": number, "last_six": "000000"})
        )
        return status

    async def story() -> None:
        phones = [Phone(one.port, people[0]) for _ in range(2 * PROCESSES)]
        for phone in phones:
            await phone.get(f"/c/{token}/")
            await phone.get("/class/")
        guesses = [asyncio.create_task(guess(phone)) for phone in phones]
        await asyncio.sleep(0.5)
        done, _ = await asyncio.wait(
            [*guesses, asyncio.create_task(Phone(one.port, people[0]).get(f"/c/{token}/"))],
            return_when=asyncio.FIRST_COMPLETED,
        )
        assert not done & set(guesses)
        assert await asyncio.gather(*guesses) == [422] * len(phones)

    run_story(story())
    assert one.stop() == 0


def test_an_idle_connection_does_not_delay_a_stop(site):
    one, people = site(students=1)
    one.start()

    async def story() -> int:
        await ready(one, people)
        one.process.terminate()
        return await asyncio.to_thread(one.process.wait, 15)

    assert run_story(story()) == 0


def test_a_killed_worker_is_replaced(site):
    one, people = site(students=1)
    one.start()
    killed, *others, main = one.processes()
    os.kill(killed, signal.SIGKILL)

    async def story():
        for _ in range(100):
            try:
                return await ready(one, people)
            except OSError:
                await asyncio.sleep(0.1)

    assert len(run_story(story())) == 1
    deadline = time.monotonic() + 30
    while len(one.processes()) < PROCESSES + 1 and time.monotonic() < deadline:
        time.sleep(0.1)
    now = one.processes()
    assert (len(now), now[-1], killed in now) == (PROCESSES + 1, main, False)
    assert set(others) < set(now)


def test_its_processes_end_with_a_server_that_is_killed(site):
    one, _people = site(students=1)
    one.start()
    *workers, main = one.processes()
    os.kill(main, signal.SIGKILL)
    one.process.wait(15)
    deadline = time.monotonic() + 30
    while any(os.path.exists(f"/proc/{pid}") for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert [pid for pid in workers if os.path.exists(f"/proc/{pid}")] == []


def test_every_line_of_the_log_is_json_and_names_nobody(site):
    one, people = site(students=1)
    one.start()

    async def story():
        (phone,) = await ready(one, people)
        assert acknowledged(await phone.sign())

    run_story(story())
    assert one.stop() == 0
    lines = one.log.read_text().splitlines()
    told = [json.loads(line) for line in lines]
    assert {line["logger"] for line in told} == {"_granian", "_granian.serve", "enrollcheck.requests"}
    assert [line["page"] for line in told if line.get("status") == 200][-1] == "class-record"
    for secret in people[0]:
        assert secret not in one.log.read_text()


def test_static_files_are_compressed_and_kept_for_good_under_their_fingerprint(site):
    one, _ = site(students=1)
    one.start()
    with urllib.request.urlopen(f"http://127.0.0.1:{one.port}/") as page:
        address = re.search(r'href="(/static/css/base\.[0-9a-f]{12}\.css)"', page.read().decode())[1]
    asked = urllib.request.Request(
        f"http://127.0.0.1:{one.port}{address}", headers={"Accept-Encoding": "gzip"}
    )
    with urllib.request.urlopen(asked) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert answer.headers["Cache-Control"] == "max-age=315360000, public, immutable"
        assert b"{" in gzip.decompress(answer.read())


class TestARefusedStart:
    def test_on_a_port_in_use(self, tmp_path, static):
        one = Site(tmp_path / "site", static=static)
        assert one.manage("migrate").returncode == 0
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            run = one.manage("serve", "--port", str(port))
        assert run.returncode == 1
        told = f"CommandError: Nothing can listen on 127.0.0.1, port {port}: Address already in use.\n"
        assert run.stderr == told
        run = one.manage("serve", "--address", "no.such.address.invalid")
        assert (run.returncode, len(run.stderr.splitlines())) == (1, 1)

    def test_without_settings(self, tmp_path, static):
        one = Site(tmp_path / "site", static=static, DEBUG="", SECRET_KEY="")
        run = one.manage("serve")
        assert (run.returncode, len(run.stderr.splitlines())) == (1, 1)
        assert "SECRET_KEY" in run.stderr

    def test_without_migrations(self, tmp_path, static):
        run = Site(tmp_path / "site", static=static).manage("serve")
        assert run.returncode == 1
        assert (
            run.stderr
            == "CommandError: The database is behind this version: run `manage.py migrate` first.\n"
        )

    def test_without_a_database(self, tmp_path, static):
        nobody = "postgres://nobody@127.0.0.1:9/nothing"
        run = Site(tmp_path / "site", nobody, static).manage("serve")
        assert run.returncode == 1
        assert run.stderr.startswith("CommandError: The database does not answer: ")

    def test_without_static_files(self, tmp_path):
        run = Site(tmp_path / "site").manage("serve")
        assert run.returncode == 1
        assert "run `manage.py collectstatic --no-input` first" in run.stderr

    @pytest.mark.parametrize(
        "settings, check",
        [("journal_off", "E002"), ("synchronous_normal", "E004"), ("deferred", "E006")],
    )
    def test_with_unsafe_settings_of_sqlite(self, tmp_path, static, settings, check):
        module = f"tests.durability.unsafe.{settings}"
        run = Site(tmp_path / "site", static=static, DJANGO_SETTINGS_MODULE=module).manage("serve")
        assert run.returncode == 1
        assert f"(enrollcheck.{check})" in run.stderr
