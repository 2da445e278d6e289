"""The production server, as a site runs it: `manage.py serve`, a process with a database of its own."""

import base64
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

REPOSITORY = Path(__file__).resolve().parent.parent.parent
HOST = "xueji.example.edu.cn"


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    seconds: float

    def header(self, name: str) -> str | None:
        """Return a header; None where there is none."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass
class Browser:
    """Sends requests as the web server in front would, and keeps cookies."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    host: str = HOST

    def send(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        """Send one request; `headers` with _ for -."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"Host": self.host, "Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())} | given
        start = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body or None, {k: v for k, v in sent.items() if v})
            response = connection.getresponse()
            answer = Answer(response.status, response.getheaders(), response.read(), time.monotonic() - start)
        finally:
            connection.close()
        for name, value in answer.headers:
            if name.lower() == "set-cookie":
                key, _, kept = value.strip().partition(";")[0].partition("=")
                self.cookies[key] = kept.strip('"')
        return answer

    def get(self, path: str, **headers: str) -> Answer:
        """Send a GET."""
        return self.send("GET", path, **headers)

    def post(self, path: str, fields: dict, page: str | None = None) -> Answer:
        """Send a form, with the CSRF token of the page that it stands on."""
        token = re.search(rb'csrfmiddlewaretoken" value="(\w+)"', self.get(page or path).body)[1].decode()
        body = urlencode(fields | {"csrfmiddlewaretoken": token}).encode()
        kind = {"Content_Type": "application/x-www-form-urlencoded"}
        return self.send("POST", path, body, **kind)


@dataclass
class Served:
    """A running server: where, and who is in it."""

    port: int
    pid: int
    seeded: dict
    folder: Path

    def browser(self, **values) -> Browser:
        """Return a new browser."""
        return Browser(self.port, **values)

    def log(self) -> str:
        """Return all that it has written so far."""
        return (self.folder / "log").read_text(errors="replace")

    def memory(self) -> int:
        """Return the most memory that its worker has held, in bytes."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        peaks = [re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{one}/status").read_text()) for one in children]
        return max(int(peak[1]) for peak in peaks if peak) * 1024


@contextmanager
def served(folder: Path, **environment: str) -> Iterator[Served]:
    """Make a database with one class in it, serve it, and stop the server afterwards."""
    port = free_port()
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    variables = kept | {
        "DEBUG": "off",
        "SECRET_KEY": "a long and random text " * 3,
        "FIELD_KEY": "k1:" + base64.urlsafe_b64encode(b"k" * 32).decode(),
        "SITE_URL": f"http://{HOST}",
        "DATA_FOLDER": str(folder),
        "DJANGO_SETTINGS_MODULE": "enrollcheck.settings",
        "PYTHONPATH": str(REPOSITORY),
        **environment,
    }

    def run(*command: str) -> str:
        made = subprocess.run(
            [sys.executable, *command], cwd=REPOSITORY, env=variables, check=True, capture_output=True
        )
        return made.stdout.decode()

    run("manage.py", "migrate", "-v0")
    run("manage.py", "collectstatic", "--no-input", "-v0")
    seeded = json.loads(run("-m", "tests.hostile.seed"))
    with open(folder / "log", "wb") as log:
        server = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--port", str(port)],
            cwd=REPOSITORY,
            env=variables,
            stdout=log,
            stderr=log,
        )
        try:
            running = Served(port, server.pid, seeded, folder)
            _wait_for(running, server)
            yield running
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _wait_for(running: Served, server: subprocess.Popen) -> None:
    for _ in range(200):
        assert server.poll() is None, running.log()
        try:
            if running.browser().get("/healthz").status in (200, 301, 503):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(running.log())
