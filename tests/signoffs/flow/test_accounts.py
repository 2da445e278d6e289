"""Staff accounts: who may add, invite, change and end them, and what stays on record."""

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import check_password
from django.db import IntegrityError, transaction
from django.utils import timezone

from rosters.encryption import key_ring
from signoffs import flow
from signoffs.entrance import links
from signoffs.flow.chains import verify
from signoffs.models import Chain, Event, Invitation, Membership, User
from signoffs.queries import staffing
from signoffs.queries.actors import Who
from tests import factories, second_factor

Role = Membership.Role
PASSWORD = "a sentence that is easy to keep"


@pytest.fixture
def who(office) -> Who:
    """The office, which acts."""
    return Who(user=office)


def add(who: Who, username: str = "zhang", *, clock=timezone.now, **place) -> tuple[User, str]:
    """Add an account of the office, or of the role given."""
    return flow.add_account(
        username=username,
        person=flow.Person("张三", f"{username}@example.edu.cn"),
        place=flow.Place(place.pop("role", Role.OFFICE), **place),
        who=who,
        clock=clock,
    )


def verbs() -> list[tuple[str, str]]:
    """Return what the chain of the accounts tells: verb, and whom it concerns."""
    events = Event.objects.filter(chain__campaign=None).order_by("position")
    return [(event.verb, event.payload.get("username")) for event in events]


class TestAdding:
    def test_an_account_begins_without_a_password_and_with_one_invitation(self, who, own_class):
        user, token = add(who, role=Role.DEPARTMENT, department=own_class.department)
        assert not user.has_usable_password()
        assert [(one.role, one.department) for one in user.memberships.all()] == [
            (Role.DEPARTMENT, own_class.department)
        ]
        assert links.invited(token, timezone.now()) == user
        assert verbs() == [("add_account", "zhang"), ("invite", "zhang")]

    def test_a_counsellor_gets_the_classes_chosen(self, who, own_class, other_class):
        user, _ = add(who, role=Role.COUNSELLOR, class_groups=(own_class,))
        assert list(user.memberships.get().class_groups.all()) == [own_class]

    @pytest.mark.parametrize("role", [Role.DEPARTMENT, Role.COUNSELLOR])
    def test_a_role_without_its_scope_is_refused(self, who, role):
        with pytest.raises(flow.Refused):
            add(who, role=role)
        assert (User.objects.count(), verbs()) == (1, [])

    @pytest.mark.parametrize("username", ["office", "OFFICE"])
    def test_a_user_name_is_given_once_in_whatever_case(self, who, username):
        with pytest.raises(flow.Refused, match="已被使用"):
            add(who, username)

    def test_an_address_or_campus_name_that_another_account_has_is_refused(self, who):
        add(who)
        for person in (flow.Person("李四", "ZHANG@example.edu.cn"), flow.Person("李四", "", "10086")):
            User.objects.filter(username="zhang").update(campus_name="10086")
            with pytest.raises(flow.Refused):
                flow.add_account(username="li", person=person, place=flow.Place(Role.OFFICE), who=who)

    @pytest.mark.parametrize("role", [Role.DEPARTMENT, Role.COUNSELLOR])
    def test_only_the_office_may(self, own_class, role):
        department = own_class.department if role == Role.DEPARTMENT else None
        actor = factories.user("actor", role=role, in_department=department)
        with pytest.raises(flow.Refused):
            add(Who(user=actor))


class TestInvitations:
    def test_the_person_chooses_a_password_once(self, who):
        user, token = add(who)
        assert flow.accept_invitation(token=token, password=PASSWORD) == user
        user.refresh_from_db()
        assert check_password(PASSWORD, user.password)
        with pytest.raises(flow.Refused):
            flow.accept_invitation(token=token, password="another sentence")
        user.refresh_from_db()
        assert check_password(PASSWORD, user.password)
        assert verbs()[-1] == ("accept_invitation", "zhang")

    def test_the_token_is_stored_nowhere(self, who):
        _, token = add(who)
        stored = [str(value) for row in Invitation.objects.values_list() for value in row]
        assert [value for value in stored if token in value] == []
        assert Invitation.objects.get().token_digest == key_ring().digest("invitation", token)
        assert [event for event in Event.objects.all() if token in str(event.payload)] == []

    @pytest.mark.parametrize(("days", "works"), [(6, True), (7, False)])
    def test_it_lasts_seven_days(self, who, days, works):
        begin = timezone.now()
        _, token = add(who, clock=lambda: begin)
        later = begin + timedelta(days=days)
        assert (links.invited(token, later) is not None) == works
        assert (links.use_invitation(token, later) is not None) == works

    def test_a_new_one_ends_the_old_one_and_the_old_password_holds_until_the_new(self, who):
        user, first = add(who)
        flow.accept_invitation(token=first, password=PASSWORD)
        second = flow.invite(user=user, who=who)
        third = flow.invite(user=user, who=who)
        assert links.invited(second, timezone.now()) is None
        user.refresh_from_db()
        assert check_password(PASSWORD, user.password)
        flow.accept_invitation(token=third, password="quite another one")
        user.refresh_from_db()
        assert not check_password(PASSWORD, user.password)

    def test_a_deactivated_account_is_not_invited_and_its_link_is_dead(self, who):
        user, token = add(who)
        flow.deactivate(user=user, who=who)
        assert links.invited(token, timezone.now()) is None
        with pytest.raises(flow.Refused):
            flow.invite(user=user, who=who)
        flow.reactivate(user=user, who=who)
        assert links.invited(token, timezone.now()) is None  # ended for good


