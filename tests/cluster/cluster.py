"""The cluster: its machines built and started in the order of deploy/cluster/README.md, and how it is."""

import base64
import hashlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from tests.cluster.machine import DEPLOY, Machine, Places, role_of
from tests.cluster.network import NAMES, network, small_disk, unmount
from tests.cluster.units import read_environment
from tests.durability.site import REPOSITORY
from tests.races.cluster import programs

NEEDS = ("etcd", "haproxy", "pgbouncer", "nginx", "openssl", "setpriv")
DISK = 1500  # megabytes of each database's disk
SETTLES = 120.0  # seconds after which what has not come back by itself does not


def missing() -> list[str]:
    """Return what must be there first: programs, and the right to take each unit's user and port."""
    lacking = [name for name in NEEDS if shutil.which(name) is None]
    return lacking + ["postgresql"] * (programs() is None) + ["root's rights"] * (os.geteuid() != 0)


def _postgres() -> dict[str, str]:
    """Return whom the database runs as, as subprocess takes it."""
    return {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}


def _runs(python: Path | str, program: str) -> bool:
    """Say whether the database's user may run a program of that Python."""
    try:
        return (
            subprocess.run([python, "-c", program], capture_output=True, cwd="/", **_postgres()).returncode
            == 0
        )
    except OSError:
        return False


def patroni(constraints: Path = DEPLOY / "constraints.txt") -> Path:
    """Return an environment with the Patroni of a constraints file; made once, and kept in var/.

    Not there where the database's user may not enter: in a root's home.
    """
    mark = hashlib.sha256(constraints.read_bytes()).hexdigest()[:12]
    place = REPOSITORY / "var" / f"patroni-{mark}"
    if _runs(place / "bin" / "python", "import patroni"):
        return place
    for python in (sys._base_executable, "/usr/bin/python3"):
        if _runs(python, "import venv, ensurepip"):
            break
    _install(python, place, constraints)
    if not _runs(place / "bin" / "python", "import patroni"):
        place = Path(tempfile.mkdtemp(prefix="enrollcheck-patroni-"))
        place.chmod(0o755)
        _install(python, place, constraints)
    return place


def _install(python: Path | str, place: Path, constraints: Path) -> None:
    subprocess.run([python, "-m", "venv", "--clear", place], check=True)
    install = [place / "bin" / "pip", "install", "-q", "-c", constraints, "patroni[etcd3]", "psycopg[binary]"]
    subprocess.run(install, check=True)


