"""Who is asking, and the object in their scope: loading is authorising.

Every view stands behind one of the decorators here and gets its objects from what it is handed, so what is
outside somebody's scope is not found (404) and what they may only read is refused (403).

Students and monitors have no account. A signed cookie, one for each kind of link, holds the link, and after
identification the student; it ends with the browser, after two hours, or when the declaration was sent.
A second one, kept for the length of a campaign, holds a random mark of the device and who got in on it: so
a known device passes a pause, and an officer sees many declarations from one device. Neither names anybody.
"""

import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property, wraps
from uuid import UUID

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db.models import CharField, QuerySet, UUIDField
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRefresh

from rosters.encryption import key_ring
from rosters.models import Campaign, ClassGroup, Department, RosterImport, Student

from . import links, rules, staffing
from .models import (
    AccessRecord,
    ClassLink,
    ClassSheet,
    Declaration,
    Excuse,
    FieldError,
    HandIn,
    Membership,
    MissingClaim,
    Standing,
    User,
)
from .prepared import Prepared

VISIT_LASTS = timedelta(hours=2)
DEVICE_LASTS = timedelta(days=60)
DEVICE_COOKIE = "device"
DEVICE_REMEMBERS = 6  # students who share a phone or a library computer; the oldest is forgotten first

Kind = ClassLink.Kind
Role = Membership.Role


# Students and monitors: the class link, then the identification -----------------------------------


@dataclass(frozen=True)
class Visit:
    """A browser that opened a class's link, and, once identified, the student in front of it."""

    class_group: ClassGroup
    # Not loaded for pages that need the identification: there the student tells enough.
    link: ClassLink | None = None
    # With their standing and their duty as a monitor.
    student: Student | None = None
    identified_at: datetime | None = None
    # "number" (学号 and last six), "device" or "code".
    how: str = ""
    # What the page of this visit sends as its submission: the declaration that has it ended the visit.
    submission_id: UUID | None = None

    @property
    def campaign(self) -> Campaign:
        """The campaign of the class."""
        return self.class_group.campaign

    @property
    def standing(self) -> Standing | None:
        """Where the student stood when the request came; None: missing."""
        return getattr(self.student, "standing", None)

    @property
    def who(self) -> rules.Who:
        """The student, as the flow and its events name them."""
        return rules.Who(student=self.student)


def _cookie(kind: str) -> dict:
    """Return the name, the path and the flags of the visit's cookie of that kind."""
    path = {Kind.STUDENT: "/class/", Kind.MONITOR: "/monitor/"}[kind]
    return {"key": f"visit-{kind}", "path": path}


def _set_signed(response: HttpResponse, *, key: str, value: object, **flags) -> None:
    response.set_cookie(
        key, signing.dumps(value, salt=key), httponly=True, secure=settings.HTTPS, samesite="Lax", **flags
    )


def _read_signed(request: HttpRequest, key: str, lasts: timedelta):
    """Return what the cookie holds; None where there is none, or it is forged or too old."""
    try:
        return signing.loads(request.COOKIES.get(key, ""), salt=key, max_age=lasts)
    except signing.BadSignature:
        return None


def remember_visit(response: HttpResponse, link: ClassLink) -> None:
    """Turn the link's token into a cookie, which ends any identification there was."""
    _set_signed(response, value={"link": str(link.uuid)}, **_cookie(link.kind))


def identify(response: HttpResponse, link: ClassLink, student: Student, how: str, now: datetime) -> None:
    """Write into the visit's cookie that this student is in front of the browser."""
    value = {
        "link": str(link.uuid),
        "student": str(student.uuid),
        "at": now.isoformat(),
        "how": how,
        "visit": secrets.token_hex(8),
    }
    _set_signed(response, value=value, **_cookie(link.kind))


def end_visit(response: HttpResponse, kind: str) -> None:
    """Forget the visit: the next person at this browser starts with the class link."""
    cookie = _cookie(kind)
    response.delete_cookie(cookie["key"], path=cookie["path"])


