"""Members of staff: at a desk, in one role, with everything within its scope."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property, wraps
from typing import Any, TypeVar, cast
from uuid import UUID

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRefresh
from django_htmx.middleware import HtmxDetails

from rosters.models import Campaign, ClassGroup, Department, RosterImport, Student

from ..models import (
    AccessRecord,
    ClassSheet,
    Declaration,
    FieldError,
    HandIn,
    Membership,
    MissingClaim,
    User,
)
from ..queries import actors, staffing

Role = Membership.Role


Made = TypeVar("Made", bound=Model)
View = Callable[..., HttpResponseBase]


class StaffRequest(HttpRequest):
    """A request as htmx's middleware hands it on: a type alone, none is ever made."""

    htmx: HtmxDetails


class SignedInRequest(StaffRequest):
    """One of somebody who has signed in: what `signed_in` and the desks' pages get."""

    user: User


@dataclass(kw_only=True)
class Desk:
    """A member of staff at work in one role, whether or not there is a campaign yet."""

    user: User
    role: str
    department: Department | None = None
    only_classes: QuerySet[ClassGroup] | None = None
    campaign: Campaign | None = None

    @property
    def who(self) -> actors.Who:
        """The user, as the flow and its events name them."""
        return actors.Who(user=self.user, role=self.role)

    @property
    def may_act(self) -> bool:
        """Counsellors read and remind; they change nothing."""
        return self.role != Role.COUNSELLOR

    @cached_property
    def class_groups(self) -> QuerySet[ClassGroup]:
        """The classes of the campaign within the scope."""
        found = ClassGroup.objects.filter(campaign=self.campaign).select_related("campaign", "department")
        if self.role == Role.DEPARTMENT:
            return found.filter(department=self.department)
        if self.role == Role.COUNSELLOR:
            return found.filter(pk__in=self.only_classes)
        return found

    @property
    def deadlines(self) -> tuple[date, date]:
        """The students' and the departments', of this desk: its department's own are later."""
        own = self.class_groups.first() if self.role == Role.DEPARTMENT else None
        place = own or self.campaign
        # Nobody comes to a desk with deadlines but at a campaign.
        place = cast(ClassGroup | Campaign, place)
        return place.student_deadline, place.department_deadline


@dataclass(kw_only=True)
class CampaignDesk(Desk):
    """A desk with a campaign on it, and everything of it within the scope: the rest is not found."""

    campaign: Campaign

    def _within(self, queryset: QuerySet[Made], uuid: UUID | str, path: str = "class_group") -> Made:
        return get_object_or_404(queryset, uuid=_as_uuid(uuid), **{f"{path}__in": self.class_groups})

    def class_group(self, uuid: UUID) -> ClassGroup:
        """Return the class. Raise Http404 outside the scope."""
        return get_object_or_404(self.class_groups, uuid=uuid)

    def student(self, uuid: UUID | str) -> Student:
        """Return the student. Raise Http404 outside the scope."""
        related = ("campaign", "class_group__campaign", "class_group__department")
        return self._within(Student.objects.select_related(*related), uuid)

    def sheet(self, uuid: UUID | str) -> ClassSheet:
        """Return the class sheet. Raise Http404 outside the scope."""
        return self._within(ClassSheet.objects.select_related("class_group__campaign"), uuid)

    def declaration(self, uuid: UUID | str) -> Declaration:
        """Return the declaration. Raise Http404 outside the scope."""
        found = Declaration.objects.select_related("student__class_group__campaign")
        return self._within(found, uuid, "student__class_group")

    def claim(self, uuid: UUID | str) -> MissingClaim:
        """Return the claim of somebody missing from the roster. Raise Http404 outside the scope."""
        return self._within(MissingClaim.objects.select_related("class_group__campaign"), uuid)

    def report(self, uuid: UUID | str) -> FieldError:
        """Return the error that a student reported. Raise Http404 outside the scope."""
        found = FieldError.objects.select_related("declaration__student__class_group__campaign")
        return self._within(found, uuid, "declaration__student__class_group")


def _as_uuid(value: UUID | str) -> UUID:
    """Return a UUID that an address or a form names. Raise Http404 for what is none."""
    try:
        return value if isinstance(value, UUID) else UUID(value)
    except ValueError as error:
        raise Http404 from error


@dataclass(kw_only=True)
class OfficeDesk(Desk):
    """A desk of the office: what it has whatever the campaign."""

    def campaign_named(self, slug: str) -> Campaign:
        """Return the campaign of a cohort year. Raise Http404."""
        return get_object_or_404(Campaign, slug=slug)

    def department_named(self, uuid: UUID | str) -> Department:
        """Return the department. Raise Http404."""
        return get_object_or_404(Department, uuid=_as_uuid(uuid))

    def account(self, uuid: UUID) -> User:
        """Return an account of the staff. Raise Http404."""
        return get_object_or_404(User, uuid=uuid)

    def roster_import(self, uuid: UUID) -> RosterImport:
        """Return the uploaded roster. Raise Http404."""
        return get_object_or_404(RosterImport.objects.select_related("campaign"), uuid=uuid)


@dataclass(kw_only=True)
class OfficeCampaignDesk(OfficeDesk, CampaignDesk):
    """A desk of the office with a campaign on it: all of the campaign."""

    campaign: Campaign

    def hand_in(self, uuid: UUID) -> HandIn:
        """Return the hand-in. Raise Http404."""
        found = HandIn.objects.select_related("campaign", "department")
        return get_object_or_404(found, uuid=uuid, campaign=self.campaign)


