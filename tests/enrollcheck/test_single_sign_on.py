"""The campus's single sign-on, against a real provider of OpenID Connect on loopback."""

from urllib.parse import parse_qs, urlsplit

import oidc_provider_mock
import pytest
import requests
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import reverse

from enrollcheck import env
from signoffs import flow
from signoffs.models import Event, User
from signoffs.queries.actors import Who
from tests import pages, second_factor

# The provider's own libraries, on their way to their next versions.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

CAMPUS = env.CampusSignOn("", "enrollcheck", "a-secret", "preferred_username", "云麓理工统一认证")
PEOPLE = {"sub-1": "10086", "sub-2": "10086", "sub-3": "20001", "sub-nameless": ""}


@pytest.fixture(scope="module")
def provider():
    """The provider's address; its people have the campus names of PEOPLE."""
    people = [
        oidc_provider_mock.User(
            sub=sub, claims={"preferred_username": name, "email": "office@example.edu.cn"}
        )
        for sub, name in PEOPLE.items()
    ]
    with oidc_provider_mock.run_server_in_thread(user_claims=people) as server:
        yield f"http://localhost:{server.server_port}"


def switch_on(settings, issuer: str) -> None:
    """Set what the environment would, as settings.py makes it."""
    settings.CAMPUS_SIGN_ON = CAMPUS
    app = {
        "provider_id": "campus",
        "name": CAMPUS.label,
        "client_id": CAMPUS.client_id,
        "secret": CAMPUS.client_secret,
        "settings": {"server_url": issuer},
    }
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app], "OAUTH_PKCE_ENABLED": True}}


@pytest.fixture
def campus(provider, settings):
    """The sign-on, switched on."""
    switch_on(settings, provider)


@pytest.fixture
def person(office) -> User:
    """The office's account, for which the office has entered a campus name."""
    office.campus_name, office.email = "10086", "office@example.edu.cn"
    office.save()
    return office


def answer_of(client: Client, sub: str) -> str:
    """Go to the provider, say there who one is, and return the address that it sends the browser back to."""
    away = client.get(reverse("openid_connect_login", kwargs={"provider_id": "campus"}))
    assert away.status_code == 302
    back = requests.post(away.url, data={"sub": sub}, allow_redirects=False, timeout=10)
    assert back.status_code == 302
    return back.headers["Location"].removeprefix("http://testserver")


def sign_on(sub: str) -> tuple[Client, str]:
    """Sign on as somebody; return the browser, and where it was led."""
    client = Client()
    return client, client.get(answer_of(client, sub)).url


def is_in(client: Client) -> bool:
    """Say whether the browser is signed in."""
    return client.get(reverse("account")).status_code == 200


class TestOff:
    def test_there_is_no_button_and_no_page(self, db):
        assert "campus" not in Client().get(reverse("sign-in")).content.decode()
        for name in ("openid_connect_login", "openid_connect_callback"):
            assert Client().get(reverse(name, kwargs={"provider_id": "campus"})).status_code == 404


class TestOn:
    def test_a_whole_sign_in(self, campus, person):
        page = Client().get(reverse("sign-in"))
        assert "云麓理工统一认证" in pages.text(page)
        assert reverse("openid_connect_login", kwargs={"provider_id": "campus"}) in pages.links(page)
        client, led = sign_on("sub-1")
        assert led == reverse("home")
        assert client.get(reverse("office-accounts")).status_code == 200
        tied = SocialAccount.objects.get()
        assert (tied.user, tied.uid, tied.extra_data) == (person, "sub-1", {})
        assert not SocialToken.objects.exists()
        assert [event.verb for event in Event.objects.filter(user=person)] == ["tie_campus"]
        again, _ = sign_on("sub-1")
        assert is_in(again)
        assert SocialAccount.objects.get().extra_data == {}

    def test_the_request_carries_state_and_pkce(self, campus, person):
        away = Client().get(reverse("openid_connect_login", kwargs={"provider_id": "campus"}))
        asked = parse_qs(urlsplit(away.url).query)
        assert asked["code_challenge_method"] == ["S256"]
        assert len(asked["state"][0]) >= 16

    def test_where_somebody_wanted_to_go_is_kept(self, campus, person):
        client = Client()
        url = reverse("openid_connect_login", kwargs={"provider_id": "campus"})
        away = client.get(f"{url}?next=/office/roster/")
        back = requests.post(away.url, data={"sub": "sub-1"}, allow_redirects=False, timeout=10)
        assert client.get(back.headers["Location"].removeprefix("http://testserver")).url == "/office/roster/"

    def test_an_unknown_identity_is_refused_with_a_sentence_and_makes_no_account(self, campus, person):
        client, led = sign_on("sub-3")
        assert led == reverse("sign-in")
        assert "本系统没有与 20001 对应的账号" in pages.text(client.get(led))
        assert (is_in(client), User.objects.count(), SocialAccount.objects.count()) == (False, 1, 0)

    @pytest.mark.parametrize("same", ["username", "email"])
    def test_a_user_name_or_an_address_alone_opens_nothing(self, campus, office, same):
        if same == "username":
            office.username = "10086"
        office.email = "office@example.edu.cn"  # which the provider tells too
        office.save()
        client, _ = sign_on("sub-1")
        assert not is_in(client)

    def test_an_identity_without_the_claim_is_refused(self, campus, office):
        assert office.campus_name == ""  # as empty as what the provider tells
        client, led = sign_on("sub-nameless")
        assert "未返回您的身份" in pages.text(client.get(led))
        assert not is_in(client)

    def test_a_campus_name_given_to_somebody_else_opens_nothing_until_untied(self, campus, person):
        sign_on("sub-1")
        client, led = sign_on("sub-2")
        assert "此前已有另一身份" in pages.text(client.get(led))
        assert not is_in(client)
        flow.untie_campus(user=person, who=Who(user=person))
        client, _ = sign_on("sub-2")
        assert is_in(client)

    def test_a_campus_name_that_the_office_took_away_opens_nothing(self, campus, person):
        sign_on("sub-1")
        User.objects.update(campus_name="")
        client, led = sign_on("sub-1")
        assert "统一认证账号已变更" in pages.text(client.get(led))
        assert not is_in(client)

    def test_a_deactivated_account_stays_shut(self, campus, person):
        sign_on("sub-1")
        User.objects.update(is_active=False)
        client = Client()
        answer = client.get(answer_of(client, "sub-1"))
        assert (answer.status_code, "已停用" in pages.text(answer)) == (403, True)
        assert not is_in(client)

    def test_the_second_factor_is_asked_for_all_the_same(self, campus, person):
        secret = second_factor.give(person)
        client, led = sign_on("sub-1")
        assert led == reverse("mfa_authenticate")
        assert not is_in(client)
        client.post(led, {"code": second_factor.code(secret)})
        assert is_in(client)

    def test_a_required_second_factor_is_set_up_first(self, campus, person):
        flow.require_second_factor(of="everybody", who=Who(user=person))
        person.set_unusable_password()
        person.save()
        client, _ = sign_on("sub-1")
        url = reverse("mfa_activate_totp")
        assert client.get(reverse("office")).url == url
        secret = second_factor.secret_on(client.get(url))  # without a password that it could ask for
        assert client.post(url, {"code": second_factor.code(secret)}).status_code == 302
        assert client.get(reverse("office-accounts")).status_code == 200


