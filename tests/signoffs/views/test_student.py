"""The student's pages: who gets in, what is shown, and a sentence for everything that is wrong."""

import re

import pytest
from django.db import OperationalError, connection
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rosters import key_fields
from rosters.models import Student
from signoffs import flow
from signoffs.entrance import links
from signoffs.flow import tallies
from signoffs.forms.student import RecordForm
from signoffs.models import ClassLink, Declaration, MissingClaim, Standing, Tally, Throttle
from signoffs.process import rules
from signoffs.queries.actors import Who
from signoffs.templatetags.enrollcheck import linked, moment
from tests import factories, pages, stories


@pytest.fixture
def token(class_group):
    """The class's live link."""
    return links.issue(class_group, ClassLink.Kind.STUDENT, timezone.now()).token


@pytest.fixture
def visitor(token):
    """A phone on which the class link was opened."""
    client = Client()
    client.get(f"/c/{token}/")
    return client


@pytest.fixture
def phone(visitor, student):
    """A phone on which the student has identified."""
    assert stories.identify(visitor, "class-identify", student).status_code == 302
    return visitor


def answers(page, student, **changed) -> dict:
    said = {f"answer_{field.name}": "ok" for field in key_fields.KEY_FIELDS if field.name != "id_number"}
    rest = {"chsi_id_number": student.id_number, "status": key_fields.GOOD_STATUS, "typed_name": student.name}
    return pages.hidden(page) | said | rest | changed


def send(client, student, **changed):
    page = client.get(reverse("class-record") + "?again=1")
    return client.post(reverse("class-record"), answers(page, student, **changed))


class TestTheLink:
    def test_a_wrong_one_is_a_sentence_and_404(self, db):
        response = Client().get("/c/nosuchlink/")
        assert response.status_code == 404
        assert "班长" in pages.text(response)

    def test_the_token_leaves_the_address(self, visitor, token):
        response = visitor.get(reverse("class"))
        assert response.status_code == 200
        assert token not in response.content.decode()

    def test_a_page_without_the_link_says_where_it_is(self, db):
        response = Client().get(reverse("class"))
        assert response.status_code == 403
        assert "班级群" in pages.text(response)

    def test_a_rotated_link_ends_visits_too(self, phone, class_group):
        link = ClassLink.objects.get(class_group=class_group)
        flow.rotate_link(link=link, who=Who(command="test"))
        assert phone.get(reverse("class-record")).status_code in (302, 403)


class TestIdentification:
    WRONG = "学号与身份证号后六位不匹配，或尝试次数过多"

    def test_every_wrong_way_is_the_same_sentence(self, visitor, student, class_group):
        other = factories.class_group("机械2601班", department_name="机械工程系").students.first()
        last_six = student.id_number[-6:]
        for number, six in (
            (student.student_number, "000000"),
            ("2026999999", last_six),
            (other.student_number, other.id_number[-6:]),
        ):
            response = visitor.post(reverse("class-identify"), {"student_number": number, "last_six": six})
            assert response.status_code == 422
            assert self.WRONG in pages.text(response)
            assert student.name not in pages.text(response)

    def test_after_five_failures_even_the_right_one_waits(self, visitor, student):
        typed = {"student_number": student.student_number, "last_six": "000000"}
        for _ in range(5):
            visitor.post(reverse("class-identify"), typed)
        response = stories.identify(visitor, "class-identify", student)
        assert response.status_code == 422
        assert self.WRONG in pages.text(response)
        assert Throttle.objects.get(student=student).failures == 5

    def test_a_one_time_code_passes_the_pause(self, visitor, student):
        for _ in range(6):
            visitor.post(
                reverse("class-identify"), {"student_number": student.student_number, "last_six": "000000"}
            )
        code = links.issue_code(student, factories.user("office"), timezone.now())
        typed = {"student_number": student.student_number, "code": code}
        assert visitor.post(reverse("class-identify"), typed).status_code == 302
        assert student.name in pages.text(visitor.get(reverse("class-record")))

    def test_the_last_six_may_be_typed_as_people_do(self, visitor, class_group):
        one = factories.student(class_group, 4, id_number="99010120070101123X")
        for typed in ("01123x", " 01123X ", "０１１２３Ｘ"):
            response = visitor.post(
                reverse("class-identify"), {"student_number": one.student_number, "last_six": typed}
            )
            assert response.status_code == 302, typed
            visitor.post(reverse("class-leave"))
            token = ClassLink.objects.get().token
            visitor.get(f"/c/{token}/")

    def test_nothing_typed_is_said_at_its_field(self, visitor, student):
        response = visitor.post(reverse("class-identify"), {"student_number": student.student_number})
        assert response.status_code == 422
        assert "请填写身份证号后六位，或一次性验证码" in pages.text(response)


