"""The office's pages: the answer, the errors, the roster, the campaign."""

import io
from datetime import date, datetime, timedelta
from urllib.parse import unquote

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rosters import key_fields
from rosters.models import Campaign, RosterImport, Student
from signoffs import flow
from signoffs.entrance import links
from signoffs.forms.staff import a_year_on
from signoffs.models import Declaration, Event, FieldError, HandIn, Standing
from signoffs.queries.actors import Who
from tests import factories, pages, printed, stories
from tests.rosters import files


@pytest.fixture
def desk(office) -> Client:
    """The office, signed in."""
    client = Client()
    client.force_login(office)
    return client


@pytest.fixture
def world(campaign, officer, own_class) -> dict:
    """A department that has handed in, and one where nobody has begun."""
    whole = factories.class_group("软件2602班", students=6)
    own_class.students.all().delete()
    own_class.tally.delete()
    own_class.delete()
    factories.class_group("机械2601班", department_name="机械工程系")
    return stories.everything(whole, officer)


class TestTheDashboard:
    def test_it_answers_in_plain_figures(self, desk, world):
        text = pages.text(desk.get(reverse("office")))
        assert "已完成 6 / 9 人" in text
        assert "%。机械工程系进度落后。" in text
        assert "还差 3 人（已完成 0%）" in text

    def test_the_curves_figures_are_of_all_who_checked_with_errors_too(self, desk, world):
        header, today = pages.tables(desk.get(reverse("office")))[0]
        assert header == ["日期", "当日核对", "累计核对", "%"]
        assert today[1:3] == ["5", "5"]  # four signed, one with an error

    def test_a_department_a_row_with_its_hand_in(self, desk, world):
        table = pages.tables(desk.get(reverse("office")))[1]
        rows = {row[0]: row[2:] for row in table[1:]}
        assert rows["信息工程系"][:8] == ["6", "4", "1", "1", "0", "0", "100", "1/1"]
        assert rows["信息工程系"][8].startswith("已上交 按时")
        assert rows["机械工程系"][:7] == ["3", "0", "0", "0", "0", "3", "0"]
        assert rows["合计"] == ["9", "4", "1", "1", "0", "3", "66", "1/2", "1/2"]

    def test_before_the_first_roster_it_says_what_to_do(self, office):
        client = Client()
        client.force_login(office)
        assert "请导入名册" in pages.text(client.get(reverse("office")))

    def test_it_costs_the_same_for_two_classes_and_for_sixty(
        self, desk, world, django_assert_num_queries, django_assert_max_num_queries
    ):
        with django_assert_max_num_queries(16) as asked:
            desk.get(reverse("office"))
        for number in range(60):
            one = factories.class_group(
                f"英语26{number:02d}班", students=2, department_name=f"第{number % 12}系"
            )
            stories.confirm(one.students.first())
        with django_assert_num_queries(len(asked.captured_queries)):
            desk.get(reverse("office"))

    def test_a_hand_in_is_received_once(self, desk, world):
        url = reverse("office-receive", args=[world["hand-in"].uuid])
        assert desk.post(url).status_code == 302
        assert desk.post(url).status_code == 409
        assert HandIn.objects.get().state == "received"

    def test_reopening_needs_a_reason(self, desk, world):
        url = reverse("office-reopen", args=[world["hand-in"].uuid])
        assert desk.post(url, {"reason": ""}).status_code == 422
        assert desk.post(url, {"reason": "第 3 班有误"}).status_code == 302
        assert HandIn.objects.get().reopen_reason == "第 3 班有误"


class TestErrors:
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


class TestTheRoster:
    def upload(self, desk, content: bytes, name: str = "r.xlsx"):
        file = io.BytesIO(content)
        file.name = name
        said = pages.hidden(desk.get(reverse("office-roster"))) | {"file": file}
        return desk.post(reverse("office-roster"), said, follow=True)

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


