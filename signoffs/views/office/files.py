"""What the office takes away: forms and posters to print, workbooks."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_POST

from rosters.models import ClassGroup

from ... import access, flow
from ...outputs import exports
from ...process import states
from ...process.export_kinds import ExportKind
from .. import prints
from ..files import XLSX, download, made_of_people


def _classes_of(
    request: HttpRequest, desk: access.OfficeCampaignDesk
) -> tuple[QuerySet[ClassGroup], object, dict[str, Any]]:
    """Return the classes of the department that was sent, its name for the file, and what a record names.

    Without one: all classes. Raise Http404 for an unknown department.
    """
    if not request.POST.get("department"):
        return desk.class_groups, desk.campaign.slug, {}
    department = desk.department_named(request.POST["department"])
    return desk.class_groups.filter(department=department), department, {"department": department}


@require_POST
@access.office_at_campaign
@made_of_people
def status_export(request: HttpRequest, desk: access.OfficeCampaignDesk) -> HttpResponse:
    """Where every student stands, as a workbook: of a department or of all, in one state or in any."""
    classes, name, scope = _classes_of(request, desk)
    state = request.POST.get("state", "")
    state = state if state in states.STANDINGS else ""
    flow.record_export(campaign=desk.campaign, who=desk.who, what=ExportKind.STATUS, **scope)
    return download(request, exports.student_status(classes, state), f"学生状态-{name}.xlsx", XLSX)


@require_POST
@access.office_at_campaign
@made_of_people
def summary_export(request: HttpRequest, desk: access.OfficeCampaignDesk) -> HttpResponse:
    """The table of departments and classes, as a workbook."""
    flow.record_export(campaign=desk.campaign, who=desk.who, what=ExportKind.SUMMARY)
    content = exports.department_summary(desk.campaign, timezone.now())
    return download(request, content, f"系部汇总-{desk.campaign.slug}.xlsx", XLSX)


form = require_POST(access.office_at_campaign(made_of_people(prints.class_form)))


@require_POST
@access.office_at_campaign
@made_of_people
def forms(request: HttpRequest, desk: access.OfficeCampaignDesk) -> HttpResponseBase:
    """The registration forms of a department, or of all."""
    classes, name, scope = _classes_of(request, desk)
    return prints.forms(request, desk, classes, name, **scope)


@require_POST
@access.office_at_campaign
@made_of_people
def print_hand_in(request: HttpRequest, desk: access.OfficeCampaignDesk, uuid: UUID) -> HttpResponseBase:
    """A department's hand-in on paper: the cover, then the forms."""
    return prints.hand_in(request, desk, desk.hand_in(uuid))


@require_POST
@access.office_at_campaign
def posters(request: HttpRequest, desk: access.OfficeCampaignDesk) -> HttpResponseBase:
    """The posters of a department, or of all."""
    classes, name, _scope = _classes_of(request, desk)
    return prints.posters(request, classes, name)
