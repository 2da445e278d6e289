"""The right file after a wrong one: as if the wrong one had never been, where nobody has acted on it."""

import pytest
from django.utils import timezone

from rosters import planning, reading
from rosters.models import ClassGroup, RosterImport, Student
from signoffs import flow
from signoffs.entrance import identifications
from signoffs.models import ClassLink, Event, Tally
from signoffs.queries import roster, undoing
from signoffs.queries.actors import Who
from signoffs.queries.overview import campaign_overview
from tests import stories
from tests.rosters import files

A, B = {"班级": "软件2601班"}, {"班级": "软件2602班"}
RIGHT = [
    *(files.row(n, 序号=str(n), **A) for n in range(1, 4)),
    *(files.row(n, 序号=str(n - 3), **B) for n in range(4, 7)),
]


def bring_in(campaign, rows, name="right.xlsx", **choices):
    plan = planning.plan(campaign, reading.read(files.roster(*rows), name), planning.Choices(**choices))
    assert plan.errors == []
    flow.import_roster(plan=plan, who=Who(command="test"), clock=timezone.now)
    return plan


def whole(campaign) -> list:
    """Return what forms, links and signatures are made of."""
    students = Student.objects.filter(campaign=campaign).order_by("student_number")
    tallies = Tally.objects.filter(class_group__campaign=campaign).order_by("class_group")
    return [
        list(students.values_list("uuid", "class_group", "seat", "record_digest", "withdrawn_at")),
        list(ClassGroup.objects.order_by("pk").values_list("name", "seats_given")),
        list(ClassLink.objects.order_by("pk").values_list("class_group", "token_digest", "revoked_at")),
        list(tallies.values_list("class_group", "expected", "confirmed", "recheck", "withdrawn", "cells")),
        list(students.values_list("standing__state", "standing__declaration")),
    ]


@pytest.fixture
def right(campaign):
    """Two classes of three, the second student of the first has signed."""
    bring_in(campaign, RIGHT)
    stories.confirm(Student.objects.get(student_number="2026000002"))
    return whole(campaign)


def wrong_rows():
    """Students of A in B, one of B in A, changed values, other 序号, and two who are nobody's."""
    return [
        files.row(1, 序号="3", 专业名称="网络工程", **B),
        files.row(2, 序号="2", 专业名称="网络工程", **B),
        *(files.row(n, 序号=str(7 - n), **A) for n in range(3, 5)),
        *(files.row(n, 序号=str(n), **B) for n in range(5, 7)),
        files.row(50, 序号="7", **A),
        files.row(51, 序号="8", **B),
    ]


def test_the_right_file_after_a_wrong_one_leaves_everything_as_it_was(campaign, right):
    bring_in(campaign, wrong_rows(), "wrong.xlsx")
    assert whole(campaign) != right

    plan = bring_in(campaign, RIGHT, undo_last=True)

    assert [student.student_number for student in plan.came_only_by_last] == ["2026000050", "2026000051"]
    assert whole(campaign) == right
    assert RosterImport.objects.count() == 3
    notes = Event.objects.filter(verb="import_roster", chain__class_group=None)
    assert [event.payload.get("removed") for event in notes.order_by("pk")] == [None, None, 2]


def test_without_the_tick_nobody_goes(campaign, right):
    bring_in(campaign, wrong_rows(), "wrong.xlsx")
    bring_in(campaign, RIGHT)
    assert Student.objects.count() == 8


def test_where_somebody_of_the_wrong_file_has_identified_nobody_goes_and_seats_stay_given(campaign, right):
    bring_in(campaign, wrong_rows(), "wrong.xlsx")
    newcomer = Student.objects.select_related("class_group__campaign").get(student_number="2026000050")
    identifications.record(newcomer, "number", timezone.now())

    bring_in(campaign, RIGHT, undo_last=True)

    assert Student.objects.count() == 8
    assert ClassGroup.objects.get(name="软件2602班").seats_given > 3
    assert not undoing.is_unused(RosterImport.objects.order_by("pk")[1])


def test_who_left_something_behind_stays(campaign, right):
    bring_in(campaign, wrong_rows(), "wrong.xlsx")
    newcomer = Student.objects.get(student_number="2026000051")
    flow.withdraw_student(student=newcomer, who=Who(command="test"), reason="不在本校", clock=timezone.now)
    bring_in(campaign, RIGHT, undo_last=True)
    assert Student.objects.filter(student_number__in=["2026000050", "2026000051"]).get() == newcomer


