"""What a twelfth key field, 学习形式, does once it is a row of the table that test_twelfth_field.py adds."""

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rosters import key_fields, planning, reading
from rosters.models import RosterChange, Student
from rosters.resources import StudentResource
from signoffs import flow
from signoffs.entrance import links
from signoffs.models import ClassLink, Standing
from signoffs.process import chsi_page
from signoffs.queries.actors import Who
from tests import pages, stories
from tests.rosters import files

HEADINGS = (*files.HEADINGS, "XXXS")


def bring_in(campaign, *modes: str):
    rows = [files.row(number, XXXS=mode) for number, mode in enumerate(modes, start=1)]
    plan = planning.plan(campaign, reading.read(files.xlsx(files.table(rows, HEADINGS)), "roster.xlsx"))
    assert plan.problems == []
    flow.import_roster(plan=plan, who=Who(command="test"))
    return plan


def test_it_is_the_twelfth():
    assert [field.label for field in key_fields.KEY_FIELDS][11:] == ["学习形式"]


def test_a_roster_brings_it_and_a_change_asks_the_student_again(campaign):
    bring_in(campaign, "普通全日制", "普通全日制")
    first, second = Student.objects.order_by("seat")
    assert (first.study_mode, second.study_mode) == ("普通全日制", "普通全日制")
    stories.confirm(first)

    plan = bring_in(campaign, "普通非全日制", "普通全日制")

    assert (plan.counts["updated"], plan.counts["unchanged"]) == (1, 1)
    change = RosterChange.objects.get()
    assert (change.field, change.old, change.new) == ("study_mode", "普通全日制", "普通非全日制")
    assert Standing.objects.get(student=first).state == "recheck"


def test_it_is_kept_where_a_file_has_no_column_for_it(campaign):
    bring_in(campaign, "普通全日制")
    plan = planning.plan(campaign, reading.read(files.roster(files.row(1)), "roster.xlsx"))
    assert [(problem.code, problem.column) for problem in plan.problems] == [("column_missing", "study_mode")]
    assert plan.counts["unchanged"] == 1


def test_a_merged_cell_of_it_is_filled_down_and_too_long_a_one_refused():
    rows = files.table([files.row(1, XXXS="函授" * 7)], HEADINGS)
    assert [problem.code for problem in reading.read(files.xlsx(rows), "x").problems] == ["too_long"]
    assert key_fields.BY_NAME["study_mode"].filled_down


def test_the_students_page_asks_for_it_and_counts_it(campaign):
    bring_in(campaign, "普通全日制")
    student = Student.objects.get()
    link = links.issue(student.class_group, ClassLink.Kind.STUDENT, timezone.now())
    client = Client()
    assert "核对 12 项信息" in pages.text(client.get(f"/c/{link.token}/", follow=True))
    stories.identify(client, "class-identify", student)
    page = pages.text(client.get(reverse("class-record")))
    assert "学习形式" in page
    assert "普通全日制" in page


def test_chsis_page_is_read_for_it():
    shown = chsi_page.read("姓名：王一鸣\n学习形式：普通全日制\n入学日期：2026年09月01日\n")
    assert shown.values["study_mode"] == "普通全日制"


def test_the_export_has_it(campaign):
    bring_in(campaign, "普通全日制")
    exported = StudentResource().export(Student.objects.all())
    assert exported["学习形式"] == ["普通全日制"]