class TestTheRecord:
    def test_it_shows_eleven_fields_and_never_the_id_number(self, phone, student):
        page = phone.get(reverse("class-record"))
        text = pages.text(page)
        for field in key_fields.KEY_FIELDS:
            assert field.label in text
        assert student.id_number[-6:] not in page.content.decode()
        assert "checked" not in page.content.decode()
        assert page["Cache-Control"].count("no-store") == 1

    def test_chsi_is_a_tap_away_and_what_is_filled_in_stays(self, phone):
        record = phone.get(reverse("class-record")).content.decode()
        guide = phone.get(reverse("class-guide"))
        for page in (record, guide.content.decode()):
            chsi = '<a href="https://www.chsi.com.cn/" target="_blank" rel="noopener">'
            assert page.count(f"{chsi}打开学信网（www.chsi.com.cn）</a>") == 1
        assert {"tel:010-82199588", "mailto:kefu@chsi.com.cn"} <= set(pages.links(guide))

    def test_all_right_is_a_receipt_and_the_end_of_the_visit(self, phone, student):
        response = send(phone, student)
        assert response.status_code == 200
        assert "核对无误，已签名" in pages.text(response)
        assert phone.get(reverse("class-record")).status_code == 403
        assert Standing.objects.get(student=student).state == "confirmed"

    @pytest.mark.parametrize(
        "changed, sentence",
        [
            ({"answer_sex": ""}, "请选择学信网显示的内容是否正确"),
            ({"status": ""}, "请选择学信网显示的学籍状态"),
            ({"chsi_id_number": ""}, "请输入学信网显示的身份证号"),
            ({"chsi_id_number": "990101199001011234"}, "与名册中的号码不一致"),
            ({"chsi_id_number": "9901**************"}, "可见的位数太少"),
            ({"typed_name": ""}, "签名 ：请手写签名，或输入姓名"),
            ({"typed_name": "别人"}, "请输入名册上的本人姓名"),
            ({"signature": "not json"}, "手写签名无法识别"),
            ({"signature": '{"strokes": [[5, 5]], "size": [600, 200]}'}, "这只是一个点"),
            ({"answer_major": "wrong"}, "请填写学信网显示的内容"),
            ({"answer_major": "wrong", "chsi_major": "a", "right_major": "b"}, "请填写 11 位手机号"),
            ({"status": "不在籍（保留入学资格）", "phone": "110"}, "请填写 11 位手机号"),
            ({"status": "不在籍（保留入学资格）", "phone": "1200000٠٠٠1"}, "请填写 11 位手机号"),
            ({"no_record": "on"}, "请填写 11 位手机号"),
            ({"answer_major": "wrong", "chsi_major": "a" * 121}, "120"),
        ],
    )
    def test_what_is_wrong_is_said_and_nothing_is_written(self, phone, student, changed, sentence):
        response = send(phone, student, **changed)
        assert response.status_code == 422
        assert sentence in pages.text(response)
        assert Declaration.objects.count() == 0

    def test_a_status_that_is_not_good_is_an_error_of_the_offices(self, phone, student):
        send(phone, student, status="不在籍（保留入学资格）", phone="12000000001")
        error = Declaration.objects.get().field_errors.get()
        assert (error.field, error.owner, error.chsi_value) == ("status", "office", "不在籍（保留入学资格）")

    def test_no_record_at_all_needs_no_other_answer(self, phone, student):
        page = phone.get(reverse("class-record"))
        said = pages.hidden(page) | {"no_record": "on", "typed_name": student.name, "phone": "12000000001"}
        assert phone.post(reverse("class-record"), said).status_code == 200
        assert Declaration.objects.get().field_errors.get().field == "no_record"

    def test_another_id_number_is_reported_once_it_is_meant_so(self, phone, student):
        other = "990101199001011234"
        response = send(
            phone,
            student,
            chsi_id_number=other,
            differs_id_number="on",
            right_id_number=student.id_number,
            phone="12000000001",
        )
        assert "信息错误，已反馈" in pages.text(response)
        assert student.id_number not in response.content.decode()
        assert other not in response.content.decode()
        assert Declaration.objects.get().field_errors.get().field == "id_number"

    def test_what_changed_while_the_page_was_open_is_shown_again(self, phone, student):
        page = phone.get(reverse("class-record"))
        stale = answers(page, student) | {"shown_digest": "t1:0000"}
        response = phone.post(reverse("class-record"), stale)
        assert response.status_code == 409
        assert "请重新核对" in pages.text(response)
        assert Declaration.objects.count() == 0

    def test_sending_twice_is_one_declaration(self, phone, student):
        page = phone.get(reverse("class-record"))
        first = phone.cookies.copy()
        said = answers(page, student)
        assert phone.post(reverse("class-record"), said).status_code == 200
        phone.cookies = first  # the answer was lost on the way: the phone sends it again
        assert phone.post(reverse("class-record"), said).status_code == 200
        assert Declaration.objects.count() == 1

    def test_a_query_costs_the_same_in_a_class_of_three_and_of_sixty(
        self, phone, student, django_assert_max_num_queries
    ):
        with django_assert_max_num_queries(14):
            phone.get(reverse("class-record"))
        for seat in range(4, 61):
            factories.student(student.class_group, seat)
        with django_assert_max_num_queries(14):
            phone.get(reverse("class-record"))


