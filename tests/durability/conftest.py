"""Sites of the tests' own: migrated, with invented students, and no process left behind."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.durability.opened import migrate, opened
from tests.durability.site import Site, people


@pytest.fixture(scope="session")
def static(tmp_path_factory) -> Path:
    """The static files as `collectstatic` makes them for production: compressed and fingerprinted."""
    folder = tmp_path_factory.mktemp("collected")
    run = Site(folder / "site").manage("collectstatic", "--no-input", "-v", "0")
    assert run.returncode == 0, run.stderr
    return folder / "site" / "static"


@pytest.fixture
def site(tmp_path, static, django_db_blocker) -> Iterator[Callable]:
    """A function that makes a site with so many classes and students, and returns it with its people."""
    made: list[Site] = []

    def make(folder: Path = tmp_path / "site", *, classes=1, students=10, url="", **environment):
        one = Site(folder, url, static, tmp_path / f"{folder.name}.log", **environment)
        made.append(one)
        migrate(one.url)
        with opened(one.url):
            return one, people(classes, students)

    with django_db_blocker.unblock():
        yield make
        for one in made:
            one.end()
