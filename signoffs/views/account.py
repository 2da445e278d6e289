"""One's own account: sign-in, invitation, password, second factor, sessions. django-allauth does the work."""

from collections.abc import Callable
from typing import Any, cast

from allauth.account import views as account
from allauth.mfa.base import views as second_factor
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from allauth.socialaccount.providers.openid_connect import views as openid_connect
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.sessions.models import Session
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.generic import FormView, View
from requests import RequestException

from .. import access, flow
from ..entrance import links
from ..forms.accounts import InvitationForm
from ..models import User
from ..queries import staffing
from ..queries.actors import Who
from .failures import page
from .pages import INVALID, REFUSED

TOO_MANY_REQUESTS = 429


def shown(page: type[View]) -> Callable[..., HttpResponseBase]:
    """Return the view of a page of allauth's: it would count a HEAD or a PUT as an attempt."""
    return require_http_methods(["GET", "POST"])(page.as_view())


def _status(form: BaseForm) -> int:
    """Return the status of a form that is not right: 422; 429 where it was one attempt too many."""
    codes = {error.code for errors in form.errors.as_data().values() for error in errors}
    return TOO_MANY_REQUESTS if codes & {"too_many_login_attempts", "rate_limited"} else INVALID


class _Page(FormView):
    """What allauth's pages get from us: the right status."""

    def form_invalid(self, form: BaseForm) -> HttpResponse:
        """Show the form again."""
        response = super().form_invalid(form)
        response.status_code = _status(form)
        return response


def _note(request: HttpRequest, verb: str, *, ends_others: bool = False) -> None:
    """Note what somebody did with their own account."""
    keep = request.session.session_key if ends_others else None
    flow.note_own(user=cast(User, request.user), verb=verb, keep=keep)


class SignIn(_Page, account.LoginView):
    """User name or e-mail, and password; then the code, where the account has a second factor."""

    template_name = "signoffs/account/sign_in.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Offer the campus's sign-on, where there is one."""
        return super().get_context_data(**kwargs) | {"campus": settings.CAMPUS_SIGN_ON}


class SignInCode(second_factor.AuthenticateView):
    """The second step of a sign-in: a code of the app, or a recovery code."""

    template_name = "signoffs/account/sign_in_code.html"

    def form_invalid(self, form: BaseForm) -> HttpResponse:
        """Show the form again, with the right status."""
        return self.render_to_response(self.get_context_data(), status=_status(form))


class _Confirm(_Page):
    """Before something sensitive: is it still you?"""

    template_name = "signoffs/account/confirm.html"


class ConfirmPassword(_Confirm, account.ReauthenticateView):
    """By the password."""


class ConfirmCode(_Confirm, second_factor.ReauthenticateView):
    """By a code."""


class ChangePassword(_Page, account.PasswordChangeView):
    """A new password, with the present one; the account's other sessions end."""

    template_name = "signoffs/account/password.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Who only ever came by the campus's sign-on has none to change: the office's link makes one."""
        if request.user.is_authenticated and not request.user.has_usable_password():
            messages.info(request, _("You have no password. The office can send you a link to choose one."))
            return redirect("account")
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: BaseForm) -> HttpResponse:
        """Note it; the account's other sessions end."""
        response = super().form_valid(form)
        _note(self.request, "change_password", ends_others=True)
        messages.success(self.request, _("Your password is changed. Elsewhere you are signed out."))
        return response