_live_link = Prepared(
    lambda uuid, kind: ClassLink.objects.filter(uuid=uuid, kind=kind, revoked_at=None).select_related(
        "class_group__campaign"
    ),
    uuid=UUIDField(),
    kind=CharField(),
)
_student_of_link = Prepared(
    lambda student, link, kind: (
        Student.objects.filter(
            uuid=student,
            withdrawn_at=None,
            class_group__links__uuid=link,
            class_group__links__kind=kind,
            class_group__links__revoked_at=None,
        )
        .select_related("class_group__campaign", "standing")
        .order_by()
    ),
    student=UUIDField(),
    link=UUIDField(),
    kind=CharField(),
)


def _visit(request: HttpRequest, kind: str, *, with_link: bool) -> Visit | None:
    """Return the visit that the cookie tells of, as far as it still holds; None without a live link.

    An identified visit is loaded by one query, unless the page asks for the link itself.
    """
    cookie = _read_signed(request, _cookie(kind)["key"], VISIT_LASTS)
    if not isinstance(cookie, dict):
        return None
    visit = _identified_visit(request, cookie, kind)
    if visit is not None and not with_link:
        return visit
    link = _live_link.first(uuid=cookie["link"], kind=kind)
    if link is None:
        return None
    return replace(visit, link=link) if visit else Visit(link.class_group, link)


def _identified_visit(request: HttpRequest, cookie: dict, kind: str) -> Visit | None:
    """Return the visit of the cookie's student; None where it ended, they left, or the link is dead."""
    if "student" not in cookie or "visit" not in cookie:
        return None
    student = _student_of_link.first(student=cookie["student"], link=cookie["link"], kind=kind)
    if student is None or (kind == Kind.MONITOR and not rules.is_monitor(student)):
        return None
    submission_id = _submission_id(cookie["visit"])
    if kind == Kind.STUDENT and _has_sent(request, student, submission_id):
        return None
    student.campaign = student.class_group.campaign
    at = datetime.fromisoformat(cookie["at"])
    return Visit(
        student.class_group,
        student=student,
        identified_at=at,
        how=cookie["how"],
        submission_id=submission_id,
    )


def _has_sent(request: HttpRequest, student: Student, submission_id: UUID) -> bool:
    """Say whether this visit has sent its declaration: whoever kept its cookie gets no further by it.

    The same form sent once more is let through, to its receipt: the first answer may have been lost.
    """
    standing = getattr(student, "standing", None)
    declaration = standing and standing.declaration
    if declaration is None or declaration.submission_id != submission_id:
        return False
    return request.method != "POST" or request.POST.get("submission_id") != str(submission_id)


def _submission_id(visit: str) -> UUID:
    """Return the submission id of a visit. Who has the cookie alone, and not the page, can't tell it."""
    return UUID(bytes=salted_hmac("submission", visit, algorithm="sha256").digest()[:16])


def _no_link(request: HttpRequest) -> HttpResponse:
    return render(
        request,
        "error.html",
        {
            "title": _("Open your class's link first"),
            "advice": _(
                "The link or its QR code is in your class chat. This page can't be opened without it."
            ),
            "status": 403,
        },
        status=403,
    )


def _visitor(kind: str, *, entrance: str = ""):
    """Return the decorator for pages that need the link; with `entrance`, the identification there too."""

    def decorator(view):
        @wraps(view)
        def loaded(request, *args, **kwargs):
            visit = _visit(request, kind, with_link=not entrance)
            if visit is None:
                response = _no_link(request)
            elif entrance and visit.student is None:
                response = redirect(entrance)
            else:
                response = view(request, visit, *args, **kwargs)
            add_never_cache_headers(response)
            return response

        return loaded

    return decorator


