"""Where the database lies, and how SQLite is set: what `serve` and `migrate` refuse."""

from pathlib import Path

import pytest
from django.db import connection

from enrollcheck import checks
from enrollcheck.sqlite import is_safe_in_wal_mode

MOUNTS = r"""
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
40 27 0:41 / /srv rw,relatime shared:20 - nfs4 files.example.edu.cn:/srv rw,vers=4.2
41 40 254:1 / /srv/local rw,relatime - xfs /dev/vdb rw
42 27 0:43 / /mnt/with\040blank rw - cifs //files/share rw
43 27 0:44 / /mnt/twice rw - ext4 /dev/vdc rw
44 27 0:45 / /mnt/twice rw - fuse.sshfs files:/ rw
""".strip()

on_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="looks at a file of SQLite")


@pytest.mark.parametrize(
    "path, kind",
    [
        ("/var/lib/enrollcheck/enrollcheck.sqlite3", "ext4"),
        ("/srv/enrollcheck/enrollcheck.sqlite3", "nfs4"),
        ("/srv/local/enrollcheck.sqlite3", "xfs"),
        ("/srvlocal/enrollcheck.sqlite3", "ext4"),
        ("/mnt/with blank/enrollcheck.sqlite3", "cifs"),
        ("/mnt/twice/enrollcheck.sqlite3", "fuse.sshfs"),
        ("/mnt/twice", "fuse.sshfs"),
    ],
)
def test_the_file_system_is_that_of_the_deepest_and_last_mount(path, kind):
    assert checks.file_system(Path(path), MOUNTS) == kind


@on_sqlite
@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "ceph", "9p"])
def test_a_database_on_a_network_disk_is_refused(kind):
    (error,) = checks.database_disk(None, ["default"], mountinfo=f"27 1 0:1 / / rw - {kind} where rw")
    assert error.id == "enrollcheck.E001"
    assert f"network disk ({kind})" in error.msg


@on_sqlite
@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "fuseblk"])
def test_a_database_on_a_disk_of_the_machine_is_fine(kind):
    assert checks.database_disk(None, ["default"], mountinfo=f"27 1 0:1 / / rw - {kind} where rw") == []


@on_sqlite
def test_the_suites_own_database_keeps_its_promises(db):
    assert checks.promises(None, ["default"]) == []
    assert checks.database_disk(None, ["default"]) == []


SOUND = {
    "journal_mode": "wal",
    "synchronous": 2,
    "foreign_keys": 1,
    "transaction_mode": "IMMEDIATE",
    "version": (3, 53, 4),
}


@pytest.mark.parametrize(
    "different, refused",
    [
        ({}, []),
        ({"synchronous": 3}, []),
        ({"journal_mode": "delete", "version": (3, 40, 1)}, []),
        ({"journal_mode": "memory"}, ["enrollcheck.E002"]),
        ({"journal_mode": "off"}, ["enrollcheck.E002"]),
        ({"version": (3, 40, 1)}, ["enrollcheck.E003"]),
        ({"synchronous": 1}, ["enrollcheck.E004"]),
        ({"synchronous": 0}, ["enrollcheck.E004"]),
        ({"foreign_keys": 0}, ["enrollcheck.E005"]),
        ({"transaction_mode": None}, ["enrollcheck.E006"]),
        ({"transaction_mode": "DEFERRED"}, ["enrollcheck.E006"]),
    ],
)
def test_each_promise_of_sqlite_is_held(different, refused):
    assert [
        name for name, holds, _, _ in checks.PROMISES_OF_SQLITE if not holds(SOUND | different)
    ] == refused


@pytest.mark.parametrize(
    "version, safe",
    [((3, 40, 1), False), ((3, 44, 6), True), ((3, 50, 7), True), ((3, 51, 2), False), ((3, 51, 3), True)],
)
def test_versions_that_keep_every_commit_in_wal_mode(version, safe):
    assert is_safe_in_wal_mode(version) == safe
