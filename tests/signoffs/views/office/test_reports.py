"""信息错误反馈, followed to its end by the office."""

import io
from datetime import timedelta

import openpyxl
from django.urls import reverse
from django.utils import timezone

from signoffs.models import Declaration, FieldError, Standing
from tests import factories, pages, stories


class TestReports:
    def test_nothing_is_preselected_and_an_outcome_needs_its_note(self, desk, world):
        url = reverse("office-settle", args=[world["error"].uuid])
        assert desk.post(url, {"outcome": "", "note": ""}).status_code == 422
        assert desk.post(url, {"outcome": "explained", "note": ""}).status_code == 409
        assert FieldError.objects.get().outcome == "open"
        assert desk.post(url, {"outcome": "explained", "note": "学信网已正确"}).status_code == 302
        assert FieldError.objects.get().outcome == "explained"

    def test_a_refusal_stands_in_its_row_with_what_was_chosen(self, desk, campaign):
        class_group = factories.class_group(students=2)
        for student in class_group.students.all():
            stories.report(student)
        error = FieldError.objects.order_by("pk").last()
        url = reverse("office-settle", args=[error.uuid])
        response = desk.post(url, {"outcome": "explained", "note": ""})
        assert response.status_code == 409
        page, text = response.content.decode(), pages.text(response)
        row = page[page.index(f'action="{url}') :].split("</form>")[0]
        assert "请写明情况说明。" in row
        assert '<option value="explained" selected>' in row
        assert page.count('<option value="explained" selected>') == 1
        assert f"{error.declaration.student.name} · 专业名称 ：请写明情况说明。" in text
        assert f"#id_{error.uuid}_outcome" in pages.links(response)
        assert f'id="id_{error.uuid}_outcome"' in row
        response = desk.post(url, {"outcome": "", "note": "已报省厅"})
        row = response.content.decode().split(f'action="{url}')[1].split("</form>")[0]
        assert "请选择。" in row
        assert 'value="已报省厅"' in row

    def test_mending_takes_the_right_value_into_the_roster_and_asks_again(self, desk, world):
        desk.post(reverse("office-settle", args=[world["error"].uuid]), {"outcome": "mended", "note": ""})
        student = world["error"].declaration.student
        student.refresh_from_db()
        assert student.major == "正确的值"
        assert Standing.objects.get(student=student).state == "recheck"

    def test_the_same_wrong_major_of_a_class_is_settled_at_once(self, desk, campaign):
        class_group = factories.class_group(students=6)
        students = list(class_group.students.order_by("seat"))
        for student in students[:4]:
            stories.report(student, "major", chsi="机械工程", right="软件工程")
        stories.report(students[4], "major", chsi="土木工程", right="软件工程")
        first = FieldError.objects.order_by("pk").first()
        assert "同班相同的 3 项一并处理" in pages.text(desk.get(reverse("office-errors")))
        url = reverse("office-settle", args=[first.uuid]) + "?field=major&age=3"
        response = desk.post(url, {"outcome": "under_way", "note": "已报省厅", "alike": "1"})
        assert response.url == reverse("office-errors") + "?field=major&age=3"
        outcomes = list(FieldError.objects.order_by("pk").values_list("outcome", flat=True))
        assert outcomes == ["under_way"] * 4 + ["open"]

    def test_one_refused_among_alike_settles_none(self, desk, campaign):
        class_group = factories.class_group(students=3)
        for student in class_group.students.all():
            stories.report(student, "birth_date", chsi="2007-01-01", right="不是日期")
        error = FieldError.objects.first()
        response = desk.post(
            reverse("office-settle", args=[error.uuid]), {"outcome": "mended", "note": "", "alike": "1"}
        )
        assert response.status_code == 409
        assert set(FieldError.objects.values_list("outcome", flat=True)) == {"open"}

    def test_old_ones_are_found_by_their_age_and_nonsense_is_no_filter(self, desk, world):
        name = world["error"].declaration.student.name
        url = reverse("office-errors")
        assert name not in pages.text(desk.get(f"{url}?age=7"))
        Declaration.objects.update(declared_at=timezone.now() - timedelta(days=8))
        assert name in pages.text(desk.get(f"{url}?age=7"))
        assert name in pages.text(desk.get(f"{url}?age=x&show=y&owner=z&field=w&page=99"))

    def test_more_than_a_page_are_turned_over(self, desk, campaign):
        class_group = factories.class_group(students=13)
        fields = ("name", "sex", "ethnicity", "birth_date", "major", "level", "duration", "student_number")
        for student in class_group.students.all():
            stories.report(student, *fields)
        first, second = (desk.get(reverse("office-errors") + f"?page={n}") for n in (1, 2))
        assert [len(response.context["reports"]) for response in (first, second)] == [100, 4]

    def test_filters_are_links(self, desk, world):
        text = pages.text(desk.get(reverse("office-errors") + "?owner=school"))
        assert "没有内容" in text
        assert world["error"].declaration.student.name in pages.text(desk.get(reverse("office-errors")))

    def test_the_statistics_are_text_and_no_formula(self, desk, campaign):
        class_group = factories.class_group("=cmd()班", students=1)
        student = class_group.students.get()
        stories.report(student, "major", "id_number", chsi="=HYPERLINK(1)", right="@x")
        response = desk.post(reverse("office-errors-export"))
        sheet = openpyxl.load_workbook(io.BytesIO(response.content)).worksheets[1]
        cells = [cell for row in sheet.iter_rows(min_row=2) for cell in row]
        assert {cell.data_type for cell in cells} <= {"s", "n", "d", "inlineStr"}
        assert "=HYPERLINK(1)" in [cell.value for cell in cells]
        assert student.id_number not in repr([cell.value for cell in cells])
