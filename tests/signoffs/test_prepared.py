"""A prepared query is its queryset, compiled once."""

from threading import Thread

import pytest
from django.db import connection
from django.db.models import BigIntegerField, UUIDField

from rosters.models import Student
from signoffs.prepared import Prepared

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
