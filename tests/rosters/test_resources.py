"""What leaves the roster as a file: labels, no formula, no ID number."""

import io

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from rosters import reading
from rosters.models import Student
from rosters.resources import InertCSV, StudentResource, TextXLSX, inert
from signoffs.models import User
from tests import factories


@pytest.fixture
def formula_student(own_class) -> Student:
    """A student whose name is a formula elsewhere."""
    return factories.student(own_class, 9, name="=HYPERLINK(1)")


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\tx", "\rx", "＝1"])
def test_what_a_spreadsheet_takes_for_a_formula_gets_an_apostrophe(text):
    assert inert(text) == "'" + text
    assert inert("x" + text) == "x" + text
    assert inert(None) == ""


def test_csv_holds_no_formula_and_reads_back_as_it_was(formula_student):
    text = InertCSV().export_data(StudentResource().export(Student.objects.filter(pk=formula_student.pk)))

    assert text.startswith("\ufeff")
    assert "'=HYPERLINK(1)" in text
    assert reading.read(text.encode(), "x").rows[0].name == "=HYPERLINK(1)"


def test_xlsx_keeps_the_value_as_text(formula_student):
    content = TextXLSX().export_data(StudentResource().export(Student.objects.filter(pk=formula_student.pk)))

    sheet = load_workbook(io.BytesIO(content)).active
    headings = [cell.value for cell in sheet[1]]
    name = sheet.cell(2, headings.index("姓名") + 1)
    assert (name.value, name.data_type) == ("=HYPERLINK(1)", "s")
    assert headings[:3] == ["序号", "职务", "姓名"]


def test_an_export_masks_the_id_number(own_class):
    student = own_class.students.first()
    (row,) = StudentResource().export(Student.objects.filter(pk=student.pk)).dict

    assert row["身份证号"] == student.id_number[:6] + "*" * 12
    assert row["出生日期"] == student.birth_date.isoformat()
    assert row["学制"] == "4"


@pytest.fixture
def admin_client(client, db):
    """A browser signed in to the admin."""
    client.force_login(User.objects.create_superuser("root", password="root" * 4))
    return client


def test_the_admin_shows_students_without_their_id_numbers(admin_client, own_class):
    student = own_class.students.first()
    page = admin_client.get(reverse("admin:rosters_student_change", args=[student.pk])).content.decode()

    assert student.name in page
    assert student.id_number[:6] + "*" * 12 in page
    assert student.id_number[6:] not in page
    assert 'name="_save"' not in page


@pytest.mark.parametrize("deed", ["add", "delete"])
def test_the_admin_changes_nothing(admin_client, own_class, deed):
    arguments = [own_class.students.first().pk] if deed == "delete" else []

    assert admin_client.post(reverse(f"admin:rosters_student_{deed}", args=arguments)).status_code == 403


def test_the_admin_exports_by_post_and_its_page_has_nothing_inline(admin_client, own_class):
    page = admin_client.get(reverse("admin:rosters_student_export")).content.decode()
    assert "onchange=" not in page
    assert "<script>" not in page

    answer = admin_client.post(reverse("admin:rosters_student_export"), {"format": "0", "resource": "0"})
    assert load_workbook(io.BytesIO(answer.content)).active.max_row == 4
