"""The pages that anybody may open: where to go, the links, a print's record, the server's health."""

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from rosters.models import ClassGroup

from .. import access
from ..models import ClassLink, ClassSheet, Membership, User
from ..process import states
from ..queries import actors, staffing
from ..upkeep import readiness

Role = Membership.Role
DESKS: dict[str, str] = {Role.OFFICE: "office", Role.DEPARTMENT: "department", Role.COUNSELLOR: "department"}


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Where to go: staff to their desk, everybody else to the class link."""
    if request.user.is_authenticated:
        for membership in access.memberships(request.user):
            return redirect(DESKS[membership.role])
    return render(request, "signoffs/home.html", {"campaign": access.current_campaign()})


def _follow(request: HttpRequest, token: str, kind: str, to: str) -> HttpResponse:
    link = access.link_of(token, kind)
    response = redirect(to)
    access.remember_visit(response, link)
    return response


@require_safe
def class_link(request: HttpRequest, token: str) -> HttpResponse:
    """The class link: its token becomes a cookie and leaves the address. Raise Http404 for a dead one."""
    return _follow(request, token, ClassLink.Kind.STUDENT, "class")


@require_safe
def monitor_link(request: HttpRequest, token: str) -> HttpResponse:
    """The monitor link, in the same way."""
    return _follow(request, token, ClassLink.Kind.MONITOR, "monitor")


def _class_page(user: User | AnonymousUser, class_group: ClassGroup) -> str | None:
    """Return where this member of staff finds the class; None for everybody else."""
    if not user.is_authenticated or staffing.lacks_second_factor(user):
        return None
    acting = actors.staff_roles(user, class_group.department)
    pages = {states.OFFICE: "office-class", states.OFFICER: "department-class"}
    return next(
        (reverse(page, args=[class_group.uuid]) for role, page in pages.items() if role in acting), None
    )


@require_safe
def verify(request: HttpRequest, code: str) -> HttpResponse:
    """A printed form against its record: the current version, an old one, or none. Counts for staff alone."""
    sheets = ClassSheet.objects.select_related("class_group__campaign", "class_group__department")
    sheet = sheets.filter(verify_code=code).first()
    newest = sheet and ClassSheet.objects.filter(class_group=sheet.class_group).order_by("-version").first()
    context = {
        "sheet": sheet,
        "newest": newest,
        "is_current": sheet is not None and sheet == newest,
        "class_page": sheet and _class_page(request.user, sheet.class_group),
    }
    return render(request, "signoffs/verify.html", context, status=200 if sheet else 404)


@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    """200: this process answers. It asks nothing else."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 while a write is committed within two seconds, and disk, migrations and clock are right; else 503.

    The lines say what is wrong.
    """
    ailments = readiness.node.ailments()
    text = "\n".join(ailments or ["ok"]) + "\n"
    return HttpResponse(text, status=503 if ailments else 200, content_type="text/plain")
