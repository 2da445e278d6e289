"""Guessed links, forged and replayed cookies, and sessions that are tried where they do not belong."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core import signing
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rosters import key_fields
from signoffs import flow
from signoffs.access import visits
from signoffs.entrance import links
from signoffs.models import ClassLink, Declaration
from signoffs.queries.actors import Who
from tests import factories, pages, stories

from . import cast

RECORD, CLASS = reverse("class-record"), reverse("class")


def answers(page, student) -> dict:
    """Return the page's form, filled in by a student for whom all is right."""
    said = pages.hidden(page)
    said |= {f"answer_{field.name}": "ok" for field in key_fields.KEY_FIELDS}
    return said | {
        "chsi_id_number": student.id_number,
        "status": key_fields.GOOD_STATUS,
        "typed_name": student.name,
    }


def with_cookies(client: Client) -> Client:
    """Return another browser that holds the same cookies: somebody has copied them."""
    thief = Client()
    for name, morsel in client.cookies.items():
        thief.cookies[name] = morsel.value
    return thief


class TestLinks:
    def test_a_token_can_not_be_guessed(self, own_class):
        tokens = {links._new(own_class, "student", timezone.now()).token for _ in range(500)}
        assert len(tokens) == 500
        assert {len(token) for token in tokens} == {24}  # 18 random bytes: 144 bits

    def test_what_is_near_a_token_leads_nowhere(self, own_class):
        token = links.issue(own_class, "student", timezone.now()).token
        near = {token[:-1], token + "A", token.swapcase(), token[::-1], token[:-1] + "*", token[:12] + "%"}
        statuses = {Client().get(f"/c/{one}/").status_code for one in near - {token}}
        assert statuses == {404}

    def test_a_students_link_does_not_open_the_monitors_door(self, own_class):
        now = timezone.now()
        tokens = {kind: links.issue(own_class, kind, now).token for kind in ("student", "monitor")}
        assert Client().get(f"/m/{tokens['student']}/").status_code == 404
        assert Client().get(f"/c/{tokens['monitor']}/").status_code == 404

    def test_the_token_leaves_the_address_and_no_page_behind_it_holds_it(self, own_class, student):
        token = links.issue(own_class, "student", timezone.now()).token
        client = Client()
        assert client.get(f"/c/{token}/").url == CLASS
        stories.identify(client, "class-identify", student)
        for url in (CLASS, RECORD, reverse("class-guide"), reverse("class-claim")):
            assert token not in client.get(url, follow=True).content.decode()

    def test_a_renewed_link_ends_the_visits_that_began_with_the_old_one(self, own_class, student, officer):
        client = cast.identified(student)
        link = ClassLink.objects.get(class_group=own_class, kind="student", revoked_at=None)
        flow.rotate_link(link=link, who=Who(user=officer))
        assert client.get(RECORD).status_code == 403


class TestForgedCookies:
    @pytest.mark.parametrize(
        "change",
        [
            lambda value: value[:-1] + ("A" if value[-1] != "A" else "B"),
            lambda value: "x" + value,
            lambda value: value.replace(":", "", 1),
            lambda value: value.rpartition(":")[0],
            lambda value: value.upper(),
            lambda value: "",
            lambda value: "\0" * 100,
            lambda value: "a" * 50_000,
            lambda value: signing.dumps({"link": "x"}, salt="visit-student", key="another key"),
        ],
    )
    def test_a_changed_cookie_opens_nothing(self, student, change):
        client = cast.identified(student)
        client.cookies["visit-student"] = change(client.cookies["visit-student"].value)
        assert client.get(RECORD).status_code == 403

    def test_a_cookie_of_one_kind_is_none_of_another(self, student):
        client = cast.identified(student)
        for taken, given in (("visit-student", "visit-monitor"), ("device", "visit-monitor")):
            client.cookies[given] = client.cookies[taken].value
            assert client.get(reverse("monitor")).status_code == 403
        client.cookies["visit-student"] = client.cookies["device"].value
        assert client.get(RECORD).status_code == 403

    def test_a_second_cookie_of_the_same_name_opens_nothing_more(self, student, other_class):
        client = cast.identified(student)
        true, forged = client.cookies["visit-student"].value, "e30:1:x"
        for both in (f"visit-student={true}; visit-student={forged}",
                     f"visit-student={forged}; visit-student={true}"):  # fmt: skip
            assert Client().get(RECORD, headers={"cookie": both}).status_code in (200, 403)

    def test_two_hours_later_it_is_over(self, student, monkeypatch):
        client = cast.identified(student)
        monkeypatch.setattr(visits, "VISIT_LASTS", timedelta(seconds=-1))
        assert client.get(RECORD).status_code == 403

    def test_an_older_kind_of_cookie_asks_to_identify_again(self, own_class, student):
        link = links.issue(own_class, "student", timezone.now())
        value = {"link": str(link.uuid), "student": str(student.uuid), "at": "2026-11-24T12:00:00+08:00",
                 "how": "number"}  # fmt: skip
        client = Client()
        client.cookies["visit-student"] = signing.dumps(value, salt="visit-student")
        assert client.get(RECORD).url == CLASS

    def test_a_guessed_session_is_nobodys(self, office):
        for guess in ("", "a" * 32, "\0", "'", "x" * 9000):
            client = Client()
            client.cookies["sessionid"] = guess
            assert client.get("/office/").status_code == 302

    def test_a_session_that_was_given_before_signing_in_is_not_kept(self, office):
        client = Client()
        client.cookies["sessionid"] = "chosenbytheattacker0123456789abc"
        client.post(reverse("sign-in"), {"username": "office", "password": "officeoffice"})
        assert client.cookies["sessionid"].value != "chosenbytheattacker0123456789abc"
        assert client.get("/office/").status_code == 200


