"""What must be so before a declaration may be acknowledged: the disk, and how SQLite is set; the sandbox.

Read from the live connection and from the kernel, not from the settings: what counts is what is in force.
"""

import re
from pathlib import Path

from django.core.checks import CheckMessage, Error, Info, Warning
from django.db import connection

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


def database_disk(app_configs, databases=None, mountinfo: str | None = None, **kwargs) -> list[Error]:
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


def _in_force() -> dict:
    """Return how SQLite is set on this connection."""
    pragmas = ("journal_mode", "synchronous", "foreign_keys")
    with connection.cursor() as cursor:
        found = {name: cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in pragmas}
    return found | {
        "transaction_mode": connection.transaction_mode,
        "version": connection.Database.sqlite_version_info,
    }


# What must hold, what is lost otherwise, and what to do: by the check's id.
PROMISES = (
    (
        "enrollcheck.E002",
        lambda of: of["journal_mode"] in ("wal", *ROLLBACK_JOURNALS),
        "SQLite keeps no journal on the disk: a crash in the middle of a write ruins the database.",
        "Leave the journal mode to enrollcheck/sqlite.py.",
    ),
    (
        "enrollcheck.E003",
        lambda of: of["journal_mode"] != "wal" or sqlite.is_safe_in_wal_mode(of["version"]),
        "This version of SQLite can lose committed declarations in WAL mode.",
        "Install the pysqlite3 of constraints.txt, or SQLite 3.51.3 and newer.",
    ),
    (
        "enrollcheck.E004",
        lambda of: of["synchronous"] >= FULL,
        "SQLite answers before a commit is on the disk: a power cut loses the last declarations.",
        "PRAGMA synchronous must be FULL.",
    ),
    (
        "enrollcheck.E005",
        lambda of: of["foreign_keys"] == 1,
        "SQLite does not hold rows to what they refer to.",
        "PRAGMA foreign_keys must be ON.",
    ),
    (
        "enrollcheck.E006",
        lambda of: of["transaction_mode"] in ("IMMEDIATE", "EXCLUSIVE"),
        "Transactions take SQLite's write lock too late: of several at once most fail.",
        "OPTIONS of the database must say transaction_mode IMMEDIATE.",
    ),
)


def sqlite_promises(app_configs, databases=None, **kwargs) -> list[Error]:
    """Refuse settings under which SQLite loses what it has acknowledged."""
    if connection.vendor != "sqlite" or "default" not in (databases or ()):
        return []
    found = _in_force()
    return [Error(said, hint=advice, id=name) for name, holds, said, advice in PROMISES if not holds(found)]


# What the kernel may give of the reading child's sandbox (rosters/child/sandbox.py): one must be on.
_KERNEL_PARTS = frozenset({"landlock", "seccomp"})
_PARTS = ("user", "privileges", "landlock", "limits", "seccomp")


def reading_child(app_configs, parts: list[str] | None = None, **kwargs) -> list[CheckMessage]:
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
