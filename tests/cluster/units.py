"""A unit file, run as systemd runs it: as its user, with its folders, and again when it has died."""

import os
import pwd
import shlex
import signal
import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

BASE = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LANG": "C.UTF-8"}


def read_environment(file: Path) -> dict[str, str]:
    """Return the variables of an EnvironmentFile."""
    lines = (line.partition("=") for line in file.read_text().splitlines() if line[:1] not in ("", "#"))
    return {name: value for name, _, value in lines}


class Unit:
    """What a unit file says of its service."""

    def __init__(self, text: str):
        """Take the file's text."""
        self.values: dict[str, list[str]] = defaultdict(list)
        for line in text.splitlines():
            name, equals, value = line.partition("=")
            if equals and not line.startswith("#"):
                self.values[name].append(value)

    def value(self, name: str, default: str = "") -> str:
        """Return a value that stands there once."""
        return (self.values.get(name) or [default])[0]

    def environment(self) -> dict[str, str]:
        """Return the variables, those of files too."""
        found = dict(line.split("=", 1) for line in self.values["Environment"])
        for file in self.values["EnvironmentFile"]:
            found |= read_environment(Path(file))
        return found

    def folders(self) -> list[str]:
        """Return the folders that systemd makes for it, as they are on a server."""
        made = [f"/var/lib/{name}" for name in self.values["StateDirectory"]]
        return made + [f"/run/{name}" for name in self.values["RuntimeDirectory"]]

    def user(self) -> pwd.struct_passwd | None:
        """Return whom it runs as; None: ourselves, without the right to choose or without that user."""
        with suppress(KeyError):
            if os.geteuid() == 0 and self.value("User"):
                return pwd.getpwnam(self.value("User"))
        return None


class Service:
    """A service on a machine. A thread holds it up, from `start` to `stop`."""

    def __init__(self, unit: Unit, enter: tuple[str, ...], folder: Path, name: str):
        """Take the unit, how to enter the machine's network, the machine's folder, and a name for the log."""
        self.unit, self.enter, self.folder = unit, enter, folder
        self.log = folder / f"{name}.log"
        self.extra: dict[str, str] = {}  # environment of the moment: a skewed clock
        self.process: subprocess.Popen | None = None
        self.wanted = threading.Event()
        self.begun = 0  # how often it was started
        self._thread = threading.Thread(target=self._hold_up, daemon=True)

    def _hold_up(self) -> None:
        while self.wanted.wait():
            ready = all(self._begin(line).wait() == 0 for line in self.unit.values["ExecStartPre"])
            if ready and self.wanted.is_set():
                self.begun += 1
                self.process = self._begin(self.unit.value("ExecStart"))
                self.process.wait()
            time.sleep(float(self.unit.value("RestartSec", "1")))

    def _begin(self, line: str) -> subprocess.Popen:
        user = self.unit.user()
        become = (
            ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"] if user else []
        )
        with open(self.log, "a") as log:
            return subprocess.Popen(
                [*self.enter, *become, *shlex.split(line)],
                cwd=self.unit.value("WorkingDirectory") or self.folder,
                env={**self.environment(), **self.extra},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def environment(self) -> dict[str, str]:
        """Return the variables that it is started with."""
        return {**BASE, **self.unit.environment()}

    def start(self) -> None:
        """Want it."""
        self.wanted.set()
        if not self._thread.is_alive():
            self._thread.start()

    def restart(self) -> None:
        """Ask its main process to end; it comes back."""
        self.process.terminate()

    def kill(self) -> None:
        """SIGKILL to all its processes. Where it is wanted it comes back, as under systemd."""
        send(signal.SIGKILL, self.pids)

    def pids(self) -> set[int]:
        """Return its processes."""
        if self.process is None or self.process.poll() is not None:
            return set()
        return tree({self.process.pid})


def _status(pid: str) -> tuple[int, str]:
    """Return a process's parent and state. Raise OSError where it has ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[1]), fields[0]


def living() -> dict[int, int]:
    """Return each process's parent, without those that are dead and not taken in yet."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError):
            parent, state = _status(pid)
            if state != "Z":
                found[int(pid)] = parent
    return found


def tree(roots: set[int]) -> set[int]:
    """Return these processes and all below them that live."""
    parents = living()
    found = roots & set(parents)
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def at_work_in(folder: Path) -> set[int]:
    """Return the processes that work in a folder: PostgreSQL's in its data, whoever started them."""
    found = set()
    for pid in living():
        with suppress(OSError):
            if Path(os.readlink(f"/proc/{pid}/cwd")).is_relative_to(folder):
                found.add(pid)
    return found


def send(what: signal.Signals, pids: Callable[[], set[int]]) -> None:
    """Send a signal to processes, by their ids, and to those that they start meanwhile."""
    reached: set[int] = set()
    while new := pids() - reached:
        for pid in new:
            with suppress(ProcessLookupError):
                os.kill(pid, what)
        reached |= new
