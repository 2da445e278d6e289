"""A move is one short transaction, seen from its page: all of its rows between one BEGIN and COMMIT."""

import re

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from rosters import key_fields
from signoffs.entrance import links
from signoffs.models import ClassLink, Declaration
from tests import factories, stories

WRITE = re.compile(r'^(?:INSERT INTO|UPDATE|DELETE FROM) "(\w+)"')
# One statement at most of each thing that a declaration changes, and the reads that the rules ask.
MOST_STATEMENTS = 25


@pytest.fixture
def visit(transactional_db):
    """A student in front of the record, somebody else having signed before; and what they would send."""
    class_group = factories.class_group()
    first, student, _ = class_group.students.order_by("seat")
    stories.confirm(first)
    client = Client()
    client.get(f"/c/{links.issue(class_group, ClassLink.Kind.STUDENT, timezone.now()).token}/")
    stories.identify(client, "class-identify", student)
    form = client.get(reverse("class-record")).context["form"]
    answers = {f"answer_{one.name}": "ok" for one in key_fields.KEY_FIELDS if one.name != "id_number"}
    said = {
        **answers,
        "chsi_id_number": student.id_number,
        "status": key_fields.GOOD_STATUS,
        "typed_name": student.name,
        "submission_id": str(form["submission_id"].value()),
        "shown_digest": student.record_digest,
    }
    return client, said


def statements(client: Client, said: dict) -> list[str]:
    """Send the form and return every statement, those that begin and end a transaction too."""
    with CaptureQueriesContext(
        connection,
    ) as captured:
        response = client.post(reverse("class-record"), said)
    assert response.status_code == 200
    assert Declaration.objects.count() == 2
    return [query["sql"] for query in captured.captured_queries]


def test_a_confirm_is_one_transaction_with_all_of_its_rows(visit):
    sent = statements(*visit)
    begins = [number for number, sql in enumerate(sent) if sql.startswith("BEGIN")]
    commits = [number for number, sql in enumerate(sent) if sql.startswith("COMMIT")]
    first = next(number for number, sql in enumerate(sent) if 'INTO "signoffs_declaration"' in sql)
    begin = max(number for number in begins if number < first)
    commit = min(number for number in commits if number > first)
    within = sent[begin : commit + 1]
    assert [sql for sql in within[1:-1] if sql.startswith(("BEGIN", "COMMIT", "SAVEPOINT", "ROLLBACK"))] == []
    assert {WRITE.match(sql)[1] for sql in within if WRITE.match(sql)} == {
        "signoffs_chain",
        "signoffs_declaration",
        "signoffs_event",
        "signoffs_standing",
        "signoffs_tally",
    }
    assert len(within) <= MOST_STATEMENTS
    # Beside it: that the ID number was compared, and matched.
    beside = [WRITE.match(sql)[1] for sql in sent[:begin] + sent[commit + 1 :] if WRITE.match(sql)]
    assert set(beside) <= {"signoffs_throttle"}


def test_a_request_is_no_transaction():
    """Else the lock would be held while a page is drawn, and a refusal would undo the count of an attempt."""
    assert settings.DATABASES["default"].get("ATOMIC_REQUESTS", False) is False


@pytest.mark.skipif(connection.vendor != "sqlite", reason="is SQLite's own")
def test_the_lock_is_taken_when_the_transaction_begins(visit):
    assert {sql for sql in statements(*visit) if sql.startswith("BEGIN")} == {"BEGIN IMMEDIATE"}
