"""The office's page of accounts, and one's own: from the invitation to the end of the last session."""

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from signoffs import flow
from signoffs.entrance import links
from signoffs.models import Event, Membership, User
from signoffs.queries import staffing
from signoffs.queries.actors import Who
from tests import factories, pages, second_factor, stories

Role = Membership.Role
PASSWORD = "a sentence that is easy to keep"
LINK = re.compile(r"http://testserver(/invitation/[\w-]+/)")


def signed_in(user: User, code: str = "") -> Client:
    """Return a browser in which the account has signed in, with a code where it asks for one."""
    client = Client()
    typed = {"username": user.username, "password": user.username * 2}
    answer = client.post(reverse("sign-in"), typed)
    if code:
        assert answer.url == reverse("mfa_authenticate")
        answer = client.post(answer.url, {"code": code})
    assert answer.status_code == 302
    return client


def is_in(client: Client) -> bool:
    """Say whether the browser is signed in."""
    return client.get(reverse("account")).status_code == 200


@pytest.fixture
def desk(office) -> Client:
    """The office, signed in."""
    return signed_in(office)


def typed(own_class, **values) -> dict:
    """Return what the form of a new counsellor sends."""
    said = {"name": "李辅导", "username": "li", "email": "li@example.edu.cn", "role": "counsellor"}
    return {**said, "department": "", "class_groups": [own_class.uuid], **values}


