"""What a file that had taken the reading child over would try: run as a process, it says what it got.

Argument: JSON with the parts of the sandbox to enter, and where the targets are.
"""

import ctypes
import json
import os
import socket
import sys
from pathlib import Path

from rosters.child import sandbox

libc = ctypes.CDLL(None, use_errno=True)


class Piece(ctypes.Structure):
    """A piece of memory, as process_vm_readv takes it."""

    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


def read_memory(pid: int, address: int) -> None:
    """Read some bytes of another process."""
    buffer = ctypes.create_string_buffer(8)
    mine, theirs = Piece(ctypes.addressof(buffer), 8), Piece(address, 8)
    if libc.process_vm_readv(pid, ctypes.byref(mine), 1, ctypes.byref(theirs), 1, 0) != 8:
        raise OSError(ctypes.get_errno(), "process_vm_readv")


def fork() -> None:
    """Make another process, which ends at once."""
    if os.fork() == 0:
        os._exit(0)


def connect(family: int, address) -> None:
    """Connect to somebody."""
    with socket.socket(family) as connection:
        connection.connect(tuple(address) if isinstance(address, list) else address)


def attempts(targets: dict) -> dict:
    """Return what is tried, by name."""
    return {
        "environment": lambda: Path(f"/proc/{targets['pid']}/environ").read_bytes()[0],
        "memory": lambda: read_memory(targets["pid"], targets["address"]),
        "database": lambda: Path(targets["database"]).read_bytes()[0],
        "write": lambda: Path(targets["folder"], "x").write_text("x"),
        "internet socket": lambda: connect(socket.AF_INET, targets["internet"]),
        "unix socket": lambda: connect(socket.AF_UNIX, targets["unix"]),
        "process": fork,
        "signal": lambda: os.kill(targets["pid"], 0),
        "program": lambda: os.posix_spawn("/bin/true", ["true"], {}),
    }


def main() -> None:
    """Enter the sandbox, try everything, and say what worked."""
    given = json.loads(sys.argv[1])
    parts, got = sandbox.enter(given["parts"]), []
    for name, attempt in attempts(given["targets"]).items():
        try:
            attempt()
        except OSError:
            continue
        got.append(name)
    answer = {"parts": parts, "got": got, "keys": sorted(os.environ)}
    sys.stdout.buffer.write(json.dumps(answer).encode())


if __name__ == "__main__":
    main()
