"""Every field of every form, filled with what no form expects: refused with a page, and never our fault."""

from urllib.parse import quote, urlencode

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from signoffs.forms.signature import read_strokes
from tests import pages, stories

from . import cast
from .crawl import crawl, is_html

FORM = "application/x-www-form-urlencoded"
# Percent-encoded, since some are no text at all.
HOSTILE = {
    "NUL": "a%00b",
    "a lone surrogate": "%ED%A0%80",
    "bytes that are no UTF-8": "%FF%FE",
    "long": "9" * 5000,
    "very long": "长" * 20_000,
    "other digits": quote("２０２７²"),
    "markup": quote("\"><script>alert(1)</script>{{7*7}}"),
    "controls": "%0D%0ASet-Cookie:%20x=1%07%1B",
    "turned around": quote("\u202egpj.exe"),
    "SQL": quote("' OR 1=1; DROP TABLE signoffs_user; --"),
    "deep JSON": "%5B" * 3000,
    "other JSON": quote('{"strokes": 5, "size": [1, 1]}'),
    "half a pair": quote('{"strokes": [["\\ud800", 1]], "size": [10, 10]}'),
    "a path": quote("../../etc/passwd"),
}  # fmt: skip
# What lets the rest of a form pass, so that the hostile field is the one that is judged.
FILLED = {"reason": "other", "note": "说明", "year": "2026", "outcome": "explained", "channel": "paper"}


class _Undo(Exception):
    pass


def forms_of(client: Client, starts: list[str]) -> dict[tuple, pages.Form]:
    """Return every form that posts which a role finds, once for each set of fields."""
    found = {}
    for url, response in crawl(client, *starts).items():
        if is_html(response) and not url.startswith("/admin/"):
            for form in pages.forms(response):
                action = form.action or url.partition("?")[0]
                if form.method == "post":
                    shape = "/".join(part for part in action.split("/") if "-" not in part)
                    found[shape, tuple(form.fields)] = pages.Form(action, "post", form.fields)
    return found


KEPT = ("csrfmiddlewaretoken", "submission_id", "shown_digest", "language", "next")


def bodies_of(form: pages.Form):
    """Yield what is sent: each hostile value in every field at once, and a NUL in each field alone."""
    kept = urlencode({name: value for name, value in form.fields.items() if name in KEPT})
    typed = [name for name in form.fields if name not in KEPT]
    for what, value in HOSTILE.items():
        yield what, "all", "&".join([kept, *(f"{quote(name)}={value}" for name in typed)])
    for name in form.fields:
        others = urlencode({n: v or FILLED.get(n, "文字") for n, v in form.fields.items() if n != name})
        yield "NUL", name, f"{others}&{quote(name)}={HOSTILE['NUL']}"


@pytest.mark.parametrize(
    "who", [who for who in cast.STARTS if who not in ("nobody", "superuser", "officer who handed in")]
)
def test_no_form_fails_whatever_its_fields_hold(campaign, who):
    client = cast.university().clients[who]
    cookies, wrong, tried = client.cookies.copy(), [], 0
    client.raise_request_exception = False
    found = forms_of(client, cast.STARTS[who])
    for (shape, _), form in found.items():
        for what, where, body in bodies_of(form):
            client.cookies = cookies.copy()
            try:
                with transaction.atomic():
                    response = client.generic("POST", form.action, body, content_type=FORM)
                    raise _Undo
            except _Undo:
                pass
            tried += 1
            if response.status_code not in (200, 302, 400, 403, 404, 409, 413, 422):
                wrong.append(f"{shape} {where}: {what} → {response.status_code}")
            if "Content-Disposition" in response.headers:
                break  # a form that makes a file takes no text, and its time
    assert wrong == []
    assert tried > 20


@pytest.mark.parametrize(
    "text",
    [
        "[" * 4000,
        "5",
        '{"strokes":5,"size":[1,1]}',
        '{"strokes":null,"size":[1,1]}',
        '{"strokes":{"a":1},"size":[1,1]}',
        '{"strokes":[[1,1]],"size":"ab"}',
        '{"strokes":[[1,1]],"size":[1e99,NaN]}',
        '{"strokes":[[true,1]],"size":[9,9]}',
    ],
)
def test_a_drawing_that_is_none_is_refused(text):
    assert read_strokes(text) is None


@pytest.mark.parametrize(
    "address", ["/c/%00/", "/m/%ED%A0%80/", "/verify/a%00b/", "/verify/%FF/", "/campaigns/%00/open/", "/%00",
                "/office/errors/?page=" + "9" * 5000, "/office/errors/?page=%00&show=%00&age=%00&field=%00",
                "/c/" + "a" * 20_000 + "/", "/class/../office/", "//evil.example.com/"],
)  # fmt: skip
@pytest.mark.parametrize("who", ["nobody", "office"])
def test_no_address_fails(campaign, address, who):
    client = cast.staff("office") if who == "office" else Client()
    assert client.get(address).status_code in (200, 301, 302, 404)


@pytest.mark.parametrize("kind", ["monitor\0", "", "other"])
def test_a_link_of_no_kind_is_not_renewed(own_class, officer, kind):
    client = Client()
    client.force_login(officer)
    assert client.post(reverse("department-rotate", args=[own_class.uuid]), {"kind": kind}).status_code == 422


@pytest.mark.parametrize("reason", ["a\0b", "长" * 201])
def test_an_exception_that_cannot_be_kept_hands_nothing_in(own_class, officer, reason):
    client = Client()
    client.force_login(officer)
    response = client.post(reverse("department-hand-in"), {f"exception-{own_class.uuid}": reason})
    assert response.status_code == 422
    assert "有 1 个班的原因未填写或无法保存" in pages.text(response)
    assert stories.HandIn.objects.count() == 0
