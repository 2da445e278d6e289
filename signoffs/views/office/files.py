"""What the office takes away: forms and posters to print, workbooks."""

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from rosters.models import ClassGroup

from ... import access, flow
from ...outputs import exports, printing
from ...process import states
from ..files import XLSX, download, file_of_form, kind_of_form, made_of_people, name_of_form, stream


@require_POST
@access.office
@made_of_people
def status_export(request: HttpRequest, desk: access.OfficeDesk) -> HttpResponse:
    """Where every student stands, as a workbook: of a department or of all, in one state or in any."""
    if desk.campaign is None:
        return redirect("office")
    classes, name, of = desk.class_groups, desk.campaign.slug, {}
    if request.POST.get("department"):
        of["department"] = desk.department_named(request.POST["department"])
        classes, name = classes.filter(department=of["department"]), str(of["department"])
    state = request.POST.get("state", "")
    state = state if state in states.STANDINGS else ""
    flow.record_export(campaign=desk.campaign, who=desk.who, what="status", clock=timezone.now, **of)
    return download(request, exports.student_status(classes, state), f"学生状态-{name}.xlsx", XLSX)


@require_POST
@access.office
@made_of_people
def summary_export(request: HttpRequest, desk: access.OfficeDesk) -> HttpResponse:
    """The table of departments and classes, as a workbook."""
    if desk.campaign is None:
        return redirect("office")
    flow.record_export(campaign=desk.campaign, who=desk.who, what="summary", clock=timezone.now)
    content = exports.department_summary(desk.campaign, timezone.now())
    return download(request, content, f"系部汇总-{desk.campaign.slug}.xlsx", XLSX)


def _print(request, desk, class_groups: Iterable[ClassGroup], name: str, **of) -> HttpResponse:
    what = name_of_form(request.POST)
    flow.record_export(campaign=desk.campaign, who=desk.who, what=what, clock=timezone.now, **of)
    content = printing.form_pdf(class_groups, now=timezone.now(), **kind_of_form(request.POST))
    return stream(request, content, file_of_form(request.POST, name))


@require_POST
@access.office
@made_of_people
def form(request: HttpRequest, desk: access.OfficeDesk, uuid) -> HttpResponse:
    """The registration form of one class."""
    class_group = desk.class_group(uuid)
    return _print(request, desk, [class_group], str(class_group), class_group=class_group)


@require_POST
@access.office
@made_of_people
def forms(request: HttpRequest, desk: access.OfficeDesk) -> HttpResponse:
    """The registration forms of a department, or of all."""
    if desk.campaign is None:
        return redirect("office")
    wanted = request.POST.get("department")
    if not wanted:
        return _print(request, desk, desk.class_groups, desk.campaign.slug)
    department = desk.department_named(wanted)
    classes = desk.class_groups.filter(department=department)
    return _print(request, desk, classes, str(department), department=department)


@require_POST
@access.office
def posters(request: HttpRequest, desk: access.OfficeDesk) -> HttpResponse:
    """The posters of a department, or of all."""
    classes, name = desk.class_groups, desk.campaign.slug if desk.campaign else ""
    if request.POST.get("department"):
        department = desk.department_named(request.POST["department"])
        classes, name = classes.filter(department=department), str(department)
    return stream(request, printing.poster_pdf(classes), f"海报-{name}.pdf")
