"""A new field key: everything is brought under it, the old one leaves, and nothing is lost or asked again."""

import io

import pytest
from django.apps import apps
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rosters import planning, reading, rotation
from rosters.encryption import CannotDecrypt, EncryptedField, KeyRing, key_id_of_sealed, key_ring
from rosters.models import RetiredDigestKey, Student
from signoffs import flow
from signoffs.entrance import links
from signoffs.flow import standings
from signoffs.flow.chains import verify
from signoffs.models import Chain, ClassLink, ClassSheet, Declaration
from signoffs.process import deadlines
from signoffs.queries.actors import Who
from tests import factories, pages, second_factor, stories

OLD, NEW, NEWEST = b"o" * 32, b"n" * 32, b"m" * 32
BOTH = {"k2": NEW, "k1": OLD}


def rotate() -> str:
    out = io.StringIO()
    call_command("rotate_keys", stdout=out)
    return out.getvalue()


def stored_key_ids() -> dict[str, set[str]]:
    """Return under which keys each encrypted column lies, as the database has it."""
    found = {}
    with connection.cursor() as cursor:
        for model in apps.get_models():
            for field in model._meta.local_concrete_fields:
                if isinstance(field, EncryptedField):
                    cursor.execute(
                        f'SELECT "{field.column}" FROM "{model._meta.db_table}"'
                        f' WHERE "{field.column}" IS NOT NULL'
                    )
                    ids = {key_id_of_sealed(bytes(value)) for (value,) in cursor.fetchall()}
                    found[f"{model.__name__}.{field.name}"] = ids
    return found


@pytest.fixture
def world(settings, db):
    """A department that went through everything while k1 was the key; then k2 was put in front."""
    settings.FIELD_KEYS = {"k1": OLD}
    factories.campaign()
    class_group = factories.class_group(students=6)
    officer = factories.user("officer", role="department", in_department=class_group.department)
    links.issue_all([class_group], timezone.now())
    made = stories.everything(class_group, officer)
    settings.FIELD_KEYS = BOTH
    return made | {"officer": officer}


def test_every_encrypted_column_is_under_the_new_key(world):
    before = stored_key_ids()
    assert {"k1"} == set().union(*before.values())
    assert len([name for name, ids in before.items() if ids]) > 10
    said = rotate()
    after = stored_key_ids()
    assert after == {name: {"k2"} if ids else set() for name, ids in before.items()} | {
        "RetiredDigestKey.secret": {"k2"}
    }
    assert "rosters.Student.id_number: 6 sealed anew, 0 were so already" in said
    assert "digests anew: 6 students, 2 links" in said
    assert "Everything is under k2. k1 can be taken out of FIELD_KEY" in said


def test_a_second_run_finds_nothing_to_do(world):
    rotate()
    before = stored_key_ids(), list(Student.objects.values_list())
    said = rotate()
    assert "rosters.Student.id_number: 0 sealed anew, 6 were so already" in said
    assert (stored_key_ids(), list(Student.objects.values_list())) == before


def test_whose_invitation_ends_with_the_old_key_is_said_and_no_others(world, settings):
    settings.FIELD_KEYS = {"k1": OLD}
    who = Who(command="test")
    invited, used, afresh = (factories.user(name) for name in ("waits", "has-come", "invited-anew"))
    tokens = [flow.invite(user=one, who=who) for one in (invited, used, afresh)]
    flow.accept_invitation(token=tokens[1], password="a sentence of their own")
    settings.FIELD_KEYS = BOTH
    flow.invite(user=afresh, who=who)
    said = rotate()
    day = deadlines.day_of(timezone.now() + links.INVITATION_LASTS)
    assert (
        "The invitations of waits end when it is taken out: wait until they have chosen their passwords"
        in said
    )
    assert f"until {day}" in said
    assert links.invited(tokens[0], timezone.now()) == invited
    settings.FIELD_KEYS = {"k2": NEW}
    assert links.invited(tokens[0], timezone.now()) is None
    assert "invitations" not in rotate()


