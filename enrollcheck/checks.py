"""What must be so before a declaration may be acknowledged: the disk, and how the database is set; a sandbox.

Read from the live connection and from the kernel, not from the settings: what counts is what is in force.
"""

import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

from django.core.checks import CheckMessage, Error, Info, Warning
from django.db import OperationalError, connection

from rosters import guard

from . import sqlite

# As the kernel names them: here SQLite's locks or its shared memory don't hold between machines.
NETWORK = {
    "9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "fuse.ceph", "fuse.davfs2", "fuse.glusterfs",
    "fuse.gvfsd-fuse", "fuse.juicefs", "fuse.mfs", "fuse.moosefs", "fuse.rclone", "fuse.s3fs", "fuse.sshfs",
    "fuse.vmhgfs-fuse", "gfs2", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs",
    "prl_fs", "smb2", "smb3", "smbfs", "vboxsf",
}  # fmt: skip

_OCTAL = re.compile(r"\\([0-7]{3})")  # a blank in a mount point is written \040

FULL = 2  # PRAGMA synchronous: 0 OFF, 1 NORMAL, 2 FULL, 3 EXTRA
ROLLBACK_JOURNALS = ("delete", "truncate", "persist")


def file_system(path: Path, mountinfo: str) -> str:
    """Return the type of the file system that holds an absolute path; `mountinfo` is /proc/self/mountinfo.

    Of several mounts on one point the last counts. "" where none fits.
    """
    deepest, found = -1, ""
    for line in mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        point = Path(_OCTAL.sub(lambda code: chr(int(code[1], 8)), left.split()[4]))
        if (path == point or point in path.parents) and len(point.parts) >= deepest:
            deepest, found = len(point.parts), right.split()[0]
    return found


def database_disk(
    app_configs: object, databases: object = None, mountinfo: str | None = None, **kwargs: object
) -> list[Error]:
    """Refuse an SQLite file on a network disk. The text of mountinfo is read where none is passed in."""
    if connection.vendor != "sqlite":
        return []
    if mountinfo is None:
        kernel = Path("/proc/self/mountinfo")
        mountinfo = kernel.read_text() if kernel.exists() else ""
    file = Path(connection.settings_dict["NAME"]).resolve()
    kind = file_system(file, mountinfo)
    if kind not in NETWORK:
        return []
    return [
        Error(
            f"The database {file} lies on a network disk ({kind}): SQLite's locks don't hold there, and "
            "declarations get lost.",
            hint="Point DATA_FOLDER or DATABASE_URL to a disk of the server itself, or use PostgreSQL.",
            id="enrollcheck.E001",
        )
    ]


def _in_force_on_sqlite() -> dict[str, Any]:
    """Return how SQLite is set on this connection."""
    backend: Any = connection  # SQLite's, which has more than every database has
    pragmas = ("journal_mode", "synchronous", "foreign_keys")
    with connection.cursor() as cursor:
        found = {name: cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in pragmas}
    return found | {
        "transaction_mode": backend.transaction_mode,
        "version": backend.Database.sqlite_version_info,
    }


# What must hold, what is lost otherwise, and what to do: by the check's id.
PROMISES_OF_SQLITE = (
    (
        "enrollcheck.E002",
        lambda found: found["journal_mode"] in ("wal", *ROLLBACK_JOURNALS),
        "SQLite keeps no journal on the disk: a crash in the middle of a write ruins the database.",
        "Leave the journal mode to enrollcheck/sqlite.py.",
    ),
    (
        "enrollcheck.E003",
        lambda found: found["journal_mode"] != "wal" or sqlite.is_safe_in_wal_mode(found["version"]),
        "This version of SQLite can lose committed declarations in WAL mode.",
        "Install the pysqlite3 of constraints.txt, or SQLite 3.51.3 and newer.",
    ),
    (
        "enrollcheck.E004",
        lambda found: found["synchronous"] >= FULL,
        "SQLite answers before a commit is on the disk: a power cut loses the last declarations.",
        "PRAGMA synchronous must be FULL.",
    ),
    (
        "enrollcheck.E005",
        lambda found: found["foreign_keys"] == 1,
        "SQLite does not hold rows to what they refer to.",
        "PRAGMA foreign_keys must be ON.",
    ),
    (
        "enrollcheck.E006",
        lambda found: found["transaction_mode"] in ("IMMEDIATE", "EXCLUSIVE"),
        "Transactions take SQLite's write lock too late: of several at once most fail.",
        "OPTIONS of the database must say transaction_mode IMMEDIATE.",
    ),
)
PROMISES_OF_POSTGRESQL = (
    (
        "enrollcheck.E007",
        lambda found: found["lock_timeout"] != "0",
        "PostgreSQL waits for a lock without end: one stuck transaction holds everybody for good.",
        "`manage.py migrate` sets lock_timeout for the role that it signs in as: let it be this one.",
    ),
    (
        "enrollcheck.E008",
        lambda found: found["synchronous_commit"] in ("on", "remote_apply"),
        "PostgreSQL answers before a commit is safe: the last declarations can be lost.",
        "Set synchronous_commit to on for the server, the database and the role.",
    ),
    (
        "enrollcheck.E009",
        lambda found: found["fsync"] == "on",
        "PostgreSQL does not see to it that anything is on the disk: a power cut ruins the database.",
        "Set fsync to on.",
    ),
)


def _in_force_on_postgresql() -> dict[str, Any]:
    """Return how PostgreSQL is set in the session that a transaction gets."""
    found: dict[str, Any] = {}
    with connection.cursor() as cursor:
        for name in ("lock_timeout", "synchronous_commit", "fsync"):
            cursor.execute(f"SHOW {name}")
            (found[name],) = cursor.fetchone()
    return found


IN_FORCE = {
    "sqlite": (PROMISES_OF_SQLITE, _in_force_on_sqlite),
    "postgresql": (PROMISES_OF_POSTGRESQL, _in_force_on_postgresql),
}


def promises(app_configs: object, databases: Collection[str] | None = None, **kwargs: object) -> list[Error]:
    """Refuse settings under which the database loses what it has acknowledged, or waits without end.

    Of one that does not answer the command itself tells.
    """
    if "default" not in (databases or ()):
        return []
    rows, in_force = IN_FORCE[connection.vendor]
    try:
        found = in_force()
    except OperationalError:
        return []
    return [Error(lost, hint=advice, id=name) for name, holds, lost, advice in rows if not holds(found)]


# What the kernel may give of the reading child's sandbox (rosters/child/sandbox.py): one must be on.
_KERNEL_PARTS = frozenset({"landlock", "seccomp"})
_PARTS = ("user", "privileges", "landlock", "limits", "seccomp")


def reading_child(
    app_configs: object, parts: list[str] | None = None, **kwargs: object
) -> list[CheckMessage]:
    """Say which parts of the reading child's sandbox are on. A child is asked where none are passed in."""
    if parts is None:
        try:
            parts = guard.parts()
        except guard.ChildDied:
            parts = []
    off = [name for name in _PARTS if name not in parts]
    text = f"The process that reads uploaded rosters is a sandbox; on: {', '.join(parts) or 'nothing'}"
    text += f"; off: {', '.join(off)}." if off else "."
    if _KERNEL_PARTS & set(parts):
        return [Info(text, id="enrollcheck.I001")]
    hint = "Use a kernel with seccomp or Landlock, and a container or unit that lets a process set them."
    return [Warning(text, hint=hint, id="enrollcheck.W001")]
