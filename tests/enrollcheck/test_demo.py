"""The demo as a reader runs it: what it prints and serves, and that nothing of it is left behind."""

import re
import socket
import time
import urllib.request
from io import StringIO
from pathlib import Path

import pytest

from enrollcheck.management.commands.demo import Command
from tests import factories, stories
from tests.demo import demo, free_port, start
from tests.durability.site import Site
from tests.pictures import Told
from tests.races.cluster import cluster, programs
from tests.rosters import files


def get(url: str) -> tuple[int, str]:
    """Return the status and the text of a page; the server may need a moment to listen."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    for _ in range(100):
        try:
            with browser.open(url) as response:
                return response.status, response.read().decode()
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError):
                raise
            time.sleep(0.1)
    raise AssertionError("nobody listens")


def test_an_invented_university_is_played_printed_and_served(tmp_path):
    with demo(tmp_path) as (address, printed):
        assert "12 departments, 60 classes, 3,000 students; stage: signing" in printed
        assert re.search(r"deadlines \d{4}-12-22 and \d{4}-12-24", printed)
        so_far = dict(re.findall(r"([\d,]+) (signed|with errors|sheets)", printed)) or {}
        assert len(so_far) == 3
        assert "0" not in so_far
        links = re.findall(r"http://\S+/c/\S+/", printed)
        assert len(links) == 60
        told = Told(printed)  # what the READMEs' pictures are taken by
        assert {told.person(role)[0] for role in ("student", "monitor")} <= set(told.links())
        assert (len(told.links()), told.first_class()[1] in told.links()) == (60, True)
        assert [
            name for name in ("office", "officer", "counsellor", "admin") if f"\n  {name} " in printed
        ] == [
            "office",
            "officer",
            "counsellor",
            "admin",
        ]
        assert get(f"{address}/healthz") == (200, "ok\n")
        status, page = get(links[0])
        assert status == 200
        assert "云麓理工大学" in page
    assert sorted(one.name for one in tmp_path.iterdir()) == []  # no folder, and no other database


@pytest.mark.parametrize(
    "stage, expected",
    [("imported", "0 signed"), ("submitted", "1 sheets, 0 hand-ins"), ("handed-in", "1 sheets, 1 hand-ins")],
)
def test_ones_own_list_is_played_to_each_stage(tmp_path, stage, expected):
    roster = tmp_path / "my-list.xlsx"
    roster.write_bytes(files.roster(*(files.row(number) for number in range(1, 9))))
    with demo(tmp_path, "--roster", str(roster), "--stage", stage) as (address, printed):
        assert "1 classes, 8 students" in printed
        assert expected in printed
        assert get(f"{address}/")[0] == 200
    assert [one.name for one in tmp_path.iterdir()] == ["my-list.xlsx"]


def test_where_everybody_has_signed_it_still_says_whom_to_be(campaign):
    classes = [factories.class_group(f"软件260{number}班") for number in range(1, 4)]
    for one in classes:
        for student in one.students.all():
            stories.confirm(student)
    said = StringIO()
    Command(stdout=said).tell_students(classes, invented=True)
    assert [line.split(":")[0] for line in said.getvalue().splitlines()[-4:]] == [
        f"  软件260{number}班 {what}" for number in (2, 3) for what in ("student", "monitor")
    ]


def test_a_list_that_is_refused_names_its_cells_and_serves_nothing(tmp_path):
    roster = tmp_path / "bad.csv"
    roster.write_text("姓名,学号,班级,系部\n,2026000001,软件2601班,信息工程系\n", encoding="utf-8")
    process = start(tmp_path, free_port(), "--roster", str(roster))
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "bad.csv is refused, nothing was imported" in printed
    assert "row 2, name" in printed
    assert [one.name for one in tmp_path.iterdir()] == ["bad.csv"]


@pytest.mark.parametrize(
    "arguments, said",
    [(["--stage", "nonsense"], "invalid choice"), (["--roster", "none.xlsx"], "can't be read")],
)
def test_wrong_usage_exits_2_and_leaves_nothing(tmp_path, arguments, said):
    process = start(tmp_path, free_port(), *arguments)
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert said in printed
    assert list(tmp_path.iterdir()) == []


def test_a_port_that_is_taken_is_named(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process = start(tmp_path, taken.getsockname()[1])
        printed, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "is taken: choose another one by --port" in printed


def kept_site(tmp_path: Path, folder: Path) -> Site:
    """Return the site of a kept folder, by what `demo.env` says and nothing else."""
    kept = dict(line.split("=", 1) for line in (folder / "demo.env").read_text().splitlines())
    return Site(tmp_path / "beside", **{name: value.strip("'") for name, value in kept.items()})


@pytest.mark.skipif(programs() is None, reason="Debian's postgresql is not installed")
def test_a_demo_that_is_kept_is_served_again_and_moves_on(tmp_path):
    roster, folder = tmp_path / "my-list.xlsx", tmp_path / "kept"
    roster.write_bytes(files.roster(*(files.row(number) for number in range(1, 9))))
    with demo(tmp_path, "--roster", str(roster), "--keep", str(folder)) as (_, printed):
        assert f"Database and keys stay in {folder}." in printed
        assert f"move_to_postgresql '{folder}/demo.sqlite3'" in printed
        link = re.search(r"http://\S+(/c/\S+/)", printed)[1]
    assert {one.stat().st_mode & 0o077 for one in (folder, folder / "demo.env")} == {0}
    again = kept_site(tmp_path, folder)
    with cluster() as url:
        moved = kept_site(tmp_path, folder)
        moved.environment["DATABASE_URL"] = url
        run = moved.manage("move_to_postgresql", str(folder / "demo.sqlite3"))
        assert run.returncode == 0, run.stderr
        assert moved.manage("verify_events").returncode == 0
        for site in (again, moved):
            site.start()
            try:
                assert get(f"http://127.0.0.1:{site.port}{link}")[0] == 200
            finally:
                site.end()


def test_a_folder_to_keep_that_is_in_use_is_refused(tmp_path):
    (tmp_path / "mine").write_text("precious")
    process = start(tmp_path, free_port(), "--keep", str(tmp_path))
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "is not empty" in printed
    assert [one.name for one in tmp_path.iterdir()] == ["mine"]