class TestForged:
    def test_a_forged_state_is_refused(self, campus, person):
        client = Client()
        address = answer_of(client, "sub-1")
        state = parse_qs(urlsplit(address).query)["state"][0]
        answer = client.get(address.replace(state, "x" * len(state)))
        assert answer.url == reverse("sign-in")
        assert "统一身份认证未成功" in pages.text(client.get(answer.url))
        assert not is_in(client)

    def test_the_answer_to_somebody_elses_browser_is_refused(self, campus, person):
        address, victim = answer_of(Client(), "sub-1"), Client()
        victim.get(reverse("openid_connect_login", kwargs={"provider_id": "campus"}))
        victim.get(address)
        assert not is_in(victim)

    def test_an_answer_opens_once(self, campus, person):
        client = Client()
        address = answer_of(client, "sub-1")
        client.get(address)
        client.post(reverse("sign-out"))
        client.get(address)
        assert not is_in(client)

    @pytest.mark.parametrize("process", ["connect", "redirect"])
    def test_nobody_ties_a_foreign_identity_to_their_own_account(self, campus, officer, process):
        client = Client()
        client.force_login(officer)
        url = reverse("openid_connect_login", kwargs={"provider_id": "campus"})
        away = client.get(f"{url}?process={process}")
        back = requests.post(away.url, data={"sub": "sub-1"}, allow_redirects=False, timeout=10)
        answer = client.get(back.headers["Location"].removeprefix("http://testserver"))
        assert (answer.url, SocialAccount.objects.count()) == (reverse("sign-in"), 0)

    def test_a_denial_leads_back_to_the_sign_in(self, campus, person):
        client = Client()
        away = client.get(reverse("openid_connect_login", kwargs={"provider_id": "campus"}))
        back = requests.post(away.url, data={"action": "deny"}, allow_redirects=False, timeout=10)
        answer = client.get(back.headers["Location"].removeprefix("http://testserver"))
        assert answer.url == reverse("sign-in")

    def test_a_provider_that_does_not_answer_is_said(self, settings, person):
        switch_on(settings, "http://127.0.0.1:1")
        client = Client()
        answer = client.get(reverse("openid_connect_login", kwargs={"provider_id": "campus"}))
        assert answer.url == reverse("sign-in")
        assert "统一身份认证没有响应" in pages.text(client.get(answer.url))


class TestSettings:
    @pytest.fixture
    def environment(self, monkeypatch):
        """Return a function that sets the environment and reads it."""

        def read(**values):
            for name in ("ISSUER", "CLIENT_ID", "CLIENT_SECRET"):
                monkeypatch.delenv(f"OIDC_{name}", raising=False)
            for name, value in values.items():
                monkeypatch.setenv(f"OIDC_{name.upper()}", value)
            return env.campus_sign_on()

        return read

    def test_off_without_an_issuer(self, environment):
        assert environment() is None

    def test_on(self, environment):
        read = environment(issuer="https://sso.example.edu.cn/cas/oidc/", client_id="x", client_secret="y")
        assert (read.issuer, read.claim) == ("https://sso.example.edu.cn/cas/oidc", "preferred_username")

    @pytest.mark.parametrize(
        ("values", "named"),
        [
            ({"client_id": "x"}, "OIDC_CLIENT_ID is set without OIDC_ISSUER"),
            ({"issuer": "https://sso.example.edu.cn"}, "OIDC_CLIENT_ID is not set"),
            ({"issuer": "https://sso.example.edu.cn", "client_id": "x"}, "OIDC_CLIENT_SECRET is not set"),
            ({"issuer": "http://sso.example.edu.cn", "client_id": "x", "client_secret": "y"}, "like https"),
            ({"issuer": "sso.example.edu.cn", "client_id": "x", "client_secret": "y"}, "like https"),
        ],
    )
    def test_half_of_it_is_refused_with_a_sentence(self, environment, values, named):
        with pytest.raises(ImproperlyConfigured, match=named):
            environment(**values)