class TestReplay:
    def test_a_cookie_kept_from_before_sending_opens_nothing_after_it(self, student):
        client = cast.identified(student)
        thief = with_cookies(client)
        assert thief.get(RECORD).status_code == 200
        sent = client.post(RECORD, answers(client.get(RECORD), student))
        assert (sent.status_code, client.cookies["visit-student"].value) == (200, "")
        for url in (RECORD, f"{RECORD}?again=1", reverse("class-receipt")):
            assert thief.get(url).url == CLASS
        for url in (RECORD, reverse("class-withdraw"), reverse("class-contest"), reverse("class-paste")):
            assert thief.post(url, {"submission_id": str(uuid4())}).url == CLASS
        assert student.name not in thief.get(CLASS).content.decode()

    def test_the_same_form_sent_again_gets_its_receipt_and_is_one_declaration(self, student):
        client = cast.identified(student)
        again = with_cookies(client)
        form = answers(client.get(RECORD), student)
        first, second = client.post(RECORD, form), again.post(RECORD, form)
        assert [first.status_code, second.status_code] == [200, 200]
        code = Declaration.objects.get().uuid.hex[:8].upper()
        assert code in pages.text(first)
        assert code in pages.text(second)

    def test_who_identifies_again_gets_in(self, student):
        client = cast.identified(student)
        client.post(RECORD, answers(client.get(RECORD), student))
        again = cast.identified(student)
        assert again.get(reverse("class-receipt")).status_code == 200
        assert again.post(reverse("class-withdraw")).status_code == 302
        assert again.get(RECORD).status_code == 200

    def test_a_spent_code_opens_nothing(self, own_class, student, officer):
        code = links.issue_code(student, officer, timezone.now())
        typed = {"student_number": student.student_number, "code": code}
        statuses = [cast.visitor(own_class).post(reverse("class-identify"), typed).status_code for _ in "12"]
        assert statuses == [302, 422]

    def test_a_code_is_no_other_students(self, own_class, student, officer):
        code = links.issue_code(student, officer, timezone.now())
        typed = {"student_number": own_class.students.get(seat=3).student_number, "code": code}
        assert cast.visitor(own_class).post(reverse("class-identify"), typed).status_code == 422

    def test_the_visit_costs_no_query_more(self, student, django_assert_max_num_queries):
        def loading(client) -> list[str]:
            with django_assert_max_num_queries(20) as few:
                client.get(reverse("class-guide"))
            return [one["sql"] for one in few.captured_queries]

        assert len(loading(cast.identified(student))) == 2  # the student with their standing, and the link
        stories.confirm(student)
        assert len(loading(cast.identified(student))) == 3  # and what they declared


