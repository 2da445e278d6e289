"""From SQLite to PostgreSQL: every row as it was, and the story goes on there."""

import pytest

from signoffs.models import Declaration
from tests.durability import early
from tests.durability.opened import migrate, opened
from tests.durability.phone import Phone, acknowledged, run_story
from tests.durability.site import Site
from tests.races.cluster import cluster, programs

pytestmark = pytest.mark.skipif(programs() is None, reason="Debian's postgresql is not installed")


@pytest.fixture
def postgresql():
    """An empty cluster."""
    with cluster() as url:
        yield url


def test_a_site_moves_and_goes_on(site, postgresql, tmp_path, static):
    """With sequences that go on, too: the next declaration gets the next key."""
    one, people = site(students=6)
    one.start()

    async def sign(one: Site, who: list) -> None:
        for person in who:
            phone = Phone(one.port, person)
            await phone.arrive()
            phone.fill(wrong=person == who[-1])
            assert acknowledged(await phone.sign())

    run_story(sign(one, people[:3]))
    assert one.stop() == 0
    new = Site(tmp_path / "new", postgresql, static)
    moved = new.manage("move_to_postgresql", str(one.folder / "enrollcheck.sqlite3"))
    assert moved.returncode == 0, moved.stderr
    assert "moved, and compared one by one." in moved.stdout
    assert new.manage("verify_events").returncode == 0
    assert new.manage("recount", "--dry-run").returncode == 0
    new.start()
    try:
        run_story(sign(new, people[3:]))
        assert new.stop() == 0
    finally:
        new.end()
    assert new.manage("verify_events").stdout == "6 events in 1 chains, 14 rows: all hold.\n"
    assert new.manage("recount", "--dry-run").returncode == 0
    with opened(postgresql):
        assert Declaration.objects.count() == 6
        newest = Declaration.objects.order_by("pk").last()
        assert newest.pk == 6
        assert newest.snapshot["fields"]["major"]["answer"] == "wrong"
    again = new.manage("move_to_postgresql", str(one.folder / "enrollcheck.sqlite3"))
    assert again.returncode == 1
    assert "holds rows already" in again.stderr


def test_an_early_database_moves_once_it_is_up_to_date(postgresql, tmp_path, django_db_blocker):
    """With every kind of row: sheets, hand-ins, errors, excuses, staff."""
    file = tmp_path / "early.sqlite3"
    early.write(file)
    new = Site(tmp_path / "new", postgresql)
    refused = new.manage("move_to_postgresql", str(file))
    assert refused.returncode == 1
    assert "behind this version" in refused.stderr
    with django_db_blocker.unblock():
        migrate(f"sqlite:///{file}")
    moved = new.manage("move_to_postgresql", str(file))
    assert moved.returncode == 0, moved.stderr
    events = new.manage("verify_events")
    assert events.stdout.startswith(f"{early.EVENTS + 1} events in 8 chains, ")
    assert events.stdout.endswith("rows are older than the digests of rows: not proven.\n")
    assert new.manage("recount", "--dry-run").stdout == "0 classes differed.\n"


def test_it_moves_to_postgresql_alone(tmp_path):
    one = Site(tmp_path / "site")
    run = one.manage("move_to_postgresql", "somewhere.sqlite3")
    assert run.returncode == 1
    assert "DATABASE_URL must name the PostgreSQL to move to." in run.stderr