class TestChanging:
    def change(self, user: User, who: Who, place: flow.Place) -> None:
        """Change the account's place."""
        flow.edit_account(user=user, person=flow.Person("张三"), place=place, who=who)

    def end(self, user: User, who: Who, move: str, department) -> None:
        """End the account's access as the office, in one way or the other."""
        if move == "demote":
            self.change(user, who, flow.Place(Role.DEPARTMENT, department))
        else:
            flow.deactivate(user=user, who=who)

    def test_the_new_place_takes_the_old_ones(self, who, own_class):
        user, _ = add(who)
        self.change(user, who, flow.Place(Role.COUNSELLOR, class_groups=(own_class,)))
        assert [(one.role, one.department_id) for one in user.memberships.all()] == [(Role.COUNSELLOR, None)]
        event = Event.objects.filter(verb="edit_account").get()
        assert event.payload["old"] == [{"role": "office"}]
        assert event.payload["new"] == {"role": "counsellor", "classes": [str(own_class)]}

    def test_classes_of_another_years_campaign_are_known_to_be_kept(self, who, own_class):
        old = factories.class_group("软件2501班", of=factories.campaign("2025", state="closed"))
        user, _ = add(who, role=Role.COUNSELLOR, class_groups=(own_class, old))
        assert flow.known_classes(user, but=[own_class]) == (old,)

    @pytest.mark.parametrize("move", ["demote", "deactivate"])
    def test_nobody_ends_their_own_access(self, who, move, own_class):
        add(who)  # another account of the office would remain
        with pytest.raises(flow.Refused):
            self.end(who.user, who, move, own_class.department)
        assert staffing.is_office(who.user)

    @pytest.mark.parametrize("move", ["demote", "deactivate"])
    def test_the_last_account_of_the_office_stays(self, office, move, own_class):
        with pytest.raises(flow.Refused, match="最后一个"):
            self.end(office, Who(command="a test"), move, own_class.department)

    def test_a_deactivated_account_of_the_office_does_not_count_as_the_one_that_remains(self, who):
        second, _ = add(who)
        flow.deactivate(user=second, who=who)
        with pytest.raises(flow.Refused, match="最后一个"):
            flow.deactivate(user=who.user, who=Who(command="a test"))

    def test_a_superuser_is_the_office_without_a_membership(self, who):
        root = User.objects.create_superuser("root", password="root" * 4)
        assert staffing.is_office(root)
        flow.deactivate(user=who.user, who=Who(user=root))
        assert list(staffing.office_accounts()) == [root]


class TestSecondFactor:
    @pytest.mark.parametrize(
        ("rule", "whom"),
        [("nobody", []), ("office", ["office"]), ("everybody", ["office", "officer", "counsellor"])],
    )
    def test_the_office_requires_it_of_whom_it_says(self, who, officer, counsellor, rule, whom):
        flow.require_second_factor(of=rule, who=who)
        cast = [who.user, officer, counsellor]
        assert [user.username for user in cast if staffing.lacks_second_factor(user)] == whom
        for user in cast:
            second_factor.give(user)
        assert [user.username for user in cast if staffing.lacks_second_factor(user)] == []

    def test_the_secret_is_sealed_at_rest(self, office):
        secret = second_factor.give(office)
        stored = Authenticator.objects.get(user=office).data["secret"]
        assert secret not in stored
        assert Authenticator.objects.get(user=office).wrap().validate_code(second_factor.code(secret))

    def test_a_lost_one_is_removed_by_the_office_and_that_is_an_event(self, who, officer):
        second_factor.give(officer)
        flow.remove_second_factor(user=officer, who=who)
        assert not staffing.has_second_factor(officer)
        assert verbs() == [("remove_second_factor", "officer")]
        with pytest.raises(flow.Refused):
            flow.remove_second_factor(user=officer, who=who)

    def test_ones_own_is_not_removed_without_a_code(self, who):
        second_factor.give(who.user)
        with pytest.raises(flow.Refused):
            flow.remove_second_factor(user=who.user, who=who)
        assert staffing.has_second_factor(who.user)

    def test_an_officer_removes_nobodys(self, office, officer):
        second_factor.give(office)
        with pytest.raises(flow.Refused):
            flow.remove_second_factor(user=office, who=Who(user=officer))


class TestTheRecord:
    def test_the_chain_of_the_accounts_needs_no_campaign_and_verifies(self, who):
        user, token = add(who)
        flow.accept_invitation(token=token, password=PASSWORD)
        flow.note_own(user=user, verb="change_password")
        chain = Chain.objects.get(campaign=None)
        assert (chain.length, verify(chain)) == (4, [])
        Event.objects.filter(chain=chain, position=2).delete()
        assert [problem.code for problem in verify(chain)] != []

    def test_there_is_one_chain_of_the_accounts(self, who):
        add(who)
        with pytest.raises(IntegrityError), transaction.atomic():
            Chain.objects.create(campaign=None)