class_visitor = _visitor(Kind.STUDENT)
student = _visitor(Kind.STUDENT, entrance="class")
monitor_visitor = _visitor(Kind.MONITOR)
monitor = _visitor(Kind.MONITOR, entrance="monitor-identify")


# Devices ------------------------------------------------------------------------------------------


def _device(request: HttpRequest) -> dict:
    """Return {"mark": …, "students": […]}, as the device's cookie tells, or a new one."""
    cookie = _read_signed(request, DEVICE_COOKIE, DEVICE_LASTS)
    return cookie if isinstance(cookie, dict) else {"mark": secrets.token_hex(8), "students": []}


def device_mark(request: HttpRequest) -> str:
    """Return the digest that is stored with a declaration: the same for the same device."""
    return key_ring().digest("device", _device(request)["mark"])


def knows_device(request: HttpRequest, student: Student) -> bool:
    """Say whether this student got in on this device before: then it passes a pause."""
    return str(student.uuid) in _device(request)["students"]


def remember_device(request: HttpRequest, response: HttpResponse, student: Student) -> None:
    """Note on the device that this student got in on it."""
    device = _device(request)
    others = [known for known in device["students"] if known != str(student.uuid)]
    device["students"] = [*others, str(student.uuid)][-DEVICE_REMEMBERS:]
    _set_signed(response, key=DEVICE_COOKIE, value=device, max_age=DEVICE_LASTS)


# Staff --------------------------------------------------------------------------------------------


@dataclass
class Desk:
    """A member of staff at work in one role, and everything within its scope: the rest is not found."""

    user: User
    role: str
    department: Department | None = None
    only_classes: QuerySet | None = None
    campaign: Campaign | None = field(default=None)

    @property
    def who(self) -> rules.Who:
        """The user, as the flow and its events name them."""
        return rules.Who(user=self.user, role=self.role)

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

    def _within(self, queryset: QuerySet, uuid, path: str = "class_group"):
        return get_object_or_404(queryset, uuid=_as_uuid(uuid), **{f"{path}__in": self.class_groups})

    def class_group(self, uuid) -> ClassGroup:
        """Return the class. Raise Http404 outside the scope."""
        return get_object_or_404(self.class_groups, uuid=uuid)

    def student(self, uuid) -> Student:
        """Return the student. Raise Http404 outside the scope."""
        related = ("campaign", "class_group__campaign", "class_group__department")
        return self._within(Student.objects.select_related(*related), uuid)

    def sheet(self, uuid) -> ClassSheet:
        """Return the class sheet. Raise Http404 outside the scope."""
        return self._within(ClassSheet.objects.select_related("class_group__campaign"), uuid)

    def declaration(self, uuid) -> Declaration:
        """Return the declaration. Raise Http404 outside the scope."""
        return self._within(Declaration.objects.select_related("student__class_group__campaign"), uuid)

    def excuse(self, uuid) -> Excuse:
        """Return the excuse. Raise Http404 outside the scope."""
        return self._within(Excuse.objects.select_related("student__class_group__campaign"), uuid)

    def claim(self, uuid) -> MissingClaim:
        """Return the claim of somebody missing from the roster. Raise Http404 outside the scope."""
        return self._within(MissingClaim.objects.select_related("class_group__campaign"), uuid)

    def error(self, uuid) -> FieldError:
        """Return the reported error. Raise Http404 outside the scope."""
        found = FieldError.objects.select_related("declaration__student__class_group__campaign")
        return self._within(found, uuid, "declaration__class_group")


def _as_uuid(value) -> UUID:
    """Return a UUID that an address or a form names. Raise Http404 for what is none."""
    try:
        return value if isinstance(value, UUID) else UUID(value)
    except ValueError as error:
        raise Http404 from error


