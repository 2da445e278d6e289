"""Several hosts in DATABASE_URL, each behind a pooler, of which the last one leads; and its standbys."""

import asyncio
import base64
import os
import secrets
import urllib.error
import urllib.request

import psycopg
import pytest

from signoffs.models import Declaration
from tests.durability.opened import opened
from tests.durability.phone import Phone, acknowledged, run_story
from tests.durability.replicas import missing, replicas
from tests.durability.site import Site

KEY = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


@pytest.fixture
def hosts():
    """A leader and two standbys, each behind its pooler."""
    if missing():
        assert not os.environ.get("CI"), f"{missing()}: required in CI"
        pytest.skip(f"not installed: {missing()}")
    with replicas() as started:
        yield started


async def signed(one: Site, people: list) -> list[str]:
    """Let everybody sign; return their submission ids."""
    sent = []
    for person in people:
        phone = Phone(one.port, person)
        assert await phone.arrive() == 200
        phone.fill()
        assert acknowledged(await phone.sign())
        sent.append(phone.submission)
        phone.close()
    return sent


def asked(one: Site, path: str) -> tuple[int, str]:
    """Return status and text of a page."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{one.port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_three_migrate_at_once_and_all_succeed(hosts, tmp_path):
    """On an empty database, through the poolers: one makes the tables, two find them made."""
    sites = [Site(tmp_path / f"node-{number}", hosts.url) for number in range(3)]
    runs = [one.begin("migrate", "--no-input") for one in sites]
    assert [run.wait(300) for run in runs] == [0, 0, 0], "\n".join(one.log.read_text() for one in sites)
    applied = [one.log.read_text().count("Applying signoffs.0001") for one in sites]
    assert sorted(applied) == [0, 0, 1]
    # The limit holds in whatever session the pooler gives.
    for _ in range(5):
        with psycopg.connect(hosts.url_of(hosts.poolers[-1].port), autocommit=True) as session:
            assert session.execute("SHOW lock_timeout").fetchone() == ("30s",)


def test_the_last_host_leads_and_students_sign_through_its_pooler(site, hosts, tmp_path):
    one, people = site(url=hosts.url, students=4, BACKUP_KEY=KEY)
    one.start()
    assert asked(one, "/readyz") == (200, "ok\n")
    run_story(signed(one, people))
    assert asked(one, "/livez") == (200, "ok\n")

    hosts.caught_up()
    for standby in hosts.standbys:
        looking = Site(tmp_path / f"at-{standby.port}", standby.url, BACKUP_KEY=KEY)
        assert looking.manage("verify_events").stdout.startswith("4 events in 1 chains, ")
        assert looking.manage("recount", "--dry-run").stdout == "0 classes differed.\n"
        copied = looking.manage("backup", str(tmp_path / f"{standby.port}.backup"))
        assert copied.returncode == 0, copied.stderr
    # The standby's backup, restored: by the options of a URL of all hosts.
    hosts.run("CREATE DATABASE fresh")
    ports = [server.port for server in (*hosts.standbys, hosts.leader)]
    fresh = Site(tmp_path / "fresh", hosts.url_of(*ports, database="fresh"), BACKUP_KEY=KEY)
    restored = fresh.manage("restore", str(tmp_path / f"{hosts.standbys[0].port}.backup"))
    assert restored.returncode == 0, restored.stderr
    assert fresh.manage("verify_events").stdout.startswith("4 events in 1 chains, ")

    # pg_dump changes its session's search_path, and a pooler would give that session to the site.
    for command in ("backup", "restore"):
        (tmp_path / "b").write_bytes((tmp_path / f"{hosts.standbys[0].port}.backup").read_bytes())
        file = tmp_path / ("b" if command == "restore" else "new")
        refused = one.manage(command, str(file))
        assert refused.returncode == 1
    assert "DATABASE_URL leads through a pooler" in one.manage("backup", str(tmp_path / "new")).stderr
    assert asked(one, "/")[0] == 200
    assert one.stop() == 0


def test_the_options_of_the_url_reach_postgresqls_programs(hosts, tmp_path):
    """This server has no certificate: whoever asks for one gets nothing."""
    one = Site(tmp_path / "site", f"{hosts.direct_url}?sslmode=disable", BACKUP_KEY=KEY)
    assert one.manage("migrate", "-v0").returncode == 0
    run = one.manage("backup", str(tmp_path / "one.backup"))
    assert run.returncode == 0, run.stderr
    one.environment["DATABASE_URL"] = f"{hosts.direct_url}?sslmode=require"
    run = one.manage("backup", str(tmp_path / "other.backup"))
    assert run.returncode == 1
    assert "SSL" in run.stderr


@pytest.mark.parametrize(
    ("statement", "check"),
    [
        ("ALTER ROLE enrollcheck IN DATABASE enrollcheck SET lock_timeout = 0", "E007"),
        ("ALTER DATABASE enrollcheck SET synchronous_commit = off", "E008"),
        ("ALTER DATABASE enrollcheck SET synchronous_commit = local", "E008"),
    ],
)
def test_it_does_not_start_where_postgresql_promises_too_little(hosts, tmp_path, static, statement, check):
    one = Site(tmp_path / "site", hosts.direct_url, static)
    assert one.manage("migrate", "-v0").returncode == 0
    hosts.run(statement)
    run = one.manage("serve")
    assert run.returncode == 1
    assert f"(enrollcheck.{check})" in run.stderr


def test_a_commit_that_waits_for_a_standby_is_told_in_time_and_goes_on(site, hosts):
    """Both standbys stop. Nobody waits for more than ten seconds; the retry finds what was saved."""
    one, people = site(url=hosts.url, students=8)
    hosts.wait_for_standbys()
    one.start()

    async def held_up() -> list[Phone]:
        phones = [Phone(one.port, person) for person in people]
        for phone in phones:
            assert await phone.arrive() == 200
            phone.fill()
        for standby in hosts.standbys:
            await asyncio.to_thread(standby.stop)
        answers = await asyncio.wait_for(asyncio.gather(*(phone.sign() for phone in phones)), 10)
        assert {status for status, _ in answers} == {503}
        told = ["可能已收到，请重试" in page for _, page in answers]
        assert True in told  # at work; the others waited behind them, and were not begun
        assert all(words or "这一步没有保存" in page for words, (_, page) in zip(told, answers, strict=True))
        for phone in phones:
            phone.close()
        return phones

    async def sent_again(phones: list[Phone]) -> None:
        for phone in phones:
            assert acknowledged(await phone.sign())

    phones = run_story(held_up())
    assert asked(one, "/livez") == (200, "ok\n")
    assert asked(one, "/readyz") == (503, "a write takes more than 2 seconds\n")
    for standby in hosts.standbys:
        standby.start()
    run_story(sent_again(phones))
    assert one.health() == (200, "ok\n")
    with opened(hosts.url):
        stored = {str(id) for id in Declaration.objects.values_list("submission_id", flat=True)}
    assert stored == {phone.submission for phone in phones}
    assert one.manage("verify_events").returncode == 0
    assert one.stop() == 0
