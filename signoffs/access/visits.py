"""Students and monitors: they have no account, but the class's link, and then the identification.

A signed cookie, one for each kind of link, holds the link, and after identification the student; it ends with
the browser, after two hours, or when the declaration was sent. A second one, kept for the length of a
campaign, holds a random mark of the device and who got in on it: so a known device passes a pause, and an
officer sees many declarations from one device. Neither names anybody.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.db.models import CharField, UUIDField
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from rosters.encryption import key_ring
from rosters.models import Campaign, ClassGroup, Student

from ..entrance import links, throttle
from ..models import ClassLink, Standing
from ..models.prepared import Prepared
from ..queries import actors

VISIT_LASTS = timedelta(hours=2)
DEVICE_LASTS = timedelta(days=60)
DEVICE_COOKIE = "device"
GONE = 410  # the status of a page that a closed check has no more
DEVICE_REMEMBERS = 6  # students who share a phone or a library computer; the oldest is forgotten first

Kind = ClassLink.Kind
View = Callable[..., HttpResponseBase]


@dataclass(frozen=True, kw_only=True)
class _AtClass:
    """Somebody at a class's pages."""

    class_group: ClassGroup

    @property
    def campaign(self) -> Campaign:
        """The campaign of the class."""
        return self.class_group.campaign


@dataclass(frozen=True, kw_only=True)
class Visitor(_AtClass):
    """A browser that opened a class's link."""

    link: ClassLink
    # Whether a student is in front of it already, as far as it knows.
    is_identified: bool = False


@dataclass(frozen=True, kw_only=True)
class Visit(_AtClass):
    """A browser with an identified student in front of it, who tells enough: the link is not loaded."""

    # With their standing.
    student: Student
    # What the page of this visit sends as its submission: the declaration that has it ended the visit.
    submission_id: UUID

    @property
    def standing(self) -> Standing | None:
        """Where the student stood when the request came; None: missing."""
        return getattr(self.student, "standing", None)

    @property
    def who(self) -> actors.Who:
        """The student, as the flow and its events name them."""
        return actors.Who(student=self.student)


def _cookie(kind: str) -> dict[str, str]:
    """Return the name, the path and the flags of the visit's cookie of that kind."""
    paths: dict[str, str] = {Kind.STUDENT: "/class/", Kind.MONITOR: "/monitor/"}
    return {"key": f"visit-{kind}", "path": paths[kind]}


def _set_signed(response: HttpResponse, *, key: str, value: object, **flags: Any) -> None:
    response.set_cookie(
        key, signing.dumps(value, salt=key), httponly=True, secure=settings.HTTPS, samesite="Lax", **flags
    )


def _read_signed(request: HttpRequest, key: str, lasts: timedelta) -> Any:
    """Return what the cookie holds; None where there is none, or it is forged or too old."""
    try:
        return signing.loads(request.COOKIES.get(key, ""), salt=key, max_age=lasts)
    except signing.BadSignature:
        return None


def remember_visit(response: HttpResponse, link: ClassLink) -> None:
    """Turn the link's token into a cookie, which ends any identification there was."""
    _set_signed(response, value={"link": str(link.uuid)}, **_cookie(link.kind))