def moved(student, to, seat: int) -> None:
    """Move a student as an import does."""
    was = student.class_group
    Student.objects.filter(pk=student.pk).update(class_group=to, seat=seat)
    tallies.renew([was, to])
    student.refresh_from_db()


class TestAMove:
    @pytest.mark.parametrize("seat", [2, 3, 4])
    def test_a_form_sent_once_more_shows_nobody_elses_state(self, phone, class_group, student, seat):
        stories.excuse(class_group.students.get(seat=3), class_group.students.get(seat=1))
        form = answers(phone.get(reverse("class-record")), student)
        assert phone.post(reverse("class-record"), form).status_code == 200
        new = factories.class_group("软件2602班", students=seat - 1)
        moved(student, new, seat)
        phone.get(f"/c/{links.issue(new, ClassLink.Kind.STUDENT, timezone.now()).token}/")
        stories.identify(phone, "class-identify", student)
        again = phone.post(reverse("class-record"), form)
        assert again.status_code == 200
        assert "核对无误，已签名" in pages.text(again)
        assert 'class="slip__what mark mark--confirmed"' in again.content.decode()
        assert Declaration.objects.count() == 1

    def test_a_move_while_the_page_is_on_its_way_is_a_sentence(self, phone, student):
        stories.confirm(student)
        new, begun = factories.class_group("软件2602班", students=1), []

        def move_first(execute, sql, *rest):
            if sql.startswith("SAVEPOINT") and not begun:  # between the visit's look and the lock
                begun.append(sql)
                moved(Student.objects.get(pk=student.pk), new, 2)
            return execute(sql, *rest)

        with connection.execute_wrapper(move_first):
            refused = phone.post(reverse("class-withdraw"))
        assert (refused.status_code, len(begun)) == (409, 1)
        assert str(rules.MOVED) in pages.text(refused)


