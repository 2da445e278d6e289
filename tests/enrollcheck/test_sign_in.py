"""Sign-in: how passwords are kept, what stops guessing, from which address, and when a session ends."""

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher, make_password
from django.test import Client, RequestFactory
from django.urls import reverse

from enrollcheck import settings as product
from enrollcheck.sessions import BEGAN, SEEN
from enrollcheck.signing_in import AccountAdapter
from tests import factories, pages, second_factor

HOUR = 3600


def attempt(username: str, password: str = "wrong", *, address: str = "10.0.0.1"):
    """Try to sign in, as through the web server on this machine; return the answer."""
    typed = {"username": username, "password": password}
    return Client(headers={"X-Real-IP": address}).post(reverse("sign-in"), typed)


class TestPasswords:
    @pytest.fixture(autouse=True)
    def _products_hashers(self, settings):
        settings.PASSWORD_HASHERS = product.PASSWORD_HASHERS

    def test_argon2id_comes_first(self):
        assert make_password("secret").startswith("argon2$argon2id$v=19$m=47104,t=1,p=1$")

    def test_an_old_hash_opens_and_is_renewed_at_sign_in(self, office):
        office.password = PBKDF2PasswordHasher().encode("office" * 2, "salt" * 6, iterations=10)
        office.save()
        assert attempt("office", "office" * 2).status_code == 302
        office.refresh_from_db()
        assert office.password.startswith("argon2$")
        assert attempt("office", "office" * 2).status_code == 302


class TestLimits:
    def test_five_failures_lock_one_account_and_say_what_to_do(self, office, officer):
        answers = [attempt("office") for _ in range(5)]
        assert [answer.status_code for answer in answers] == [422] * 5
        locked = attempt("office", "office" * 2)
        assert locked.status_code == 429
        assert "请五分钟后再试" in pages.text(locked)
        # Nobody else behind the same address is kept out by it.
        assert attempt("officer", "officer" * 2).status_code == 302

    def test_from_another_address_a_locked_account_stays_locked(self, office):
        for number in range(5):
            attempt("office", address=f"10.0.0.{number}")
        assert attempt("office", "office" * 2, address="10.0.0.9").status_code == 429

    def test_a_machine_that_tries_many_names_is_slowed_down(self, office):
        statuses = [attempt(f"name{number}").status_code for number in range(61)]
        assert statuses == [422] * 60 + [429]
        assert attempt("office", "office" * 2, address="10.0.0.2").status_code == 302

    def test_signing_in_rightly_counts_for_nothing(self, office):
        assert [attempt("office", "office" * 2).status_code for _ in range(8)] == [302] * 8

    def test_codes_are_not_guessed_either(self, office):
        secret = second_factor.give(office)
        client = Client()
        client.post(reverse("sign-in"), {"username": "office", "password": "office" * 2})
        answers = [client.post(reverse("mfa_authenticate"), {"code": "x"}) for _ in range(5)]
        assert [answer.status_code for answer in answers] == [422] * 5
        locked = client.post(reverse("mfa_authenticate"), {"code": second_factor.code(secret)})
        assert (locked.status_code, "请五分钟后再试" in pages.text(locked)) == (429, True)

    def test_more_posts_than_people_make_are_answered_by_a_page_of_ours(self, office, settings):
        settings.ACCOUNT_RATE_LIMITS = {"login": "2/m/ip", "login_failed": None}
        statuses = [attempt("office").status_code for _ in range(3)]
        assert statuses == [422, 422, 429]
        assert "当前网络地址的登录请求过多" in pages.text(attempt("office"))

    @pytest.mark.parametrize(
        ("connection", "header", "counted"),
        [
            ("127.0.0.1", "203.0.113.7", "203.0.113.7"),
            ("::1", "2001:db8::7", "2001:db8::7"),
            ("127.0.0.1", None, "127.0.0.1"),
            ("127.0.0.1", "nonsense", "127.0.0.1"),
            ("198.51.100.3", "203.0.113.7", "198.51.100.3"),  # the client's own word
        ],
    )
    def test_the_address_is_the_web_servers_word_or_the_connections(self, connection, header, counted):
        headers = {"X-Real-IP": header} if header else {}
        request = RequestFactory(headers=headers).get("/sign-in/", REMOTE_ADDR=connection)
        assert AccountAdapter(request).get_client_ip(request) == counted


class TestSessions:
    def after(self, user, *, began: int, seen: int, **headers):
        """Return the answer to a page of a session that began, and was last used, so many seconds ago."""
        client = Client()
        client.post(reverse("sign-in"), {"username": user.username, "password": user.username * 2})
        client.get(reverse("office"))
        session = client.session
        session[BEGAN], session[SEEN] = session[BEGAN] - began, session[SEEN] - seen
        session.save()
        self.client = client
        return client.get(reverse("office"), headers=headers)

    @pytest.mark.parametrize(
        ("began", "seen", "status"),
        [
            (0, 0, 200),
            (2 * HOUR, 2 * HOUR - 60, 200),
            (2 * HOUR + 60, 2 * HOUR + 60, 302),
            (12 * HOUR - 60, 60, 200),
            (12 * HOUR + 60, 60, 302),
        ],
    )
    def test_it_ends_after_two_idle_hours_and_after_twelve(self, office, began, seen, status):
        answer = self.after(office, began=began, seen=seen)
        assert answer.status_code == status
        if status == 302:
            assert answer.url == f"{reverse('sign-in')}?next={reverse('office')}"
            assert "已自动退出登录" in pages.text(self.client.get(answer.url))

    def test_a_page_opened_is_use_and_one_that_refreshes_itself_is_none(self, office):
        self.after(office, began=HOUR, seen=HOUR)
        used = self.client.session[SEEN]
        self.after(office, began=HOUR, seen=HOUR, hx_request="true")
        assert used - self.client.session[SEEN] > HOUR - 60

    def test_a_refreshing_part_of_an_ended_session_reloads_the_whole_page(self, office):
        answer = self.after(office, began=13 * HOUR, seen=0, hx_request="true")
        assert (answer.status_code, answer["HX-Refresh"]) == (200, "true")

    def test_it_ends_with_the_browser(self, office):
        answer = attempt("office", "office" * 2)
        cookie = answer.cookies["sessionid"]
        assert (cookie["max-age"], cookie["expires"], cookie["httponly"]) == ("", "", True)

    def test_signing_out_takes_a_post(self, office):
        client = Client()
        client.force_login(factories.user("other"))
        assert client.get(reverse("sign-out")).status_code == 405
        assert client.post(reverse("sign-out")).status_code == 302
        assert client.get(reverse("office")).status_code == 302
