"""The department officer's pages, and what a counsellor may do with them."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from signoffs import flow
from signoffs.entrance import links
from signoffs.models import (
    AccessRecord,
    ClassLink,
    ClassSheet,
    Declaration,
    HandIn,
    MonitorDuty,
    OneTimeCode,
    Tally,
)
from signoffs.process import deadlines
from signoffs.queries.actors import Who
from signoffs.queries.classes import class_rows
from tests import factories, pages, printed, stories


def browser(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def desk(officer) -> Client:
    """The officer of 信息工程系, signed in."""
    return browser(officer)


@pytest.fixture
def submitted(own_class) -> ClassSheet:
    """The class's sheet, waiting for the officer."""
    for student in own_class.students.all():
        stories.confirm(student)
    return stories.submit(own_class, own_class.students.get(seat=1))


def test_classes_stand_in_the_order_of_what_needs_action(desk, own_class, submitted):
    waiting = factories.class_group("软件2602班")
    stories.on_paper(waiting.students.get(seat=2), waiting.students.get(seat=1))
    factories.class_group("软件2603班")
    table = pages.tables(desk.get(reverse("department")))[0]
    assert [row[0] for row in table[1:-1]] == ["软件2601班", "软件2602班", "软件2603班"]
    assert [row[-1] for row in table[1:-1]] == ["待审核班级确认表", "待会签", "催办未签学生"]


def test_only_the_own_department_is_there(desk, own_class, other_class):
    text = pages.text(desk.get(reverse("department")))
    assert own_class.name in text
    assert other_class.name not in text
    assert desk.get(reverse("department-class", args=[other_class.uuid])).status_code == 404


def test_before_the_first_roster_there_is_nothing_to_hand_in_or_to_print(db):
    officer = factories.user("officer", role="department", in_department=factories.department())
    for name in ("department-hand-in", "department-forms"):
        answer = browser(officer).post(reverse(name), follow=True)
        assert answer.redirect_chain == [(reverse("department"), 302)]
        assert "还没有班级" in pages.text(answer)


def test_a_returned_sheet_needs_a_reason(desk, submitted):
    url = reverse("department-return", args=[submitted.uuid])
    assert desk.post(url, {"reason": " "}).status_code == 422
    submitted.refresh_from_db()
    assert submitted.state == "submitted"
    assert desk.post(url, {"reason": "第 2 号漏签"}).status_code == 302
    submitted.refresh_from_db()
    assert (submitted.state, submitted.return_reason) == ("returned", "第 2 号漏签")


def test_a_sheet_is_accepted_once(desk, submitted):
    url = reverse("department-accept", args=[submitted.uuid])
    assert desk.post(url).status_code == 302
    response = desk.post(url)
    assert response.status_code == 409
    assert "班级确认表已接收" in pages.text(response)


def test_the_hand_in_says_which_class_is_missing(desk, own_class):
    response = desk.post(reverse("department-hand-in"))
    assert response.status_code == 422
    assert f"{own_class.name}（未提交确认表） 请写明原因。" in pages.text(response)
    assert HandIn.objects.count() == 0
    stated = {f"exception-{own_class.uuid}": "全班实习，24日补交"}
    assert desk.post(reverse("department-hand-in"), stated).status_code == 302
    assert HandIn.objects.get().exceptions[0]["reason"] == "全班实习，24日补交"


def test_a_hand_in_of_open_classes_is_folded_away_below_what_it_means(desk, own_class, submitted):
    other = factories.class_group("软件2602班", students=2)
    page = pages.markup(desk.get(reverse("department")))
    assert "2 个班中已接收 0 个，还有 2 人未完成。上交后，只有教务管理部可以退回。" in page
    panel = page[page.index("<details><summary>尚有 2 个班未接收——仍要上交</summary>") :]
    assert reverse("department-hand-in") in panel[: panel.index("</details>")]
    assert "<details open><summary>尚有" in pages.markup(desk.post(reverse("department-hand-in")))
    desk.post(reverse("department-accept", args=[submitted.uuid]))
    for student in other.students.all():
        stories.confirm(student)
    sheet = stories.submit(other, other.students.get(seat=1))
    desk.post(reverse("department-accept", args=[sheet.uuid]))
    page = desk.get(reverse("department")).content.decode()
    assert "2 个班中已接收 2 个" in page
    assert "仍要上交" not in page


