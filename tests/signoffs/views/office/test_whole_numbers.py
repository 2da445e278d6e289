"""The one export with whole ID numbers: password and reason, a number, recorded before its first byte."""

import io
from datetime import timedelta
from urllib.parse import unquote

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rosters import identity, key_fields
from signoffs import flow
from signoffs.models import AccessRecord, Event, FieldError
from signoffs.queries.actors import Who
from tests import factories, pages, second_factor, stories

RIGHT = {"reason": "省厅要求核对", "password": "officeoffice"}

REPORTED = ("学信网显示的身份证号", "本人称正确的身份证号")


def ask(client: Client, **changed):
    return client.post(reverse("office-whole-numbers"), RIGHT | changed)


def events() -> list[tuple[str, str | None]]:
    asked = Event.objects.filter(verb__contains="whole_numbers").order_by("pk")
    return [(event.verb, event.payload.get("number")) for event in asked]


def test_it_holds_all_eleven_fields_and_its_number_in_every_row(desk, own_class, office):
    response = ask(desk)
    assert response.status_code == 200
    assert unquote(response["Content-Disposition"]).endswith("完整号码-2026-001.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(response.content))
    rows = list(book.worksheets[0].values)
    assert rows[0] == ("序号", *(field.label for field in key_fields.KEY_FIELDS), *REPORTED, "导出编号")
    for row, student in zip(rows[1:], own_class.students.order_by("seat"), strict=True):
        assert row[1:-1] == tuple(
            key_fields.display(name, getattr(student, name)) for name in key_fields.BY_NAME
        )
        assert row[-1] == "2026-001"
    facts = dict(list(book.worksheets[1].values)[1:])
    assert (facts["导出编号"], facts["导出人"], facts["事由"]) == ("2026-001", "office", "省厅要求核对")


def test_it_is_recorded_under_its_number_with_who_and_why(desk, own_class, office):
    ask(desk)
    ask(desk, reason="补充核对")
    assert events() == [
        ("ask_whole_numbers", None),
        ("export_whole_numbers", "2026-001"),
        ("ask_whole_numbers", None),
        ("export_whole_numbers", "2026-002"),
    ]
    event = Event.objects.filter(verb="export_whole_numbers").latest("pk")
    assert (event.user, event.payload["reason"], event.chain.campaign.slug) == (office, "补充核对", "2026")
    rows = pages.tables(desk.get(reverse("office-whole-numbers")))[0]
    assert [row[3] for row in rows[1:]] == ["2026-002", "—", "2026-001", "—"]


def test_of_one_department_alone(desk, own_class, other_class):
    response = ask(desk, department=str(other_class.department.uuid))
    rows = list(openpyxl.load_workbook(io.BytesIO(response.content)).worksheets[0].values)
    assert [row[6] for row in rows[1:]] == [
        student.student_number for student in other_class.students.order_by("seat")
    ]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"password": "wrong"}, "密码不正确，本次尝试已记录。"),
        ({"password": ""}, "请填写此项。"),
        ({"reason": " "}, "请填写此项。"),
    ],
    ids=["wrong password", "no password", "no reason"],
)
def test_without_password_or_reason_there_is_no_file(desk, own_class, changed, said):
    response = ask(desk, **changed)
    assert response.status_code == 422
    assert "Content-Disposition" not in response.headers
    assert said in pages.text(response)
    assert [verb for verb, _ in events() if verb == "export_whole_numbers"] == []


def test_wrong_passwords_are_recorded_and_after_five_even_the_right_one_waits(desk, own_class, office):
    for _ in range(5):
        assert ask(desk, password="wrong").status_code == 422
    assert ask(desk).status_code == 409
    assert events() == [("ask_whole_numbers", None)] * 5
    later = timezone.now() + timedelta(minutes=16)
    asked = {"campaign": own_class.campaign, "who": Who(user=office), "reason": "核对"}
    flow.ask_whole_numbers(**asked, clock=lambda: later)


def test_a_success_gives_the_tries_back(desk, own_class):
    for _ in range(4):
        ask(desk, password="wrong")
    assert ask(desk).status_code == 200
    assert ask(desk, password="wrong").status_code == 422


def test_the_password_is_never_shown_again(desk, own_class):
    response = ask(desk, password="a secret that was typed", reason="")
    assert b"a secret that was typed" not in response.content


