"""deploy/one-server works as it stands; OPERATIONS.md names what there is, and holds no second copy of it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import get_commands

from enrollcheck.management.commands.serve import STOP_WAITS
from enrollcheck.sqlite import options
from signoffs.upkeep import health

REPOSITORY = Path(__file__).resolve().parent.parent
OPERATIONS = (REPOSITORY / "OPERATIONS.md").read_text()
FOLDER = REPOSITORY / "deploy/one-server"
FILES = sorted(FOLDER.iterdir())
UNITS = [file for file in FILES if file.suffix in (".service", ".timer")]
SERVICES = [file for file in UNITS if file.suffix == ".service"]
CONTAINERFILE = (FOLDER / "Containerfile").read_text()
SITE = (FOLDER / "enrollcheck.service").read_text()
# Of 100, by systemd's own reckoning; below 30 it calls a unit OK.
EXPOSED = 20


def tool(name: str) -> str:
    """Return where a program is; skip where it is not installed, but in CI, where it must be."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if found is None:
        assert not os.environ.get("CI"), f"{name} is required in CI"
        pytest.skip(f"{name} is not installed")
    return found


@pytest.mark.parametrize("file", [REPOSITORY / "OPERATIONS.md", *SERVICES, FOLDER / "Containerfile"], ids=str)
def test_every_command_that_is_named_exists(file):
    named = set(re.findall(r"manage\.py ([a-z_]+)(?![\w.])", file.read_text()))
    assert named != set()
    assert named - set(get_commands()) == set()


@pytest.mark.parametrize("text", [SITE, CONTAINERFILE], ids=["enrollcheck.service", "Containerfile"])
def test_it_migrates_and_collects_before_it_serves(text):
    run = re.findall(r"python manage\.py (\w+)", text)
    assert run == ["migrate", "collectstatic", "serve"]


def test_operations_names_every_file_and_copies_none():
    timed = {f"enrollcheck{part}" for part in re.findall(r"`(-[a-z]+)`", OPERATIONS)} | {"enrollcheck-backup"}
    named = [file.stem in timed or f"`{file.name}`" in OPERATIONS for file in FILES]
    assert [file.name for file, is_named in zip(FILES, named, strict=True) if not is_named] == []
    assert re.findall(r"^```(?:ini|nginx)", OPERATIONS, re.MULTILINE) == []


def test_every_setting_of_the_example_is_in_the_readme():
    named = re.findall(r"^([A-Z_]+)=", (FOLDER / "enrollcheck.env.example").read_text(), re.MULTILINE)
    readme = (REPOSITORY / "README.md").read_text()
    assert [name for name in named if f"`{name}`" not in readme] == []
    assert {"SECRET_KEY", "FIELD_KEY", "SITE_URL"} <= set(named)


def test_every_timer_has_its_service():
    timers = {file.stem for file in UNITS if file.suffix == ".timer"}
    assert timers == {file.stem for file in SERVICES} - {"enrollcheck"}


def test_everything_that_healthz_may_say_is_explained():
    assert [said for said in health.WORDS.values() if f"`{said}`" not in OPERATIONS] == []


def test_a_stop_is_given_the_time_that_it_needs():
    """A write may wait for the lock, serve for the write, systemd for serve."""
    seconds = int(re.search(r"^TimeoutStopSec=(\d+)$", SITE, re.MULTILINE)[1])
    assert options("WAL")["timeout"] < STOP_WAITS < seconds


def test_everything_that_the_container_copies_is_there():
    copied = [
        word for line in re.findall(r"^COPY (.*) \S+$", CONTAINERFILE, re.MULTILINE) for word in line.split()
    ]
    assert [name for name in copied if not (REPOSITORY / name).exists()] == []


@pytest.fixture
def units(tmp_path) -> Path:
    """A folder with the units, which run this machine's Python."""
    for file in UNITS:
        text = file.read_text().replace("/srv/enrollcheck/app/.venv/bin/python", sys.executable)
        (tmp_path / file.name).write_text(text)
    return tmp_path


@pytest.mark.parametrize("name", [file.name for file in UNITS])
def test_systemd_accepts_each_unit(units, name):
    run = subprocess.run([tool("systemd-analyze"), "verify", units / name], capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")


@pytest.mark.parametrize("name", [file.name for file in SERVICES])
def test_a_service_is_hardly_exposed(units, name):
    command = ["security", "--offline=true", f"--threshold={EXPOSED}", "--no-pager", units / name]
    run = subprocess.run([tool("systemd-analyze"), *command], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout.splitlines()[-1]


def test_all_services_are_hardened_alike():
    """One set of lines; the site's own may also set limits for a child of its own."""
    hardened = [
        re.findall(r"^(?:Protect|Private|Restrict|SystemCall|Capab|NoNew|Lock|Remove|UMask).*$", text, re.M)
        for text in (file.read_text() for file in SERVICES)
    ]
    ours = [line for line in hardened[-1] if line != "SystemCallFilter=setrlimit prlimit64"]
    assert hardened[:-1] == [ours] * (len(SERVICES) - 1)


def test_nginx_accepts_its_file(tmp_path):
    nginx = tool("nginx")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            *(tool("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
            *("-subj", "/CN=xueji.example.edu.cn", "-keyout", key, "-out", certificate),
        ],
        check=True,
        capture_output=True,
    )
    own = (FOLDER / "nginx.conf").read_text().replace("/var/log/nginx", str(tmp_path))
    own = own.replace("/etc/ssl/enrollcheck/fullchain.pem", str(certificate))
    own = own.replace("/etc/ssl/enrollcheck/privkey.pem", str(key))
    whole = tmp_path / "nginx.conf"
    whole.write_text(f"pid {tmp_path}/pid;\nevents {{}}\nhttp {{\n{own}\n}}\n")
    run = subprocess.run([nginx, "-t", "-q", "-c", whole], capture_output=True, text=True)
    assert (run.returncode, [line for line in run.stderr.splitlines() if "user" not in line]) == (0, [])
