"""What django-allauth asks us at a sign-in: from where, with which second factor, and as whom.

Its three adapters in one place. Nobody signs up here: accounts are made by the office alone.
"""

import base64
import time
from ipaddress import ip_address
from typing import Any, NoReturn

import segno
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from allauth.socialaccount.providers.base.constants import AuthError, AuthProcess
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rosters.encryption import key_ring
from signoffs import flow
from signoffs.models import User
from signoffs.queries import staffing
from signoffs.views.failures import page

from .second_factors import SEALED_AS

# Who gave a password or a code so recently isn't asked again before the second factor is changed.
FRESH = 10 * 60  # seconds: long enough to install an app meanwhile
TOO_MANY = gettext_lazy(
    "Too many attempts. Wait five minutes, then try again. Who has forgotten the password asks the office "
    "for a new link."
)


class AccountAdapter(DefaultAccountAdapter):
    """Sign-in by password."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "too_many_login_attempts": TOO_MANY,
        "rate_limited": TOO_MANY,
        "username_password_mismatch": gettext_lazy("The user name or the password is not right."),
        "email_password_mismatch": gettext_lazy("The user name or the password is not right."),
        "incorrect_password": gettext_lazy("The password is not right."),
        "enter_current_password": gettext_lazy("The present password is not right."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts are made by the office."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the address that the limits count by.

        Behind the web server on this machine that is X-Real-IP, which it sets anew for each request (see
        OPERATIONS.md). From anywhere else the header is the client's own word, and counts for nothing.
        """
        connection = request.META.get("REMOTE_ADDR") or "127.0.0.1"
        told = request.headers.get("X-Real-IP", "")
        try:
            return str(ip_address(told)) if ip_address(connection).is_loopback and told else connection
        except ValueError:
            return connection

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        """The password was right, and still nobody is let in."""
        advice = _("This account was deactivated. Ask the academic affairs office if that is wrong.")
        return page(request, 403, _("Not allowed"), advice)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Ask for the password again unless somebody has just signed in."""
        records = get_authentication_records(self.request, self.request.user)
        just_now = bool(records) and time.time() - records[-1]["at"] < FRESH
        return not just_now and super().is_reauthentication_required(app=app, **kwargs)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Back to the account's page."""
        return reverse("account")

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Say nothing in allauth's words: our pages say what was done."""


class SecondFactorAdapter(DefaultMFAAdapter):
    """Codes of an authenticator app (TOTP), and recovery codes."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": gettext_lazy(
            "The code is not right. Look at the app again: it changes every 30 seconds."
        ),
        "cannot_delete_authenticator": gettext_lazy("The office requires a second factor of this account."),
    }

    def encrypt(self, text: str) -> str:
        """Seal a secret with the writing key of FIELD_KEY."""
        return base64.b64encode(key_ring().seal(text.encode(), SEALED_AS)).decode("ascii")

    def decrypt(self, encrypted_text: str) -> str:
        """Open a secret. Raise CannotDecrypt where its key is gone."""
        return key_ring().unseal(base64.b64decode(encrypted_text), SEALED_AS).decode()

    def get_totp_label(self, user: User) -> str:
        """Name the entry in the app by the user name."""
        return user.get_username()

    def build_totp_svg(self, url: str) -> str:
        """Draw the code for the page itself: the policy allows no data: address, and no style."""
        code = segno.make(url, error="m")
        return code.svg_inline(scale=4, border=3, light="#fff", svgclass="qr", lineclass=None)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """A required second factor stays; the office takes it away where it was lost."""
        return not staffing.needs_second_factor(authenticator.user)


class CampusAdapter(DefaultSocialAccountAdapter):
    """Sign-in by the campus's OpenID Connect provider: into an account that exists, or not at all.

    How somebody could take an account over, and what stands against it:
    - by a user name of ours at the provider (students choose theirs at some): an account is found by its
      campus name alone, which the office has entered for it; none is entered by itself;
    - by an e-mail address that the provider never verified: addresses count for nothing here;
    - by a campus name that was given to somebody else: the first sign-in ties the provider's own, permanent
      identifier (`sub`) to the account, and another one is refused until the office unties it;
    - by answers of two people mixed (the token one's, the user info another's): both must name the same;
    - by a link with a foreign `code` or `state`: allauth's state is bound to the browser's session, and PKCE
      binds the code to the request that began it.
    The second factor is asked for afterwards as after a password.
    """

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Accounts are made by the office."""
        return False

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """Only the environment names a provider: a row of the database does not."""
        apps = super().list_apps(request, provider=provider, client_id=client_id)
        return [app for app in apps if app.pk is None]

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Find the account, or refuse with a sentence."""
        told = sociallogin.account.extra_data
        answers = [told[part] for part in ("userinfo", "id_token") if told.get(part)]
        subjects = {answer.get("sub") for answer in answers}
        sign_on = settings.CAMPUS_SIGN_ON
        claim = str(answers[0].get(sign_on.claim) or "") if sign_on and answers else ""
        # Kept is the identifier alone, no claim: who somebody is stands in the account.
        sociallogin.account.extra_data = {}
        if sociallogin.is_existing:
            sociallogin.account.save(update_fields=["extra_data"])
        # By ?process=connect allauth would tie an identity to whoever is signed in.
        if sociallogin.state.get("process") != AuthProcess.LOGIN:
            self._refuse(request, _("The campus sign-on did not work. Begin again, or use your password."))
        if len(subjects) != 1 or not claim:
            self._refuse(request, _("The campus sign-on did not say who you are. Use your password."))
        if sociallogin.is_existing and sociallogin.user.campus_name == claim:
            return
        if sociallogin.is_existing:
            self._refuse(request, _("Your campus name has changed. Ask the office to enter the new one."))
        user = User.objects.filter(campus_name=claim).first()
        if user is None or not user.is_active:
            self._refuse(
                request,
                _("No account here belongs to %(name)s. Ask the academic affairs office to enter it.")
                % {"name": claim},
            )
        if SocialAccount.objects.filter(user=user).exists():
            self._refuse(
                request,
                _("Somebody else has signed in by this campus name before. Ask the academic affairs office."),
            )
        sociallogin.connect(request, user)
        flow.note_own(user=user, verb="tie_campus")

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: str | None = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> NoReturn:
        """Say what to do: after a cancelled sign-on, a forged or old answer, and a provider that fails."""
        if error == AuthError.CANCELLED:
            raise ImmediateHttpResponse(redirect("sign-in"))
        self._refuse(request, _("The campus sign-on did not work. Begin again, or use your password."))

    def _refuse(self, request: HttpRequest, sentence: str) -> NoReturn:
        messages.error(request, sentence)
        raise ImmediateHttpResponse(redirect("sign-in"))