class TestAStudent:
    def test_the_record_is_masked(self, desk, world):
        student = world["student"]
        page = desk.get(reverse("office-student", args=[student.uuid])).content.decode()
        assert student.id_number[:6] in page
        assert student.id_number[-6:] not in page
        assert student.id_number not in page

    def test_a_leaver_needs_a_reason_and_is_struck_out(self, desk, own_class):
        student = own_class.students.get(seat=2)
        url = reverse("office-withdraw", args=[student.uuid])
        assert desk.post(url, {"reason": ""}).status_code == 422
        assert desk.post(url, {"reason": "退学"}).status_code == 302
        assert Standing.objects.get(student=student).state == "withdrawn"
        assert Student.objects.filter(pk=student.pk).exists()


class TestTheCampaign:
    def test_deadlines_are_extended_and_never_shortened(self, desk, campaign):
        def send(days):
            return desk.post(
                reverse("office-campaign"),
                {
                    "campaign": campaign.slug,
                    "student_deadline": campaign.student_deadline + timedelta(days=days),
                    "department_deadline": campaign.department_deadline + timedelta(days=days),
                },
            )

        stories.confirm(factories.class_group(students=1).students.get())
        assert send(-1).status_code == 409
        assert send(3).status_code == 302
        assert Campaign.objects.get().student_deadline == campaign.student_deadline + timedelta(days=3)
        said = {"campaign": campaign.slug, "student_deadline": "soon"}
        assert desk.post(reverse("office-campaign"), said).status_code == 422

    @pytest.mark.parametrize("student_deadline", ["", "9999-12-31"])
    def test_a_deadline_that_could_never_be_taken_back_is_refused(self, desk, campaign, student_deadline):
        days = {
            "campaign": campaign.slug,
            "student_deadline": student_deadline or campaign.student_deadline,
            "department_deadline": "9999-12-31",
        }
        response = desk.post(reverse("office-campaign"), days)
        assert response.status_code == 409
        last = max(int(campaign.slug), timezone.localdate().year) + 2
        assert f"最晚只能定在 {last} 年" in pages.text(response)
        assert Campaign.objects.get().department_deadline == campaign.department_deadline

    def test_closing_wants_the_year_typed_once_more(self, desk, campaign):
        url = reverse("office-campaign-close")
        wrong = desk.post(url, {"year": "1999"})
        assert wrong.status_code == 422
        assert "与本次核对工作的年级不符" in pages.text(wrong)
        assert Campaign.objects.get().state == "open"
        assert desk.post(url, {"year": campaign.slug}).status_code == 302
        assert Campaign.objects.get().state == "closed"
        assert desk.post(url, {"year": campaign.slug}).status_code == 409


