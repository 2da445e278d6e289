"""When disk or database fail: which failure it is, told from the error of SQLite, PostgreSQL or the kernel.

It leads to words for the person (views/failures.py) and for the monitor of the server (/healthz).
"""

import errno
import os
import tempfile

FULL, READ_ONLY, LOCKED, AWAY = "full", "read-only", "locked", "away"
# No error tells of these two: a commit that takes too long, and a node whose clock is not the database's.
SLOW, CLOCK = "slow", "clock"

# SQLite's primary result codes (sqlite.org/rescode.html).
_BY_SQLITE = {
    5: LOCKED,  # BUSY: another connection held the lock for longer than the timeout
    6: LOCKED,
    8: READ_ONLY,
    10: AWAY,  # IOERR
    11: AWAY,  # CORRUPT
    13: FULL,
    14: AWAY,  # CANTOPEN
    26: AWAY,  # NOTADB
}
# PostgreSQL's SQLSTATE; the longest beginning counts.
_BY_SQLSTATE = {
    "53100": FULL,
    "25006": READ_ONLY,
    "55P03": LOCKED,  # lock_timeout
    "57014": LOCKED,  # statement_timeout
    "40": LOCKED,  # deadlock, serialisation
    "08": AWAY,
    "53": AWAY,  # no memory, too many connections
    "57P": AWAY,  # it is being stopped, or starts
    "58": AWAY,  # its disk
    "XX": AWAY,
}
LEAST = 64 * 1024  # bytes: SQLite's shared memory takes 32 KiB before the first row
_BY_ERRNO = {errno.ENOSPC: FULL, errno.EDQUOT: FULL, errno.EROFS: READ_ONLY, errno.EIO: AWAY}


def outage_of(error: BaseException | None) -> str | None:
    """Return FULL, READ_ONLY, LOCKED or AWAY; None for an error that tells of no outage: a fault of ours.

    Django wraps the driver's error: its causes are looked at too.
    """
    while error is not None:
        found = _told_by(error)
        if found is not None:
            return found
        error = error.__cause__
    return None


def disk_outage(file: str) -> str | None:
    """Return FULL or READ_ONLY where the disk of a file is; None where it can be written.

    SQLite tells of both as of a file that it can't open, when they meet its log or its shared memory first.
    Tried by writing beside the file: one that the kernel made read-only after an error passes for writable.
    """
    if not os.access(file, os.W_OK):
        return READ_ONLY
    try:
        with tempfile.TemporaryFile(dir=os.path.dirname(file), buffering=0) as probe:
            return None if probe.write(bytes(LEAST)) == LEAST else FULL
    except OSError as error:
        return _told_by(error)


def _told_by(error: BaseException) -> str | None:
    if isinstance(error, OSError):
        return _BY_ERRNO.get(error.errno or 0)
    if hasattr(error, "sqlite_errorcode"):
        return _BY_SQLITE.get(error.sqlite_errorcode & 0xFF)
    if not hasattr(error, "sqlstate"):
        return None
    if error.sqlstate is None:  # psycopg: no server has spoken
        return AWAY if type(error).__name__ == "OperationalError" else None
    return next(
        (_BY_SQLSTATE[error.sqlstate[:n]] for n in (5, 3, 2) if error.sqlstate[:n] in _BY_SQLSTATE), None
    )
