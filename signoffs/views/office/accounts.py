"""The office's page of accounts: who may do what and where, invitations, and the required second factor."""

from collections.abc import Callable
from smtplib import SMTPException
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.core.mail import send_mail
from django.db.models import Exists, OuterRef, Prefetch, QuerySet, Subquery
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rosters.models import ClassGroup
from rosters.sentences import Sentence

from ... import access, flow
from ...entrance import links
from ...forms.accounts import AccountForm, NewAccountForm, SecondFactorRuleForm
from ...models import Event, Invitation, Membership, User
from ...outputs import letters
from ...queries import staffing
from ..pages import done, moves, office_page, posted, sent_data

EVENTS_SHOWN = 12


def _classes(desk: access.OfficeDesk) -> QuerySet[ClassGroup]:
    """Return the classes that a counsellor can be given: those of the campaign that the office looks at."""
    return desk.class_groups.order_by("department__name", "name")


def _staff() -> QuerySet[User]:
    """Return all accounts with what their row tells, at a constant number of queries."""
    now = timezone.now()
    factors = Authenticator.objects.filter(user=OuterRef("pk"), type=Authenticator.Type.TOTP)
    open_ones = Invitation.objects.filter(
        user=OuterRef("pk"), used_at=None, revoked_at=None, expires_at__gt=now
    )
    classes = Prefetch("class_groups", ClassGroup.objects.select_related("department", "campaign"))
    roles = Membership.objects.select_related("department").prefetch_related(classes)
    return (
        User.objects.annotate(
            second_factor=Exists(factors), invited_until=Subquery(open_ones.values("expires_at")[:1])
        )
        .prefetch_related(Prefetch("memberships", roles))
        .order_by("-is_active", "-is_superuser", "first_name", "username")
    )


@require_safe
@access.office
def accounts(request: HttpRequest, desk: access.OfficeDesk) -> HttpResponse:
    """All accounts, and the switch for the second factor."""
    rule = SecondFactorRuleForm(initial={"second_factor": staffing.second_factor_rule()})
    return _accounts(request, desk, rule)


def _accounts(
    request: HttpRequest, desk: access.OfficeDesk, rule: SecondFactorRuleForm, status: int = 200
) -> HttpResponse:
    events = Event.objects.filter(chain__campaign=None).order_by("-position")[:EVENTS_SHOWN]
    context = office_page(desk, "accounts", found=_staff(), rule=rule, events=events)
    return render(request, "signoffs/office/accounts.html", context, status=status)


def _rule_page(
    request: HttpRequest, desk: access.OfficeDesk, *, status: int, form: SecondFactorRuleForm
) -> HttpResponse:
    return _accounts(request, desk, form, status)


@require_POST
@access.office
@moves(_rule_page, form=posted(SecondFactorRuleForm))
def second_factor_rule(
    request: HttpRequest, desk: access.OfficeDesk, form: SecondFactorRuleForm
) -> HttpResponse:
    """Say whose accounts must have a second factor."""
    flow.require_second_factor(of=form.cleaned_data["second_factor"], who=desk.who)
    message = _("Saved. It holds from the next page that somebody opens.")
    return done(request, message, "office-accounts")


def _new_form(request: HttpRequest, desk: access.OfficeDesk) -> NewAccountForm:
    campus = settings.CAMPUS_SIGN_ON is not None
    return NewAccountForm(sent_data(request), classes=_classes(desk), campus=campus)