def test_only_the_last_import_is_undone(campaign, right):
    bring_in(campaign, wrong_rows(), "wrong.xlsx")
    bring_in(campaign, RIGHT)
    plan = bring_in(campaign, RIGHT, undo_last=True)
    assert (plan.came_only_by_last, Student.objects.count()) == ([], 8)


def test_the_rosters_numbers_win_where_nobody_has_signed_and_not_where_somebody_has(campaign):
    bring_in(campaign, RIGHT)
    stories.confirm(Student.objects.get(student_number="2026000002"))
    turned = [files.row(n, 序号=str(4 - n), **A) for n in range(1, 4)]
    turned += [files.row(n, 序号=str(7 - n), **B) for n in range(4, 7)]

    bring_in(campaign, turned)

    seats = Student.objects.order_by("student_number").values_list("seat", flat=True)
    assert list(seats) == [1, 2, 3, 3, 2, 1]


def test_a_class_is_not_numbered_anew_over_somebody_the_file_does_not_name(campaign):
    bring_in(campaign, RIGHT)
    bring_in(campaign, [files.row(1, 序号="2", **A), files.row(2, 序号="1", **A)])
    bring_in(campaign, [files.row(2, 序号="1", **A), files.row(3, 序号="2", **A)])
    seats = Student.objects.filter(class_group__name="软件2601班").order_by("student_number")
    assert list(seats.values_list("seat", flat=True)) == [2, 1, 3]


def test_who_returns_to_a_class_gets_the_former_seat_and_another_one_where_it_is_taken(campaign):
    bring_in(campaign, RIGHT)
    stories.confirm(Student.objects.get(student_number="2026000003"))
    stories.confirm(Student.objects.get(student_number="2026000006"))
    bring_in(campaign, [files.row(2, **B)])
    bring_in(campaign, [files.row(2, **A)])
    assert Student.objects.get(student_number="2026000002").seat == 2


class TestAClassThatHasBecomeEmpty:
    """Everybody of 软件2602班 went to 软件2601班."""

    @pytest.fixture
    def empty(self, campaign):
        bring_in(campaign, RIGHT)
        bring_in(campaign, [files.row(n, 序号=str(n), **A) for n in range(1, 7)])
        return ClassGroup.objects.get(name="软件2602班")

    def test_it_counts_nowhere_and_is_listed_apart(self, campaign, empty):
        (row,) = campaign_overview(campaign, timezone.now()).departments
        assert [one.class_group.name for one in row.classes] == ["软件2601班"]
        assert list(roster.empty_classes(campaign)) == [empty]

    def test_a_department_without_anybody_is_not_counted_among_those_that_hand_in(self, campaign):
        bring_in(campaign, RIGHT)
        bring_in(campaign, [files.row(n, 系部="软件学院", **A) for n in range(1, 7)])
        overview = campaign_overview(campaign, timezone.now())
        assert [row.department.name for row in overview.departments] == ["软件学院"]

    def test_it_is_removed_with_an_event_and_its_links_end(self, campaign, empty):
        flow.remove_class(class_group=empty, who=Who(command="test"), clock=timezone.now)
        assert not ClassGroup.objects.filter(pk=empty.pk).exists()
        assert not ClassLink.objects.filter(class_group=empty, revoked_at=None).exists()
        events = Event.objects.filter(chain__class_group=empty).order_by("pk")
        assert [event.verb for event in events] == ["import_roster", "import_roster", "remove_class"]

    def test_one_with_a_student_stays_a_withdrawn_one_too(self, campaign, empty):
        full = ClassGroup.objects.get(name="软件2601班")
        with pytest.raises(flow.Refused):
            flow.remove_class(class_group=full, who=Who(command="test"), clock=timezone.now)

    def test_a_roster_that_names_it_again_brings_it_back(self, campaign, empty):
        flow.remove_class(class_group=empty, who=Who(command="test"), clock=timezone.now)
        bring_in(campaign, RIGHT)
        assert ClassGroup.objects.get(name="软件2602班").pk == empty.pk
        assert ClassLink.objects.filter(class_group=empty, revoked_at=None).count() > 0
        assert list(roster.empty_classes(campaign)) == []
