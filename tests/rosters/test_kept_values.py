"""What is stored is not lost in silence: empty cells, mended values, and a roster without ID numbers."""

import pytest
from django.utils import timezone

from rosters import importing, planning, reading
from rosters.models import RosterChange, Student
from rosters.planning import Choices

from . import files


def plan_for(campaign, *rows: dict, **choices) -> planning.Plan:
    return planning.plan(campaign, reading.read(files.roster(*rows), "roster.xlsx"), Choices(**choices))


def import_rows(campaign, *rows: dict, **choices) -> importing.Applied:
    return importing.apply(plan_for(campaign, *rows, **choices), now=timezone.now())


def codes(plan) -> list[tuple]:
    return [(problem.code, problem.row, problem.column, problem.level) for problem in plan.problems]


ROWS = [files.row(number) for number in range(1, 31)]


def test_an_empty_cell_replaces_nothing_and_is_listed(campaign):
    import_rows(campaign, *ROWS)
    rows = [files.row(1, 民族="", 出生日期="", 身份证号=""), *ROWS[1:]]

    plan = plan_for(campaign, *rows)
    importing.apply(plan, now=timezone.now())

    assert [(kept.field, kept.student.seat) for kept in plan.emptied] == [
        ("ethnicity", 1), ("birth_date", 1), ("id_number", 1),
    ]  # fmt: skip
    assert (plan.counts["emptied"], plan.updated, plan.unchanged) == (3, [], 30)
    assert [one for one in codes(plan) if one[0] == "value_stays"] == [
        ("value_stays", 2, "ethnicity", "warning"),
        ("value_stays", 2, "birth_date", "warning"),
        ("value_stays", 2, "id_number", "warning"),
    ]
    stored = Student.objects.get(student_number="2026000001")
    assert (stored.ethnicity, stored.birth_date, stored.id_number) == (
        "汉族", files.BORN, files.row(1)["身份证号"],
    )  # fmt: skip


@pytest.mark.parametrize("nothing", ["-", "NULL", "无", "nan", "N/A", "待补", "/"])
def test_a_word_for_nothing_replaces_nothing_either(campaign, nothing):
    import_rows(campaign, *ROWS)
    plan = plan_for(campaign, files.row(1, 民族=nothing, 身份证号=nothing), *ROWS[1:])
    assert (len(plan.emptied), plan.updated) == (2, [])
    assert ("no_value", 2, "ethnicity", "warning") in codes(plan)


def test_a_masked_number_replaces_nothing(campaign):
    import_rows(campaign, *ROWS)
    import_rows(campaign, files.row(1, 身份证号="990101********0031"), *ROWS[1:])
    assert Student.objects.get(seat=1).id_number == files.row(1)["身份证号"]


def test_empty_cells_replace_where_that_is_chosen(campaign):
    import_rows(campaign, *ROWS)

    plan = plan_for(campaign, files.row(1, 民族="", 身份证号=""), *ROWS[1:], empty_values=True)
    importing.apply(plan, now=timezone.now())

    stored = Student.objects.get(student_number="2026000001")
    assert (stored.ethnicity, stored.id_number, stored.id_digest) == ("", None, "")
    assert (plan.counts["emptied"], len(plan.updated), plan.without_number) == (2, 1, 1)


def test_a_roster_of_which_over_a_twentieth_lacks_a_number_is_refused_unless_accepted(campaign):
    nineteen = [files.row(number) for number in range(1, 20)]
    assert plan_for(campaign, *nineteen, files.row(20, 身份证号="")).is_clean
    rows = [*nineteen[:18], files.row(19, 身份证号="-"), files.row(20, 身份证号="990101********0031")]

    plan = plan_for(campaign, *rows)
    assert [(one.code, one.row, one.details) for one in plan.errors] == [
        ("few_numbers", None, {"count": 2, "total": 20})
    ]
    assert (plan.is_clean, plan.may_be_chosen) == (False, True)
    with pytest.raises(importing.NotClean):
        importing.apply(plan, now=timezone.now())

    import_rows(campaign, *rows, accept_missing_numbers=True)
    assert Student.objects.filter(id_digest="").count() == 2


def test_the_share_is_of_the_roster_and_not_of_the_file(campaign):
    import_rows(campaign, *ROWS)
    assert plan_for(campaign, files.row(99, 身份证号="")).is_clean
    assert plan_for(campaign, files.row(99, 身份证号="")).without_number == 1


def mend(campaign, field, value) -> Student:
    student = Student.objects.get(campaign=campaign, student_number="2026000001")
    importing.mend(student, field=field, value=value, now=timezone.now())
    return student


def test_a_mended_value_is_not_undone_by_the_next_file(campaign):
    import_rows(campaign, *ROWS)
    student = mend(campaign, "ethnicity", "壮族")

    plan = plan_for(campaign, *ROWS)
    importing.apply(plan, now=timezone.now())

    student.refresh_from_db()
    assert (student.ethnicity, plan.updated, plan.unchanged) == ("壮族", [], 30)
    assert [(kept.student.pk, kept.field, kept.value) for kept in plan.undone] == [
        (student.pk, "ethnicity", "壮族")
    ]
    assert [one for one in codes(plan) if one[3] == "warning"] == [
        ("mended_stays", 2, "ethnicity", "warning")
    ]


def test_a_mended_value_is_overwritten_where_that_is_chosen_and_is_then_the_files(campaign):
    import_rows(campaign, *ROWS)
    student = mend(campaign, "ethnicity", "壮族")

    import_rows(campaign, *ROWS, overwrite_mended=True)
    student.refresh_from_db()
    assert student.ethnicity == "汉族"

    plan = plan_for(campaign, files.row(1, 民族="苗族"), *ROWS[1:])
    assert (plan.undone, len(plan.updated)) == ([], 1)


def test_a_file_that_says_what_was_mended_is_no_change(campaign):
    import_rows(campaign, *ROWS)
    mend(campaign, "ethnicity", "壮族")
    plan = plan_for(campaign, files.row(1, 民族="壮"), *ROWS[1:])
    assert (plan.undone, plan.updated, plan.problems) == ([], [], [])


def test_a_mended_student_number_is_found_by_the_old_one(campaign):
    import_rows(campaign, *ROWS)
    student = mend(campaign, "student_number", "2026900001")

    plan = plan_for(campaign, *ROWS)
    importing.apply(plan, now=timezone.now())

    student.refresh_from_db()
    assert (student.student_number, plan.created, plan.missing) == ("2026900001", [], [])
    assert [kept.field for kept in plan.undone] == ["student_number"]
    assert RosterChange.objects.count() == 1


def test_a_number_that_was_given_to_somebody_else_since_is_theirs(campaign):
    import_rows(campaign, *ROWS)
    mend(campaign, "student_number", "2026900001")
    import_rows(campaign, files.row(1, 学号="2026900001"), files.row(77, 学号="2026000001"), *ROWS[1:])
    assert Student.objects.count() == 31
    assert plan_for(campaign, files.row(77, 学号="2026000001")).undone == []


def test_five_thousand_problems_are_listed_and_the_errors_among_them(campaign):
    rows = [files.row(number, 民族="火星族") for number in range(1, 5_101)] + [files.row(1)]

    plan = plan_for(campaign, *rows)

    assert len(plan.problems) == 5_000
    assert [one.code for one in plan.errors] == ["student_number_twice"] * 2
    assert plan.problems[0].code == "more_problems"