@pytest.mark.parametrize(
    "text, drawn",
    [
        ("打电话0773-5890000。", '打电话<a href="tel:0773-5890000">0773-5890000</a>。'),
        ("学号2026010112345 1", "学号2026010112345 1"),
        ("Open 学信网 (www.chsi.com.cn).", 'Open <a href="https://www.chsi.com.cn/" target="_blank" '
         'rel="noopener">学信网 (www.chsi.com.cn)</a>.'),
        ("<a@b.cn>", '&lt;<a href="mailto:a@b.cn">a@b.cn</a>&gt;'),
        ('"><script>', "&quot;&gt;&lt;script&gt;"),
    ],
)  # fmt: skip
def test_what_a_text_names_is_a_link_and_nothing_else_in_it(text, drawn):
    assert linked(text) == drawn


class TestTheForm:
    def test_what_one_student_typed_is_not_in_the_next_ones_form(self, student):
        def fields() -> list:
            return [(name, id(one), dict(one.widget.attrs)) for name, one in RecordForm.base_fields.items()]

        before = fields()
        wrong = QueryDict("answer_name=wrong&chsi_id_number=1&status=zzz&signature=%7B&phone=abc&no_record=")
        bad = RecordForm(wrong, student=student)
        assert not bad.is_valid()
        assert "abc" in str(bad)
        assert "abc" not in str(RecordForm(student=student))
        assert "aria-invalid" not in str(RecordForm(student=student))
        assert fields() == before

    def test_the_database_failing_behind_a_refusal_is_not_swallowed(self, phone, student):
        form = answers(phone.get(reverse("class-record")), student)
        Student.objects.filter(pk=student.pk).update(major="助产", record_digest="t1:other")
        counted = []

        def locked_the_second_time(execute, sql, *rest):
            counted.append("signoffs_throttle" in sql and sql.startswith("INSERT"))
            if sum(counted) == 2 and counted[-1]:
                raise OperationalError("database is locked")
            return execute(sql, *rest)

        with connection.execute_wrapper(locked_the_second_time), pytest.raises(OperationalError):
            phone.post(reverse("class-record"), form)

    def test_what_is_wrong_can_be_gone_to_and_is_said_at_its_place(self, phone):
        sent = {**pages.hidden(phone.get(reverse("class-record"))), "signature": "no drawing"}
        page = phone.post(reverse("class-record"), sent).content.decode()
        for named in set(re.findall(r'(?:href="#|aria-describedby=")(id_[\w-]+)"', page)):
            assert page.count(f'id="{named}"') == 1, named
        for wrong in ("id_status", "id_answer_name", "id_chsi_id_number", "id_signature"):
            assert f'href="#{wrong}"' in page, wrong
        assert "签名 ：手写签名无法识别" in pages.text(phone.post(reverse("class-record"), sent))

    def test_after_a_form_the_language_leads_back_to_its_page(self, phone):
        paste = reverse("class-paste")
        own = {"referer": f"http://testserver{reverse('class-record')}?again=1"}
        assert pages.hidden(phone.post(paste, {"text": ""}, headers=own))["next"] == "/class/record/?again=1"
        foreign = {"referer": "https://evil.example/class/record/"}
        assert pages.hidden(phone.post(paste, {"text": ""}, headers=foreign))["next"] == "/"

    def test_a_class_without_a_tally_gets_one(self, phone, class_group, student):
        page = phone.get(reverse("class-record"))
        Tally.objects.all().delete()
        assert phone.post(reverse("class-record"), answers(page, student)).status_code == 200
        assert Tally.objects.get(class_group=class_group).confirmed == 1


class TestInEnglish:
    """Official labels stay Chinese, and each says what it means."""

    @pytest.fixture(autouse=True)
    def english(self, phone):
        phone.cookies["django_language"] = "en"

    def test_the_decisive_words_have_their_gloss(self, phone):
        said = pages.text(phone.get(reverse("class-record")))
        for words in (
            "学籍状态 (enrolment status)",
            "在籍（注册学籍） — enrolled, registered",
            "不在籍（退学） — not enrolled, withdrawn",
            "身份证号 (ID number) as CHSI shows it",
            "The right 姓名 (name)",
        ):
            assert words in said

    def test_so_has_the_summary_of_errors_and_the_receipt(self, phone, student):
        said = pages.text(send(phone, student, answer_major="", status=""))
        assert "专业名称 (major) :" in said
        assert "学籍状态 (enrolment status) :" in said
        assert "核对无误，已签名 (all right, signed)" in pages.text(send(phone, student))
        assert Declaration.objects.get().kind == Declaration.Kind.CONFIRMED