class TestCampaigns:
    def next_year(self, campaign, **changed) -> dict:
        said = {
            "slug": str(int(campaign.slug) + 1),
            "university": campaign.university,
            "student_deadline": "2027-12-22",
            "department_deadline": "2027-12-24",
            "copy_texts": "on",
        }
        return said | changed

    def test_next_year_begins_from_this_one(self, desk, campaign):
        form = desk.get(reverse("office-campaigns")).context["form"]
        assert form.initial["slug"] == str(int(campaign.slug) + 1)
        assert form.initial["student_deadline"].year == campaign.student_deadline.year + 1

    def test_it_is_prepared_with_the_texts_and_opened_after_the_other_is_closed(self, desk, campaign):
        campaign.texts = {"office": "行政楼202室"}
        campaign.save()
        assert desk.post(reverse("office-campaigns"), self.next_year(campaign)).status_code == 302
        made = Campaign.objects.get(slug="2027")
        assert (made.state, made.texts) == ("draft", {"office": "行政楼202室"})
        url = reverse("office-campaign-open", args=["2027"])
        assert "请先关闭" in pages.text(desk.post(url, follow=True))
        desk.post(reverse("office-campaign-close"), {"year": campaign.slug})
        desk.post(url)
        made.refresh_from_db()
        assert made.state == "open"

    @pytest.mark.parametrize(
        "changed, sentence",
        [
            ({"slug": "abcd"}, "以年级命名"),
            ({"slug": "20２７"}, "以年级命名"),
            ({"department_deadline": "2027-12-01"}, "不能早于"),
            ({"student_deadline": "9999-12-31", "department_deadline": "9999-12-31"}, "最晚只能定在"),
            ({"slug": "2026"}, "已经存在"),
        ],
    )
    def test_what_cannot_be_is_said(self, desk, campaign, changed, sentence):
        response = desk.post(reverse("office-campaigns"), self.next_year(campaign, **changed))
        assert response.status_code == 409
        assert sentence in pages.text(response)
        assert Campaign.objects.count() == 1

    @pytest.mark.parametrize(
        "day, next_year",
        [("2026-12-22", "2027-12-22"), ("2028-02-29", "2029-02-28"), ("9999-12-31", "9999-12-31")],
    )
    def test_a_year_on_is_a_day_that_there_is(self, day, next_year):
        assert a_year_on(date.fromisoformat(day)) == date.fromisoformat(next_year)

    def test_an_old_year_can_be_looked_at(self, desk, campaign, own_class):
        old = factories.campaign("2025", state="closed")
        factories.class_group("老班", of=old)
        desk.post(reverse("office-campaign-choose", args=["2025"]))
        assert "老班" in pages.text(desk.get(reverse("office")))
        assert desk.get(reverse("office-class", args=[own_class.uuid])).status_code == 404
        desk.post(reverse("office-campaign-choose", args=[campaign.slug]))
        assert own_class.name in pages.text(desk.get(reverse("office")))

    @pytest.mark.parametrize("page", ["office-campaign", "office-texts", "office-roster"])
    def test_a_form_of_one_year_changes_no_other_that_another_tab_chose(self, desk, campaign, page):
        factories.campaign("2027", state="draft")
        shown = pages.forms(desk.get(reverse(page)))
        form = next(one for one in shown if "campaign" in one.fields and one.action in ("", reverse(page)))
        later = campaign.department_deadline + timedelta(days=3)
        said = form.fields | {"department_deadline": later, "office": "行政楼202室"}
        before = list(Campaign.objects.order_by("slug").values())
        desk.post(reverse("office-campaign-choose", args=["2027"]))
        response = desk.post(reverse(page), said)
        assert response.status_code == 409
        assert "已切换为 2027" in pages.text(response)
        assert list(Campaign.objects.order_by("slug").values()) == before
        desk.post(reverse("office-campaign-choose", args=[campaign.slug]))
        assert desk.post(reverse(page), said).status_code != 409

    def test_a_deletion_is_announced_of_the_year_that_the_page_showed(self, desk, campaign):
        factories.campaign("2027", state="closed", closed_at=timezone.now())
        flow.close_campaign(campaign=campaign, who=Who(command="test"))
        desk.post(reverse("office-campaign-choose", args=[campaign.slug]))
        announce = reverse("office-purge-announce")
        shown = pages.forms(desk.get(reverse("office-campaign")))
        (said,) = [form.fields for form in shown if form.action == announce]
        desk.post(reverse("office-campaign-choose", args=["2027"]))
        assert desk.post(announce, said).status_code == 409
        assert not Campaign.objects.exclude(purge_on=None).exists()

    def test_the_guides_texts_are_the_offices(self, desk, campaign, own_class):
        page = desk.get(reverse("office-texts"))
        given = {field.html_name: field.value() or "" for field in page.context["form"]}
        said = given | {
            "campaign": campaign.slug,
            "office": "行政楼202室",
            "steps": "打开学信网\n看学籍信息",
            "troubles": "打不开？\n换一台\n\n慢？\n晚上再来",
        }
        assert desk.post(reverse("office-texts"), said).status_code == 302
        assert set(Campaign.objects.get().texts) == {"office", "steps", "troubles"}
        client = Client()
        client.get(f"/c/{links.issue(own_class, 'student', timezone.now()).token}/")
        guide = pages.text(client.get(reverse("class-guide")))
        for text in ("行政楼202室", "看学籍信息", "打不开？", "晚上再来"):
            assert text in guide
        assert "010-82199588" not in guide


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


def test_now_is_china_and_not_the_servers(desk, world):
    assert timezone.get_default_timezone_name() == "Asia/Shanghai"
