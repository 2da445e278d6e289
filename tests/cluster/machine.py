"""One machine: its files, as deploy/cluster/ has them but for the addresses, and its services."""

import os
import re
import shutil
import signal
from contextlib import suppress
from pathlib import Path

from tests.cluster.network import NAMES
from tests.cluster.units import Service, Unit, at_work_in, send
from tests.durability.site import REPOSITORY

DEPLOY = REPOSITORY / "deploy" / "cluster"
# What runs where: the unit, and the files that it reads.
ROLES = {
    "db": ("etcd", "patroni"),
    "app": ("haproxy", "pgbouncer", "enrollcheck"),
    "web": ("nginx",),
}


def role_of(name: str) -> str:
    """Return db, app or web."""
    return name.rstrip("0123456789")


class Places:
    """This place in the words of the files: addresses, paths, passwords."""

    def __init__(self, addresses: dict[str, str], paths: dict[str, str], secrets: dict[str, str]):
        """Take each machine's address, the paths of a server and ours, and what each change-me becomes."""
        self.addresses, self.paths, self.secrets = addresses, paths, secrets

    def fill(self, text: str, name: str, folder: Path) -> str:
        """Return a file's text as it must be for a machine whose files lie in a folder."""
        text = text.replace("%H", name)
        for there, here in self.paths.items():
            text = text.replace(there, here.format(folder=folder))
        for word, secret in self.secrets.items():
            text = text.replace(word, secret)
        # A machine's name is an address where a port follows; etcd's own name for it stays.
        text = re.sub(rf"\b({'|'.join(NAMES)})(?=:\d)", lambda found: self.addresses[found[1]], text)
        text = re.sub(r"\b(127\.0\.0\.1|0\.0\.0\.0)\b", self.addresses[name], text)
        return re.sub(r"listen (443|80)\b", lambda port: f"listen {self.addresses[name]}:{port[1]}", text)


class Machine:
    """A machine of the cluster."""

    def __init__(self, name: str, place, folder: Path, places: Places):
        """Take its name, its place in the network, an empty folder, and this place's words."""
        self.name, self.place, self.folder = name, place, folder
        self.role, self.ip = role_of(name), place.ip
        for made in ("etc", "run", "state", "tmp"):
            (folder / made).mkdir(exist_ok=True)
        for file in [*DEPLOY.glob("*.*"), *DEPLOY.glob("nginx/*"), DEPLOY / "post-bootstrap"]:
            target = folder / "etc" / file.name
            target.write_text(places.fill(file.read_text(), name, folder))
            target.chmod(file.stat().st_mode)
        self.services = {one: self._service(one, places) for one in ROLES[self.role]}

    def _service(self, name: str, places: Places) -> Service:
        text = (DEPLOY / "systemd" / f"{name}.service").read_text()
        unit = Unit(places.fill(text, self.name, self.folder))
        for folder in Unit(text).folders():
            made = Path(places.fill(folder, self.name, self.folder))
            made.mkdir(parents=True, exist_ok=True)
            if user := unit.user():
                os.chown(made, user.pw_uid, user.pw_gid)
        return Service(unit, self.place.enter, self.folder, name)

    @property
    def data(self) -> Path:
        """Where PostgreSQL's files lie."""
        return self.folder / "postgresql" / "data"

    def up(self) -> None:
        """Boot."""
        for service in self.services.values():
            service.start()

    def pids(self) -> set[int]:
        """Return all its processes."""
        return at_work_in(self.folder).union(*(service.pids() for service in self.services.values()))

    def kill(self) -> None:
        """Power off: SIGKILL to all its processes, and none comes back before `up`."""
        for service in self.services.values():
            service.wanted.clear()
        send(signal.SIGKILL, self.pids)

    def kill_database(self) -> None:
        """SIGKILL to PostgreSQL's processes alone."""
        send(signal.SIGKILL, lambda: at_work_in(self.data))

    def pause(self) -> None:
        """Stop the machine where it is; its kernel still answers."""
        send(signal.SIGSTOP, self.pids)

    def go_on(self) -> None:
        """Let it go on."""
        send(signal.SIGCONT, self.pids)

    def wipe(self) -> None:
        """Empty its disks: it is another machine now."""
        shutil.rmtree(self.data)
        shutil.rmtree(self.folder / "state" / "etcd" / "member")

    def fill_disk(self) -> None:
        """Leave no byte on the disk of the database."""
        with open(self.folder / "postgresql" / "filler", "wb", buffering=0) as filler, suppress(OSError):
            while True:
                filler.write(bytes(1 << 16))

    def free_disk(self) -> None:
        """Make room again."""
        (self.folder / "postgresql" / "filler").unlink()
