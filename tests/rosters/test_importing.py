"""What an import changes, what it leaves alone, and that it is all or nothing."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from rosters import importing, planning, reading
from rosters.models import ClassGroup, Department, RosterChange, RosterImport, Student
from tests import factories

from . import files


def plan_for(campaign, *rows: dict) -> planning.Plan:
    """Plan an xlsx roster of these rows."""
    return planning.plan(campaign, reading.read(files.roster(*rows), "roster.xlsx"))


def import_rows(campaign, *rows: dict) -> importing.Applied:
    """Import an xlsx roster of these rows, now."""
    return importing.apply(plan_for(campaign, *rows), now=timezone.now())


def test_a_new_roster_makes_departments_classes_and_students(campaign):
    plan = plan_for(campaign, files.row(1), files.row(2), files.row(3, 班级="软件2602班"))

    applied = importing.apply(plan, now=timezone.now())

    assert plan.counts == {
        "rows": 3,
        "departments": 1,
        "classes": 2,
        "created": 3,
        "updated": 0,
        "unchanged": 0,
        "skipped": 0,
        "refused": 0,
        "missing": 0,
        "emptied": 0,
        "undone": 0,
        "without_number": 0,
    }
    assert plan.problems == []
    assert [one.name for one in Department.objects.all()] == ["信息工程系"]
    assert [one.name for one in ClassGroup.objects.order_by("name")] == ["软件2601班", "软件2602班"]
    stored = Student.objects.get(student_number="2026000001")
    expected = files.row(1)
    assert (stored.name, stored.id_number, stored.birth_date) == (
        expected["姓名"],
        expected["身份证号"],
        files.BORN,
    )
    assert [one.student_number for one in applied.created] == ["2026000001", "2026000002", "2026000003"]
    assert {one.name for one in applied.new_class_groups} == {"软件2601班", "软件2602班"}


def test_a_stored_student_is_what_the_factory_would_have_stored(campaign):
    import_rows(campaign, files.row(1))
    stored = Student.objects.get()
    again = factories.student(
        stored.class_group,
        9,
        student_number="other",
        **{
            name: getattr(stored, name)
            for name in ("name", "sex", "ethnicity", "birth_date", "id_number", "major", "level", "duration")
        },
    )
    assert stored.id_digest == again.id_digest


def test_the_same_file_again_changes_nothing(campaign):
    rows = [files.row(number) for number in range(1, 4)]
    import_rows(campaign, *rows)

    plan = plan_for(campaign, *rows)
    applied = importing.apply(plan, now=timezone.now())

    assert (plan.unchanged, plan.created, plan.updated) == (3, [], [])
    assert (applied.created, applied.changed, applied.class_groups_touched) == ([], [], [])
    assert RosterChange.objects.count() == 0


def test_another_writing_of_the_same_is_no_change(campaign):
    import_rows(campaign, files.row(1))

    plan = plan_for(
        campaign, files.row(1, 民族="汉", 学制="4 年", 专业名称="软件工程(实验班)", 出生日期="2007年5月6日")
    )

    assert (plan.unchanged, plan.updated) == (1, [])


def test_a_changed_field_is_listed_old_and_new_and_kept_as_a_change(campaign):
    import_rows(campaign, files.row(1), files.row(2))
    before = Student.objects.get(student_number="2026000001").record_digest

    plan = plan_for(campaign, files.row(1, 专业名称="网络工程", 民族="壮族"), files.row(2))
    applied = importing.apply(plan, now=timezone.now())

    (update,) = plan.updated
    assert update.changes == [("ethnicity", "汉族", "壮族"), ("major", "软件工程（卓越班）", "网络工程")]
    assert update.moved_to is None
    stored = Student.objects.get(student_number="2026000001")
    assert (stored.major, stored.ethnicity, stored.seat) == ("网络工程", "壮族", 1)
    assert stored.record_digest != before
    assert [one.pk for one in applied.changed] == [stored.pk]
    assert [(one.field, one.old, one.new) for one in RosterChange.objects.order_by("field")] == [
        ("ethnicity", "汉族", "壮族"),
        ("major", "软件工程（卓越班）", "网络工程"),
    ]
    assert plan_for(campaign, files.row(1, 专业名称="网络工程", 民族="壮族")).updated == []


def plan_with_duties(campaign, *rows: dict) -> planning.Plan:
    """Plan an xlsx roster of these rows, with a column for 职务."""
    content = files.xlsx(files.table(list(rows), (*files.HEADINGS, "职务")))
    return planning.plan(campaign, reading.read(content, "roster.xlsx"))


def duties() -> list[str]:
    """Return the students' duties, by student number."""
    return list(Student.objects.order_by("student_number").values_list("duty", flat=True))


