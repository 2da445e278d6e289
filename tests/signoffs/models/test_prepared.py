"""A prepared query is its queryset, compiled once."""

from threading import Thread

import pytest
from django.db import DatabaseError, IntegrityError, connection
from django.db.models import BigIntegerField, UUIDField
from django.utils import timezone

from rosters.encryption import EncryptedField
from rosters.models import RosterChange, Student
from signoffs.models import Chain, Declaration, Event, Standing, Tally, Throttle
from signoffs.models.prepared import Prepared, insert_if_new, store, update
from tests import stories

by_uuid = Prepared(
    lambda uuid: Student.objects.filter(uuid=uuid).select_related("class_group", "standing"), uuid=UUIDField()
)
by_class = Prepared(
    lambda class_group: Student.objects.filter(class_group=class_group).order_by("-seat"),
    class_group=BigIntegerField(),
)


def test_each_call_binds_its_own_values(own_class, other_class):
    for class_group in (own_class, other_class):
        students = list(class_group.students.order_by("-seat"))
        assert by_class.all(class_group=class_group.pk) == students
        assert [by_uuid.first(uuid=one.uuid) for one in students] == students
    assert by_uuid.first(uuid=own_class.uuid) is None


def test_objects_come_with_what_was_joined_and_with_their_encrypted_fields(
    own_class, django_assert_num_queries
):
    student = own_class.students.get(seat=2)
    by_uuid.first(uuid=student.uuid)
    with django_assert_num_queries(1):
        found = by_uuid.first(uuid=student.uuid)
        assert (found.class_group, getattr(found, "standing", None)) == (own_class, None)
    assert found.id_number == student.id_number


@pytest.mark.django_db(transaction=True)
def test_each_thread_asks_on_its_own_connection(own_class):
    found = []

    def ask():
        found.append(len(by_class.all(class_group=own_class.pk)))
        connection.close()

    by_class.all(class_group=own_class.pk)
    threads = [Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [3] * 4


def test_an_object_is_stored_as_save_does(own_class):
    student = own_class.students.get(seat=1)
    change = RosterChange(student=student, field="major", old="护理", new="助产", changed_at=timezone.now())
    store(change)
    kept = RosterChange.objects.get(pk=change.pk)
    assert [getattr(kept, field.attname) for field in kept._meta.concrete_fields] == [
        getattr(change, field.attname) for field in change._meta.concrete_fields
    ]
    change.field, change.new = "level", "专科"
    store(change)
    kept.refresh_from_db()
    assert (kept.field, kept.new, RosterChange.objects.count()) == ("level", "专科", 1)


def test_an_update_stores_the_fields_it_names_alone(campaign):
    chain = Chain(campaign=campaign)
    store(chain)
    chain.length, chain.head = 3, "not stored"
    update(chain, ["length"])
    assert Chain.objects.values_list("length", "head").get(pk=chain.pk) == (3, "")
    Chain.objects.all().delete()
    with pytest.raises(DatabaseError, match="gone"):
        update(chain, ["length"])


def test_a_row_that_is_there_stays_as_it_is(own_class):
    pk = own_class.students.get(seat=1).pk
    assert insert_if_new(Throttle(student_id=pk, failures=1))
    assert not insert_if_new(Throttle(student_id=pk, failures=2))
    assert Throttle.objects.get(student_id=pk).failures == 1
    with pytest.raises(IntegrityError):
        store(Throttle(student_id=pk))


@pytest.mark.parametrize("model", [Declaration, Standing, Event, Tally])
def test_the_row_is_the_one_that_save_writes(own_class, model):
    stories.confirm(own_class.students.get(seat=2))
    one = model.objects.first()
    sealed = {field.attname for field in model._meta.fields if isinstance(field, EncryptedField)}

    def row():
        stored = model.objects.filter(pk=one.pk).values().get()
        return {name: value for name, value in stored.items() if name not in sealed}

    before = row()
    store(one)
    assert row() == before
    model.objects.get(pk=one.pk).save()
    assert row() == before


def test_what_refers_to_nothing_yet_is_refused(own_class):
    student = own_class.students.get(seat=2)
    unsaved = Declaration(student=student)
    with pytest.raises(ValueError, match="unsaved"):
        store(Standing(student=student, state="confirmed", since=timezone.now(), declaration=unsaved))
    assert not Standing.objects.exists()