class Cluster:
    """Three nodes of the database, two of the application, one web server in front."""

    def __init__(self, folder: Path, environment: Path):
        """Take an empty folder, which everybody may enter, and the environment with Patroni."""
        self.folder, self.network = folder, network()
        small_disk(folder, 8000)
        homes = {name: folder / name for name in NAMES}
        for home in homes.values():
            home.mkdir()
            home.chmod(0o755)
        seats = {name: self.network.join(number) for number, name in enumerate(NAMES, 1)}
        places = places_of({name: seat.ip for name, seat in seats.items()}, environment)
        self.machines = {name: Machine(name, seats[name], homes[name], places) for name in NAMES}
        self.disks = [place for place in map(self._disk, self.of("db")) if place]

    def _disk(self, machine: Machine) -> Path | None:
        """Make the database's folder, on a small disk of its own where we may; return that."""
        place = machine.data.parent
        place.mkdir()
        made = small_disk(place, DISK)
        if user := machine.services["patroni"].unit.user():
            for folder in (place, machine.folder / "run", machine.folder / "etc"):
                os.chown(folder, user.pw_uid, user.pw_gid)
        return place if made else None

    def of(self, role: str) -> list[Machine]:
        """Return the machines of a role."""
        return [one for name, one in self.machines.items() if role_of(name) == role]

    # Building -------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Start what comes first on the page: the nodes of the database."""
        for machine in self.of("db"):
            machine.up()
        self.wait("three nodes of the database", lambda: not self._ailing_nodes())

    def move_in(self, file: Path) -> None:
        """Carry an SQLite file into it, by the page's one command. Raise AssertionError where it refuses."""
        run = self.manage("move_to_postgresql", str(file), settings_of="commands")
        assert run.returncode == 0, run.stdout + run.stderr

    def open(self) -> None:
        """Start what comes last: the nodes of the application, and the web server."""
        certify(self.machines["web"])
        for machine in [*self.of("app"), *self.of("web")]:
            machine.up()
        self.wait("all of it", self.whole)

    def close(self) -> None:
        """End every process."""
        for machine in self.machines.values():
            machine.go_on()
            machine.kill()
        self.network.close()
        for disk in self.disks:
            unmount(disk)
        unmount(self.folder)

    # How it is ------------------------------------------------------------------------------------------

    def members(self) -> list[dict]:
        """Return what Patroni says of its nodes; empty where nobody answers."""
        for machine in self.of("db"):
            try:
                with urllib.request.urlopen(f"http://{machine.ip}:8008/cluster", timeout=2) as answer:
                    return json.load(answer)["members"]
            except (OSError, ValueError, KeyError):
                continue
        return []

    def _named(self, role: str) -> Machine | None:
        return next((self.machines[one["name"]] for one in self.members() if one["role"] == role), None)

    def leader(self) -> Machine:
        """Return who leads."""
        self.wait("somebody who leads", lambda: self._named("leader") is not None)
        return self._named("leader")

    def standbys(self) -> list[Machine]:
        """Return the others, the synchronous one first."""
        synchronous, leader = self._named("sync_standby"), self.leader()
        return sorted(
            (one for one in self.of("db") if one is not leader), key=lambda one: one is not synchronous
        )

    def _ailing_nodes(self) -> str:
        """Say what is not as it should be among the database's nodes."""
        found = sorted(one["role"] for one in self.members() if one["state"] in ("running", "streaming"))
        return "" if found == ["leader", "replica", "sync_standby"] else str(found)

    def ailments(self) -> str:
        """Say what is not as it should be; empty: nothing."""
        found = [self._ailing_nodes()]
        asked = [(one, f"etcd of {one.name}", "2379/health") for one in self.of("db")]
        asked += [(one, one.name, "8000/readyz") for one in self.of("app")]
        found += [name for machine, name, page in asked if health(machine, page)[0] != 200]
        return ", ".join(filter(None, found))

    def whole(self) -> bool:
        """Say whether all is as it should be."""
        return not self.ailments()

    def wait(self, what: str, holds: Callable[[], bool], seconds: float = SETTLES) -> float:
        """Wait until it holds; return how long that took. Raise TimeoutError where it does not come."""
        began = time.monotonic()
        while not holds():
            if time.monotonic() - began > seconds:
                raise TimeoutError(f"{what} did not come in {seconds:.0f} s: {self.ailments()}")
            time.sleep(0.2)
        return time.monotonic() - began

    def witnesses(self) -> list[Path]:
        """Return the files in which the nodes of the application wrote down what was acknowledged."""
        return [
            file for one in self.of("app") for file in (one.folder / "state").glob("enrollcheck/witness/*")
        ]

    # Working on it --------------------------------------------------------------------------------------

    def url(self) -> str:
        """Return DATABASE_URL of whoever leads, as `commands.env` has it."""
        return self.settings("commands")["DATABASE_URL"]

    def settings(self, name: str) -> dict[str, str]:
        """Return what `commands.env` or `backup.env` of app1 say."""
        return read_environment(self.machines["app1"].folder / "etc" / f"{name}.env")

    def manage(self, *arguments: str, settings_of: str = "commands") -> subprocess.CompletedProcess:
        """Run a command of manage.py on app1, with `commands.env` or `backup.env` as the page has it."""
        machine = self.machines["app1"]
        own = machine.services["enrollcheck"].environment()
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=REPOSITORY,
            env={**own, **self.settings(settings_of)},
            capture_output=True,
            text=True,
        )

    def write_leader(self, name: str) -> None:
        """Write into etcd who leads, past Patroni."""
        key, value = (
            base64.b64encode(text.encode()).decode() for text in ("/service/enrollcheck/leader", name)
        )
        asked = json.dumps({"key": key, "value": value}).encode()
        for machine in self.of("db"):
            with suppress(OSError), urllib.request.urlopen(f"http://{machine.ip}:2379/v3/kv/put", asked, 3):
                return
        raise AssertionError("no etcd takes it")

    def patronictl(self, *arguments: str) -> None:
        """Ask Patroni for something."""
        machine = self.of("db")[0]
        service = machine.services["patroni"]
        program = Path(service.unit.value("ExecStart").split()[0]).with_name("patronictl")
        command = [program, "-c", machine.folder / "etc" / "patroni.yml", *arguments]
        subprocess.run(command, env=service.environment(), check=True, capture_output=True)


def certify(machine: Machine) -> None:
    """Make the certificate of the site, on the machine that brings TLS."""
    place = machine.folder / "etc"
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=xueji.example.edu.cn"
    files = ["-keyout", place / "site.key", "-out", place / "site.crt"]
    subprocess.run(["openssl", *words.split(), *files], check=True, capture_output=True)


def places_of(addresses: dict[str, str], environment: Path) -> Places:
    """Return a cluster's words: where its machines are and Patroni lies, passwords of its own.

    The keys are our own: what we write into the database, the site reads.
    """
    passwords = {f"change-me-{number}": secrets.token_hex(16) for number in range(1, 5)}
    keys = {
        "change-me-5": settings.SECRET_KEY,
        "k1:change-me-6": os.environ["FIELD_KEY"],
        "change-me-7": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    }
    return Places(addresses, _paths(environment), {**passwords, **keys})


def _paths(environment: Path) -> dict[str, str]:
    """Return what the paths of a server are here; the longer ones first."""
    return {
        "/srv/enrollcheck/app/.venv/bin/python": sys.executable,
        "/srv/enrollcheck/app": str(REPOSITORY),
        "/opt/enrollcheck-patroni": str(environment),
        "/usr/lib/postgresql/15/bin": str(programs()),
        "/etc/enrollcheck-cluster": "{folder}/etc",
        "/var/lib/enrollcheck-etcd": "{folder}/state/etcd",
        "/var/lib/postgresql/enrollcheck": "{folder}/postgresql/data",
        "/var/lib/enrollcheck": "{folder}/state/enrollcheck",
        "/run/enrollcheck-patroni": "{folder}/run",
        "/run/nginx.pid": "{folder}/run/nginx.pid",
    }


def health(machine: Machine, page: str) -> tuple[int, str]:
    """Return the status and the words of a health page, `port/path`; 0 where nobody answers."""
    asked = urllib.request.Request(f"http://{machine.ip}:{page}", headers={"Host": "xueji.example.edu.cn"})
    try:
        with urllib.request.urlopen(asked, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()
    except OSError:
        return 0, ""
