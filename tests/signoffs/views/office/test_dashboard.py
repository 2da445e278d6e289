"""The office's answer to “will we make it?”, departments and students."""

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rosters.models import Student
from signoffs.models import HandIn, Standing
from tests import factories, pages, stories


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


def test_now_is_china_and_not_the_servers(desk, world):
    assert timezone.get_default_timezone_name() == "Asia/Shanghai"