def test_a_refused_hand_in_keeps_what_was_typed_and_leads_to_the_first_gap(desk, own_class):
    names = [f"软件26{number:02d}班" for number in range(2, 14)]
    classes = [own_class, *(factories.class_group(name, students=2) for name in names)]
    field = {one: f"exception-{one.uuid}" for one in classes}
    response = desk.post(reverse("department-hand-in"), {field[own_class]: "全班实习"})
    form = next(one for one in pages.forms(response) if one.action == reverse("department-hand-in"))
    assert form.fields[field[own_class]] == "全班实习"
    page, text = response.content.decode(), pages.text(response)
    assert page.count('aria-invalid="true"') == len(names)
    assert text.count("请写明原因。") == len(names)
    assert f"尚未上交：有 {len(names)} 个班的原因未填写或无法保存" in text
    assert "请从 软件2602班（未提交确认表） 开始补填" in text
    assert f"#id_{field[classes[1]]}" in pages.links(response)


def test_a_class_whose_sheet_is_accepted_needs_no_reason(desk, own_class, submitted):
    desk.post(reverse("department-accept", args=[submitted.uuid]))
    late = factories.student(own_class, 4)
    stories.on_paper(late, own_class.students.get(seat=1))
    assert "待会签" in pages.text(desk.get(reverse("department")))
    assert desk.post(reverse("department-hand-in")).status_code == 302


@pytest.mark.parametrize("undecided", [False, True])
def test_a_class_that_has_lost_its_students_holds_no_hand_in_up(desk, officer, office, own_class, undecided):
    emptied = factories.class_group("软件2602班")
    for class_group in (own_class, emptied):
        for student in class_group.students.all():
            stories.confirm(student)
    accepted = stories.submit(own_class, own_class.students.get(seat=1))
    flow.accept_sheet(sheet=accepted, who=Who(user=officer))
    sheet = stories.submit(emptied, emptied.students.get(seat=1))
    if not undecided:
        flow.return_sheet(sheet=sheet, who=Who(user=officer), reason="再看")
    for student in emptied.students.all():
        flow.withdraw_student(student=student, who=Who(user=office), reason="退学")
    offered = {name for form in pages.forms(desk.get(reverse("department"))) for name in form.fields}
    assert (f"exception-{emptied.uuid}" in offered) is undecided
    # A sheet that lies with the department can be decided on, or left out with a reason.
    assert desk.post(reverse("department-hand-in")).status_code == (422 if undecided else 302)


def test_a_paper_signature_is_countersigned(desk, own_class):
    entry = stories.on_paper(own_class.students.get(seat=2), own_class.students.get(seat=1))
    page = desk.get(reverse("department-class", args=[own_class.uuid]))
    assert "本人在纸质表上签名" in pages.text(page)
    assert desk.post(reverse("department-countersign", args=[entry.uuid])).status_code == 302
    assert Declaration.objects.get().countersigned_at is not None


def test_the_entry_of_a_student_who_was_moved_is_the_new_departments(desk, own_class, other_class):
    student = own_class.students.get(seat=2)
    entry = stories.on_paper(student, own_class.students.get(seat=1))
    stories.move(student, other_class)
    url = reverse("department-countersign", args=[entry.uuid])
    assert desk.post(url).status_code == 404
    waiting = {row.class_group: row.waiting for row in class_rows([own_class, other_class])}
    assert waiting == {own_class: 0, other_class: 1}
    there = factories.user("there", role="department", in_department=other_class.department)
    assert browser(there).post(url).status_code == 302
    entry.refresh_from_db()
    assert entry.countersigned_by == there


def test_a_one_time_code_is_shown_once_and_stored_nowhere(desk, own_class):
    student = own_class.students.get(seat=2)
    response = desk.post(reverse("department-code", args=[student.uuid]))
    code = re.search(r"[34679A-Y]{4} [34679A-Y]{4}", pages.text(response))[0].replace(" ", "")
    assert code not in repr(OneTimeCode.objects.values())
    assert code not in pages.text(desk.get(reverse("department-student", args=[student.uuid])))


def test_a_monitor_is_named_and_unnamed(desk, own_class):
    student = own_class.students.get(seat=2)
    url = reverse("department-name-monitor", args=[student.uuid])
    assert desk.post(url).status_code == 302
    assert MonitorDuty.objects.get().student == student
    assert desk.post(url, {"end": "1"}).status_code == 302
    assert MonitorDuty.objects.count() == 0
    response = desk.post(
        reverse("department-name-monitor", args=[own_class.students.get(seat=1).uuid]), {"end": "1"}
    )
    assert response.status_code == 409
    assert "职务来自名册" in pages.text(response)