class SetUpSecondFactor(_Page, totp.ActivateTOTPView):
    """The code to scan, and the first code of the app."""

    template_name = "signoffs/account/second_factor.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Never keep the secret in a cache."""
        return never_cache(super().dispatch)(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say whether the office requires it."""
        required = staffing.lacks_second_factor(cast(User, self.request.user))
        return super().get_context_data(**kwargs) | {"required": required}

    def form_valid(self, form: BaseForm) -> HttpResponse:
        """Note it; the account's other sessions end, and here the recovery codes come."""
        response = super().form_valid(form)
        _note(self.request, "set_up_second_factor", ends_others=True)
        return response


class _WithSecondFactor(View):
    """Pages for who has a second factor; everybody else goes to the account's page."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Look before allauth does, which would find nothing."""
        if request.user.is_authenticated and not staffing.has_second_factor(request.user):
            return redirect("account")
        return never_cache(super().dispatch)(request, *args, **kwargs)


class RemoveSecondFactor(_WithSecondFactor, _Page, totp.DeactivateTOTPView):
    """Do without, where the office does not require it."""

    template_name = "signoffs/account/second_factor_remove.html"

    def get_success_url(self) -> str:
        """Back to the account."""
        return reverse("account")

    def form_valid(self, form: BaseForm) -> HttpResponse:
        """Note it."""
        response = super().form_valid(form)
        _note(self.request, "give_up_second_factor")
        messages.success(self.request, _("The second factor is off."))
        return response


class RecoveryCodes(_WithSecondFactor, recovery_codes.ViewRecoveryCodesView):
    """The codes for a lost phone, shown once."""

    template_name = "signoffs/account/recovery_codes.html"


class NewRecoveryCodes(_WithSecondFactor, _Page, recovery_codes.GenerateRecoveryCodesView):
    """New codes in place of the old ones."""

    template_name = "signoffs/account/recovery_codes_new.html"

    def form_valid(self, form: BaseForm) -> HttpResponse:
        """Note it; then the codes are shown."""
        response = super().form_valid(form)
        _note(self.request, "renew_recovery_codes")
        return response


@require_safe
@access.signed_in
def own_account(request: access.SignedInRequest) -> HttpResponse:
    """Name, roles, password, second factor, sessions."""
    user = request.user
    live = Session.objects.filter(expire_date__gt=timezone.now()).values("session_key")
    sessions = UserSession.objects.filter(user=user, session_key__in=live).order_by("-created_at")
    factors = {factor.type: factor for factor in Authenticator.objects.filter(user=user)}
    codes = factors.get(Authenticator.Type.RECOVERY_CODES)
    context = {
        "memberships": access.memberships(user),
        "second_factor": factors.get(Authenticator.Type.TOTP),
        "codes_left": len(codes.wrap().get_unused_codes()) if codes else 0,
        "required": staffing.needs_second_factor(user),
        "sessions": sessions,
        "this_session": request.session.session_key,
    }
    return render(request, "signoffs/account/account.html", context)


@require_POST
@access.signed_in
def sign_out_everywhere(request: access.SignedInRequest) -> HttpResponse:
    """End every session of one's account, this one too."""
    flow.sign_out_everywhere(user=request.user, who=Who(user=request.user))
    logout(request)
    messages.success(request, _("You are signed out everywhere."))
    return redirect("home")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Choose a password by a one-time link. Looking at it does not use it up: mail scanners look."""
    user = links.invited(token, timezone.now())
    if user is None:
        return page(request, 404, _("This link does not work any more"), staffing.LINK_IS_DEAD)
    status, form = 200, InvitationForm(user=user)
    if request.method == "POST":
        form, status = InvitationForm(request.POST, user=user), INVALID
        if form.is_valid():
            password = form.cleaned_data["password1"]
            try:
                flow.accept_invitation(token=token, password=password)
            except flow.Refused as refused:
                return page(request, REFUSED, _("This link does not work any more"), refused.reason)
            logout(request)
            messages.success(request, _("Your password is set. Sign in with it."))
            return redirect("sign-in")
    context = {"form": form, "invited": user}
    return render(request, "signoffs/account/invitation.html", context, status=status)


@require_safe
@never_cache
def campus(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Off to the campus's sign-on. Raise Http404 where there is none."""
    if settings.CAMPUS_SIGN_ON is None:
        raise Http404
    try:
        return openid_connect.login(request, provider_id)
    except (RequestException, ValueError):
        messages.error(
            request, _("The campus sign-on does not answer. Try again later, or sign in with your password.")
        )
        return redirect("sign-in")


@require_safe
@never_cache
def campus_callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Back from the campus's sign-on. Raise Http404 where there is none."""
    if settings.CAMPUS_SIGN_ON is None:
        raise Http404
    return openid_connect.callback(request, provider_id)
