"""Staff accounts: added, invited, changed, ended; each of it an event in the chain of the accounts.

Accounts outlive campaigns, so their chain belongs to none. Its row is the lock of all that happens here: two
who demote each other at the same time can't leave the house without an office.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rosters.models import ClassGroup, Department

from ..entrance import links
from ..models import Chain, Membership, SignInRule, User
from ..queries import actors, staffing
from ..queries.actors import Who
from .book import LockedChain
from .refusals import Clock, Refused, refuse_if

Role = Membership.Role


@dataclass(frozen=True)
class Place:
    """What an account may do, and where. Only an officer has a department, only a counsellor classes."""

    role: str
    department: Department | None = None
    class_groups: tuple[ClassGroup, ...] = ()

    def described(self) -> dict[str, Any]:
        """Return it as an event tells it."""
        place: dict[str, Any] = {"role": self.role}
        if self.department is not None:
            place["department"] = self.department.name
        if self.class_groups:
            place["classes"] = sorted(str(one) for one in self.class_groups)
        return place


@dataclass(frozen=True)
class Person:
    """Who has an account. `campus_name`: how the single sign-on names them; empty: not let in by it."""

    name: str
    email: str = ""
    campus_name: str = ""


@contextmanager
def _accounts(clock: Clock) -> Iterator[LockedChain]:
    """Lock the accounts, in one transaction, and hand out their chain."""
    with transaction.atomic():
        Chain.objects.get_or_create(campaign=None, department=None, class_group=None)
        chain = Chain.objects.select_for_update(no_key=True).get(campaign=None)
        locked = LockedChain(chain, clock())
        yield locked
        locked.close()


@contextmanager
def _office_acts(who: Who, clock: Clock) -> Iterator[LockedChain]:
    """Lock the accounts for a move of the office. Raise Refused for anybody else."""
    with _accounts(clock) as shelf:
        # Asked under the lock: who was deactivated meanwhile does nothing more.
        present = who.user and User.objects.filter(pk=who.user.pk, is_active=True).first()
        refuse_if(actors.may_as_office(replace(who, user=present)))
        yield shelf


def _about(user: User) -> dict:
    return {"account": str(user.uuid), "username": user.username}


def _check_person(person: Person, but: User | None = None) -> None:
    """Raise Refused where another account has the address or the campus name: both lead to a sign-in."""
    others = User.objects.exclude(pk=but.pk) if but else User.objects.all()
    if person.email and others.filter(email__iexact=person.email).exists():
        raise Refused(_("Another account has this e-mail address."))
    if person.campus_name and others.filter(campus_name=person.campus_name).exists():
        raise Refused(_("Another account has this campus name."))


def _check_place(place: Place) -> None:
    if place.role == Role.DEPARTMENT and place.department is None:
        raise Refused(_("Choose the officer's department."))
    if place.role == Role.COUNSELLOR and not place.class_groups:
        raise Refused(_("Choose at least one class of the counsellor."))


def place_of(user: User) -> list[Place]:
    """Return what the account may do at present; more than one place only where it was so made of old."""
    return [
        Place(one.role, one.department, tuple(one.class_groups.select_related("department")))
        for one in Membership.objects.filter(user=user).select_related("department")
    ]


def _settle(shelf: LockedChain, user: User, place: Place) -> None:
    """Give the account this place and no other; both are for the next event."""
    shelf.removed(*Membership.objects.filter(user=user))
    Membership.objects.filter(user=user).delete()
    of_officer = place.department if place.role == Role.DEPARTMENT else None
    membership = Membership.objects.create(user=user, role=place.role, department=of_officer)
    if place.role == Role.COUNSELLOR:
        membership.class_groups.set(place.class_groups)
    shelf.wrote(user, membership)


def add_account(
    *, username: str, person: Person, place: Place, who: Who, clock: Clock = timezone.now
) -> tuple[User, str]:
    """Make an account and return it with the token of its invitation, kept nowhere. Raise Refused."""
    with _office_acts(who, clock) as shelf:
        _check_person(person)
        _check_place(place)
        if User.objects.filter(username__iexact=username).exists():
            raise Refused(_("There is an account with this user name already."))
        user = User(username=username, email=person.email, first_name=person.name)
        user.campus_name = person.campus_name
        user.set_unusable_password()
        user.save()
        _settle(shelf, user, place)
        shelf.note("add_account", who, **_about(user), name=person.name, place=place.described())
        token = links.issue_invitation(user, who.user, shelf.now)
        shelf.note("invite", who, **_about(user))
        return user, token


def invite(*, user: User, who: Who, clock: Clock = timezone.now) -> str:
    """Return the token of a new invitation, which ends the former one; also for a lost password.

    The old password holds until a new one is chosen. Raise Refused.
    """
    with _office_acts(who, clock) as shelf:
        user = User.objects.get(pk=user.pk)
        if not user.is_active:
            raise Refused(_("The account is deactivated: reactivate it first."))
        token = links.issue_invitation(user, who.user, shelf.now)
        shelf.note("invite", who, **_about(user))
        return token


def accept_invitation(*, token: str, password: str, clock: Clock = timezone.now) -> User:
    """Use up an invitation and set the password; every session of the account ends. Raise Refused."""
    hashed = make_password(password)  # slow by design: before the lock
    with _accounts(clock) as shelf:
        user = links.use_invitation(token, shelf.now)
        if user is None:
            raise Refused(staffing.LINK_IS_DEAD)
        user.password = hashed
        user.save(update_fields=["password"])
        _end_sessions(user)
        shelf.note("accept_invitation", Who(user=user), **_about(user))
        return user


def edit_account(*, user: User, person: Person, place: Place, who: Who, clock: Clock = timezone.now) -> None:
    """Change who somebody is and what they may do. Raise Refused."""
    with _office_acts(who, clock) as shelf:
        user = User.objects.get(pk=user.pk)
        _check_person(person, but=user)
        _check_place(place)
        if place.role != Role.OFFICE and not user.is_superuser and staffing.is_office(user):
            refuse_if(staffing.may_lose_office(user, who.user))
        old = [one.described() for one in place_of(user)]
        old_person = {"name": user.get_full_name(), "email": user.email, "campus_name": user.campus_name}
        if person.campus_name != user.campus_name:
            # Whoever came in by the old name does not by the new one.
            SocialAccount.objects.filter(user=user).delete()
        user.first_name, user.last_name = person.name, ""
        user.email, user.campus_name = person.email, person.campus_name
        user.save(update_fields=["first_name", "last_name", "email", "campus_name"])
        _settle(shelf, user, place)
        shelf.note("edit_account", who, **_about(user), old=old, new=place.described(), old_person=old_person)


def _end_sessions(user: User, but: str = "") -> int:
    """End every session of the account, but for the one of that key, and return how many there were."""
    sessions = list(UserSession.objects.filter(user=user).exclude(session_key=but))
    for session in sessions:
        session.end()
    return len(sessions)


def deactivate(*, user: User, who: Who, clock: Clock = timezone.now) -> None:
    """End an account's access at once, its sessions and its invitation too. Raise Refused."""
    with _office_acts(who, clock) as shelf:
        user = User.objects.get(pk=user.pk)
        refuse_if(staffing.may_lose_office(user, who.user))
        if not user.is_active:
            raise Refused(_("The account is deactivated already."))
        user.is_active = False
        user.save(update_fields=["is_active"])
        shelf.wrote(user)
        links.revoke_invitations(user, shelf.now)
        _end_sessions(user)
        shelf.note("deactivate_account", who, **_about(user))


