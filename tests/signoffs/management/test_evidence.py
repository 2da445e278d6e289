"""`verify_events` against a forger: write access to the database, no FIELD_KEY."""

import io
import random
import uuid
from contextlib import suppress
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, connection, models, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from signoffs import flow
from signoffs.flow import chains
from signoffs.models import (
    AccessRecord,
    Chain,
    ClassSheet,
    Declaration,
    Event,
    Excuse,
    FieldError,
    HandIn,
    Membership,
    Standing,
    User,
)
from signoffs.models.proofs import PROVEN
from signoffs.queries import evidence
from signoffs.queries.actors import Who
from tests import factories, stories
from tests.signoffs.flow.test_random_stories import MOVES, Story


def verified() -> str:
    """Run the command; return what it says. Raise CommandError where something does not hold."""
    out = io.StringIO()
    call_command("verify_events", stdout=out)
    return out.getvalue()


def found() -> set[str]:
    """Run the command, which must fail; return the lines that name something, each without its key."""
    out = io.StringIO()
    with pytest.raises(CommandError) as error:
        call_command("verify_events", stdout=out)
    assert error.value.returncode == 1
    return {words_of(line) for line in out.getvalue().splitlines()}


def words_of(line: str) -> str:
    """Return a line of the command without the key of the row, or the place of the event."""
    first, _, rest = line.partition(" ")
    return f"{first} {rest.partition(' ')[2]}" if first.islower() else line[line.index("event") :]


@pytest.fixture
def world(campaign) -> dict:
    """A class that has gone through all of it, and whose officer and office looked before they acted."""
    class_group = factories.class_group("软件2601班", students=6)
    officer = factories.user("officer", role="department", in_department=class_group.department)
    office = factories.user("office")
    stories.account_for_everybody()
    client = Client()
    for user, page in ((officer, ["department-class", class_group.uuid]), (office, ["office-errors"])):
        client.force_login(user)
        client.get(reverse(page[0], args=page[1:]))
    made = stories.everything(class_group, officer)
    flow.receive(hand_in=made["hand-in"], who=Who(user=office), clock=timezone.now)
    return made | {"officer": officer, "office": office}


def test_what_nobody_touched_holds(world):
    assert verified().endswith("rows: all hold.\n")


def a_report_becomes_a_confirmation(world):
    FieldError.objects.all().delete()
    Declaration.objects.filter(kind="reported").update(kind="confirmed", status="在籍（注册学籍）")
    Standing.objects.filter(state="reported").update(state="confirmed")


def a_signature_is_moved(world):
    table = Declaration._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET signature = (SELECT signature FROM {table} WHERE id = %s) WHERE id = %s",
            Declaration.objects.order_by("pk").values_list("pk", flat=True)[:2],
        )


def a_sheet_is_accepted(world):
    office = Who(user=world["office"])
    flow.reopen(hand_in=world["hand-in"], who=office, reason="再看", clock=timezone.now)
    officer = Who(user=world["officer"])
    flow.return_sheet(sheet=world["sheet"], who=officer, reason="再看", clock=timezone.now)
    ClassSheet.objects.update(state="accepted")


def a_role_is_raised(world):
    Membership.objects.filter(user=world["officer"]).update(role="office", department=None)


def the_access_log_is_emptied(world):
    AccessRecord.objects.all().delete()


def the_last_event_is_cut_off(world):
    """Consistently: the chain's head and length are those of the event before."""
    chain = Chain.objects.get(class_group=world["class"])
    last = chain.events.order_by("-position").first()
    before = chain.events.get(position=last.position - 1)
    Event.objects.filter(pk=last.pk).delete()
    Chain.objects.filter(pk=chain.pk).update(length=before.position, head=before.link)


def a_declaration_is_deleted(world):
    declaration = world["student"].declarations.get()
    Standing.objects.filter(declaration=declaration).delete()
    declaration.delete()


