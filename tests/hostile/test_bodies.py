"""Bodies that are too large, never end, or lie about their length, sent to the production server itself."""

import io
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.test import Client
from django.urls import reverse

from enrollcheck import bodies
from enrollcheck.management.commands.serve import THREADS
from enrollcheck.wsgi import WORKERS
from tests import pages

from .real_server import HOST, served

FORM = "application/x-www-form-urlencoded"
FILE = "multipart/form-data; boundary=b"
A_PIECE = 64 * 1024
MB = 1024 * 1024


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The production server, for all tests here."""
    with served(tmp_path_factory.mktemp("bodies")) as running:
        yield running


def head(server, *lines: str, path: str = "/sign-in/", kind: str = FORM) -> bytes:
    """Return a POST's head, with a CSRF cookie: without one the body would never be looked at."""
    cookies = server.browser()
    cookies.get("/sign-in/")
    sent = (
        f"POST {path} HTTP/1.1",
        f"Host: {HOST}",
        f"Cookie: csrftoken={cookies.cookies['csrftoken']}",
        f"Content-Type: {kind}",
        *lines,
    )
    return ("\r\n".join(sent) + "\r\n\r\n").encode()


def connect(server) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", server.port))
    made.settimeout(20)
    return made


def pour(server, opening: bytes, pieces, most: int) -> tuple[int, bytes]:
    """Send pieces until the server closes; return the bytes it took, and its answer's first line."""
    sent = 0
    with connect(server) as made:
        try:
            made.sendall(opening)
            while sent < most:
                sent += len(pieces)
                made.sendall(pieces)
        except OSError:
            pass
        try:
            return sent, made.recv(64).partition(b"\r\n")[0]
        except OSError:
            return sent, b""


class TestTooLarge:
    @pytest.mark.parametrize("path", ["/sign-in/", "/office/roster/", "/class/identify/"])
    @pytest.mark.parametrize("kind", [FORM, FILE])
    def test_a_stated_length_is_refused_before_a_byte_is_read(self, server, path, kind):
        opening = head(server, f"Content-Length: {100 * MB}", path=path, kind=kind)
        with connect(server) as made:
            made.sendall(opening)
            assert made.recv(64).startswith(b"HTTP/1.1 413 ")

    @pytest.mark.parametrize("kind", [FORM, FILE])
    def test_chunks_without_a_length_are_refused_and_never_gathered(self, server, kind):
        before = server.memory()
        opening = head(server, "Transfer-Encoding: chunked", kind=kind)
        piece = b"%x\r\n%s\r\n" % (A_PIECE, b"a" * A_PIECE)
        sent, answer = pour(server, opening, piece, 200 * MB)
        assert answer in (b"HTTP/1.1 411 Length Required", b"")  # or reset while we still wrote
        assert sent < 100 * MB
        assert server.memory() - before < 20 * MB

    def test_a_hundred_large_bodies_at_once_take_little_memory(self, server):
        before = server.memory()
        opening = head(server, f"Content-Length: {30 * MB}", path="/office/roster/", kind=FILE)
        with ThreadPoolExecutor(20) as many:
            list(many.map(lambda _: pour(server, opening, b"a" * A_PIECE, 30 * MB), range(100)))
        assert server.memory() - before < 20 * MB
        assert server.browser().get("/").status == 200

    def test_a_length_and_chunks_together_are_refused(self, server):
        """Two servers that read such a request differently can be made to see two requests."""
        opening = head(server, "Content-Length: 5", "Transfer-Encoding: chunked")
        _, answer = pour(server, opening, b"0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n", 1)
        assert answer.split(b" ")[1:2] in ([b"400"], [b"411"], [])
        assert "smuggled" not in server.log()

    @pytest.mark.parametrize("length", ["-1", "1e3", "0x10", "9" * 400, "5, 5", "²"])
    def test_a_length_that_is_none_is_refused(self, server, length):
        _, answer = pour(server, head(server, f"Content-Length: {length}"), b"a", 1)
        assert answer.split(b" ")[1:2] in ([b"400"], [b"413"], [])
        assert '"status": 500' not in server.log()


