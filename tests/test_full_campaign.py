"""The whole story through HTTP, on a workbook that this test writes: from the roster to the filed form.

50 students of one class, of whom 3 report errors and 2 are excused; a sheet, its return, a second version,
the hand-in and its receipt. A second class stands beside it, which nobody of the first may touch.
"""

import io
import json
import re
from collections import Counter
from datetime import date, timedelta

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from rosters import key_fields
from rosters.models import ClassGroup, RosterImport, Student
from signoffs.entrance import links
from signoffs.flow.chains import verify
from signoffs.models import (
    Chain,
    ClassLink,
    ClassSheet,
    Declaration,
    Event,
    FieldError,
    HandIn,
    Membership,
    Standing,
)
from signoffs.queries.overview import campaign_overview
from tests import factories, pages

CLASS, DEPARTMENT = "软件2601班", "信息工程系"
STUDENTS, REPORTERS, EXCUSED = 50, (7, 21, 50), (3, 33)
# Names that a form must hold as they are written: a rare hanzi of each kind, and the dot of a minority name.
SPECIAL = {5: "陈䶮", 6: "王𠮷", 9: "古丽扎尔·阿不都热依木"}
DRAWN = json.dumps({"strokes": [[20, 150, 200, 40, 380, 160], [90, 90, 420, 80]], "size": [600, 200]})


def workbook() -> bytes:
    """Return the roster: 50 students of one class, 4 of another."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["云麓理工大学新生名册"])
    sheet.append(["序号", "职务", *(field.label for field in key_fields.KEY_FIELDS)])
    for number in range(1, STUDENTS + 5):
        in_first = number <= STUDENTS
        seat = number if in_first else number - STUDENTS
        born = date(2007, 3, 1) + timedelta(days=number)
        row = {
            "name": SPECIAL.get(number) or f"{factories.name(number)}{'一二三四五六七八九'[number % 9]}",
            "sex": "男" if number % 2 else "女",
            "ethnicity": "汉族",
            "birth_date": born,
            "id_number": factories.id_number(born, number),
            "student_number": f"20260{number:05d}",
            "department_name": DEPARTMENT if in_first else "机械工程系",
            "major": "软件工程（卓越班）",
            "class_name": CLASS if in_first else "机械2601班",
            "level": "本科",
            "duration": 4,
        }
        duty = "班长" if seat == 1 else ""
        sheet.append([seat, duty, *(row[field.name] for field in key_fields.KEY_FIELDS)])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def signed_in(username: str) -> Client:
    """Return a browser in which that account has signed in."""
    client = Client()
    typed = {"username": username, "password": username * 2}
    assert client.post(reverse("sign-in"), typed).status_code == 302
    return client


def through_link(token: str, page: str, student: Student) -> Client:
    """Return a phone on which that student has opened the link and identified."""
    client = Client()
    assert client.get(f"/{page[0]}/{token}/").status_code == 302
    typed = {"student_number": student.student_number, "last_six": student.id_number[-6:]}
    response = client.post(reverse(f"{page}-identify"), typed)
    assert response.status_code == 302
    return client


def declare(token: str, student: Student, **typed) -> Client:
    """Let a student answer the whole page and send it; return the phone."""
    client = through_link(token, "class", student)
    page = client.get(reverse("class-record"))
    assert student.id_number not in page.content.decode()
    answers = {f"answer_{field.name}": "ok" for field in key_fields.KEY_FIELDS if field.name != "id_number"}
    said = {
        **pages.hidden(page),
        **answers,
        "chsi_id_number": student.id_number,
        "status": key_fields.GOOD_STATUS,
        "typed_name": student.name,
    }
    response = client.post(reverse("class-record"), said | typed)
    assert response.status_code == 200, pages.text(response)
    assert str(student.seat) in pages.text(response)
    return client


def plain_counts() -> Counter:
    """Return how many students stand how, by a plain count over students."""
    return Counter(
        standing.state if (standing := Standing.objects.filter(student=student).first()) else "missing"
        for student in Student.objects.filter(withdrawn_at=None)
    )


def assert_dashboard_is_true(office: Client) -> None:
    """Hold the office's totals, as the page says them, against plain counts."""
    tables = pages.tables(office.get(reverse("office")))
    total = next(table for table in tables if table[0][0] == "系部")[-1]
    counts = plain_counts()
    accounted = counts["confirmed"] + counts["reported"] + counts["excused"] + counts["overdue"]
    expected = sum(counts.values())
    assert total[2:9] == [
        str(number)
        for number in (
            expected,
            counts["confirmed"],
            counts["reported"],
            counts["excused"],
            counts["overdue"],
            expected - accounted,
            accounted * 100 // expected,
        )
    ]