class TestAddingSomebody:
    def test_from_the_form_to_the_counsellors_first_page(self, desk, own_class, other_class):
        answer = desk.post(reverse("office-account-add"), typed(own_class))
        assert answer.status_code == 200
        assert answer["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"
        (link,) = set(LINK.findall(answer.content.decode()))

        phone = Client()
        assert "李辅导" in pages.text(phone.get(link))
        assert phone.get(link).status_code == 200  # looking does not use it up
        weak = phone.post(link, {"password1": "123456789012", "password2": "123456789012"})
        assert weak.status_code == 422
        differ = phone.post(link, {"password1": PASSWORD, "password2": PASSWORD + "x"})
        assert (differ.status_code, "两次输入的密码不一致" in pages.text(differ)) == (422, True)
        assert phone.post(link, {"password1": PASSWORD, "password2": PASSWORD}).url == reverse("sign-in")
        assert phone.get(link).status_code == 404
        assert "此链接已失效" in pages.text(phone.get(link))

        for login in ("li", "li@example.edu.cn", "LI@example.edu.cn"):
            browser = Client()
            assert (
                browser.post(reverse("sign-in"), {"username": login, "password": PASSWORD}).status_code == 302
            )
            text = pages.text(browser.get(reverse("department")))
            assert ("软件2601班" in text, "机械2601班" in text) == (True, False)

    def test_what_is_missing_is_said_and_nothing_is_made(self, desk, own_class):
        for values, status in (
            ({"class_groups": []}, 409),
            ({"role": "department"}, 409),
            ({"role": ""}, 422),
            ({"username": "li si"}, 422),
            ({"username": "office"}, 409),
            ({"class_groups": ["1" * 20]}, 422),
            ({"class_groups": [own_class.pk]}, 422),
            ({"role": "department", "department": "1" * 20}, 422),
        ):
            answer = desk.post(reverse("office-account-add"), typed(own_class, **values))
            assert (
                answer.status_code,
                "暂时无法提交" in pages.text(answer) or "li" in pages.text(answer),
            ) == (
                status,
                True,
            )
        assert User.objects.count() == 1

    def test_the_link_is_sent_where_letters_leave(self, desk, own_class, settings):
        desk.post(reverse("office-account-add"), typed(own_class))
        assert mail.outbox == []
        settings.EMAIL_IS_SET = True
        user = User.objects.get(username="li")
        answer = desk.post(reverse("office-account-invite", args=[user.uuid]))
        (letter,) = mail.outbox
        assert letter.to == ["li@example.edu.cn"]
        assert set(LINK.findall(letter.body)) == set(LINK.findall(answer.content.decode()))

    def test_a_mail_server_that_fails_is_said_beside_the_link(self, desk, own_class, settings):
        settings.EMAIL_IS_SET = True
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
        answer = desk.post(reverse("office-account-add"), typed(own_class))
        assert len(set(LINK.findall(answer.content.decode()))) == 1
        assert "邮件未能发出" in pages.text(answer)


class TestTheList:
    def test_it_tells_who_may_what_and_where(self, desk, officer, counsellor, office):
        User.objects.create_user("never", first_name="王五")
        second_factor.give(officer)
        flow.deactivate(user=counsellor, who=Who(user=office))
        rows = {row[1]: row for row in pages.tables(desk.get(reverse("office-accounts")))[0][1:]}
        assert rows["officer"] == ["officer", "officer", "系负责人", "信息工程系", "✓ 已启用", "从未登录"]
        assert rows["counsellor"][2:] == ["辅导员", "软件2601班", "未启用", "已停用"]
        assert rows["never"][2:4] == ["暂无", ""]
        assert rows["office"][5].startswith(f"{timezone.localtime().month}月")

    def test_more_accounts_cost_no_more_queries(self, desk, own_class):
        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                desk.get(reverse("office-accounts"))
            return len(captured)

        def counsellors(*names):
            for name in names:
                made = factories.user(name, role=Role.COUNSELLOR)
                made.memberships.get().class_groups.add(own_class)

        counsellors("one")
        queries()  # what the first page of a session costs once
        few = queries()
        counsellors("two", "three", "four")
        assert queries() == few


class TestChangingSomebody:
    def test_the_counsellors_classes_are_chosen_on_the_page(self, desk, counsellor, own_class, other_class):
        old = factories.class_group("软件2501班", of=factories.campaign("2025", state="closed"))
        counsellor.memberships.get().class_groups.add(old)
        url = reverse("office-account", args=[counsellor.uuid])
        page = desk.get(url).content.decode()
        assert f'value="{own_class.uuid}" checked' in page
        said = {"name": "王辅导", "email": "", "role": "counsellor", "class_groups": [other_class.uuid]}
        assert desk.post(url, said).status_code == 302
        counsellor.refresh_from_db()
        assert str(counsellor) == "王辅导"
        assert set(counsellor.memberships.get().class_groups.all()) == {other_class, old}

    def test_a_refusal_stands_beside_the_disabled_button_and_comes_from_the_writer(self, desk, office):
        url = reverse("office-account", args=[office.uuid])
        page = desk.get(url)
        assert "不能取消自己的权限" in pages.text(page)
        assert re.search(r'button--danger"[^>]* disabled', page.content.decode())
        answer = desk.post(reverse("office-account-deactivate", args=[office.uuid]))
        assert (answer.status_code, "不能取消自己的权限" in pages.text(answer)) == (409, True)


class TestSessions:
    def test_deactivation_ends_them_at_once_and_lets_nobody_in_again(self, desk, officer):
        browser = signed_in(officer)
        assert is_in(browser)
        desk.post(reverse("office-account-deactivate", args=[officer.uuid]))
        assert not is_in(browser)
        answer = Client().post(reverse("sign-in"), {"username": "officer", "password": "officer" * 2})
        assert (answer.status_code, "已停用" in pages.text(answer)) == (403, True)

    def test_the_office_signs_somebody_out_everywhere(self, desk, officer):
        browsers = [signed_in(officer), signed_in(officer)]
        desk.post(reverse("office-account-sign-out", args=[officer.uuid]))
        assert [is_in(browser) for browser in browsers] == [False, False]
        assert is_in(desk)
        event = Event.objects.get(verb="sign_out_everywhere")
        assert (event.payload["username"], event.payload["sessions"]) == ("officer", 2)

    def test_one_signs_oneself_out_everywhere(self, officer, office):
        here, elsewhere, other = signed_in(officer), signed_in(officer), signed_in(office)
        assert pages.text(here.get(reverse("account"))).count("本机") == 1
        assert here.post(reverse("account-sign-out-everywhere")).status_code == 302
        assert [is_in(browser) for browser in (here, elsewhere, other)] == [False, False, True]

    def test_what_is_left_empty_is_asked_for_in_the_houses_words(self, officer):
        said = pages.text(signed_in(officer).post(reverse("account_change_password"), {}))
        assert "请填写此项。" in said
        assert "字段" not in said

    def test_a_changed_password_ends_the_others(self, officer):
        here, elsewhere = signed_in(officer), signed_in(officer)
        url = reverse("account_change_password")
        said = {"oldpassword": "wrong", "password1": PASSWORD, "password2": PASSWORD}
        answer = here.post(url, said)
        assert (answer.status_code, "当前密码不正确" in pages.text(answer)) == (422, True)
        assert here.post(url, {**said, "oldpassword": "officer" * 2}).status_code == 302
        assert [is_in(here), is_in(elsewhere)] == [True, False]
        assert UserSession.objects.filter(user=officer).count() == 1
        assert Event.objects.get(verb="change_password").user == officer

    def test_a_password_chosen_by_a_new_link_ends_them_all(self, office, officer):
        browser = signed_in(officer)
        token = flow.invite(user=officer, who=Who(user=office))
        assert is_in(browser)
        said = {"password1": PASSWORD, "password2": PASSWORD}
        assert Client().post(reverse("invitation", args=[token]), said).status_code == 302
        assert not is_in(browser)


class TestSecondFactor:
    def test_set_up_then_asked_for_at_sign_in(self, officer):
        client = signed_in(officer)
        page = client.get(reverse("mfa_activate_totp"))
        secret = second_factor.secret_on(page)
        assert "<svg" in page.content.decode()
        assert "data:" not in page.content.decode()
        assert secret not in str(dict(client.session))  # sealed while it waits
        wrong = client.post(reverse("mfa_activate_totp"), {"code": "000000"})
        assert (wrong.status_code, second_factor.secret_on(wrong)) == (422, secret)
        answer = client.post(reverse("mfa_activate_totp"), {"code": second_factor.code(secret)})
        assert answer.url == reverse("mfa_view_recovery_codes")
        codes = re.findall(r"<li>(\d{8})</li>", client.get(answer.url).content.decode())
        assert len(codes) == 10
        assert re.findall(r"<li>(\d{8})</li>", client.get(answer.url).content.decode()) == []  # once

        browser = Client()
        said = {"username": "officer", "password": "officer" * 2}
        assert browser.post(reverse("sign-in"), said).url == reverse("mfa_authenticate")
        assert not is_in(browser)
        wrong = browser.post(reverse("mfa_authenticate"), {"code": "123"})
        assert (wrong.status_code, "动态码不正确" in pages.text(wrong)) == (422, True)
        code = second_factor.code(secret)
        assert browser.post(reverse("mfa_authenticate"), {"code": code}).status_code == 302
        assert is_in(browser)

        again = Client()  # a code that was looked over somebody's shoulder opens nothing
        again.post(reverse("sign-in"), said)
        assert again.post(reverse("mfa_authenticate"), {"code": code}).status_code == 422
        assert again.post(reverse("mfa_authenticate"), {"code": codes[3]}).status_code == 302
        assert is_in(again)
        assert "9" in pages.text(again.get(reverse("account")))
        assert [event.verb for event in Event.objects.filter(user=officer)] == ["set_up_second_factor"]

    def test_setting_it_up_ends_what_the_password_alone_had_opened(self, officer):
        here, elsewhere = signed_in(officer), signed_in(officer)
        secret = second_factor.secret_on(here.get(reverse("mfa_activate_totp")))
        here.post(reverse("mfa_activate_totp"), {"code": second_factor.code(secret)})
        assert [is_in(here), is_in(elsewhere)] == [True, False]

    def test_where_it_is_required_a_prints_page_shows_no_counts_either(self, office, own_class):
        monitor, *others = own_class.students.order_by("seat")
        for one in (monitor, *others):
            stories.confirm(one)
        code = stories.submit(own_class, monitor).verify_code
        client = signed_in(office)
        assert reverse("office-class", args=[own_class.uuid]) in pages.links(client.get(f"/verify/{code}/"))
        flow.require_second_factor(of="office", who=Who(user=office))
        answer = client.get(f"/verify/{code}/")
        assert answer.status_code == 200
        assert reverse("office-class", args=[own_class.uuid]) not in pages.links(answer)

    @pytest.mark.parametrize("page", ["office", "office-accounts", "admin:index"])
    def test_where_it_is_required_every_page_leads_to_the_set_up(self, office, page):
        office.is_superuser = office.is_staff = True
        office.save()
        flow.require_second_factor(of="office", who=Who(user=office))
        client = signed_in(office)
        answer = client.get(reverse(page))
        assert (answer.status_code, answer.url) == (302, reverse("mfa_activate_totp"))
        secret = second_factor.secret_on(client.get(answer.url))
        client.post(answer.url, {"code": second_factor.code(secret)})
        assert client.get(reverse(page)).status_code == 200

    def test_a_post_does_not_pass_the_requirement_either(self, office, own_class):
        flow.require_second_factor(of="everybody", who=Who(user=office))
        answer = signed_in(office).post(reverse("office-campaign-close"), {"year": "2026"})
        assert answer.url == reverse("mfa_activate_totp")
        own_class.campaign.refresh_from_db()
        assert own_class.campaign.state == "open"

    def test_a_required_one_is_not_switched_off_and_another_one_is(self, office, officer):
        flow.require_second_factor(of="office", who=Who(user=office))
        for user, left in ((office, True), (officer, False)):
            client = signed_in(user, second_factor.code(second_factor.give(user)))
            client.post(reverse("mfa_deactivate_totp"))
            assert staffing.has_second_factor(user) == left
        assert not Authenticator.objects.filter(user=officer).exists()

    def test_a_session_left_open_does_not_change_it_without_the_password(self, officer):
        client = signed_in(officer)
        session = client.session
        (record,) = session["account_authentication_methods"]
        session["account_authentication_methods"] = [{**record, "at": record["at"] - 3600}]
        session.save()
        answer = client.get(reverse("mfa_activate_totp"))
        assert answer.url.partition("?")[0] == reverse("account_reauthenticate")
        wrong = client.post(answer.url, {"password": "wrong"})
        assert (wrong.status_code, "密码不正确" in pages.text(wrong)) == (422, True)
        answer = client.post(answer.url, {"password": "officer" * 2})
        assert answer.url == reverse("mfa_activate_totp")
        assert client.get(answer.url).status_code == 200

    def test_the_switch_says_what_it_is(self, desk):
        url = reverse("office-second-factor")
        assert desk.post(url, {"second_factor": "some"}).status_code == 422
        assert desk.post(url, {"second_factor": "everybody"}).status_code == 302
        assert staffing.second_factor_rule() == "everybody"


class TestTheAdmin:
    def test_it_has_no_sign_in_of_its_own(self, db):
        answer = Client().get(reverse("admin:index"))
        assert answer.url == f"{reverse('sign-in')}?next={reverse('admin:index')}"
        posted = Client().post(reverse("admin:login"), {"username": "root", "password": "root" * 4})
        assert posted.url.partition("?")[0] == reverse("sign-in")

    def test_it_asks_for_the_same_code(self, db):
        root = User.objects.create_superuser("root", password="root" * 2)
        second_factor.give(root)
        client = Client()
        client.post(reverse("sign-in"), {"username": "root", "password": "root" * 2})
        assert client.get(reverse("admin:index")).url.partition("?")[0] == reverse("sign-in")

    def test_accounts_are_read_there_and_not_changed(self, officer):
        User.objects.create_superuser("root", password="root" * 2)
        client = Client()
        client.post(reverse("sign-in"), {"username": "root", "password": "root" * 2})
        url = reverse("admin:signoffs_user_change", args=[officer.pk])
        page = client.get(url)
        assert (page.status_code, 'name="_save"' in page.content.decode()) == (200, False)
        assert client.post(url, {"is_superuser": "on"}).status_code == 403
        assert client.get(reverse("admin:password_change")).url == reverse("account_change_password")


def test_a_students_page_asks_for_no_session_and_no_account(own_class):
    client = Client()
    client.get(reverse("class-link", args=[links.issue(own_class, "student", timezone.now()).token]))
    with CaptureQueriesContext(connection) as captured:
        assert client.get(reverse("class")).status_code == 200
    tables = ("django_session", "signoffs_user", "usersession", "signinrule", "cache")
    assert [one["sql"] for one in captured if any(table in one["sql"] for table in tables)] == []
