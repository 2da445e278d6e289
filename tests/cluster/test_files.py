"""The files of deploy/cluster/ are what their programs accept, and its page names each of them."""

import re
import shutil
import socket
import subprocess
from contextlib import ExitStack

import pytest

from tests.cluster import cluster
from tests.cluster.cluster import places_of
from tests.cluster.faults import FAULTS
from tests.cluster.machine import DEPLOY, Machine
from tests.cluster.network import NAMES, Address
from tests.races.cluster import programs

PAGE = (DEPLOY / "README.md").read_text()
UNITS = sorted((DEPLOY / "systemd").iterdir())


@pytest.fixture
def machine(tmp_path):
    """A function that makes a machine with its files filled in, on loopback addresses."""
    addresses = {name: f"127.0.77.{number}" for number, name in enumerate(NAMES, 101)}

    def make(name: str, environment=tmp_path) -> Machine:
        return Machine(name, Address(addresses[name]), tmp_path, places_of(addresses, environment))

    return make


def run(*command) -> tuple[int, str]:
    """Return what a program exits with, and what it says."""
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def needs(program: str):
    """Skip where a program is not installed."""
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


@needs("nginx")
@needs("openssl")
def test_nginx_accepts_its_file(machine):
    one = machine("web")
    cluster.certify(one)
    code, text = run("nginx", "-t", "-c", one.folder / "etc" / "nginx.conf")
    assert (code, "test is successful" in text) == (0, True), text


@needs("haproxy")
def test_haproxy_accepts_its_file(machine):
    code, text = run("haproxy", "-c", "-f", machine("app1").folder / "etc" / "haproxy.cfg")
    assert (code, text.strip()) == (0, "Configuration file is valid")


@pytest.mark.skipif(programs() is None, reason="Debian's postgresql is not installed")
def test_patroni_accepts_its_file(machine):
    """It asks whether etcd can be reached: somebody listens."""
    try:
        environment = cluster.patroni()
    except subprocess.CalledProcessError:
        pytest.skip("Patroni can't be installed: no package index?")
    one = machine("db1", environment)
    with ExitStack() as listening:
        for number in (101, 102, 103):
            listening.enter_context(socket.create_server((f"127.0.77.{number}", 2379)))
        done = subprocess.run(
            [environment / "bin" / "patroni", "--validate-config", one.folder / "etc" / "patroni.yml"],
            env=one.services["patroni"].environment(),
            capture_output=True,
            text=True,
        )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@needs("systemd-analyze")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_accepts_the_unit(unit, tmp_path):
    """With programs that are there: those of the server lie elsewhere, or are not installed."""
    text = re.sub(r"^(Exec\w+=)\S+", r"\1/bin/true", unit.read_text(), flags=re.MULTILINE)
    for name in UNITS:
        (tmp_path / name.name).write_text(text if name == unit else name.read_text())
    code, words = run("systemd-analyze", "verify", tmp_path / unit.name)
    assert (code, [line for line in words.splitlines() if unit.name in line]) == (0, [])


def test_every_file_is_named_on_the_page():
    files = [file.name for file in DEPLOY.rglob("*") if file.is_file() and file.parent.name != "systemd"]
    assert [name for name in files if name not in PAGE and name != "README.md"] == []


def test_every_fault_of_the_rounds_is_described_on_the_page():
    rows = re.findall(r"^\| ([^|]+) \|", PAGE.partition("## What a fault looks like")[2], re.MULTILINE)
    assert [fault.words for fault in FAULTS if fault.words not in rows] == []


def test_the_same_number_stands_for_the_same_secret():
    """Each password is where its two sides need it."""
    where: dict[str, set[str]] = {}
    for file in DEPLOY.iterdir():
        for number in re.findall(r"change-me-(\d)", file.read_text() if file.is_file() else ""):
            where.setdefault(number, set()).add(file.name)
    assert where["4"] == {
        "patroni.env",
        "pgbouncer-users.txt",
        "enrollcheck.env",
        "commands.env",
        "backup.env",
    }
    assert [len(files) for number, files in sorted(where.items()) if number != "4"] == [1] * 6
