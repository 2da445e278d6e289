"""The office takes a roster in: upload, preview, confirm."""

import io

import openpyxl
import pytest
from django.urls import reverse
from django.utils import timezone

from rosters import importing, key_fields, reading
from rosters.models import Campaign, RosterImport, Student
from signoffs.models import Event
from tests import pages, stories
from tests.rosters import files


class TestTheRoster:
    def upload(self, desk, content: bytes, name: str = "r.xlsx"):
        file = io.BytesIO(content)
        file.name = name
        said = pages.hidden(desk.get(reverse("office-roster"))) | {"file": file}
        return desk.post(reverse("office-roster"), said, follow=True)

    def confirm(self, desk, preview, **ticked):
        """Confirm the newest upload as its preview shows it."""
        url = reverse("office-roster-confirm", args=[RosterImport.objects.latest("pk").uuid])
        return desk.post(url, pages.hidden(preview) | ticked)

    def test_a_preview_changes_nothing_and_confirming_applies_it(self, desk, campaign):
        preview = self.upload(desk, files.roster(*(files.row(n) for n in range(1, 4))))
        assert Student.objects.count() == 0
        url = reverse("office-roster-confirm", args=[RosterImport.objects.get().uuid])
        response = desk.post(url, pages.hidden(preview), follow=True)
        assert "新增 3 人" in pages.text(response)
        assert Student.objects.count() == 3
        assert desk.post(url, pages.hidden(preview)).status_code == 410
        assert Student.objects.count() == 3

    def test_the_first_upload_of_all_makes_this_years_campaign_and_says_so(self, desk, office):
        self.upload(desk, b"%PDF-1.7\n\xff\xfe\x00\x01")
        assert Campaign.objects.count() == 0
        preview = self.upload(desk, files.roster(files.row(1)))
        campaign = Campaign.objects.get()
        assert campaign.slug == str(timezone.localdate().year)
        assert f"已开始：{campaign}" in pages.text(preview)
        (event,) = Event.objects.all()
        assert (event.verb, event.user, event.chain.campaign) == ("create_campaign", office, campaign)

    def test_a_duty_that_changes_hands_is_shown_and_counted(self, desk, own_class):
        monitor = own_class.students.get(seat=1)
        row = {"职务": "学习委员"} | {
            key.label: key_fields.display(key.name, getattr(monitor, key.name))
            for key in key_fields.KEY_FIELDS
        }
        preview = self.upload(desk, files.xlsx(files.table([row], list(row))))
        changes = [monitor.student_number, monitor.name, "职务", "班长", "学习委员"]
        assert changes in [line for table in pages.tables(preview) for line in table]
        url = reverse("office-roster-confirm", args=[RosterImport.objects.get().uuid])
        assert "变更 1 人" in pages.text(desk.post(url, pages.hidden(preview), follow=True))
        assert "职务：班长 → 学习委员" in pages.text(desk.get(reverse("office-student", args=[monitor.uuid])))

    def test_errors_are_named_by_cell_and_cannot_be_confirmed(self, desk, campaign):
        preview = self.upload(desk, files.roster(files.row(1), files.row(2, 姓名=None)))
        assert "整个文件不予导入" in pages.text(preview)
        header, row = pages.tables(preview)[0][:2]
        assert header[-1] == "问题"
        assert row[1:4] == ["3", "姓名", "错误"]
        confirm = desk.post(
            reverse("office-roster-confirm", args=[RosterImport.objects.get().uuid]), {"digest": ""}
        )
        assert confirm.status_code == 409
        assert Student.objects.count() == 0

    def test_what_was_previewed_is_what_is_applied(self, desk, campaign):
        first = self.upload(desk, files.roster(files.row(1)))
        first_import = RosterImport.objects.get()
        second = self.upload(desk, files.roster(files.row(1, 专业名称="机械工程")))
        other = RosterImport.objects.exclude(pk=first_import.pk).get()
        desk.post(reverse("office-roster-confirm", args=[other.uuid]), pages.hidden(second))
        stale = desk.post(reverse("office-roster-confirm", args=[first_import.uuid]), pages.hidden(first))
        assert stale.status_code == 409
        assert "其间名册有变动" in pages.text(stale)
        assert Student.objects.get().major == "机械工程"

    @pytest.mark.parametrize(
        "content, name, sentence",
        [
            (b"", "empty.xlsx", ""),
            (b"%PDF-1.7\n\xff\xfe\x00\x01", "roster.xlsx", "PDF"),
            (b"\x89PNG\r\n\x1a\n\x00\x00\xff", "roster.xlsx", "图片"),
        ],
    )
    def test_what_is_no_roster_is_a_sentence(self, desk, campaign, content, name, sentence):
        response = self.upload(desk, content, name)
        assert response.status_code == 422
        assert sentence in pages.text(response)
        assert RosterImport.objects.count() == 0

    def test_a_column_is_mapped_by_hand(self, desk, campaign):
        row = files.row(1)
        headings = ["称呼" if heading == "姓名" else heading for heading in files.HEADINGS]
        row["称呼"] = row.pop("姓名")
        preview = self.upload(desk, files.xlsx(files.table([row], headings)))
        assert "不导入的列：称呼" in pages.text(preview)
        assert "缺少“姓名”列" in pages.text(preview)
        mapping = {
            bound.html_name: bound.initial
            for _, columns in preview.context["mapping"].sheets
            for bound in columns
        }
        mapping[f"0:{headings.index('称呼')}"] = "name"
        url = reverse("office-roster-mapping", args=[RosterImport.objects.get().uuid])
        assert desk.post(url, mapping | {"0:0": "shoe size"}).status_code == 422
        preview = desk.post(url, mapping, follow=True)
        assert preview.context["plan"].is_clean
        confirm = reverse("office-roster-confirm", args=[RosterImport.objects.get().uuid])
        desk.post(confirm, pages.hidden(preview))
        assert Student.objects.get().name == row["称呼"]

    def test_the_workbook_comes_back_with_its_faulty_cells_marked(self, desk, campaign):
        preview = self.upload(desk, files.roster(files.row(1), files.row(2, 姓名=None)), "名册.xlsx")
        assert "下载标注了问题单元格的原工作簿" in pages.text(preview)
        response = desk.post(reverse("office-roster-marked", args=[RosterImport.objects.get().uuid]))
        book = openpyxl.load_workbook(io.BytesIO(b"".join(response)))
        assert book.active["B3"].comment.text == "缺少姓名。"
        assert "%E6%A0%87%E6%B3%A8" in response["Content-Disposition"]

    def test_sheets_that_were_skipped_are_named(self, desk, campaign):
        book = openpyxl.load_workbook(io.BytesIO(files.roster(files.row(1))))
        book.create_sheet("说明").append(["请按时交"])
        book.create_sheet("去年").sheet_state = "hidden"
        text = pages.text(self.upload(desk, files.saved(book)))
        assert "名册 · 学生 1 人，跳过 0 行" in text
        assert "说明 · 已跳过：没有表头" in text
        assert "去年 · 已跳过：工作表是隐藏的" in text

    def test_an_upload_can_be_forgotten(self, desk, campaign):
        self.upload(desk, files.roster(files.row(1)))
        waiting = RosterImport.objects.get()
        assert desk.post(reverse("office-roster-drop", args=[waiting.uuid])).status_code == 302
        waiting.refresh_from_db()
        assert (waiting.state, waiting.upload) == ("dropped", None)
        gone = desk.get(reverse("office-roster-preview", args=[waiting.uuid]))
        assert gone.status_code == 410
        assert "这次上传已不再等待确认" in pages.text(gone)

    def test_forgetting_one_that_was_applied_says_that_it_no_longer_waits(self, desk, campaign):
        preview = self.upload(desk, files.roster(files.row(1)))
        waiting = RosterImport.objects.get()
        desk.post(reverse("office-roster-confirm", args=[waiting.uuid]), pages.hidden(preview))
        late = desk.post(reverse("office-roster-drop", args=[waiting.uuid]))
        assert late.status_code == 410
        assert "已删除" not in pages.text(late)

    @pytest.mark.parametrize("page", ["preview", "mapping", "marked", "confirm"])
    def test_an_upload_that_cannot_be_read_again_is_a_sentence(self, desk, own_class, page):
        waiting = stories.upload(own_class)
        waiting.upload = b"%PDF-1.7\n\xff\xfe\x00\x01"  # what has become of it, to the child that reads
        waiting.save()
        url = reverse(f"office-roster-{page}", args=[waiting.uuid])
        response = desk.get(url) if page == "preview" else desk.post(url, {"digest": waiting.plan_digest})
        assert response.status_code == 422
        assert "PDF" in pages.text(response)
        assert f'action="{reverse("office-roster")}"' in response.content.decode()
        assert RosterImport.objects.get().state == "waiting"

    def test_a_huge_upload_is_refused_before_it_is_read(self, desk, campaign):
        url = reverse("office-roster")
        length = {"CONTENT_LENGTH": str(200 * 1024 * 1024)}  # and no such body: reading it would fail
        response = desk.generic("POST", url, b"x", content_type="multipart/form-data; boundary=b", **length)
        assert response.status_code == 413
        assert "MB" in pages.text(response)

    def test_nothing_chosen_is_said(self, desk, campaign):
        assert desk.post(reverse("office-roster"), {"campaign": campaign.slug}).status_code == 422

    def test_empty_cells_are_listed_and_replace_only_where_that_is_ticked(self, desk, campaign):
        rows = [files.row(n) for n in range(1, 31)]
        self.confirm(desk, self.upload(desk, files.roster(*rows)))
        empty = files.roster(files.row(1, 民族="无"), *rows[1:])

        preview = self.upload(desk, empty)
        assert "有 1 项内容将被清空" in pages.text(preview)
        assert ["2026000001", files.row(1)["姓名"], "民族", "汉族"] in [
            line for table in pages.tables(preview) for line in table
        ]
        self.confirm(desk, preview)
        assert Student.objects.get(student_number="2026000001").ethnicity == "汉族"

        self.confirm(desk, self.upload(desk, empty), empty_values="on")
        assert Student.objects.get(student_number="2026000001").ethnicity == ""

    def test_without_id_numbers_a_tick_is_needed_and_the_students_are_listed(self, desk, campaign):
        preview = self.upload(desk, files.roster(files.row(1, 身份证号="-"), files.row(2)))
        assert "2 名学生中有 1 人将没有有效身份证号" in pages.text(preview)
        assert self.confirm(desk, preview).status_code == 409
        assert Student.objects.count() == 0

        self.confirm(desk, preview, accept_missing_numbers="on")
        page = pages.text(desk.get(reverse("office-roster")))
        assert "无有效身份证号：1 人" in page
        assert "2026000001" in page
        assert "2026000002" not in page

    def test_what_is_new_stands_above_the_button(self, desk, campaign):
        self.confirm(desk, self.upload(desk, files.roster(files.row(1, 系部="计算机应用系"))))
        preview = self.upload(desk, files.roster(files.row(2, 系部="计算机系", 班级="网络2601班")))
        text = pages.text(preview)
        sentence = "计算机系：本次核对中还没有这个系部。现有名称相近的：计算机应用系。"
        assert text.index(sentence) < text.index("确认导入")
        assert text.count(sentence) == 1

    def test_a_mended_value_stays_until_the_tick_says_otherwise(self, desk, campaign):
        file = files.roster(*(files.row(n) for n in range(1, 4)))
        self.confirm(desk, self.upload(desk, file))
        student = Student.objects.get(student_number="2026000001")
        importing.mend(student, field="major", value="网络工程", now=timezone.now())

        preview = self.upload(desk, file)
        assert "有 1 项更正将被撤回" in pages.text(preview)
        self.confirm(desk, preview)
        student.refresh_from_db()
        assert student.major == "网络工程"
        self.confirm(desk, self.upload(desk, file), overwrite_mended="on")
        student.refresh_from_db()
        assert student.major == "软件工程（卓越班）"

    def test_who_came_only_by_a_wrong_file_goes_by_a_tick(self, desk, campaign):
        right = files.roster(*(files.row(n) for n in range(1, 4)))
        self.confirm(desk, self.upload(desk, right))
        self.confirm(desk, self.upload(desk, files.roster(files.row(50)), "错的.xlsx"))

        preview = self.upload(desk, right)
        assert "有 1 名学生仅来自“错的.xlsx”" in pages.text(preview)
        self.confirm(desk, preview, undo_last="on")
        assert list(Student.objects.values_list("seat", flat=True)) == [1, 2, 3]

    def test_the_heading_is_pointed_at_where_none_is_known(self, desk, campaign):
        """Unknown headings are no dead end: the line is clicked, then the columns are mapped."""
        row = files.row(1)
        strange = {
            "序号": "No",
            "姓名": "称呼",
            "身份证号": "证件",
            "学号": "编号",
            "系部": "单位",
            "班级": "组别",
        }
        headings = [strange.get(heading, heading) + "栏" for heading in files.HEADINGS]
        cells = [["2026级新生"], headings, [row[heading] for heading in files.HEADINGS]]
        preview = self.upload(desk, files.xlsx(cells))
        text = pages.text(preview)
        assert "没有可识别的列标题" in text
        assert "称呼栏" in text
        assert row["身份证号"] not in text

        url = reverse("office-roster-mapping", args=[RosterImport.objects.get().uuid])
        assert desk.post(url, {"heading": "0:99"}).status_code == 422
        preview = desk.post(url, {"heading": "0:2"}, follow=True)
        assert "缺少“姓名”列" in pages.text(preview)

        by_hand = {f"0:{place}": "" for place in range(len(headings))}
        by_hand |= {
            f"0:{place}": key_fields.BY_NAME[name].name
            for place, heading in enumerate(files.HEADINGS)
            for name in key_fields.BY_NAME
            if key_fields.BY_NAME[name].label == heading
        }
        preview = desk.post(url, by_hand, follow=True)
        assert preview.context["plan"].is_clean
        self.confirm(desk, preview)
        student = Student.objects.get()
        assert (student.name, student.id_number) == (row["姓名"], row["身份证号"])

    def test_the_headings_that_are_known_are_named(self, desk, campaign):
        preview = self.upload(desk, files.xlsx([["姓名", "电话"], ["王一鸣", "x"]]))
        assert "可识别的列标题：姓名。" in pages.text(preview)

    def test_the_template_is_read_as_it_stands_and_names_the_departments(self, desk, own_class):
        response = desk.get(reverse("office-roster-template"))
        content = b"".join(response)
        read = reading.read(content, "名册模板.xlsx")
        assert [(problem.code, problem.level) for problem in read.problems] == [("no_students", "error")]
        assert read.sheets[0].lacking == frozenset()
        book = openpyxl.load_workbook(io.BytesIO(content))
        assert "信息工程系" in [row[3].value for row in book["填写说明"]]
        assert book["名册"].column_dimensions["F"].number_format == "@"

    def test_an_empty_class_is_shown_apart_and_removed(self, desk, campaign):
        self.confirm(desk, self.upload(desk, files.roster(files.row(1), files.row(2, 班级="软件2602班"))))
        self.confirm(desk, self.upload(desk, files.roster(files.row(1), files.row(2))))
        page = desk.get(reverse("office-roster"))
        assert "空班级" in pages.text(page)
        (url,) = [form.action for form in pages.forms(page) if form.action.endswith("/remove/")]
        assert "已移除：软件2602班" in pages.text(desk.post(url, follow=True))
        assert "空班级" not in pages.text(desk.get(reverse("office-roster")))