# Everywhere else ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [0, 1, 6, 7, 11, 12, 15, 18, 20])
def test_no_mask_shows_one_of_the_last_six(length):
    number = "".join(chr(ord("a") + place) for place in range(length))
    masked = identity.mask(number)
    assert len(masked) == length
    assert not set(masked) & set(number[-6:])


@pytest.mark.parametrize(
    ("phone", "masked"),
    [("12000000001", "120****0001"), ("010-8219-9588", "010******9588"), ("1234567", "1234567")],
)
def test_a_phone_shows_its_ends(phone, masked):
    assert identity.mask_phone(phone) == masked


def test_nobody_sees_one_of_the_last_six_anywhere_else(campaign, office):
    """Of every student, in every page and file that staff can open."""
    class_group = factories.class_group("软件2602班", students=6)
    officer = factories.user("chief", role="department", in_department=class_group.department)
    world = stories.everything(class_group, officer)
    student = world["student"]
    root = factories.user("root")
    root.is_superuser = root.is_staff = True
    root.save()
    ends = {one.id_number[-6:] for one in class_group.students.all()}
    seen = []
    for who, opened in (
        (office, [("office-class", class_group), ("office-student", student), ("office-errors", None)]),
        (officer, [("department-class", class_group), ("department-student", student)]),
        (root, [("admin:rosters_student_change", student), ("admin:rosters_student_changelist", None)]),
    ):
        client = Client()
        client.force_login(who)
        for name, of in opened:
            key = [] if of is None else [of.pk if name.startswith("admin:") else of.uuid]
            seen.append(client.get(reverse(name, args=key)))
    client.force_login(office)
    for name in ("office-status-export", "office-errors-export"):
        book = openpyxl.load_workbook(io.BytesIO(client.post(reverse(name)).content))
        text = " ".join(str(cell) for sheet in book for row in sheet.values for cell in row)
        assert [end for end in ends if end in text] == []
    assert [response.status_code for response in seen] == [200] * len(seen)
    leaks = [
        (response.request["PATH_INFO"], end)
        for response in seen
        for end in ends
        if end in pages.text(response)
    ]
    assert leaks == []
    shown = [response for response in seen if identity.mask(student.id_number) in pages.text(response)]
    assert len(shown) == 3


class TestAWrongNumber:
    CHSI, RIGHT = "990101200701019999", "990101200701018888"

    @pytest.fixture
    def error(self, campaign):
        """A student's report that CHSI shows another number."""
        student = factories.class_group(students=2).students.get(seat=2)
        stories.report(student, "id_number", chsi=self.CHSI, right=self.RIGHT)
        return FieldError.objects.get()

    def test_it_is_masked_on_the_list_and_whole_on_one_page(self, error, office, client):
        client.force_login(office)
        shown = client.get(reverse("office-errors")).content.decode()
        assert (self.CHSI in shown, self.RIGHT in shown) == (False, False)
        address = reverse("office-number", args=[error.uuid])
        assert self.CHSI not in client.get(address).content.decode()
        assert client.post(address, {"reason": "核实", "password": "wrong"}).status_code == 422
        page = client.post(address, {"reason": "核实", "password": "office" * 2})
        assert (self.CHSI in pages.text(page), self.RIGHT in pages.text(page)) == (True, True)
        verbs = list(Event.objects.filter(user=office).order_by("pk").values_list("verb", flat=True))
        assert verbs == ["ask_whole_numbers", "ask_whole_numbers", "show_number"]
        assert AccessRecord.objects.filter(view="office-number").count() == 1

    def test_a_second_factor_is_asked_for_too(self, error, office, client):
        client.force_login(office)
        secret = second_factor.give(office)
        address = reverse("office-number", args=[error.uuid])
        said = {"reason": "核实", "password": "office" * 2}
        assert client.post(address, said).status_code == 422
        assert self.CHSI in pages.text(client.post(address, said | {"code": second_factor.code(secret)}))

    def test_the_department_sees_neither(self, error, client):
        department = error.declaration.class_group.department
        client.force_login(factories.user("officer", role="department", in_department=department))
        page = client.get(reverse("department-student", args=[error.declaration.student.uuid]))
        assert (self.CHSI in page.content.decode(), self.RIGHT in page.content.decode()) == (False, False)
        assert client.get(reverse("office-number", args=[error.uuid])).status_code == 403

    def test_mending_writes_what_stands_beside_it(self, error, office, client):
        client.force_login(office)
        assert f"将写入： {identity.mask(self.RIGHT)}" in pages.text(client.get(reverse("office-errors")))
