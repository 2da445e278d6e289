"""`verify_events` and `recount`: they find what was changed behind the flow's back."""

import io

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from signoffs.models import Event, Tally
from tests import factories, stories


@pytest.fixture
def class_group(campaign):
    """A class whose students have signed."""
    made = factories.class_group()
    for student in made.students.all():
        stories.confirm(student)
    return made


def run(command: str, **options) -> str:
    out = io.StringIO()
    call_command(command, stdout=out, **options)
    return out.getvalue()


def test_chains_that_nobody_touched_hold(class_group):
    assert run("verify_events") == "3 events in 1 chains, 6 rows: all hold.\n"


def test_a_changed_and_a_missing_event_are_named(class_group):
    Event.objects.filter(position=2).update(verb="report")
    Event.objects.filter(position=3).delete()
    out = io.StringIO()
    with pytest.raises(CommandError) as error:
        call_command("verify_events", stdout=out)
    assert error.value.returncode == 1
    assert "2026 信息工程系 软件2601班: event 2 was changed" in out.getvalue()
    assert "2026 信息工程系 软件2601班: event 3 is missing" in out.getvalue()


def test_a_sound_tally_is_left_alone(class_group):
    assert run("recount") == "0 classes differed.\n"
    assert Event.objects.filter(verb="recount").count() == 0


def test_a_wrong_tally_is_reported_and_mended(class_group):
    Tally.objects.update(confirmed=1, cells="MMM")
    with pytest.raises(CommandError) as error:
        run("recount", dry_run=True)
    assert error.value.returncode == 1
    assert Tally.objects.get().confirmed == 1
    said = run("recount")
    assert "信息工程系 软件2601班: confirmed 1 → 3" in said
    assert "cells MMM → CCC" in said
    assert Tally.objects.get().confirmed == 3
    assert Event.objects.get(verb="recount").payload["found"]["confirmed"] == [1, 3]
