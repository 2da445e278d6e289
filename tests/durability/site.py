"""A server as it runs in production, in a folder of its own: start, stop, kill, start again."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from django.utils import timezone

from signoffs.entrance import links
from signoffs.models import ClassLink
from signoffs.upkeep.readiness import RESTS
from tests import factories

REPOSITORY = Path(__file__).resolve().parent.parent.parent


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Site:
    """`manage.py serve` on the database of a URL; SQLite in the folder where there is none."""

    def __init__(
        self,
        folder: Path,
        url: str = "",
        static: Path | None = None,
        log: Path | None = None,
        **environment: str,
    ):
        """Take an empty folder, static files that were collected before, and where to log."""
        folder.mkdir(exist_ok=True)
        self.folder, self.port = folder, free_port()
        self.url = url or f"sqlite:///{folder / 'enrollcheck.sqlite3'}"
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "enrollcheck.settings",
            "DATA_FOLDER": str(folder),
            "DATABASE_URL": self.url,
            "SITE_URL": f"http://127.0.0.1:{self.port}",
            **environment,
        }
        self.log = log or folder.with_suffix(".log")
        self.process: subprocess.Popen | None = None
        if static is not None:
            shutil.copytree(static, folder / "static")

    def manage(self, *arguments: str) -> subprocess.CompletedProcess:
        """Run a command of manage.py on the site, to its end."""
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(
            command, cwd=REPOSITORY, env=self.environment, capture_output=True, text=True, timeout=300
        )

    def begin(self, *arguments: str) -> subprocess.Popen:
        """Begin a command of manage.py on the site."""
        with open(self.log, "a") as log:
            return subprocess.Popen(
                [sys.executable, "manage.py", *arguments],
                cwd=REPOSITORY,
                env=self.environment,
                stdout=log,
                stderr=log,
            )

    def start(self) -> None:
        """Serve, and wait until it answers."""
        self.process = self.begin("serve", "--port", str(self.port))
        until = time.monotonic() + 120
        while time.monotonic() < until:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=60).close()
                return
            except urllib.error.HTTPError:
                return  # it answers that it is not well
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.05)
        raise AssertionError(f"the server did not start:\n{self.log.read_text()[-3000:]}")

    def processes(self) -> list[int]:
        """Return the ids of the server's processes, the workers first."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [*map(int, children.read_text().split()), self.process.pid]

    def kill(self) -> None:
        """SIGKILL, to every process of the server by its id."""
        for pid in reversed(self.processes()):  # the main one first, so that it replaces no worker
            os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """SIGTERM as systemd sends it, to the main process; return the exit code."""
        self.process.terminate()
        return self.process.wait(90)

    def end(self) -> None:
        """Leave no process behind, whatever the test came to."""
        if self.process is not None and self.process.poll() is None:
            self.kill()

    def health(self) -> tuple[int, str]:
        """Return what /healthz says now: its answers are up to a second old."""
        time.sleep(RESTS)
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=60) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


def people(classes: int, students: int) -> list[tuple[str, str, str, str]]:
    """Make classes with their links in the open database; return who may come, as a `Phone` takes them."""
    found = []
    for number in range(1, classes + 1):
        made = factories.class_group(f"软件26{number:02d}班", students=students)
        link = links.issue(made, ClassLink.Kind.STUDENT, timezone.now())
        found += [
            (link.token, one.student_number, one.id_number, one.name)
            for one in made.students.order_by("seat")
        ]
    return found