class OfficeDesk(Desk):
    """A desk of the office: everything, and what only the office has."""

    def campaign_named(self, slug: str) -> Campaign:
        """Return the campaign of a cohort year. Raise Http404."""
        return get_object_or_404(Campaign, slug=slug)

    def department_named(self, uuid) -> Department:
        """Return the department. Raise Http404."""
        return get_object_or_404(Department, uuid=_as_uuid(uuid))

    def hand_in(self, uuid) -> HandIn:
        """Return the hand-in. Raise Http404."""
        found = HandIn.objects.select_related("campaign", "department")
        return get_object_or_404(found, uuid=uuid, campaign=self.campaign)

    def account(self, uuid) -> User:
        """Return an account of the staff. Raise Http404."""
        return get_object_or_404(User, uuid=uuid)

    def roster_import(self, uuid) -> RosterImport:
        """Return the uploaded roster. Raise Http404."""
        return get_object_or_404(RosterImport.objects.select_related("campaign"), uuid=uuid)


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
    order = [Role.OFFICE, Role.DEPARTMENT, Role.COUNSELLOR]
    return sorted(found, key=lambda membership: order.index(membership.role))


def _desk(request: HttpRequest, roles: tuple[str, ...]) -> Desk:
    """Return the desk of the first membership with one of these roles. Raise PermissionDenied without one."""
    for membership in memberships(request.user):
        if membership.role not in roles:
            continue
        campaign = current_campaign()
        if membership.role == Role.OFFICE:
            chosen = Campaign.objects.filter(slug=request.session.get(CHOSEN_CAMPAIGN, "")).first()
            campaign = chosen or campaign
            return OfficeDesk(request.user, membership.role, campaign=campaign)
        only = membership.class_groups.all() if membership.role == Role.COUNSELLOR else None
        return Desk(request.user, membership.role, membership.department, only, campaign)
    raise PermissionDenied(_("Your account is for other pages. Ask the office if that is wrong."))


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """Lead to the sign-in; a part of a page that refreshes itself reloads the whole page for it."""
    if request.htmx:
        return HttpResponseClientRefresh()
    return redirect_to_login(request.get_full_path())


def signed_in(view):
    """Decorate a page for every member of staff: that of their own account."""

    @wraps(view)
    def loaded(request, *args, **kwargs):
        if not request.user.is_authenticated:
            return _to_sign_in(request)
        response = view(request, *args, **kwargs)
        add_never_cache_headers(response)
        return response

    return loaded


def _staff(*roles: str):
    """Return the decorator for pages of these roles; counsellors only ever read.

    Whoever lacks the second factor that the office requires is led to set it up first.
    """

    def decorator(view):
        @wraps(view)
        def loaded(request, *args, **kwargs):
            if not request.user.is_authenticated:
                return _to_sign_in(request)
            if staffing.lacks_second_factor(request.user):
                return redirect("mfa_activate_totp")
            desk = _desk(request, roles)
            if not desk.may_act and request.method not in ("GET", "HEAD"):
                raise PermissionDenied(_("A counsellor reads and reminds; the department officer decides."))
            response = view(request, desk, *args, **kwargs)
            add_never_cache_headers(response)
            return response

        return loaded

    return decorator


department = _staff(Role.DEPARTMENT, Role.COUNSELLOR)
office = _staff(Role.OFFICE)


def record_view(
    desk: Desk,
    view: str,
    *,
    department: Department | None = None,
    class_group: ClassGroup | None = None,
    student: Student | None = None,
) -> None:
    """Note that this member of staff was shown personal data: of a student, a class, a department, or all.

    The one thing that a GET writes.
    """
    AccessRecord.objects.create(
        user=desk.user,
        role=desk.role,
        seen_at=timezone.now(),
        view=view,
        campaign=desk.campaign,
        department=department,
        class_group=class_group,
        student=student,
    )


def link_of(token: str, kind: str) -> ClassLink:
    """Return the live link of that token. Raise Http404 for one that is unknown or was rotated."""
    link = links.resolve(token, kind)
    if link is None:
        raise Http404
    return link
