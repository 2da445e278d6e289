"""A database that was set back to an older backup: whole in itself, and the witness names what it forgot."""

import base64
import re
import secrets

import psycopg
import pytest

from tests.durability.phone import Phone, acknowledged, run_story
from tests.durability.site import Site
from tests.races.cluster import cluster, programs


@pytest.fixture(params=["sqlite", "postgresql"])
def urls(request):
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


async def signed(one: Site, people: list) -> list[str]:
    """Let everybody sign; return their submission ids."""
    sent = []
    for person in people:
        phone = Phone(one.port, person)
        await phone.arrive()
        phone.fill()
        assert acknowledged(await phone.sign())
        sent.append(phone.submission)
        phone.close()
    return sent


def witnessed(one: Site, files: list[str]) -> tuple[int, str]:
    """Return the exit code and what the command prints of these files on that site's database."""
    run = one.manage("witness", *files)
    return run.returncode, run.stdout + run.stderr


def test_each_move_since_the_backup_is_named_and_no_other(site, urls, tmp_path):
    here, there = urls
    key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    one, people = site(url=here, students=8, BACKUP_KEY=key)
    one.start()
    run_story(signed(one, people[:4]))
    assert one.manage("backup", str(tmp_path / "older")).returncode == 0
    lost = run_story(signed(one, people[4:7]))
    assert one.stop() == 0
    files = [str(file) for file in (one.folder / "witness").iterdir()]
    assert len(files) == 1
    assert witnessed(one, files) == (0, "7 moves in 1 chains: none is forgotten.\n")

    back = Site(tmp_path / "back", there, BACKUP_KEY=key)
    assert back.manage("restore", str(tmp_path / "older")).returncode == 0
    assert back.manage("verify_events").stdout.startswith("4 events in 1 chains, ")  # whole in itself
    code, told = witnessed(back, files)
    assert (code, re.findall(r"submission ([\w-]+): forgotten$", told, re.MULTILINE)) == (1, lost)
    assert "CommandError: 3 of 7 moves are forgotten." in told
    for secret in people[5]:
        assert secret not in told


def test_after_a_kill_the_witness_has_every_move_that_was_acknowledged(site):
    """The process dies, not the machine: what its thread has written is the kernel's."""
    one, people = site(students=6)
    one.start()
    sent = run_story(signed(one, people))
    one.kill()
    (file,) = (one.folder / "witness").iterdir()
    assert [line.split("\t")[-1] for line in file.read_text().splitlines()] == sent