class TestTooSlow:
    @pytest.mark.parametrize("count", [8, 40, 150])
    def test_clients_that_drip_their_bodies_keep_no_page_from_being_served(self, server, count):
        opening = head(server, "Content-Length: 1000")
        dripping = [connect(server) for _ in range(count)]
        try:
            for one in dripping:
                one.sendall(opening + b"csrfmiddlewaretoken=")
            time.sleep(1)
            answers = [server.browser().get("/") for _ in range(20)]
            assert [answer.status for answer in answers] == [200] * 20
            assert max(answer.seconds for answer in answers) < 2
        finally:
            for one in dripping:
                one.close()

    def test_clients_that_drip_their_bodies_keep_no_student_from_sending(self, server):
        opening = head(server, "Content-Length: 1000")
        dripping = [connect(server) for _ in range(50)]
        try:
            for one in dripping:
                one.sendall(opening + b"csrfmiddlewaretoken=")
            phone, student = server.browser(), server.seeded["students"][1]
            phone.get(f"/c/{server.seeded['tokens']['student']}/")
            typed = {"student_number": student["student_number"], "last_six": student["id_number"][-6:]}
            assert phone.post("/class/identify/", typed, page="/class/").status == 302
            assert phone.get("/class/record/").status == 200
        finally:
            for one in dripping:
                one.close()

    def test_the_server_recovers_when_they_are_gone(self, server):
        for _ in range(3):
            dripping = [connect(server) for _ in range(120)]
            opening = head(server, "Content-Length: 1000")
            for one in dripping:
                one.sendall(opening + b"a=")
            for one in dripping:
                one.close()
        time.sleep(1)
        wrong = {"username": "office", "password": "wrong"}
        assert [server.browser().post("/sign-in/", wrong).status for _ in range(5)] == [422] * 5

    def test_clients_that_drip_their_headers_keep_nobody_from_being_served(self, server):
        dripping = [connect(server) for _ in range(200)]
        try:
            for one in dripping:
                one.sendall(f"GET / HTTP/1.1\r\nHost: {HOST}\r\nX-Slow: ".encode())
            time.sleep(0.5)
            answers = [server.browser().get("/") for _ in range(10)]
            assert [answer.status for answer in answers] == [200] * 10
            assert max(answer.seconds for answer in answers) < 2
        finally:
            for one in dripping:
                one.close()

    def test_half_a_form_whose_connection_broke_off_is_no_form(self, server):
        opening = head(server, "Content-Length: 1000")
        with connect(server) as made:
            made.sendall(opening + b"username=office&password=officeoffice")
            made.shutdown(socket.SHUT_WR)
            try:
                answer = made.recv(16)
            except OSError:
                answer = b""
        assert answer == b"" or answer.split(b" ")[1] == b"400"


# Through the same middleware without a server, where the body is exactly what is said ---------------------


@pytest.fixture
def anybody(db) -> Client:
    """A browser that checks CSRF as the product does."""
    return Client()


def test_a_thousand_fields_and_more_are_a_400(anybody):
    body = "&".join(f"a{n}=1" for n in range(1100))
    response = anybody.post("/sign-in/", body, content_type=FORM)
    assert response.status_code == 400
    assert "无法识别这个请求" in pages.text(response)


def test_a_hundred_files_and_more_are_a_400(anybody):
    part = '--b\r\nContent-Disposition: form-data; name="f{0}"; filename="{0}"\r\n\r\nx\r\n'
    body = "".join(part.format(n) for n in range(150)) + "--b--\r\n"
    assert anybody.generic("POST", "/sign-in/", body.encode(), content_type=FILE).status_code == 400


@pytest.mark.parametrize(
    "kind, body",
    [
        ("application/json", b'{"username": "office"}'),
        ("text/xml", b"<a/>"),
        ("", b"username=office"),
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=" + "b" * 300, b"--b"),
        (FILE, b'--b\r\nContent-Disposition: form-data; name="username'),
        (FILE, b"--b\r\n" + b"X-A: " + b"a" * 100_000 + b"\r\n\r\n"),
        (FILE, b'--b\r\nContent-Disposition: form-data; name="username"\r\n'
               b"Content-Transfer-Encoding: base64\r\n\r\n%%%\r\n--b--\r\n"),
        (FORM + "; charset=utf-7", b"username=+ADw-script+AD4-"),
        (FORM + "; charset=no-such", b"username=office"),
    ],
)  # fmt: skip
def test_a_body_of_another_kind_is_refused_with_a_page(anybody, kind, body):
    for url in (reverse("sign-in"), reverse("set-language"), reverse("class-identify")):
        response = anybody.generic("POST", url, body, content_type=kind)
        assert response.status_code in (200, 302, 400, 403, 422), (url, kind)


@pytest.mark.parametrize(
    "length, body, left, refused",
    [
        ("5", b"a=123", b"a=123", None),
        ("500", b"a=123", b"a=123", 400),
        (str(3 * MB), b"a=123", b"a=123", None),  # a file's: not read here
        ("", b"", b"", None),
        ("x", b"a=123", b"a=123", None),  # the middleware refuses it
    ],
)
def test_a_form_is_whole_before_a_worker_begins(length, body, left, refused):
    environ = {"CONTENT_LENGTH": length, "wsgi.input": io.BytesIO(body)}
    bodies.gather(environ)
    assert environ["wsgi.input"].read() == left
    assert environ.get(bodies.REFUSED) == refused


def test_more_bodies_than_are_awaited_are_refused_unread():
    taken = [bodies._awaited.acquire(blocking=False) for _ in range(bodies.AWAITED)]
    try:
        environ = {"CONTENT_LENGTH": "5", "wsgi.input": None}  # reading it would fail
        bodies.gather(environ)
    finally:
        for _ in taken:
            bodies._awaited.release()
    assert taken == [True] * bodies.AWAITED
    assert environ[bodies.REFUSED] == 503
    assert Client().get("/healthz", **{bodies.REFUSED: 503}).status_code == 503


def test_the_server_has_threads_left_for_pages_when_all_bodies_drip():
    assert THREADS >= bodies.AWAITED + 2 * WORKERS
