"""The monitor's pages: the class as on the form, what can be done for somebody, the submission."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from signoffs import flow
from signoffs.entrance import links
from signoffs.models import ClassLink, ClassSheet, Declaration, Standing
from signoffs.queries.actors import Who
from tests import factories, pages, stories


@pytest.fixture
def monitor(class_group):
    """A phone on which the monitor has identified."""
    client = Client()
    client.get(f"/m/{links.issue(class_group, ClassLink.Kind.MONITOR, timezone.now()).token}/")
    assert stories.identify(client, "monitor-identify", class_group.students.get(seat=1)).status_code == 302
    return client


def test_a_student_without_the_duty_is_told_who_may(class_group):
    client = Client()
    client.get(f"/m/{links.issue(class_group, ClassLink.Kind.MONITOR, timezone.now()).token}/")
    response = stories.identify(client, "monitor-identify", class_group.students.get(seat=2))
    assert response.status_code == 403
    assert "未能核验身份 本页供班长或学习委员使用" in pages.text(response)


def test_the_grid_is_the_forms(monitor, class_group):
    stories.confirm(class_group.students.get(seat=2))
    grid = pages.tables(monitor.get(reverse("monitor")))[0]
    assert len(grid) == 16
    assert [cell for row in grid for cell in row[::2]] == [
        str(row + 16 * pair) for row in range(1, 17) for pair in range(4)
    ]
    assert grid[1][1].endswith("已签")
    assert grid[0][1].endswith("未签")


def test_in_english_the_button_says_what_it_does(monitor):
    monitor.cookies["django_language"] = "en"
    for page in ("monitor", "monitor-submit"):
        assert "Submit the class sheet (提交班级登记表)" in pages.text(monitor.get(reverse(page)))


def test_monitors_see_no_field_of_the_record(monitor, class_group):
    student = class_group.students.get(seat=2)
    page = monitor.get(reverse("monitor-student", args=[student.uuid])).content.decode()
    assert student.student_number in page
    for value in (student.id_number, student.birth_date.isoformat(), student.ethnicity):
        assert value not in page


def test_the_reminder_names_those_missing_and_the_link(monitor, class_group):
    links.issue(class_group, ClassLink.Kind.STUDENT, timezone.now())
    signed, missing = class_group.students.filter(seat__gt=1).order_by("seat")
    stories.confirm(signed)
    text = pages.text(monitor.get(reverse("monitor")))
    reminder = text[text.index("【") :]
    assert missing.name in reminder
    assert "http://testserver/c/" in reminder


def test_an_excuse_needs_a_reason_from_the_list(monitor, class_group):
    student = class_group.students.get(seat=2)
    url = reverse("monitor-excuse", args=[student.uuid])
    empty = monitor.post(url, {"reason": "", "note": ""})
    assert empty.status_code == 422
    assert "请先改正以下内容 原因 ：请选择。" in pages.text(empty)
    assert monitor.post(url, {"reason": "other", "note": ""}).status_code == 409
    assert Standing.objects.count() == 0
    assert monitor.post(url, {"reason": "other", "note": "出国交换"}).status_code == 302
    assert Standing.objects.get().state == "excused"
    assert monitor.post(reverse("monitor-lift-excuse", args=[student.uuid])).status_code == 302
    assert Standing.objects.get().state == "missing"


def test_a_paper_signature_waits_for_the_officer(monitor, class_group):
    student = class_group.students.get(seat=2)
    url = reverse("monitor-paper", args=[student.uuid])
    hidden = pages.hidden(monitor.get(reverse("monitor-student", args=[student.uuid])))
    assert monitor.post(url, hidden | {"channel": "paper", "reason": ""}).status_code == 422
    assert monitor.post(url, hidden | {"channel": "own", "reason": "x"}).status_code == 422
    assert Declaration.objects.count() == 0
    entered = monitor.post(url, hidden | {"channel": "paper", "reason": "手机坏了，在纸上签"})
    assert entered.status_code == 302
    assert "待会签" in pages.text(monitor.get(reverse("monitor")))
    assert Standing.objects.count() == 0


def test_a_paper_entry_keeps_the_status_that_chsi_shows(monitor, class_group):
    """An empty one would say that CHSI has no record of the student."""
    student = class_group.students.get(seat=2)
    hidden = pages.hidden(monitor.get(reverse("monitor-student", args=[student.uuid])))
    said = {
        "channel": "paper",
        "reason": "手机坏了，在纸上写",
        "field": "status",
        "chsi_value": "暂缓注册",
        "right_value": "注册学籍",
        "phone": "12000000001",
    }
    assert monitor.post(reverse("monitor-paper", args=[student.uuid]), hidden | said).status_code == 302
    declaration = Declaration.objects.get()
    assert (declaration.status, declaration.snapshot["status"]) == ("暂缓注册", "暂缓注册")


def test_another_classes_student_is_not_found(monitor, class_group):
    other = factories.class_group("机械2601班", department_name="机械工程系").students.first()
    assert monitor.get(reverse("monitor-student", args=[other.uuid])).status_code == 404
    url = reverse("monitor-excuse", args=[other.uuid])
    assert monitor.post(url, {"reason": "never_came"}).status_code == 404


def test_overdue_before_the_deadline_says_why_not(monitor):
    response = monitor.post(reverse("monitor-overdue"), follow=True)
    assert "截止后才能办理" in pages.text(response)
    assert Standing.objects.count() == 0


def test_overdue_after_the_deadline_marks_those_who_never_signed(campaign, monitor, class_group):
    campaign.student_deadline = timezone.localdate() - timezone.timedelta(days=2)
    campaign.save()
    stories.confirm(class_group.students.get(seat=1))
    response = monitor.post(reverse("monitor-overdue"), follow=True)
    assert "2 人标为逾期未核对" in pages.text(response)
    assert Standing.objects.filter(state="overdue").count() == 2


def test_the_sheet_is_signed_or_refused_at_its_field(monitor, class_group):
    for student in class_group.students.all():
        stories.confirm(student)
    page = monitor.get(reverse("monitor-submit"))
    unsigned = monitor.post(reverse("monitor-submit"), pages.hidden(page))
    assert unsigned.status_code == 422
    assert "签名 ：请手写签名，或输入姓名" in pages.text(unsigned)
    assert ClassSheet.objects.count() == 0
    name = class_group.students.get(seat=1).name
    assert (
        monitor.post(reverse("monitor-submit"), pages.hidden(page) | {"typed_name": name}).status_code == 302
    )
    assert "已提交" in pages.text(monitor.get(reverse("monitor")))


def test_a_class_that_changed_since_is_shown_again_before_it_is_signed(monitor, class_group):
    for student in class_group.students.all():
        stories.confirm(student)
    url, name = reverse("monitor-submit"), {"typed_name": class_group.students.get(seat=1).name}
    old, changed = pages.hidden(monitor.get(url)) | name, class_group.students.get(seat=2)
    stories.report(changed)
    refused = monitor.post(url, old)
    assert (refused.status_code, ClassSheet.objects.count()) == (409, 0)
    assert "打开本页后本班情况有变动" in pages.text(refused)
    assert f"2 {changed.name} · 有误" in pages.text(refused)
    # Not signed yet, but what it shows is what it sends.
    unsigned = monitor.post(url, old | {"typed_name": ""})
    assert unsigned.status_code == 422
    assert monitor.post(url, pages.hidden(unsigned) | name).status_code == 302
    assert ClassSheet.objects.get().counts["reported"] == 1


def test_an_old_page_does_not_submit_a_returned_sheet_again(monitor, class_group, office):
    for student in class_group.students.all():
        stories.confirm(student)
    url, name = reverse("monitor-submit"), {"typed_name": class_group.students.get(seat=1).name}
    old = pages.hidden(monitor.get(url)) | name
    assert monitor.post(url, old).status_code == 302
    assert monitor.post(url, old).status_code == 302  # the first answer was lost
    sheet = ClassSheet.objects.get()
    flow.return_sheet(sheet=sheet, who=Who(user=office), reason="请再核对")
    refused = monitor.post(url, old)
    assert refused.status_code == 409
    assert "本页是班级确认表退回之前打开的" in pages.text(refused)
    assert monitor.post(url, pages.hidden(refused) | name).status_code == 302
    assert ClassSheet.objects.first().version == 2


def test_an_old_page_does_not_enter_a_contested_entry_again(monitor, class_group):
    student = class_group.students.get(seat=2)
    url = reverse("monitor-paper", args=[student.uuid])
    old = pages.hidden(monitor.get(reverse("monitor-student", args=[student.uuid])))
    old |= {"channel": "paper", "reason": "手机坏了，在纸上签"}
    for _time in range(2):  # the first answer may have been lost
        assert monitor.post(url, old).status_code == 302
    flow.contest(declaration=Declaration.objects.get(), who=Who(student=student))
    refused = monitor.post(url, old)
    assert refused.status_code == 409
    assert "本页提交过的内容已不再有效" in pages.text(refused)


def test_the_grid_costs_the_same_for_three_and_for_sixty(
    monitor, class_group, django_assert_max_num_queries, django_assert_num_queries
):
    with django_assert_max_num_queries(15) as asked:
        monitor.get(reverse("monitor"))
    for seat in range(4, 61):
        stories.confirm(factories.student(class_group, seat))
    with django_assert_num_queries(len(asked.captured_queries)):
        monitor.get(reverse("monitor"))
