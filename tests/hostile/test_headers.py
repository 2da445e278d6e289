"""What the browser is told on every kind of answer, and what a header that lies can do: nothing.

The production server under an https address, as behind the web server that brings TLS. The headers of each
page, for each person, are held in test_access_matrix.py.
"""

import contextlib
import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from signoffs.entrance import links
from tests import factories
from tests.test_access_matrix import HEADERS, POLICY

from .real_server import HOST, served

TLS = {"X_Forwarded_Proto": "https"}
FORM = {"Content_Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The production server behind TLS."""
    folder = tmp_path_factory.mktemp("headers")
    settings = "tests.hostile.failing_settings"
    with served(folder, SITE_URL=f"https://{HOST}", DJANGO_SETTINGS_MODULE=settings) as running:
        yield running


# An answer of every kind: how to get it, and its status.
ANSWERS = {
    "a page": (200, lambda b, s: b.get("/", **TLS)),
    "the sign-in": (200, lambda b, s: b.get("/sign-in/", **TLS)),
    "the admin's sign-in": (302, lambda b, s: b.get("/admin/login/", **TLS)),
    "a link": (302, lambda b, s: b.get(f"/c/{s.seeded['tokens']['student']}/", **TLS)),
    "the health": (200, lambda b, s: b.get("/healthz", **TLS)),
    "a wrong host": (400, lambda b, s: s.browser(host="evil.example.com").get("/", **TLS)),
    "no link yet": (403, lambda b, s: b.get("/class/", **TLS)),
    "no token": (403, lambda b, s: b.send("POST", "/sign-in/", b"a=1", **TLS, **FORM)),
    "nothing there": (404, lambda b, s: b.get("/nothing/", **TLS)),
    "no such method": (405, lambda b, s: b.get("/sign-out/", **TLS)),
    "chunks": (411, lambda b, s: b.send("POST", "/sign-in/", Transfer_Encoding="chunked", **TLS)),
    "too large": (413, lambda b, s: b.send("POST", "/sign-in/", Content_Length="99999999", **TLS)),
    "our fault": (500, lambda b, s: b.get("/fails/key/", **TLS)),
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_every_kind_of_answer_has_every_header(server, kind):
    status, ask = ANSWERS[kind]
    answer = ask(server.browser(), server)
    assert answer.status == status
    assert {name: answer.header(name) for name in HEADERS} == HEADERS
    assert set(answer.header("Content-Security-Policy").split("; ")) == POLICY
    assert "no-store" in answer.header("Cache-Control")
    assert answer.header("Strict-Transport-Security") == "max-age=31536000; includeSubDomains; preload"
    assert b"evil" not in answer.body
    assert b"Traceback" not in answer.body


def test_static_files_may_be_kept_and_are_never_guessed_at(server):
    page = server.browser().get("/", **TLS).body.decode()
    for url in re.findall(r'href="(/static/[^"]+)"', page):
        answer = server.browser().get(url, **TLS)
        assert answer.status == 200
        assert answer.header("X-Content-Type-Options") == "nosniff"
        assert answer.header("X-Frame-Options") == "DENY"
        assert answer.header("Cache-Control") == "max-age=315360000, public, immutable"


def test_every_cookie_is_secure_and_out_of_reach_of_scripts_and_of_other_sites(server):
    browser, student = server.browser(), server.seeded["students"][1]
    seen = {}

    def note(answer):
        for name, value in answer.headers:
            if name.lower() == "set-cookie" and "Max-Age=0" not in value:
                seen[value.strip().partition("=")[0]] = value

    note(browser.get(f"/c/{server.seeded['tokens']['student']}/", **TLS))
    page = browser.get("/class/", **TLS)
    note(page)
    token = re.search(rb'csrfmiddlewaretoken" value="(\w+)"', page.body)[1].decode()
    referer = {"Referer": f"https://{HOST}/class/"}
    typed = f"student_number={student['student_number']}&last_six={student['id_number'][-6:]}"
    form = f"csrfmiddlewaretoken={token}&{typed}".encode()
    note(browser.send("POST", "/class/identify/", form, **TLS, **FORM, **referer))
    form = f"csrfmiddlewaretoken={token}&language=en&next=/".encode()
    note(browser.send("POST", "/language/", form, **TLS, **FORM, **referer))
    form = f"csrfmiddlewaretoken={token}&username=office&password=officeoffice".encode()
    note(browser.send("POST", "/sign-in/", form, **TLS, **FORM, **referer))
    assert {"csrftoken", "visit-student", "device", "django_language", "sessionid"} <= set(seen)
    for name, value in seen.items():
        flags = {flag.strip().lower() for flag in value.split(";")}
        assert {"secure", "httponly", "samesite=lax"} <= flags, name
        assert not any(flag.startswith("domain") for flag in flags), name


@pytest.mark.parametrize("host", [HOST, "evil.example.com", f"{HOST}:8443", f"{HOST}@evil.example.com"])
def test_plain_http_leads_to_the_sites_own_address_whoever_was_asked_for(server, host):
    answer = server.browser(host=host).get("/class/?x=1")
    assert answer.status in (301, 400)
    if answer.status == 301:
        assert answer.header("Location") == f"https://{HOST}/class/?x=1"


@pytest.mark.parametrize(
    "header, value",
    [
        ("X_Forwarded_Host", "evil.example.com"),
        ("Forwarded", "host=evil.example.com;proto=http"),
        ("X_Original_URL", "/office/"),
        ("X_Rewrite_URL", "/office/"),
        ("X_Forwarded_Prefix", "/evil"),
        ("X_Forwarded_For", "127.0.0.1"),
        ("X_Forwarded_Port", "1"),
        ("X_Script_Name", "/evil"),
        ("X_Remote_User", "office"),
        ("Remote_User", "office"),
        ("X_HTTP_Method_Override", "DELETE"),
        ("Proxy", "http://evil.example.com"),
        ("Accept_Language", "x" * 5000),
        ("Cookie", "a=" + "b" * 8000),
        ("Cookie", "; ".join(f"c{n}=1" for n in range(500))),
    ],
)
def test_a_header_that_lies_changes_nothing(server, header, value):
    plain = server.browser().get("/sign-in/", **TLS)
    answer = server.browser().get("/sign-in/", **TLS, **{header: value})

    def without_token(body: bytes) -> bytes:
        return re.sub(rb'value="\w{64}"', b"", body)

    assert answer.status == 200
    assert without_token(answer.body) == without_token(plain.body)
    assert b"evil" not in answer.body


@pytest.mark.parametrize("headers", ["A: " + "b" * 500_000, "\r\n".join(f"A{n}: b" for n in range(2000))])
def test_huge_headers_are_refused_by_the_server(server, headers):
    name, _, value = headers.partition(": ")
    answer = None
    with contextlib.suppress(OSError, ValueError):
        answer = server.browser().get("/", **TLS, **{name: value.replace("\r\n", " ")})
    assert answer is None or answer.status in (200, 400, 431)
    assert server.browser().get("/", **TLS).status == 200


def test_links_begin_with_the_sites_address_whatever_the_host(own_class, officer):
    token = links.issue(own_class, "student", timezone.now()).token
    client = Client(headers={"host": "localhost", "x-forwarded-host": "evil.example.com"})
    client.force_login(officer)
    page = client.get(reverse("department-class", args=[own_class.uuid])).content.decode()
    assert f"http://testserver/c/{token}/" in page
    assert "localhost" not in page
    assert "evil" not in page


@pytest.mark.parametrize(
    "name", ['软件"2601', "a\\b", "a;filename=x.html", "../../x", "%0d%0aSet-Cookie:x=1", "a'b"]
)
def test_a_download_is_named_after_its_class_and_nothing_more(campaign, name):
    class_group = factories.class_group(name, students=2)
    client = Client()
    client.force_login(factories.user("head", role="department", in_department=class_group.department))
    response = client.post(reverse("department-poster", args=[class_group.uuid]))
    disposition = response.headers["Content-Disposition"]
    assert re.fullmatch(r"attachment; filename\*=UTF-8''[A-Za-z0-9%._~-]+", disposition)
    assert "no-store" in response.headers["Cache-Control"]
