"""What the office takes away: workbooks, forms, posters."""

import io
from datetime import datetime
from urllib.parse import unquote

import openpyxl
from django.urls import reverse

from signoffs.models import Event
from tests import pages, printed


class TestExports:
    def rows(self, response, sheet=0) -> list[tuple]:
        book = openpyxl.load_workbook(io.BytesIO(response.content))
        return list(book.worksheets[sheet].iter_rows(min_row=2, values_only=True))

    def test_the_status_of_all_students_and_of_one_state(self, desk, world):
        everybody = self.rows(desk.post(reverse("office-status-export")))
        assert len(everybody) == 9
        assert {row[5] for row in everybody} == {"已签", "有误", "因故未签", "未签"}
        missing = self.rows(desk.post(reverse("office-status-export"), {"state": "missing"}))
        assert [row[1] for row in missing] == ["机械2601班"] * 3
        own = {"department": world["department"].uuid, "state": "excused"}
        [excused] = self.rows(desk.post(reverse("office-status-export"), own))
        assert excused[9] == "未报到"
        assert excused[7] is None
        assert isinstance(everybody[0][7], datetime)
        assert world["student"].id_number not in repr(everybody)

    def test_the_summary_is_the_dashboards_table(self, desk, world):
        response = desk.post(reverse("office-summary-export"))
        rows = {row[0]: row[1:] for row in self.rows(response)}
        assert rows["信息工程系"][:10] == (1, 6, 4, 1, 1, 0, 0, 0, 0, 1)
        assert rows["信息工程系"][10:15] == (1, 1, 1, 1, "已上交")
        assert rows["信息工程系"][16] == "按时"
        assert rows["合计"][:10] == (2, 9, 4, 1, 1, 0, 3, 0, 0, 6 / 9)
        assert [row[1] for row in self.rows(response, 1)] == ["机械2601班", "软件2602班", None]

    def test_a_heading_says_what_it_counts(self, desk, world):
        tables = pages.tables(desk.get(reverse("office")))
        [headings] = [table[0] for table in tables if table[0][0] == "系部"]
        assert {"应核对", "因故未签", "未完成"} <= set(headings)
        book = openpyxl.load_workbook(io.BytesIO(desk.post(reverse("office-summary-export")).content))
        assert "应核对" in [cell.value for cell in book.worksheets[0][1]]


class TestPrinting:
    def test_one_a_department_or_all(self, desk, world, tmp_path):
        one = desk.post(reverse("office-form", args=[world["class"].uuid]))
        department = desk.post(reverse("office-forms"), {"department": world["department"].uuid})
        everything = desk.post(reverse("office-forms"))
        blank = desk.post(reverse("office-forms"), {"kind": "blank", "downloading": "1f"})
        assert blank.cookies["downloaded"].value == "1f"
        nameless = desk.post(reverse("office-forms"), {"kind": "nameless"})
        names = [unquote(one["Content-Disposition"].split("''")[1]) for one in (everything, blank, nameless)]
        assert names == [
            "登记表-2026.pdf",
            "空白登记表（印姓名）-2026.pdf",
            "空白登记表（不印姓名）-2026.pdf",
        ]
        texts = [
            printed.pypdf_pages(b"".join(response))
            for response in (one, department, everything, blank, nameless)
        ]
        assert [len(of_one) for of_one in texts] == [1, 1, 2, 2, 2]
        assert [world["student"].name in "".join(of_one) for of_one in texts[3:]] == [True, False]
        assert one["Content-Type"] == "application/pdf"
        assert "attachment" in one["Content-Disposition"]
        assert "no-store" in one["Cache-Control"]

    def test_the_export_is_on_record_before_the_first_byte_leaves(self, desk, world):
        response = desk.post(reverse("office-forms"))
        assert response.streaming
        assert Event.objects.filter(verb="export").count() == 1
        response.close()

    def test_characters_that_the_form_cannot_draw_are_told_before_printing(self, desk, world):
        student = world["student"]
        student.name = "李\U0002ebf0䶮"
        student.save()
        department = desk.get(reverse("office-department", args=[world["department"].uuid]))
        assert department.context["lacking_in"] == {world["class"]: ["\U0002ebf0"]}
        assert "软件2602班 (\U0002ebf0)" in pages.text(department)
        assert student.name not in pages.text(department)
        class_page = pages.text(desk.get(reverse("office-class", args=[world["class"].uuid])))
        assert f"{student.name} (\U0002ebf0)" in class_page

    def test_posters(self, desk, world):
        content = b"".join(desk.post(reverse("office-posters")))
        assert "没有班级链接" in printed.pypdf_pages(content)[0]