def test_every_status_is_its_own_label_in_chinese():
    assert [str(label) for label in key_fields.STATUS_LABELS.values()] == list(key_fields.STATUSES)


class TestAfterwards:
    def test_a_settled_error_asks_the_student_again(self, phone, student, visitor, token):
        declaration = stories.report(student)
        flow.settle_error(
            error=declaration.field_errors.get(),
            who=Who(command="test"),
            outcome="explained",
            note="名册无误",
        )
        page = phone.get(reverse("class-record"))
        assert page.status_code == 200
        assert "您反馈的问题已处理" in pages.text(page)

    def test_the_receipt_is_there_after_identification(self, phone, student):
        stories.confirm(student)
        response = phone.get(reverse("class-record"), follow=True)
        assert response.redirect_chain[-1][0] == reverse("class-receipt")
        assert "核对无误，已签名" in pages.text(response)

    def test_its_number_is_not_called_a_code_which_other_things_are(self, phone, student):
        number = stories.confirm(student).uuid.hex[:8].upper()
        said = pages.text(phone.get(reverse("class-receipt")))
        assert f"回执编号 {number}" in said
        assert "验证码" not in said

    @pytest.mark.parametrize("declare, said", [(stories.confirm, "核对无误"), (stories.report, "反馈有误")])
    def test_who_begins_again_is_told_what_stands_and_can_go_back(self, phone, student, declare, said):
        assert "重新提交" not in pages.text(phone.get(reverse("class-record")))
        at = moment(declare(student).declared_at)
        again = phone.get(reverse("class-record") + "?again=1")
        assert f"您已于 {at} {said}。重新提交后以新的为准。" in pages.text(again)
        assert reverse("class-receipt") in pages.links(again)
        refused = phone.post(reverse("class-record"), pages.hidden(again))
        assert reverse("class-receipt") in pages.links(refused)

    def test_this_was_not_me(self, phone, student):
        stories.confirm(student)
        response = phone.post(reverse("class-withdraw"), follow=True)
        assert "已撤回" in pages.text(response)
        assert Standing.objects.get(student=student).state == "missing"

    def test_a_signature_entered_by_somebody_is_shown_and_can_be_contested(self, phone, student, class_group):
        stories.on_paper(student, class_group.students.get(seat=1))
        page = phone.get(reverse("class-record"))
        assert "有人为您补录了签名" in pages.text(page)
        phone.post(reverse("class-contest"))
        assert Declaration.objects.get().contested_at is not None


class TestNotListed:
    def test_somebody_whom_the_roster_forgot_tells_the_office(self, visitor):
        typed = {"name": "漏人", "student_number": "", "phone": "12000000009"}
        assert visitor.post(reverse("class-claim"), typed).status_code == 302
        assert MissingClaim.objects.get().name == "漏人"

    def test_a_wrong_number_is_said(self, visitor):
        response = visitor.post(reverse("class-claim"), {"name": "漏人", "phone": "9"})
        assert response.status_code == 422
        assert MissingClaim.objects.count() == 0


def test_a_crawler_that_follows_every_link_changes_nothing(phone, student):
    before = (Declaration.objects.count(), Standing.objects.count())
    seen, waiting = set(), [reverse("class"), reverse("class-record")]
    while waiting:
        url = waiting.pop()
        if url in seen or not url.startswith("/") or url.startswith("/static/"):
            continue
        seen.add(url)
        response = phone.get(url, follow=True)
        if "html" in response.get("Content-Type", ""):
            waiting += [link.partition("#")[0] for link in pages.links(response)]
    assert {reverse("class-guide"), reverse("class-record")} <= seen
    assert (Declaration.objects.count(), Standing.objects.count()) == before