def test_a_duty_that_changes_hands_is_an_update_though_the_record_is_the_same(campaign):
    now = timezone.now()
    importing.apply(
        plan_with_duties(campaign, files.row(1, 职务="班长"), files.row(2), files.row(3)), now=now
    )
    records = list(Student.objects.values_list("record_digest"))

    swapped = plan_with_duties(campaign, files.row(1), files.row(2, 职务="班长"), files.row(3))
    applied = importing.apply(swapped, now=now)

    assert [update.changes for update in swapped.updated] == [[("duty", "班长", "")], [("duty", "", "班长")]]
    assert (swapped.unchanged, duties()) == (1, ["", "班长", ""])
    assert (applied.changed, [one.student_number for one in applied.duties]) == (
        [],
        ["2026000001", "2026000002"],
    )
    assert list(Student.objects.values_list("record_digest")) == records
    assert [(one.field, one.old, one.new) for one in RosterChange.objects.order_by("pk")] == [
        ("duty", "班长", ""),
        ("duty", "", "班长"),
    ]
    with pytest.raises(importing.Stale):
        importing.apply(swapped, now=now)


def test_a_file_without_a_column_for_the_duty_leaves_the_duties(campaign):
    importing.apply(plan_with_duties(campaign, files.row(1, 职务="班长")), now=timezone.now())

    assert plan_for(campaign, files.row(1)).unchanged == 1
    import_rows(campaign, files.row(1, 专业名称="网络工程"))

    assert duties() == ["班长"]


def test_who_moves_class_keeps_the_row_and_gets_the_next_seat_and_the_old_one_is_not_given_again(campaign):
    import_rows(campaign, files.row(1), files.row(2), files.row(3, 班级="软件2602班"))
    mover = Student.objects.get(student_number="2026000002")
    old = mover.class_group

    applied = import_rows(campaign, files.row(2, 班级="软件2602班"))
    import_rows(campaign, files.row(4))

    moved = Student.objects.get(pk=mover.pk)
    assert (moved.uuid, moved.class_group.name, moved.seat) == (mover.uuid, "软件2602班", 2)
    assert [(student.pk, left.pk) for student, left in applied.moved] == [(mover.pk, old.pk)]
    assert applied.left_seats == {mover.pk: 2}
    assert Student.objects.get(student_number="2026000004").seat == 3
    assert RosterChange.objects.get(field=importing.PLACE).old == "信息工程系 软件2601班 2"


def test_students_missing_from_the_file_are_listed_and_kept_but_only_of_its_departments(campaign):
    import_rows(campaign, files.row(1), files.row(2), files.row(3, 系部="机械工程系", 班级="机械2601班"))

    plan = plan_for(campaign, files.row(1))
    importing.apply(plan, now=timezone.now())

    assert [one.student_number for one in plan.missing] == ["2026000002"]
    assert Student.objects.count() == 3


def test_a_withdrawn_student_is_not_missing_and_comes_back_when_named_again(campaign):
    import_rows(campaign, files.row(1), files.row(2))
    leaver = Student.objects.get(student_number="2026000002")
    importing.withdraw(leaver, reason="退学", now=timezone.now())

    assert plan_for(campaign, files.row(1)).missing == []
    plan = plan_for(campaign, files.row(1), files.row(2))
    assert [(one.code, one.level, one.row) for one in plan.problems] == [("returns", "warning", 3)]
    applied = importing.apply(plan, now=timezone.now())

    leaver.refresh_from_db()
    assert [one.pk for one in applied.returned] == [leaver.pk]
    assert (leaver.withdrawn_at, leaver.withdrawn_reason, leaver.seat) == (None, "", 2)


@pytest.mark.parametrize(
    ("numbers", "seats"),
    [
        (["1", "2", "4"], [1, 2, 4]),
        (["3", "1", "2"], [3, 1, 2]),
        (["51", "52", "53"], [1, 2, 3]),
        (["9", "8", "7"], [3, 2, 1]),
        (["1", "1", "2"], [1, 2, 3]),
        (["", "", ""], [1, 2, 3]),
        (["1", "", "2"], [1, 2, 3]),
    ],
)
def test_seats_are_the_rosters_numbers_where_they_number_the_class(campaign, numbers, seats):
    import_rows(campaign, *(files.row(place + 1, 序号=number) for place, number in enumerate(numbers)))

    assert list(Student.objects.order_by("student_number").values_list("seat", flat=True)) == seats


def test_newcomers_get_the_next_seats_by_student_number(campaign):
    import_rows(campaign, files.row(5), files.row(6))
    import_rows(campaign, files.row(2), files.row(1))

    numbers = Student.objects.order_by("seat").values_list("student_number", "seat")
    assert list(numbers) == [("2026000005", 1), ("2026000006", 2), ("2026000001", 3), ("2026000002", 4)]


def test_one_faulty_row_refuses_the_file_and_nothing_is_written(campaign):
    plan = plan_for(campaign, files.row(1), files.row(2, 姓名=""), files.row(3))

    with pytest.raises(importing.NotClean):
        importing.apply(plan, now=timezone.now())

    assert [(one.code, one.row, one.column, one.level) for one in plan.problems] == [
        ("no_name", 3, "name", "error")
    ]
    assert (plan.refused, len(plan.created), Student.objects.count()) == (1, 2, 0)