def a_declaration_is_dated_back(world):
    Declaration.objects.update(declared_at=timezone.now() - timedelta(days=9))


def a_declaration_is_invented(world):
    declaration = world["student"].declarations.get()
    declaration.pk, declaration.uuid, declaration.submission_id = None, uuid.uuid4(), uuid.uuid4()
    declaration._state.adding = True
    declaration.save()


def a_declaration_is_taken_back(world):
    Declaration.objects.filter(student=world["student"]).update(withdrawn_at=timezone.now())


def an_excuse_is_invented(world):
    Excuse.objects.create(
        student=world["student"], class_group=world["class"], reason="left", entered_at=timezone.now()
    )


def a_standing_is_set(world):
    Standing.objects.filter(student=world["student"]).update(state="excused")


def a_countersignature_is_forged(world):
    Declaration.objects.filter(channel="paper").update(countersigned_by=world["office"])


def a_sheets_counts_are_changed(world):
    ClassSheet.objects.update(counts={"expected": 6, "confirmed": 6})


def a_sheet_names_another_head(world):
    ClassSheet.objects.update(chain_head=Event.objects.first().link)


def a_hand_in_is_opened(world):
    HandIn.objects.update(state="reopened")


def an_error_is_settled(world):
    FieldError.objects.update(outcome="done", settled_at=timezone.now())


def an_office_account_is_made(world):
    User.objects.create_superuser("intruder", password="intruder-of-the-night")


def an_event_loses_what_it_says(world):
    Event.objects.filter(verb="report").update(payload=None, salt=None)


def a_chain_becomes_another_classs(world):
    other = factories.class_group("机械2601班", students=1)
    Chain.objects.filter(class_group=world["class"]).update(class_group=other)


FORGERIES = {
    a_report_becomes_a_confirmation: {
        "declaration says something else than its event",
        "standing says something else than its event",
        "fielderror is gone, and no event removed it",
    },
    a_signature_is_moved: {"declaration says something else than its event"},
    a_sheet_is_accepted: {"classsheet says something else than its event"},
    a_role_is_raised: {"membership says something else than its event"},
    the_access_log_is_emptied: {
        "accessrecord has another number of access records than their newest event counted"
    },
    the_last_event_is_cut_off: {"classsheet says something else than its event"},
    a_declaration_is_deleted: {
        "declaration is gone, and no event removed it",
        "standing is gone, and no event removed it",
    },
    a_declaration_is_dated_back: {"declaration says something else than its event"},
    a_declaration_is_invented: {"declaration was written by no event"},
    a_declaration_is_taken_back: {"declaration says something else than its event"},
    an_excuse_is_invented: {"excuse was written by no event"},
    a_standing_is_set: {"standing says something else than its event"},
    a_countersignature_is_forged: {"declaration says something else than its event"},
    a_sheets_counts_are_changed: {"classsheet says something else than its event"},
    a_sheet_names_another_head: {"classsheet names another event than the one that wrote it"},
    a_hand_in_is_opened: {"handin says something else than its event"},
    an_error_is_settled: {"fielderror says something else than its event"},
    an_office_account_is_made: {"user was written by no event"},
}
# What shows in a chain besides.
FORGED_CHAINS = (an_event_loses_what_it_says, a_chain_becomes_another_classs)


@pytest.mark.parametrize("forge", FORGERIES, ids=lambda forge: forge.__name__)
def test_a_forgery_is_named(world, forge):
    forge(world)
    assert found() == FORGERIES[forge]


@pytest.mark.parametrize("forge", FORGED_CHAINS, ids=lambda forge: forge.__name__)
def test_a_forged_chain_is_named(world, forge):
    forge(world)
    assert any(line.startswith("event ") for line in found())


OLDER = "2 rows are older than the digests of rows: not proven."