class TestWithoutTheOldKey:
    @pytest.fixture(autouse=True)
    def dropped(self, world, settings):
        """k1 was taken out of FIELD_KEY."""
        world["numbers"] = {one.pk: one.id_number for one in Student.objects.all()}
        rotate()
        settings.FIELD_KEYS = {"k2": NEW}

    def test_everything_opens(self, world):
        assert {one.pk: one.id_number for one in Student.objects.all()} == world["numbers"]
        for model in apps.get_models():
            for field in model._meta.local_concrete_fields:
                if isinstance(field, EncryptedField):
                    [getattr(row, field.name) for row in model.objects.all()]

    def test_every_chain_and_every_print_verifies(self, world):
        assert [chain.pk for chain in Chain.objects.all() if verify(chain)] == []
        text = pages.text(Client().get(reverse("verify", args=[world["sheet"].verify_code])))
        assert "是，这是最新版本" in text
        assert ClassSheet.objects.get().digest in text

    def test_a_changed_event_is_still_found(self, world):
        chain = Chain.objects.get(class_group=world["class"])
        chain.events.filter(position=2).update(verb="report")
        assert [(one.position, one.code) for one in verify(chain)] == [(2, "changed")]

    def test_a_student_comes_in_by_the_old_link_and_identifies(self, world):
        token = ClassLink.objects.get(class_group=world["class"], kind="student").token
        client = Client()
        client.get(reverse("class-link", args=[token]))
        student = Student.objects.get(pk=world["student"].pk)
        assert stories.identify(client, "class-identify", student).url == reverse("class-record")

    def test_the_same_roster_again_changes_nothing(self, world):
        header = "姓名,性别,民族,出生日期,身份证号,学号,系部,专业名称,班级,层次,学制"
        rows = [
            ",".join(
                (one.name, one.sex, one.ethnicity, one.birth_date.isoformat(), one.id_number,
                 one.student_number, one.department_name, one.major, one.class_name, one.level, "4")
            )
            for one in Student.objects.order_by("pk")
        ]  # fmt: skip
        content = "\n".join([header, *rows]).encode()
        plan = planning.plan(world["class"].campaign, reading.read(content, "again.csv"))
        assert plan.errors == []
        assert (plan.unchanged, len(plan.updated), len(plan.created)) == (6, 0, 0)

    def test_nobody_is_asked_again(self, world):
        declaration = Declaration.objects.filter(student=world["student"]).get()
        assert declaration.record_digest.startswith("k1:")
        assert standings.same_record(declaration, Student.objects.get(pk=world["student"].pk))

    def test_a_page_that_was_opened_before_can_still_be_sent(self, world, settings):
        late = factories.student(world["class"], 7)
        old = late.record_digest
        settings.FIELD_KEYS = {"k3": NEWEST, "k2": NEW}
        rotate()
        settings.FIELD_KEYS = {"k3": NEWEST}
        flow.reopen(hand_in=world["hand-in"], who=Who(command="test"), reason="晚到的学生")
        stories.confirm(Student.objects.get(pk=late.pk), shown_digest=old)
        assert Declaration.objects.get(student=late).record_digest.startswith("k3:")

    def test_what_is_kept_of_it_opens_nothing(self, world):
        from_an_old_backup = KeyRing({"k1": OLD}).seal(b"a number", "its place")
        kept = RetiredDigestKey.objects.get(key_id="k1").secret
        with pytest.raises(CannotDecrypt):
            KeyRing({"k1": kept}).unseal(from_an_old_backup, "its place")


def test_a_second_rotation_still_verifies_the_first_keys_chains(world, settings):
    rotate()
    settings.FIELD_KEYS = {"k3": NEWEST, "k2": NEW}
    rotate()
    settings.FIELD_KEYS = {"k3": NEWEST}
    assert sorted(RetiredDigestKey.objects.values_list("key_id", flat=True)) == ["k1", "k2"]
    assert [verify(chain) for chain in Chain.objects.all() if verify(chain)] == []


def test_a_value_that_was_changed_meanwhile_is_not_overwritten(world):
    place = next(one for one in rotation.places() if one.name == "rosters.Student.id_number")
    student = world["student"]
    for batch in place.batches():
        piece = next(one for one in batch if one.key == student.pk)
        student.id_number = None
        student.save()
        assert not place.replace(piece.key, piece.stored, b"anything")
    assert Student.objects.get(pk=student.pk).id_number is None


def test_a_key_that_is_missing_is_named_and_the_command_fails(world, settings):
    settings.FIELD_KEYS = {"k2": NEW}
    with pytest.raises(CommandError, match="FIELD_KEY lacks k1"):
        rotate()
    settings.FIELD_KEYS = BOTH
    assert "Everything is under k2" in rotate()


def test_an_id_is_never_used_for_two_keys(world, settings):
    rotate()
    settings.FIELD_KEYS = {"k1": NEWEST, "k2": NEW}
    with pytest.raises(CommandError, match="an id that was never used"):
        rotate()


def test_a_second_factor_goes_on_working_without_the_old_key(world, settings):
    settings.FIELD_KEYS = {"k1": OLD}
    app = second_factor.give(world["officer"])
    settings.FIELD_KEYS = BOTH
    rotate()
    settings.FIELD_KEYS = {"k2": NEW}
    client = Client()
    typed = {"login": "officer", "username": "officer", "password": "officerofficer"}
    assert client.post(reverse("sign-in"), typed).url == reverse("mfa_authenticate")
    assert client.post(reverse("mfa_authenticate"), {"code": second_factor.code(app)}).status_code == 302
    assert client.get(reverse("department")).status_code == 200


def test_another_place_is_registered_by_one_call(world, settings):
    held = {"secret": KeyRing({"k1": OLD}).seal(b"a secret", "elsewhere")}

    def replace(key, old, new) -> bool:
        held[key] = new
        return True

    place = rotation.SealedPlace(
        "elsewhere", lambda: iter([[rotation.Piece("secret", held["secret"], "elsewhere")]]), replace
    )
    rotation.also_sealed(place)
    try:
        assert "elsewhere: 1 sealed anew" in rotate()
    finally:
        rotation._others.remove(place)
    assert key_ring().unseal(held["secret"], "elsewhere") == b"a secret"
    assert key_id_of_sealed(held["secret"]) == "k2"