def test_a_plan_is_stale_once_the_roster_has_changed(campaign):
    plan = plan_for(campaign, files.row(1))
    import_rows(campaign, files.row(2))

    with pytest.raises(importing.Stale):
        importing.apply(plan, now=timezone.now())

    assert plan_for(campaign, files.row(1)).digest != plan.digest


def test_a_file_without_a_column_leaves_what_is_stored_of_it(campaign):
    import_rows(campaign, files.row(1))
    headings = [heading for heading in files.HEADINGS if heading not in ("身份证号", "民族")]
    content = files.xlsx(files.table([files.row(1, 专业名称="网络工程")], headings))

    plan = planning.plan(campaign, reading.read(content, "roster.xlsx"))
    importing.apply(plan, now=timezone.now())

    stored = Student.objects.get()
    assert (stored.major, stored.ethnicity, stored.id_number) == (
        "网络工程",
        "汉族",
        files.row(1)["身份证号"],
    )
    assert [(one.code, one.column) for one in plan.problems if one.level == "warning"] == [
        ("column_missing", "ethnicity"),
        ("column_missing", "id_number"),
    ]


def test_queries_do_not_grow_with_the_rows(campaign, django_assert_num_queries):
    rows = [files.row(number) for number in range(1, 41)]
    import_rows(campaign, *rows)
    few = reading.read(files.roster(*rows[:2]), "few.xlsx")
    many = reading.read(files.roster(*rows), "many.xlsx")

    with django_assert_num_queries(6):
        planning.plan(campaign, few)  # the missing, and those who came only by the last import
    with django_assert_num_queries(4):
        planning.plan(campaign, many)


def test_two_writings_of_a_class_are_one_class(campaign):
    import_rows(campaign, files.row(1), files.row(2, 班级="软件２６０１班"), files.row(3, 系部="信息工程系 "))

    assert [one.name for one in ClassGroup.objects.all()] == ["软件2601班"]


def test_a_closed_campaign_takes_no_roster(campaign):
    importing.close(campaign, now=timezone.now())

    assert [one.code for one in plan_for(campaign, files.row(1)).errors] == ["campaign_closed"]


def keep(campaign, now) -> RosterImport:
    """Keep an upload of one row."""
    content = files.roster(files.row(1))
    plan = planning.plan(campaign, reading.read(content, "roster.xlsx"))
    return importing.keep_upload(
        campaign, file_name="roster.xlsx", content=content, plan=plan, user=None, now=now
    )


def stored_upload(kept: RosterImport) -> bytes:
    """Return the column as the database holds it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT upload FROM rosters_rosterimport WHERE id = %s", [kept.pk])
        return cursor.fetchone()[0]


def test_an_upload_waits_encrypted_and_is_gone_after_an_hour(campaign):
    now = timezone.now()
    kept = keep(campaign, now)
    content = RosterImport.objects.get().upload

    assert content.startswith(b"PK")
    assert not bytes(stored_upload(kept)).startswith(b"PK")
    assert importing.plan_of(kept, now=now).digest == kept.plan_digest
    with pytest.raises(importing.UploadGone):
        importing.plan_of(kept, now=now + timedelta(hours=1))
    importing.drop_old_uploads(now + timedelta(hours=1))
    kept.refresh_from_db()
    assert (kept.upload, kept.state) == (None, RosterImport.State.DROPPED)


def test_a_confirmed_upload_forgets_its_content(campaign):
    now = timezone.now()
    kept = keep(campaign, now)

    importing.apply(importing.plan_of(kept, now=now), now=now, roster_import=kept)

    kept.refresh_from_db()
    assert (kept.upload, kept.state, kept.counts["created"]) == (None, RosterImport.State.APPLIED, 1)
    with pytest.raises(importing.UploadGone):
        importing.plan_of(kept, now=now)


def test_an_upload_is_applied_or_dropped_and_never_both(campaign):
    now = timezone.now()
    kept, plan = keep(campaign, now), plan_for(campaign, files.row(1))

    importing.drop_upload(kept)
    with pytest.raises(importing.UploadGone):
        importing.apply(plan, now=now, roster_import=kept)
    assert Student.objects.count() == 0

    kept = keep(campaign, now)
    importing.apply(plan, now=now, roster_import=kept)
    with pytest.raises(importing.UploadGone):
        importing.drop_upload(kept)
    kept.refresh_from_db()
    assert kept.state == RosterImport.State.APPLIED


def test_a_mended_value_changes_the_record_and_not_the_place(own_class):
    student = own_class.students.first()
    before = student.record_digest

    assert importing.mend(student, field="class_name", value="软件2699班", now=timezone.now())

    student.refresh_from_db()
    assert (student.class_name, student.class_group) == ("软件2699班", own_class)
    assert student.record_digest != before
    assert RosterChange.objects.get().roster_import is None


def test_a_value_that_cannot_be_trusted_is_not_mended_in(own_class):
    student = own_class.students.first()

    with pytest.raises(importing.BadValue) as refused:
        importing.mend(student, field="birth_date", value="01/02/05", now=timezone.now())

    assert refused.value.problem.code == "ambiguous_date"
    assert RosterChange.objects.count() == 0