def identify(response: HttpResponse, link: ClassLink, student: Student) -> None:
    """Write into the visit's cookie that this student is in front of the browser."""
    value = {
        "link": str(link.uuid),
        "student": str(student.uuid),
        "visit": secrets.token_hex(8),
        "after_close": link.class_group.campaign.state == Campaign.State.CLOSED,
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


def _kept(request: HttpRequest, kind: str) -> dict[str, Any] | None:
    """Return what the visit's cookie holds; None where it is none of ours or too old."""
    cookie = _read_signed(request, _cookie(kind)["key"], VISIT_LASTS)
    return cookie if isinstance(cookie, dict) else None


def _visitor(cookie: dict[str, Any] | None, kind: str, visit: Visit | None) -> Visitor | None:
    """Return who opened the cookie's link, identified or not; None without a live link."""
    link = cookie and _live_link.first(uuid=cookie["link"], kind=kind)
    if not link:
        return None
    return Visitor(class_group=link.class_group, link=link, is_identified=visit is not None)


def _visit(request: HttpRequest, cookie: dict[str, Any] | None, kind: str) -> Visit | None:
    """Return the visit of the cookie's student; None where it ended, they left, or the link is dead.

    It is loaded by one query; by one more, once the student has declared.
    """
    if cookie is None or "student" not in cookie or "visit" not in cookie:
        return None
    student = _student_of_link.first(student=cookie["student"], link=cookie["link"], kind=kind)
    # Who got in before the close has to prove it anew after it, by a code.
    if student is None or is_over(student.class_group) != cookie.get("after_close", False):
        return None
    if kind == Kind.MONITOR and not actors.is_monitor(student):
        return None
    submission_id = _submission_id(cookie["visit"])
    if kind == Kind.STUDENT and _has_sent(request, student, submission_id):
        return None
    student.campaign = student.class_group.campaign
    return Visit(class_group=student.class_group, student=student, submission_id=submission_id)


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


def is_over(class_group: ClassGroup) -> bool:
    """Say whether the check that the class belongs to is closed."""
    return class_group.campaign.state == Campaign.State.CLOSED


def _over(request: HttpRequest, kind: str) -> HttpResponse:
    """Return what a link of a closed check leads to: the class's page says so, and the monitor has none."""
    if kind == Kind.STUDENT:
        return redirect("class")
    told = {
        "title": _("This check is over"),
        "advice": _("The campaign is closed: nothing can be seen or entered here any more."),
        "status": GONE,
    }
    return render(request, "error.html", told, status=GONE)


def _with_link(kind: str, *, at_any_time: bool = False) -> Callable[[View], View]:
    """Return the decorator for pages that need the link: the view gets a Visitor.

    `at_any_time`: after the close, too.
    """

    def decorator(view: View) -> View:
        @wraps(view)
        def loaded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            cookie = _kept(request, kind)
            visitor = _visitor(cookie, kind, _visit(request, cookie, kind))
            if visitor is None:
                response: HttpResponseBase = _no_link(request)
            elif is_over(visitor.class_group) and not at_any_time:
                response = _over(request, kind)
            else:
                response = view(request, visitor, *args, **kwargs)
            add_never_cache_headers(response)
            return response

        return loaded

    return decorator


def _with_student(kind: str, entrance: str, *, after_close: bool = False) -> Callable[[View], View]:
    """Return the decorator for pages that need the identification, made at the entrance: it gets a Visit.

    A page is for the time until the close, or (`after_close`) for that after it.
    """

    def decorator(view: View) -> View:
        @wraps(view)
        def loaded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            cookie = _kept(request, kind)
            visit = _visit(request, cookie, kind)
            visitor = visit or _visitor(cookie, kind, None)
            if visitor is None:
                response: HttpResponseBase = _no_link(request)
            elif is_over(visitor.class_group) != after_close:
                response = _over(request, kind)
            elif visit is None:
                response = redirect(entrance)
            else:
                response = view(request, visit, *args, **kwargs)
            add_never_cache_headers(response)
            return response

        return loaded

    return decorator


class_visitor = _with_link(Kind.STUDENT)
class_visitor_at_any_time = _with_link(Kind.STUDENT, at_any_time=True)
student = _with_student(Kind.STUDENT, "class")
student_after_close = _with_student(Kind.STUDENT, "class", after_close=True)
monitor_visitor = _with_link(Kind.MONITOR)
monitor = _with_student(Kind.MONITOR, "monitor-identify")


def slowed_down(view: View) -> View:
    """Decorate an identification: once failures through the link are many, its answers are held back.

    Right or wrong, all alike; and not in here, where a worker has others to answer, but by the server
    (enrollcheck/wsgi.py).
    """

    @wraps(view)
    def noted(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
        response = view(request, visitor)
        if request.method == "POST":
            delay = throttle.link_delay(visitor.link, timezone.now())
            response.held_back = delay  # type: ignore[attr-defined]  # for the server, which looks for it
        return response

    return noted


# Devices ------------------------------------------------------------------------------------------


def _device(request: HttpRequest) -> dict[str, Any]:
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


def link_of(token: str, kind: str) -> ClassLink:
    """Return the live link of that token. Raise Http404 for one that is unknown or was rotated."""
    link = links.resolve(token, kind)
    if link is None:
        raise Http404
    return link