class TestOlderRows:
    """Those whose events hold no digest are counted apart, and accuse nobody."""

    def test_a_declaration_of_old_is_counted_apart(self, campaign):
        class_group = factories.class_group(students=2)
        stories.confirm(class_group.students.first())
        forget_digests()
        assert verified() == f"1 events in 1 chains, 2 rows: all hold. {OLDER}\n"
        stories.confirm(class_group.students.last())
        assert verified().endswith(f"{OLDER}\n")

    def test_what_no_event_of_old_names_is_accused(self, campaign):
        class_group = factories.class_group(students=2)
        stories.confirm(class_group.students.first())
        forget_digests()
        an_excuse_is_invented({"student": class_group.students.last(), "class": class_group})
        assert found() == {"excuse was written by no event"}


def forget_digests() -> None:
    """Let every event be as a version before the digests wrote it: the chains are written anew."""
    for chain in Chain.objects.all():
        events, head = list(chain.events.order_by("position")), ""
        for event in events:
            event.payload = {name: value for name, value in event.payload.items() if name != "rows"}
            event.payload_digest = chains.key_ring().digest(
                "payload", chains._payload_text(event.salt, event.payload)
            )
            text = chains._link_text(
                head, event.position, event.verb, event.happened_at, event.payload_digest
            )
            event.link = head = chains.key_ring().digest("event", text)
            event.save()
        Chain.objects.filter(pk=chain.pk).update(head=head)


# One random column of one random row ------------------------------------------------------------------


def another(value, field: models.Field, dice: random.Random):
    """Return another value for a column, of the kind that the database takes; None where there is none."""
    if isinstance(field, models.ForeignKey):
        others = field.related_model._default_manager.exclude(pk=value).values_list("pk", flat=True)
        return dice.choice(list(others)) if others else None
    if isinstance(field, models.BooleanField):
        return not value
    if isinstance(field, models.DateTimeField):
        return (value or timezone.now()) - timedelta(minutes=dice.randrange(1, 9999))
    if isinstance(field, models.UUIDField):
        return uuid.uuid4()
    if isinstance(field, models.BinaryField):
        return bytes(value or b"\x01")[:-1] + b"\x7f"
    if isinstance(field, models.JSONField):
        return {"another": dice.random()}
    if isinstance(field, models.IntegerField):
        return (value or 0) + dice.randrange(1000, 2000)
    return f"x{value or ''}"[: field.max_length]


def change_one(dice: random.Random) -> str | None:
    """Change a random column of a random row behind the flow's back; say which, or None where none can be.

    Raise IntegrityError where the database itself refuses.
    """
    model = dice.choice([model for model in PROVEN if model._default_manager.exists()])
    table, key = model._meta.db_table, model._meta.pk.column
    row = dice.choice(list(model._default_manager.order_by("pk").values_list("pk", flat=True)))
    columns = [one for one in model._meta.concrete_fields if one.name not in PROVEN[model]]
    column = dice.choice([one for one in columns if not one.primary_key])
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column.column} FROM {table} WHERE {key} = %s", [row])
        sealed = isinstance(column, models.BinaryField)
        old = cursor.fetchone()[0]
        value = another(old if sealed else column.to_python(old), column, dice)
        if value is None:
            return None
        stored = value if sealed else column.get_db_prep_save(value, connection)
        cursor.execute(f"UPDATE {table} SET {column.column} = %s WHERE {key} = %s", [stored, row])
    return f"{model.__name__}.{column.name}"


@pytest.mark.parametrize("seed", range(5))
def test_any_changed_column_of_any_row_is_named_after_any_story(campaign, seed):
    story, dice = Story(seed, campaign), random.Random(seed)
    stories.account_for_everybody()
    for _ in range(MOVES):
        story.play()
    assert evidence.judge().problems == []
    unnamed = []
    for _ in range(40):
        with suppress(IntegrityError), transaction.atomic():  # what the database itself refuses
            changed = change_one(dice)
            if changed is not None and not evidence.judge().problems:
                unnamed.append(changed)
            transaction.set_rollback(True)
    assert unnamed == []