def test_late_is_said_of_those_who_signed(desk, own_class):
    first, second, _ = own_class.students.order_by("seat")
    after = deadlines.end_of(own_class.campaign.student_deadline) + timedelta(hours=1)
    for student, act in ((first, stories.confirm), (second, stories.report)):
        act(student, clock=lambda: after)
    response = desk.get(reverse("department-class", args=[own_class.uuid]))
    assert "应核对 3 = 已签 1 + 有误 1 + 因故未签 0 + 逾期未核对 0 + 未完成 1" in pages.text(response)
    cell = pages.tables(response)[0][0][1]
    assert cell == f"{first.name} 已签 · 逾期"
    assert response.content.decode().count('<span class="mark mark--late">逾期</span>') == 2


def test_a_class_that_is_done_is_not_urged(desk, own_class):
    url = reverse("department-class", args=[own_class.uuid])
    *others, last = own_class.students.all()
    for student in others:
        stories.confirm(student)
    assert "还有 1 人未完成" in pages.text(desk.get(url))
    stories.confirm(last)
    response = desk.get(url)
    assert "全班已完成，无需催办。" in pages.text(response)
    assert "data-copy-button" not in response.content.decode()


def test_a_link_is_rotated(desk, own_class):
    url = reverse("department-rotate", args=[own_class.uuid])
    page = pages.markup(desk.get(reverse("department-class", args=[own_class.uuid])))
    folded = re.findall(r"<details><summary>(更换\w+)</summary>(.*?)</details>", page)
    assert [name for name, _ in folded] == ["更换班级链接", "更换班长链接"]
    assert all("旧链接" in inside and "确认更换" in inside for _, inside in folded)
    assert page.count(url) == 2  # nowhere but there
    assert desk.post(url, {"kind": "student"}).status_code == 422  # there is none yet
    old = links.issue(own_class, ClassLink.Kind.STUDENT, timezone.now())
    assert desk.post(url, {"kind": "student"}).status_code == 302
    old.refresh_from_db()
    assert old.revoked_at is not None


def test_the_record_is_shown_without_any_of_the_last_six(desk, own_class):
    student = own_class.students.get(seat=2)
    page = desk.get(reverse("department-student", args=[student.uuid])).content.decode()
    assert student.name in page
    assert student.id_number[:6] in page
    assert not any(student.id_number[-n:] in page for n in range(4, 19))


def test_whoever_looks_at_a_student_is_remembered(desk, officer, own_class):
    student = own_class.students.get(seat=2)
    desk.get(reverse("department-student", args=[student.uuid]))
    assert list(AccessRecord.objects.values_list("user", "student")) == [(officer.pk, student.pk)]


def test_many_declarations_from_one_device_are_named(desk, own_class):
    for seat in (4, 5):
        factories.student(own_class, seat)
    students = list(own_class.students.order_by("seat"))
    url = reverse("department-class", args=[own_class.uuid])
    for student in students[:3]:
        stories.confirm(student, device_mark="a device")
    assert "同一台设备" not in pages.text(desk.get(url))
    stories.confirm(students[3], device_mark="a device")
    stories.confirm(students[4], device_mark="another")
    text = pages.text(desk.get(url))
    assert f"有 4 人在同一台设备上核对：{'、'.join(student.name for student in students[:4])}" in text


