"""Links and codes: unguessable, found by digest, dead once rotated or used."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from signoffs.entrance import links
from signoffs.models import ClassLink, OneTimeCode
from tests import factories

STUDENT, MONITOR = ClassLink.Kind.STUDENT, ClassLink.Kind.MONITOR


def test_a_token_is_long_and_never_stored_as_it_is(class_group):
    link = links.issue(class_group, STUDENT, timezone.now())
    assert len(link.token) == 24  # 144 bits
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM signoffs_classlink")
        stored = repr(cursor.fetchall())
    assert link.token not in stored


def test_a_link_leads_to_its_class_by_its_own_kind_alone(class_group):
    link = links.issue(class_group, STUDENT, timezone.now())
    assert links.resolve(link.token, STUDENT).class_group == class_group
    assert links.resolve(link.token, MONITOR) is None
    assert links.resolve(link.token[:-1], STUDENT) is None
    assert links.resolve("", STUDENT) is None


def test_a_class_has_one_live_link_of_a_kind(class_group):
    now = timezone.now()
    assert links.issue(class_group, STUDENT, now) == links.issue(class_group, STUDENT, now)


def test_a_rotated_link_is_dead(class_group):
    now = timezone.now()
    old = links.issue(class_group, STUDENT, now)
    new = links.rotate(old, now)
    assert links.resolve(old.token, STUDENT) is None
    assert links.resolve(new.token, STUDENT) == new


def test_the_address_comes_from_the_site_and_from_nothing_else(class_group, settings):
    settings.SITE_URL = "https://xueji.example.edu.cn"
    link = links.issue(class_group, MONITOR, timezone.now())
    assert links.url(link) == f"https://xueji.example.edu.cn/m/{link.token}/"


class TestCodes:
    @pytest.fixture
    def student(self, class_group):
        """Who stands at the desk."""
        return class_group.students.first()

    @pytest.fixture
    def code(self, student):
        """A code that the office has just issued."""
        return links.issue_code(student, factories.user("office"), timezone.now())

    def test_it_works_once(self, student, code):
        now = timezone.now()
        assert links.use_code(student, code, now)
        assert not links.use_code(student, code, now)

    @pytest.mark.parametrize(
        "typed", [str.lower, lambda code: f" {code[:4]} {code[4:]} ", lambda c: f"{c[:4]}-{c[4:]}"]
    )
    def test_it_may_be_typed_as_people_do(self, student, code, typed):
        assert links.use_code(student, typed(code), timezone.now())

    def test_it_lasts_an_hour(self, student, code):
        issued = OneTimeCode.objects.get().issued_at
        assert not links.use_code(student, code, issued + timedelta(hours=1))
        assert links.use_code(student, code, issued + timedelta(minutes=59))

    def test_it_is_one_students(self, student, code):
        assert not links.use_code(student.class_group.students.last(), code, timezone.now())

    def test_a_new_one_ends_the_old(self, student, code):
        new = links.issue_code(student, OneTimeCode.objects.get().issued_by, timezone.now())
        assert not links.use_code(student, code, timezone.now())
        assert links.use_code(student, new, timezone.now())

    def test_it_has_eight_characters_that_nobody_confuses(self, code):
        assert len(code) == 8
        assert set(code) <= set(links.ALPHABET)
        assert not set("0O1IL5S2Z8BUV") & set(links.ALPHABET)
