"""What is encrypted stays so in the database, opens only in its place, and digests survive a new key."""

import pytest
from django.db import connection

from rosters.encryption import CannotDecrypt, KeyRing, key_ring
from rosters.models import Student

OLD, NEW = b"o" * 32, b"n" * 32


def stored(student: Student) -> bytes:
    """Return the ID number's column as the database holds it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id_number FROM rosters_student WHERE id = %s", [student.pk])
        return bytes(cursor.fetchone()[0])


def test_the_plain_value_is_not_in_the_database(own_class):
    student = own_class.students.first()
    assert student.id_number.encode() not in stored(student)
    assert Student.objects.get(pk=student.pk).id_number == student.id_number


def test_the_same_value_twice_is_stored_as_two_different_texts(own_class):
    one, two = own_class.students.all()[:2]
    two.id_number = one.id_number
    two.save()
    assert stored(one) != stored(two)


def test_a_value_copied_to_another_row_does_not_open(own_class):
    one, two = own_class.students.all()[:2]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE rosters_student SET id_number = %s WHERE id = %s", [stored(one), two.pk])
    copied = Student.objects.get(pk=two.pk)
    with pytest.raises(CannotDecrypt):
        copied.id_number  # noqa: B018


def test_loading_a_row_does_not_open_its_values(own_class, settings):
    settings.FIELD_KEYS = {"t2": NEW}
    student = own_class.students.first()
    assert student.name
    with pytest.raises(CannotDecrypt, match="'t1'"):
        student.id_number  # noqa: B018


def test_an_update_with_a_plain_value_is_refused(own_class):
    with pytest.raises(TypeError, match="sealed"):
        Student.objects.filter(class_group=own_class).update(id_number="a plain text")


def test_a_deferred_value_is_fetched_when_it_is_read(own_class):
    student = Student.objects.defer("id_number").get(pk=own_class.students.first().pk)
    assert student.id_number == own_class.students.first().id_number


def test_a_missing_value_stays_missing(own_class):
    student = own_class.students.first()
    student.id_number = None
    student.save()
    assert Student.objects.get(pk=student.pk).id_number is None


def test_a_new_key_writes_and_the_old_one_still_reads():
    sealed = KeyRing({"old": OLD}).seal(b"text", "place")
    assert KeyRing({"new": NEW, "old": OLD}).unseal(sealed, "place") == b"text"
    assert KeyRing({"new": NEW, "old": OLD}).seal(b"text", "place").startswith(b"\x01\x03new")


@pytest.mark.parametrize(
    ("stored", "place"),
    [
        (b"", "place"),
        (b"\x02\x03old", "place"),
        (KeyRing({"old": OLD}).seal(b"text", "place"), "another place"),
        (KeyRing({"old": OLD}).seal(b"text", "place")[:-1] + b"\x00", "place"),
        (KeyRing({"old": NEW}).seal(b"text", "place"), "place"),
    ],
    ids=["empty", "another version", "moved", "changed", "another key of the same name"],
)
def test_what_was_not_sealed_here_does_not_open(stored, place):
    with pytest.raises(CannotDecrypt):
        KeyRing({"old": OLD}).unseal(stored, place)


def test_a_digest_tells_values_and_purposes_apart():
    ring = key_ring()
    assert ring.digest("id_number", "a") == ring.digest("id_number", "a")
    assert ring.digest("id_number", "a") != ring.digest("id_number", "b")
    assert ring.digest("id_number", "a") != ring.digest("record", "a")


def test_a_digest_of_the_old_key_is_found_and_compared_under_the_new_ring():
    old = KeyRing({"old": OLD}).digest("token", "a")
    ring = KeyRing({"new": NEW, "old": OLD})
    assert old in ring.digests("token", "a")
    assert ring.same(old, "token", "a")
    assert not ring.same(old, "token", "b")
    with pytest.raises(CannotDecrypt, match="'old'"):
        KeyRing({"new": NEW}).same(old, "token", "a")
