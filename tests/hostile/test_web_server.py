"""deploy/one-server's nginx in front of the production server, its TLS left out: slow bodies end there.

Skipped, saying so, where there is no nginx; in CI it is required.
"""

import os
import re
import shutil
import socket
import subprocess
import time

import pytest

from .real_server import HOST, REPOSITORY, Browser, free_port, served
from .test_bodies import head


@pytest.fixture(scope="module")
def nginx(tmp_path_factory):
    """The server, and the port of nginx in front of it, with the directives of deploy/one-server."""
    path = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if path is None:
        assert not os.environ.get("CI"), "nginx is required in CI"
        pytest.skip("there is no nginx: install Debian's nginx")
    folder = tmp_path_factory.mktemp("nginx")
    folder.chmod(0o755)
    for outer in folder.parents[:2]:
        outer.chmod(0o755)
    port = free_port()
    given = (REPOSITORY / "deploy/one-server/nginx.conf").read_text()
    given = re.sub(r"^ *ssl_certificate.*\n", "", given, flags=re.MULTILINE)
    with served(tmp_path_factory.mktemp("behind")) as server:
        given = given.replace("listen 443 ssl", f"listen 127.0.0.1:{port}").replace(
            ":8000", f":{server.port}"
        )
        given = given.replace("/var/log/nginx", str(folder))
        own = "\n".join(
            f"{name}_temp_path {folder}/{name};"
            for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        config = folder / "nginx.conf"
        user = "user root;" if os.geteuid() == 0 else ""
        config.write_text(
            f"{user}\ndaemon off;\npid {folder}/pid;\nerror_log stderr crit;\n"
            f"events {{}}\nhttp {{\n{own}\n{given}\n}}\n"
        )
        running = subprocess.Popen([path, "-p", str(folder), "-c", str(config)], stderr=subprocess.DEVNULL)
        try:
            for _ in range(50):
                try:
                    Browser(port).get("/healthz")
                    break
                except OSError:
                    time.sleep(0.1)
            yield server, port
        finally:
            running.terminate()
            running.wait(10)


def test_two_hundred_bodies_that_drip_keep_nobody_from_sending(nginx):
    server, port = nginx
    opening = head(server, "Content-Length: 1000")
    # From two addresses of loopback: the limit for one is a hundred.
    dripping = []
    try:
        for n in range(180):
            one = socket.create_connection(("127.0.0.1", port), source_address=(f"127.0.0.{2 + n % 2}", 0))
            one.sendall(opening + b"csrfmiddlewaretoken=")
            dripping.append(one)
        time.sleep(1)
        phone, student = Browser(port), server.seeded["students"][1]
        phone.get(f"/c/{server.seeded['tokens']['student']}/")
        typed = {"student_number": student["student_number"], "last_six": student["id_number"][-6:]}
        answer = phone.post("/class/identify/", typed, page="/class/")
        assert (answer.status, answer.seconds < 2) == (302, True)
        time.sleep(11)
        for one in dripping:
            one.settimeout(5)
        assert {one.recv(64).partition(b"\r\n")[0] for one in dripping} <= {
            b"",
            b"HTTP/1.1 408 Request Time-out",
        }
    finally:
        for one in dripping:
            one.close()
    assert '"page": "sign-in", "status": 4' not in server.log()  # none of them reached us


def test_one_address_gets_a_hundred_connections(nginx):
    _, port = nginx
    opened = []
    try:
        for _ in range(130):
            one = socket.create_connection(("127.0.0.1", port), source_address=("127.0.0.9", 0))
            one.sendall(f"POST / HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 9\r\n\r\n".encode())
            opened.append(one)
        time.sleep(0.5)
        assert Browser(port).get("/").status == 200  # another address
        opened[-1].settimeout(5)
        assert b"503" in opened[-1].recv(64)
    finally:
        for one in opened:
            one.close()


def test_a_large_body_is_refused_there(nginx):
    _, port = nginx
    answer = Browser(port).send("POST", "/office/roster/", Content_Length=str(40 * 1024 * 1024))
    assert answer.status == 413
