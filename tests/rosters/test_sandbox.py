"""The reading child is a sandbox: what a file could do that had taken it over."""

import ctypes
import json
import os
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.management import call_command

from enrollcheck import checks
from rosters import guard, reading
from rosters.child import sandbox

from . import files, old_formats
from .test_formats import html

HOME = Path(__file__).resolve().parent.parent.parent
EVERYTHING = [
    "environment", "memory", "database", "write", "internet socket", "unix socket", "process", "signal",
    "program",
]  # fmt: skip
# What each part alone keeps it from; the version of Landlock that signals and sockets need is the sixth.
STOPS = {
    "user": ["environment", "memory", "database", "write"],
    "landlock": ["environment", "memory", "database", "write", "internet socket", "program", "signal"],
    "limits": ["environment", "database", "write", "internet socket", "unix socket"],
    "seccomp": EVERYTHING,
}
FOR_ROOT_ALONE = {"user"}


@pytest.fixture
def targets(tmp_path):
    """Targets that this process could reach: its memory, a database, and two sockets that listen."""
    kept = ctypes.create_string_buffer(b"a secret")
    database = tmp_path / "db.sqlite3"
    database.write_bytes(b"SQLite format 3\0")
    database.chmod(0o600)
    with socket.create_server(("127.0.0.1", 0)) as internet, socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(tmp_path / "socket"))
        unix.listen()
        yield {
            "pid": os.getpid(),
            "address": ctypes.addressof(kept),
            "database": str(database),
            "folder": str(tmp_path),
            "internet": internet.getsockname(),
            "unix": str(tmp_path / "socket"),
        }


def attack(targets: dict, *parts: str) -> dict:
    """Try everything behind these parts of the sandbox, in a process that is started as the child is."""
    argument = json.dumps({"parts": parts, "targets": targets})
    run = subprocess.run(
        [sys.executable, "-m", "tests.rosters.attacker", argument],
        cwd=HOME,
        env={},
        capture_output=True,
        check=True,
    )
    return json.loads(run.stdout)


def test_without_the_sandbox_all_of_it_would_work(targets):
    run = attack(targets)

    assert run["got"] == EVERYTHING


def test_the_child_gets_at_nothing(targets):
    run = attack(targets, *sandbox.PARTS)

    assert run["got"] == []
    assert set(run["keys"]) <= {"LC_CTYPE"}


@pytest.mark.parametrize("part", STOPS)
def test_each_part_stops_its_own(targets, part):
    if part in FOR_ROOT_ALONE and os.geteuid() != 0:
        pytest.skip("the tests don't run as root: the child keeps its user")
    run = attack(targets, "privileges", part)
    if part not in run["parts"]:
        pytest.skip(f"this kernel has no {part}")
    assert [name for name in STOPS[part] if name in run["got"]] == []


def test_it_makes_no_process_even_where_the_kernel_gives_neither_landlock_nor_seccomp(targets):
    run = attack(targets, "user", "privileges", "limits")

    assert [name for name in ("process", "program") if name in run["got"]] == []


def test_the_parts_that_are_on_are_named():
    lacking = [name for name in sandbox.PARTS if name not in guard.parts()]

    assert set(lacking) <= {"landlock", "seccomp"}  # the kernel's own; the others never lack


ALL_PARTS = list(sandbox.PARTS)


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        (ALL_PARTS, [("enrollcheck.I001", 20)]),
        ([name for name in ALL_PARTS if name != "landlock"], [("enrollcheck.I001", 20)]),
        (["user", "privileges", "limits"], [("enrollcheck.W001", 30)]),
        ([], [("enrollcheck.W001", 30)]),
    ],
)
def test_the_deployment_check_says_which_parts_are_on(parts, found):
    (message,) = checks.reading_child(None, parts=parts)

    assert [(message.id, message.level)] == found
    assert all((name in message.msg.split("; off:")[0]) == (name in parts) for name in ALL_PARTS)


def test_check_deploy_names_them(capsys, settings):
    call_command("check", "--deploy", fail_level="CRITICAL")

    assert f"on: {', '.join(guard.parts())}" in capsys.readouterr().err


KINDS = {
    "xlsx": files.roster(files.row(1)),
    "xls": old_formats.xls(files.table([files.row(1)])),
    "csv": files.csv(files.table([files.row(1)])).encode("gb18030"),
    "html": html(files.table([files.row(1)])),
}


# As a container may run the server, and as the shipped unit does.
SERVERS = {
    "root without rights": ["--bounding-set=-all", "--no-new-privs"],
    "another user": [
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
        "--bounding-set=-all",
        "--no-new-privs",
    ],
}
CAN_START = "import subprocess, sys; subprocess.run([sys.executable, '-c', '']).check_returncode()"
READ = (
    "import sys; from rosters import guard; "
    "sys.stdout.buffer.writelines(guard.answer('read', {}, sys.stdin.buffer.read()))"
)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize("server", SERVERS)
def test_it_reads_for_a_server_that_has_no_rights(server):
    command = ["setpriv", *SERVERS[server], sys.executable, "-c"]
    if subprocess.run([*command, CAN_START], capture_output=True).returncode != 0:
        pytest.skip("other users may not run this Python")
    ends = []
    for content in KINDS.values():
        run = subprocess.run([*command, READ], cwd=HOME, input=content, capture_output=True)
        ends.append(run.stdout.splitlines()[-1:])

    assert ends == [[b'{"end":true}']] * len(KINDS)


def test_many_read_at_once():
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda content: reading.read(content, "x"), [*KINDS.values()] * 3))

    assert [len(one.rows) for one in found] == [1] * 12