def pdf_text(response) -> str:
    """Return the text of a PDF that was downloaded."""
    content = b"".join(response) if response.streaming else response.content
    assert content.startswith(b"%PDF")
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


@pytest.mark.django_db
def test_a_campaign_from_the_roster_to_the_filed_form(campaign):
    factories.user("office")
    office = signed_in("office")

    # The roster: upload, preview, confirm.
    file = io.BytesIO(workbook())
    file.name = "2026级新生名册.xlsx"
    preview = office.post(reverse("office-roster"), {"campaign": campaign.slug, "file": file}, follow=True)
    assert Student.objects.count() == 0
    assert f"新增 {STUDENTS + 4}" in pages.text(preview)
    applied = office.post(
        reverse("office-roster-confirm", args=[RosterImport.objects.get().uuid]), pages.hidden(preview)
    )
    assert applied.status_code == 302
    assert Student.objects.count() == STUDENTS + 4

    # The department's officer finds the class link, and prints the poster.
    class_group = ClassGroup.objects.get(name=CLASS)
    factories.user("officer", role=Membership.Role.DEPARTMENT, in_department=class_group.department)
    officer = signed_in("officer")
    class_page = pages.text(officer.get(reverse("department-class", args=[class_group.uuid])))
    token = re.search(r"/c/([\w-]+)/", class_page)[1]
    monitor_token = re.search(r"/m/([\w-]+)/", class_page)[1]
    poster = pdf_text(officer.post(reverse("department-poster", args=[class_group.uuid])))
    assert CLASS in poster
    assert token in poster.replace("\n", "")

    # Before identification a class page names nobody.
    students = list(Student.objects.filter(class_group=class_group).order_by("seat"))
    visitor = Client()
    shown = pages.text(visitor.get(f"/c/{token}/", follow=True))
    assert CLASS in shown
    assert [student.name for student in students if student.name in shown] == []

    # The students: 45 sign, 3 report; the phone is signed out afterwards.
    for student in students:
        if student.seat in EXCUSED:
            continue
        if student.seat in REPORTERS:
            wrong = {
                "answer_major": "wrong",
                "chsi_major": "机械工程",
                "right_major": "软件工程",
                "phone": "12000000001",
            }
            client = declare(token, student, **wrong)
        else:
            client = declare(token, student, **({"signature": DRAWN} if student.seat % 2 else {}))
        assert client.get(reverse("class-record")).status_code == 403  # the visit has ended
    assert plain_counts() == {"confirmed": 45, "reported": 3, "missing": 2 + 4}
    assert_dashboard_is_true(office)

    # The monitor: the books must balance before the sheet can go.
    monitor = through_link(monitor_token, "monitor", students[0])
    grid = pages.tables(monitor.get(reverse("monitor")))[0]
    assert [row[0] for row in grid] == [str(number) for number in range(1, 17)]
    sheet = {"typed_name": students[0].name}
    refused = monitor.post(
        reverse("monitor-submit"), sheet | {"submission_id": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"}
    )
    assert refused.status_code == 409
    assert all(students[seat - 1].name in pages.text(refused) for seat in EXCUSED)
    assert ClassSheet.objects.count() == 0
    for seat in EXCUSED:
        url = reverse("monitor-excuse", args=[students[seat - 1].uuid])
        assert monitor.post(url, {"reason": "never_came", "note": ""}).status_code == 302

    def submit() -> ClassSheet:
        hidden = pages.hidden(monitor.get(reverse("monitor-submit")))
        assert monitor.post(reverse("monitor-submit"), hidden | sheet).status_code == 302
        return ClassSheet.objects.order_by("-version").first()

    first = submit()
    assert_dashboard_is_true(office)

    # The officer returns it with a reason; the monitor reads it, and submits the second version.
    url = reverse("department-return", args=[first.uuid])
    assert officer.post(url, {"reason": ""}).status_code == 422
    assert officer.post(url, {"reason": "请核实第 3 号的原因"}).status_code == 302
    assert "请核实第 3 号的原因" in pages.text(monitor.get(reverse("monitor")))
    second = submit()
    assert (first.version, second.version) == (1, 2)
    assert officer.post(reverse("department-accept", args=[second.uuid])).status_code == 302
    assert officer.post(reverse("department-hand-in")).status_code == 302
    hand_in = HandIn.objects.get()
    assert not hand_in.late
    assert_dashboard_is_true(office)

    # The office receives it, and prints the form that is filed.
    assert office.post(reverse("office-receive", args=[hand_in.uuid])).status_code == 302
    printed = pdf_text(office.post(reverse("office-form", args=[class_group.uuid])))
    for student in students:
        assert student.name in printed
    numbers = printed.split()
    assert [seat for seat in range(1, 65) if str(seat) not in numbers] == []
    assert printed.count("见下表") == len(REPORTERS)
    assert printed.count("未报到") == len(EXCUSED)
    assert "名册 软件工程（卓越班） → 学信网 机械工程 → 应为 软件工程" in printed.replace("\n", "")
    assert f"{campaign.slug}年新生学籍查询及核对登记表" in printed
    assert "第 2 版" in printed
    assert [student.pk for student in students if student.id_number in printed] == []

    # The print is verified by anybody, and the old version is told from the new.
    verify = Client()
    assert verify.get(reverse("verify", args=[second.verify_code])).context["is_current"] is True
    assert verify.get(reverse("verify", args=[first.verify_code])).context["is_current"] is False

    # The statistics name the three errors; no ID number is in them.
    response = office.post(reverse("office-errors-export"))
    book = openpyxl.load_workbook(io.BytesIO(response.content))
    counts, details, _totals = book.worksheets
    assert [row[3].value for row in counts.iter_rows(min_row=2)] == [3]
    assert sorted(row[3].value for row in details.iter_rows(min_row=2)) == sorted(
        students[seat - 1].name for seat in REPORTERS
    )

    # Every move is an event, and the numbers on the page are those of a plain count.
    verbs = Counter(Event.objects.values_list("verb", flat=True))
    assert verbs["confirm"] == 45
    assert verbs["report"] == 3
    assert verbs["excuse"] == 2
    assert [verbs[verb] for verb in ("submit_sheet", "return_sheet", "accept_sheet")] == [2, 1, 1]
    assert [verbs[verb] for verb in ("import_roster", "hand_in", "receive")] == [3, 1, 1]
    assert FieldError.objects.count() == 3
    overview = campaign_overview(campaign, hand_in.handed_in_at)
    assert overview.total.left == 4
    assert [row.counts.left for row in overview.departments] == [4, 0]

    # The other class is as it was.
    other = ClassGroup.objects.get(name="机械2601班")
    assert not Standing.objects.filter(student__class_group=other).exists()
    assert ClassLink.objects.filter(class_group=other, revoked_at=None).count() == 2


@pytest.mark.django_db
def test_the_story_goes_on_through_paper_errors_and_a_second_look(campaign):
    office_user = factories.user("office")
    class_group = factories.class_group("机械2601班", students=5, department_name="机械工程系")
    factories.user("officer", role=Membership.Role.DEPARTMENT, in_department=class_group.department)
    office, officer = signed_in("office"), signed_in("officer")
    links.issue_all([class_group], timezone.now())
    tokens = {link.kind: link.token for link in ClassLink.objects.filter(class_group=class_group)}
    first, second, third, fourth, fifth = class_group.students.order_by("seat")
    monitor = through_link(tokens["monitor"], "monitor", first)
    assert_dashboard_is_true(office)

    # One signs on paper: it counts once the officer has countersigned.
    declare(tokens["student"], first)
    declare(tokens["student"], fifth)
    page = monitor.get(reverse("monitor-student", args=[second.uuid]))
    entry = pages.hidden(page) | {"channel": "paper", "reason": "手机坏了，在纸质表上签名"}
    assert monitor.post(reverse("monitor-paper", args=[second.uuid]), entry).status_code == 302
    assert plain_counts() == {"confirmed": 2, "missing": 3}
    assert_dashboard_is_true(office)
    waiting = Declaration.objects.get(channel="paper")
    assert officer.post(reverse("department-countersign", args=[waiting.uuid])).status_code == 302
    assert plain_counts() == {"confirmed": 3, "missing": 2}
    assert_dashboard_is_true(office)

    # Two report: the one's roster is wrong, the other finds no record at all.
    wrong = {
        "answer_major": "wrong",
        "chsi_major": "机械工程",
        "right_major": "机械工程",
        "phone": "12000000001",
    }
    declare(tokens["student"], third, **wrong)
    declare(tokens["student"], fourth, no_record="on", phone="12000000002")
    assert plain_counts() == {"confirmed": 3, "reported": 2}
    assert_dashboard_is_true(office)

    # The sheet goes in; then the office settles both, and the students are asked again, beside the sheet.
    hidden = pages.hidden(monitor.get(reverse("monitor-submit")))
    assert monitor.post(reverse("monitor-submit"), hidden | {"typed_name": first.name}).status_code == 302
    sheet = ClassSheet.objects.get()
    mended, absent = FieldError.objects.order_by("pk")
    mend = {"outcome": "mended", "note": ""}
    assert office.post(reverse("office-settle", args=[mended.uuid]), mend).status_code == 302
    assert officer.get(reverse("office-errors")).status_code == 403
    came = {"outcome": "explained", "note": "本人到教务管理部查验，学信网已能查到"}
    assert office.post(reverse("office-settle", args=[absent.uuid]), came).status_code == 302
    third.refresh_from_db()
    assert third.major == "机械工程"
    assert plain_counts() == {"confirmed": 3, "reported": 1, "recheck": 1}
    assert_dashboard_is_true(office)
    asked = through_link(tokens["student"], "class", third).get(reverse("class-record"))
    assert "您核对之后，名册有如下变更" in pages.text(asked)
    declare(tokens["student"], third)
    declare(tokens["student"], fourth)
    assert plain_counts() == {"confirmed": 5}
    assert_dashboard_is_true(office)

    # The sheet's own counts are as they were submitted; the print says what came later.
    sheet.refresh_from_db()
    assert (sheet.counts["confirmed"], sheet.counts["reported"]) == (3, 2)
    printed = pdf_text(office.post(reverse("office-form", args=[class_group.uuid])))
    assert f"复核（提交后）：3 {third.name} 已签；4 {fourth.name} 已签" in printed.replace("\n", "")
    assert officer.post(reverse("department-accept", args=[sheet.uuid])).status_code == 302
    assert officer.post(reverse("department-hand-in")).status_code == 302
    assert HandIn.objects.get().counts["reported"] == 2

    # Nothing settled is lost: the statistics hold both with their outcome. Every chain holds.
    response = office.post(reverse("office-errors-export"))
    details = openpyxl.load_workbook(io.BytesIO(response.content)).worksheets[1]
    assert sorted(row[10].value for row in details.iter_rows(min_row=2)) == ["已更正名册", "已说明"]
    assert [problem for chain in Chain.objects.all() for problem in verify(chain)] == []
    assert Event.objects.filter(verb="settle_error", user=office_user).count() == 2