def reactivate(*, user: User, who: Who, clock: Clock = timezone.now) -> None:
    """Let a deactivated account in again, with the password that it had. Raise Refused."""
    with _office_acts(who, clock) as shelf:
        user = User.objects.get(pk=user.pk)
        if user.is_active:
            raise Refused(_("The account is active already."))
        user.is_active = True
        user.save(update_fields=["is_active"])
        shelf.wrote(user)
        shelf.note("reactivate_account", who, **_about(user))


def sign_out_everywhere(*, user: User, who: Who, clock: Clock = timezone.now) -> int:
    """End every session of somebody's account, or of one's own; return how many. Raise Refused."""
    with _accounts(clock) if who.user == user else _office_acts(who, clock) as shelf:
        ended = _end_sessions(user)
        shelf.note("sign_out_everywhere", who, **_about(user), sessions=ended)
        return ended


def remove_second_factor(*, user: User, who: Who, clock: Clock = timezone.now) -> None:
    """Take away the second factor that somebody has lost; they sign in without it, and set up anew.

    Not one's own: on the account's page that takes a code. Raise Refused.
    """
    with _office_acts(who, clock) as shelf:
        if user == who.user:
            raise Refused(_("Remove your own second factor on the page of your account."))
        if Authenticator.objects.filter(user=user).delete()[0] == 0:
            raise Refused(_("The account has no second factor."))
        _end_sessions(user)
        shelf.note("remove_second_factor", who, **_about(user))


def untie_campus(*, user: User, who: Who, clock: Clock = timezone.now) -> None:
    """Forget which identity of the campus came in as this account: the next one is tied. Raise Refused."""
    with _office_acts(who, clock) as shelf:
        if SocialAccount.objects.filter(user=user).delete()[0] == 0:
            raise Refused(_("No identity of the campus is tied to the account."))
        shelf.note("untie_campus", who, **_about(user))


def require_second_factor(*, of: str, who: Who, clock: Clock = timezone.now) -> None:
    """Say whose accounts must have a second factor. Raise Refused."""
    with _office_acts(who, clock) as shelf:
        old = staffing.second_factor_rule()
        rule, _made = SignInRule.objects.update_or_create(pk=1, defaults={"second_factor": of})
        shelf.wrote(rule)
        shelf.note("require_second_factor", who, old=old, new=of)


def note_accounts(*, users: Iterable[User], verb: str, who: Who, clock: Clock = timezone.now) -> None:
    """Account for accounts that came about otherwise: by a command, or before events held digests of rows."""
    with _accounts(clock) as shelf:
        for user in users:
            shelf.wrote(user, *Membership.objects.filter(user=user))
        shelf.wrote(*SignInRule.objects.all())
        shelf.note(verb, who, usernames=[user.username for user in users])


def note_own(*, user: User, verb: str, clock: Clock = timezone.now, keep: str | None = None) -> None:
    """Note what somebody did with their own account; `keep`: every session but the one of that key ends.

    A new password or a first second factor ends what somebody else may have opened by the password alone.
    """
    with _accounts(clock) as shelf:
        if keep is not None:
            _end_sessions(user, but=keep)
        shelf.note(verb, Who(user=user), **_about(user))


def known_classes(user: User, but: Iterable[ClassGroup]) -> tuple[ClassGroup, ...]:
    """Return the counsellor's classes that are not among those: of campaigns that the page doesn't show."""
    held = ClassGroup.objects.filter(counsellors__user=user)
    return tuple(held.exclude(pk__in=[one.pk for one in but]).distinct())