class TestElsewhere:
    def test_a_session_of_one_class_is_nothing_in_another(self, student, other_class):
        """There is no address with another class in it: the cookie's link alone says which class it is."""
        client = cast.identified(student)
        stranger = other_class.students.get(seat=2)
        assert stories.identify(client, "class-identify", stranger).status_code == 422
        assert stranger.name not in client.get(RECORD).content.decode()

    def test_opening_another_classs_link_ends_the_identification(self, student, other_class):
        client = cast.identified(student)
        token = links.issue(other_class, "student", timezone.now()).token
        client.get(f"/c/{token}/")
        assert client.get(RECORD).url == CLASS

    def test_a_monitor_cannot_post_as_a_student(self, own_class):
        monitor, student = own_class.students.get(seat=1), own_class.students.get(seat=2)
        client = cast.identified(monitor, "monitor")
        said = answers(cast.identified(student).get(RECORD), student)
        assert client.post(RECORD, said).status_code == 403  # not a student's visit
        client.get(f"/c/{links.issue(own_class, 'student', timezone.now()).token}/")
        assert client.post(RECORD, said).url == CLASS  # not identified there
        stories.identify(client, "class-identify", monitor)
        client.post(RECORD, said | {"student": str(student.uuid)})
        assert Declaration.objects.filter(student=student).count() == 0

    def test_a_monitor_reaches_no_student_of_another_class(self, own_class, other_class):
        client = cast.identified(own_class.students.get(seat=1), "monitor")
        stranger = other_class.students.get(seat=2)
        statuses = {
            name: getattr(client, method)(reverse(name, args=[stranger.uuid])).status_code
            for name, method in (("monitor-student", "get"), ("monitor-excuse", "post"),
                                 ("monitor-lift-excuse", "post"), ("monitor-paper", "post"))
        }  # fmt: skip
        assert set(statuses.values()) == {404}

    def test_a_former_monitors_session_ends_with_the_duty(self, own_class, officer):
        monitor = own_class.students.get(seat=2)
        flow.name_monitor(student=monitor, who=Who(user=officer))
        client = cast.identified(monitor, "monitor")
        flow.unname_monitor(student=monitor, who=Who(user=officer))
        assert client.get(reverse("monitor")).url == reverse("monitor-identify")

    def test_an_officer_reaches_nothing_of_another_department(self, officer, other_class):
        client = Client()
        client.force_login(officer)
        head = factories.user("head", role="department", in_department=other_class.department)
        stranger = other_class.students.get(seat=2)
        stories.confirm(stranger)
        urls = [reverse("department-class", args=[other_class.uuid]),
                reverse("department-student", args=[stranger.uuid])]  # fmt: skip
        assert {client.get(url).status_code for url in urls} == {404}
        foreign = {"rotate": other_class, "form": other_class, "poster": other_class}
        foreign |= {"code": stranger, "name-monitor": stranger}
        for name, one in foreign.items():
            assert client.post(reverse(f"department-{name}", args=[one.uuid])).status_code == 404
        assert links.OneTimeCode.objects.count() == 0
        for export in ("department-forms", "department-posters"):
            assert client.post(reverse(export), {"department": str(head.memberships.get().department.uuid)})
        page = client.get(reverse("department")).content.decode()
        assert (other_class.name in page, str(other_class.department) in page) == (False, False)


class TestForms:
    @pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
    def test_every_page_wants_its_own_token(self, student, office, method):
        client = Client(enforce_csrf_checks=True)
        for url in (RECORD, reverse("class-identify"), reverse("sign-in"), reverse("office-roster"),
                    reverse("set-language"), reverse("class-leave"), reverse("sign-out")):  # fmt: skip
            assert getattr(client, method)(url).status_code == 403, url

    @pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"])
    def test_a_get_stays_a_get(self, student, header):
        client = cast.identified(student)
        stories.confirm(student)
        response = client.get(f"{reverse('class-withdraw')}?_method=POST", headers={header: "POST"})
        assert response.status_code == 405

    @pytest.mark.parametrize(
        "address",
        [
            "https://evil.example.com/",
            "//evil.example.com",
            "/\\evil.example.com",
            "javascript:alert(1)",
            "http:///evil.example.com",
            "\thttps://evil.example.com",
            "https:evil.example.com",
            "http://testserver@evil.example.com/",
            "http://testserver.evil.example.com/",
        ],
    )
    def test_nobody_is_led_to_another_site(self, office, address):
        said = {"username": "office", "password": "officeoffice", "next": address}
        signed_in = Client().post(f"{reverse('sign-in')}?next=/office/", said)
        assert signed_in.url == "/"
        chosen = Client().post(
            reverse("set-language"), {"language": "en", "next": address}, headers={"referer": address}
        )
        assert chosen.url == "/"