class TestManySheets:
    @pytest.fixture
    def sheets(self, own_class, submitted) -> list[ClassSheet]:
        """Three sheets to look at."""
        found = [submitted]
        for number in (2, 3):
            one = factories.class_group(f"软件260{number}班", students=2)
            for student in one.students.all():
                stories.confirm(student)
            found.append(stories.submit(one, one.students.get(seat=1)))
        return found

    def states(self) -> list[str]:
        return list(ClassSheet.objects.order_by("pk").values_list("state", flat=True))

    def test_those_ticked_are_accepted(self, desk, sheets):
        ticked = {"sheet": [sheet.uuid for sheet in sheets[:2]]}
        assert desk.post(reverse("department-accept-many"), ticked).status_code == 302
        assert self.states() == ["accepted", "accepted", "submitted"]

    def test_those_ticked_are_returned_with_one_reason(self, desk, sheets):
        url = reverse("department-return-many")
        ticked = {"sheet": [sheet.uuid for sheet in sheets[1:]]}
        assert desk.post(url, ticked | {"reason": ""}).status_code == 422
        assert desk.post(url, ticked | {"reason": "请补签"}).status_code == 302
        assert self.states() == ["submitted", "returned", "returned"]

    def test_without_a_reason_the_ticks_stay_and_the_field_is_open(self, desk, sheets):
        ticked = {"sheet": [str(sheet.uuid) for sheet in sheets[:2]], "reason": " "}
        response = desk.post(reverse("department-return-many"), ticked)
        assert response.status_code == 422
        page = response.content.decode()
        assert re.findall(r'value="([0-9a-f-]{36})" checked', page) == ticked["sheet"]
        assert "<details open>" in page
        assert "#id_reason" in pages.links(response)
        reason = {"reason": "请全部补签"}
        kept = desk.post(reverse("department-return-many"), reason).content.decode()
        assert "请先勾选班级" in kept
        assert "<details open>" in kept
        assert reason["reason"] in kept

    def test_what_is_refused_is_named_and_the_others_are_done(self, desk, sheets):
        url = reverse("department-accept-many")
        desk.post(url, {"sheet": [sheets[0].uuid]})
        response = desk.post(url, {"sheet": [sheet.uuid for sheet in sheets]})
        assert response.status_code == 409
        assert "软件2601班：" in pages.text(response) or "软件2601班:" in pages.text(response)
        assert self.states() == ["accepted"] * 3

    def test_nothing_ticked_and_nonsense_are_said(self, desk, sheets):
        url = reverse("department-accept-many")
        assert desk.post(url).status_code == 422
        assert desk.post(url, {"sheet": ["nonsense"]}).status_code == 404

    def test_a_new_version_says_what_changed(self, desk, sheets, own_class):
        desk.post(reverse("department-return", args=[sheets[0].uuid]), {"reason": "第 2 号请再看"})
        student = own_class.students.get(seat=2)
        stories.report(student)
        stories.submit(own_class, own_class.students.get(seat=1))
        text = pages.text(desk.get(reverse("department-class", args=[own_class.uuid])))
        assert f"2 {student.name}：已签 → 有误" in text
        assert "退回班级确认表" in text  # the history, in plain words

    def test_the_covers_counts_add_up_to_those_expected(self, desk, own_class):
        for seat in range(4, 8):
            factories.student(own_class, seat)
        own_class.tally.expected = 7
        own_class.tally.save()
        monitor, *others = own_class.students.order_by("seat")
        stories.confirm(monitor)
        stories.report(others[0])
        stories.excuse(others[1], monitor)
        Tally.objects.filter(class_group=own_class).update(recheck=1)
        desk.post(reverse("department-hand-in"), {f"exception-{own_class.uuid}": "全班实习"})
        [cover, *_] = printed.pypdf_pages(b"".join(desk.post(reverse("department-hand-in-print"))))
        assert "应核对 7" in cover
        parts = {
            "已签（核对无误并签名）": 1,
            "有误（已反馈并签名）": 1,
            "因故未签": 1,
            "逾期未核对": 0,
            "未完成": 4,
        }
        assert [f"{label} {count}" in cover for label, count in parts.items()] == [True] * len(parts)

    def test_the_hand_in_prints_as_a_cover_and_the_forms(self, desk, sheets, own_class):
        assert desk.post(reverse("department-hand-in-print")).status_code == 409
        for sheet in sheets[:2]:
            desk.post(reverse("department-accept", args=[sheet.uuid]))
        stated = {f"exception-{sheets[2].class_group.uuid}": "全班实习"}
        assert desk.post(reverse("department-hand-in"), stated).status_code == 302
        texts = printed.pypdf_pages(b"".join(desk.post(reverse("department-hand-in-print"))))
        assert len(texts) == 4
        for words in (
            "系部上交表",
            "信息工程系",
            "系负责人签名：",
            "系部盖章：",
            "软件2603班：全班实习",
            "应核对 7",
        ):
            assert words in texts[0]
        assert HandIn.objects.get().digest in texts[0]


class TestACounsellor:
    def test_sees_and_reminds_the_own_classes(self, counsellor, own_class):
        factories.class_group("软件2602班")
        client = browser(counsellor)
        text = pages.text(client.get(reverse("department")))
        assert own_class.name in text
        assert "软件2602班" not in text
        page = pages.text(client.get(reverse("department-class", args=[own_class.uuid])))
        assert "催办文字" in page
        assert "更换班级链接" not in page

    def test_decides_nothing(self, counsellor, submitted):
        client = browser(counsellor)
        response = client.post(reverse("department-accept", args=[submitted.uuid]))
        assert response.status_code == 403
        assert "辅导员可查看和催办" in pages.text(response)


def test_no_class_yet_says_what_will_come(campaign):
    lonely = factories.user("lonely", role="department", in_department=factories.department("物理系"))
    assert "教务管理部导入名册后" in pages.text(browser(lonely).get(reverse("department")))


def test_a_page_costs_the_same_for_one_class_and_for_thirty(
    desk, own_class, django_assert_num_queries, django_assert_max_num_queries
):
    with django_assert_max_num_queries(16) as asked:
        desk.get(reverse("department"))
    for number in range(2, 31):
        one = factories.class_group(f"软件26{number:02d}班", students=2)
        stories.confirm(one.students.first())
    with django_assert_num_queries(len(asked.captured_queries)):
        desk.get(reverse("department"))
