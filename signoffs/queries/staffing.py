"""Rules of the staff's accounts: who is the office, whose access may change, who needs a second factor."""

from allauth.mfa.models import Authenticator
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from rosters.sentences import Sentence

from ..models import Membership, SignInRule, User

SecondFactor = SignInRule.SecondFactor
LINK_IS_DEAD = _("This link was used, replaced by a newer one, or is too old. Ask the office for a new one.")


def office_accounts() -> QuerySet[User]:
    """Return the accounts that can act as the office today; a superuser needs no membership."""
    of_office = Q(is_superuser=True) | Q(memberships__role=Membership.Role.OFFICE)
    return User.objects.filter(of_office, is_active=True).distinct()


def is_office(user: User) -> bool:
    """Say whether the account acts as the office."""
    return office_accounts().filter(pk=user.pk).exists()


def may_lose_office(user: User, actor: User | None) -> Sentence | None:
    """Return why this account must go on acting as the office; None where it may end.

    Nobody ends their own access, and one account of the office always remains.
    """
    if user == actor:
        return _("You can't take away your own access: somebody else of the office does it.")
    if is_office(user) and not office_accounts().exclude(pk=user.pk).exists():
        return _("This is the last account of the office: one must remain.")
    return None


def second_factor_rule() -> str:
    """Return whose accounts must have a second factor (SignInRule.SecondFactor)."""
    return SignInRule.objects.values_list("second_factor", flat=True).first() or SecondFactor.NOBODY


def has_second_factor(user: User) -> bool:
    """Say whether the account asks for a code at sign-in."""
    return Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists()


def needs_second_factor(user: User) -> bool:
    """Say whether the office requires a second factor of this account."""
    rule = second_factor_rule()
    return rule == SecondFactor.EVERYBODY or (rule == SecondFactor.OFFICE and is_office(user))


def lacks_second_factor(user: User) -> bool:
    """Say whether the account must set up its second factor before it goes on."""
    return needs_second_factor(user) and not has_second_factor(user)
