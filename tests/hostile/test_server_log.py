"""What the production server writes while everything goes wrong: no name, no number, no link.

It runs under a settings module of the tests' own, which only adds pages that fail with personal data in hand.
"""

import json
import socket
import time

import pytest

from .real_server import HOST, served

TROUBLE = ("integrity", "key", "chained", "local", "system")


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Every line that the server wrote, and the people of its class."""
    folder = tmp_path_factory.mktemp("log")
    with served(folder, DJANGO_SETTINGS_MODULE="tests.hostile.failing_settings") as server:
        student = server.seeded["students"][1]
        tokens = server.seeded["tokens"]
        phone = server.browser()
        # A whole visit, with wrong numbers and an answer that the form refuses.
        phone.get(f"/c/{tokens['student']}/")
        typed = {"student_number": student["student_number"], "last_six": student["id_number"][-6:]}
        phone.post("/class/identify/", typed | {"last_six": "000000"}, page="/class/")
        phone.post("/class/identify/", typed, page="/class/")
        said = {"chsi_id_number": student["id_number"], "phone": "12000000003", "typed_name": student["name"]}
        assert phone.post("/class/record/", said).status == 422
        # Addresses that hold a token, also mistyped ones.
        wrong = [
            f"/{way}/{token}{end}" for way in "cm" for token in tokens.values() for end in ("", "x/", "%20/x")
        ]
        wrong += [f"//c/{tokens['student']}/", f"/C/{tokens['student']}/", f"/x/{tokens['student']}/"]
        wrong += [f"/verify/{student['id_number']}/", f"/?id={student['id_number']}&name=x"]
        for address in wrong:
            phone.get(address, Referer=f"http://{HOST}/c/{tokens['student']}/")
        # A form without its token, a host that is not ours, a body that breaks off, a client that goes.
        for page in (f"/c/{tokens['student']}/", f"/verify/{student['student_number']}/", "/class/identify/"):
            phone.send("POST", page, b"a=1", Content_Type="application/x-www-form-urlencoded")
        server.browser(host=f"{student['id_number']}.example.com").get(f"/c/{tokens['student']}/")
        for sent in ("Content-Length: 900\r\n\r\nname=", "Content-Length: x\r\n\r\n", "\x00\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", server.port)) as gone:
                start = f"POST /class/record/?{student['id_number']} HTTP/1.1\r\nHost: {HOST}\r\n"
                gone.sendall((start + sent).encode())
        # Pages that fail, with what exceptions quote.
        for kind in TROUBLE:
            assert phone.get(f"/fails/{kind}/").status == (503 if kind == "system" else 500)  # a full disk
        time.sleep(0.5)
        yield server.log(), server.seeded


def test_every_line_is_json_the_servers_own_too(told):
    lines = [json.loads(line) for line in told[0].splitlines()]
    assert {"_granian", "enrollcheck.requests", "django.request", "django.security.csrf"} <= {
        line["logger"] for line in lines
    }


def test_what_was_provoked_is_there(told):
    lines = [json.loads(line) for line in told[0].splitlines()]
    assert {200, 302, 400, 403, 404, 422, 500} <= {line.get("status") for line in lines}
    types = {line["traceback"].splitlines()[-1] for line in lines if line.get("traceback")}
    assert {
        "django.db.utils.IntegrityError: …",
        "KeyError: …",
        "RuntimeError: …",
        "UnicodeEncodeError: …",
        "OSError: No space left on device",
    } <= types


@pytest.mark.parametrize("what", ["name", "student_number", "id_number"])
def test_nobody_is_in_it(told, what):
    log, seeded = told
    assert [one[what] for one in seeded["students"] if one[what] in log] == []
    assert [one["id_number"] for one in seeded["students"] if one["id_number"][-6:] in log] == []


def test_no_link_is_in_it(told):
    log, seeded = told
    assert [token for token in seeded["tokens"].values() if token in log] == []
    assert "12000000003" not in log