# The session's key of the campaign that the office looks at, where it is not the current one.
CHOSEN_CAMPAIGN = "campaign"


def choose_campaign(request: HttpRequest, campaign: Campaign) -> None:
    """Let this session of the office look at that campaign."""
    request.session[CHOSEN_CAMPAIGN] = campaign.slug


def current_campaign() -> Campaign | None:
    """Return the open campaign; else the newest; None where there is none yet."""
    by_need = Campaign.objects.order_by("-slug")
    return by_need.filter(state=Campaign.State.OPEN).first() or by_need.first()


def memberships(user: User) -> list[Membership]:
    """Return what the user may do, the office first. A superuser needs no membership for the office."""
    found = list(Membership.objects.filter(user=user).select_related("department"))
    if user.is_superuser and not any(membership.role == Role.OFFICE for membership in found):
        found.append(Membership(user=user, role=Role.OFFICE))
    order: list[str] = [Role.OFFICE, Role.DEPARTMENT, Role.COUNSELLOR]
    return sorted(found, key=lambda membership: order.index(membership.role))


def _desk(request: SignedInRequest, roles: tuple[str, ...]) -> Desk:
    """Return the desk of the first membership with one of these roles. Raise PermissionDenied without one."""
    for membership in memberships(request.user):
        if membership.role in roles:
            return _desk_of(request, membership)
    raise PermissionDenied(_("Your account is for other pages. Ask the office if that is wrong."))


def _desk_of(request: SignedInRequest, membership: Membership) -> Desk:
    """Return the desk of that membership, with the campaign that is looked at, if there is any."""
    campaign = current_campaign()
    holder: dict[str, Any] = {"user": request.user, "role": membership.role}
    if membership.role == Role.OFFICE:
        chosen = Campaign.objects.filter(slug=request.session.get(CHOSEN_CAMPAIGN, "")).first()
        campaign = chosen or campaign
        return OfficeCampaignDesk(**holder, campaign=campaign) if campaign else OfficeDesk(**holder)
    holder["department"] = membership.department
    if membership.role == Role.COUNSELLOR:
        holder["only_classes"] = membership.class_groups.all()
    return CampaignDesk(**holder, campaign=campaign) if campaign else Desk(**holder)


def _to_sign_in(request: StaffRequest) -> HttpResponse:
    """Lead to the sign-in; a part of a page that refreshes itself reloads the whole page for it."""
    if request.htmx:
        return HttpResponseClientRefresh()
    return redirect_to_login(request.get_full_path())


def signed_in(view: View) -> View:
    """Decorate a page for every member of staff: that of their own account."""

    @wraps(view)
    def loaded(request: StaffRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return _to_sign_in(request)
        response = view(request, *args, **kwargs)
        add_never_cache_headers(response)
        return response

    return loaded


def _staff(*roles: str) -> Callable[[View], View]:
    """Return the decorator for pages of these roles; counsellors only ever read.

    Whoever lacks the second factor that the office requires is led to set it up first.
    """

    def decorator(view: View) -> View:
        @wraps(view)
        def loaded(request: StaffRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _to_sign_in(request)
            if staffing.lacks_second_factor(request.user):
                return redirect("mfa_activate_totp")
            desk = _desk(cast(SignedInRequest, request), roles)
            if not desk.may_act and request.method not in ("GET", "HEAD"):
                raise PermissionDenied(_("A counsellor reads and reminds; the department officer decides."))
            response = view(request, desk, *args, **kwargs)
            add_never_cache_headers(response)
            return response

        return loaded

    return decorator


department = _staff(Role.DEPARTMENT, Role.COUNSELLOR)
office = _staff(Role.OFFICE)


def _at_campaign(desk_of: Callable[[View], View], otherwise: str) -> Callable[[View], View]:
    """Return the decorator for pages of a campaign; without one it leads to that page."""

    def decorator(view: View) -> View:
        @desk_of
        @wraps(view)
        def loaded(request: HttpRequest, desk: Desk, *args: Any, **kwargs: Any) -> HttpResponseBase:
            return view(request, desk, *args, **kwargs) if desk.campaign else redirect(otherwise)

        return loaded

    return decorator


department_at_campaign = _at_campaign(department, "department")
office_at_campaign = _at_campaign(office, "office")


def record_view(
    desk: Desk, view: str, *, class_group: ClassGroup | None = None, student: Student | None = None
) -> None:
    """Note that this member of staff was shown personal data: of a student, a class, or the whole campaign.

    The one thing that a GET writes, with `record_claims`.
    """
    AccessRecord.objects.create(**_look(desk, view), class_group=class_group, student=student)


def record_claims(desk: Desk, view: str, claims: Iterable[MissingClaim]) -> None:
    """Note that this member of staff was shown who is said to be missing from the roster (名册漏人).

    Of the classes that those are said to belong to: nobody on another class's roster was shown.
    """
    classes = {claim.class_group for claim in claims}
    AccessRecord.objects.bulk_create(
        AccessRecord(**_look(desk, view), class_group=class_group) for class_group in classes
    )


def _look(desk: Desk, view: str) -> dict[str, Any]:
    return {
        "user": desk.user,
        "role": desk.role,
        "seen_at": timezone.now(),
        "view": view,
        "campaign": desk.campaign,
    }
