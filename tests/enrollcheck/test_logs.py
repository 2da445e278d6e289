"""What the logs say, and what they must never say."""

import json
import logging
import sys

import pytest
from django.urls import reverse

from enrollcheck.logs import JsonFormatter, blank
from signoffs.entrance import links
from signoffs.models import ClassLink
from tests import factories, stories


@pytest.mark.parametrize(
    "text, blanked",
    [
        ("Not Found: /c/aB3_x-9/", "Not Found: /c/…/"),
        ("/m/aB3_x-9/?next=1", "/m/…/?next=1"),
        ("99010120070102005X is wrong", "… is wrong"),
        ("call 12000000001", "call …"),
        ("row 20260001 of 3000", "row 20260001 of 3000"),
    ],
)
def test_tokens_and_long_numbers_are_blanked(text, blanked):
    assert blank(text) == blanked


def test_a_line_is_json_and_its_traceback_is_blanked_too():
    try:
        raise ValueError("99010120070102005X")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "at %s", ("/c/token/",), sys.exc_info())
    line = JsonFormatter().format(record)
    assert "\n" not in line
    assert json.loads(line)["message"] == "at /c/…/"
    assert "ValueError: …" in json.loads(line)["traceback"]
    assert "2007010" not in line


def test_a_students_whole_visit_leaves_no_token_name_or_number_in_the_logs(client, own_class, caplog):
    """With the formatter of production, at the lowest level, and a wrong number and a dead link among it."""
    caplog.set_level(logging.DEBUG)
    student = own_class.students.first()
    link = links.issue(own_class, ClassLink.Kind.STUDENT, factories.timezone.now())
    client.get(reverse("class-link", args=[link.token]))
    stories.identify(client, "class-identify", student)
    client.get(reverse("class-record"))
    client.get(reverse("class-link", args=["dead-token"]))
    lines = "\n".join(
        JsonFormatter().format(record) for record in caplog.records if record.name != "django.db.backends"
    )
    assert '"page": "class-record", "status": 200' in lines
    for secret in (link.token, "dead-token", student.name, student.id_number, student.id_number[-6:]):
        assert secret not in lines