def _add_page(
    request: HttpRequest,
    desk: access.OfficeDesk,
    *,
    status: int = 200,
    refusal: Sentence | None = None,
    form: Form | None = None,
) -> HttpResponse:
    context = office_page(desk, "accounts", form=form or _new_form(request, desk), refusal=refusal)
    return render(request, "signoffs/office/account_new.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@access.office
@moves(_add_page, form=_new_form)
def add(request: HttpRequest, desk: access.OfficeDesk, form: NewAccountForm) -> HttpResponse:
    """Add somebody; the answer shows their one-time link, this once."""
    user, token = flow.add_account(
        username=form.cleaned_data["username"],
        person=form.person(),
        place=form.place(),
        who=desk.who,
    )
    return _show_link(request, desk, user, token)


def _show_link(request: HttpRequest, desk: access.OfficeDesk, user: User, token: str) -> HttpResponse:
    """Send the invitation where letters leave, and show its link: it is kept nowhere."""
    url = links.invitation_url(token)
    expires_at = timezone.now() + links.INVITATION_LASTS
    sent = failed = False
    if settings.EMAIL_IS_SET and user.email:
        letter = letters.invitation(user, url, expires_at)
        try:
            send_mail(letter.subject, letter.text, None, [user.email])
            sent = True
        except (SMTPException, OSError):
            failed = True
    context = office_page(
        desk, "accounts", invited=user, url=url, expires_at=expires_at, sent=sent, failed=failed
    )
    return render(request, "signoffs/office/account_invited.html", context)


def _form(desk: access.OfficeDesk, user: User, data: QueryDict | None = None) -> AccountForm:
    places = flow.place_of(user)
    first = next((place for role in Membership.Role for place in places if place.role == role), None)
    initial: dict[str, Any] = {
        "name": user.get_full_name(),
        "email": user.email,
        "campus_name": user.campus_name,
    }
    if first is not None:
        initial |= {
            "role": first.role,
            "department": first.department,
            "class_groups": first.class_groups,
        }
    campus = settings.CAMPUS_SIGN_ON is not None
    return AccountForm(data, initial=initial, classes=_classes(desk), campus=campus)


def _account_page(
    request: HttpRequest,
    desk: access.OfficeDesk,
    user: User,
    *,
    status: int = 200,
    refusal: Sentence | None = None,
    form: Form | None = None,
) -> HttpResponse:
    context = office_page(
        desk,
        "accounts",
        account=_staff().get(pk=user.pk),
        form=form or _form(desk, user),
        refusal=refusal,
        # Why the account can't be ended, beside the button.
        why_not=staffing.may_lose_office(user, desk.user),
        itself=user == desk.user,
        tied=SocialAccount.objects.filter(user=user).exists(),
    )
    return render(request, "signoffs/office/account.html", context, status=status)


def _sent_form(request: HttpRequest, desk: access.OfficeDesk, user: User) -> AccountForm:
    return _form(desk, user, request.POST)


@require_http_methods(["GET", "HEAD", "POST"])
@access.office
@moves(_account_page, load=access.OfficeDesk.account, form=_sent_form)
def account(request: HttpRequest, desk: access.OfficeDesk, user: User, form: AccountForm) -> HttpResponse:
    """One account: what it may do, and what can be done with it."""
    kept = flow.known_classes(user, but=_classes(desk))
    flow.edit_account(
        user=user,
        person=form.person(user.campus_name),
        place=form.place(kept),
        who=desk.who,
    )
    return done(request, _("Saved."), "office-account", user.uuid)


@require_POST
@access.office
@moves(_account_page, load=access.OfficeDesk.account)
def invite(request: HttpRequest, desk: access.OfficeDesk, user: User) -> HttpResponse:
    """Issue a new link, for somebody who never came or has forgotten the password."""
    token = flow.invite(user=user, who=desk.who)
    return _show_link(request, desk, user, token)


def _moving(move: Callable[..., object], message: Sentence) -> Callable[..., HttpResponseBase]:
    """Return the view that makes one move with an account, and goes back to it."""

    @require_POST
    @access.office
    @moves(_account_page, load=access.OfficeDesk.account)
    def view(request: HttpRequest, desk: access.OfficeDesk, user: User) -> HttpResponse:
        move(user=user, who=desk.who)
        return done(request, message, "office-account", user.uuid)

    return view


deactivate = _moving(flow.deactivate, _("Deactivated; every session has ended."))
reactivate = _moving(flow.reactivate, _("The account is active again."))
sign_out = _moving(flow.sign_out_everywhere, _("Signed out everywhere."))
remove_second_factor = _moving(flow.remove_second_factor, _("The second factor is removed."))
untie = _moving(flow.untie_campus, _("Untied: the next campus sign-in ties."))
