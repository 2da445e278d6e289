"""What a department and the office print alike: forms, posters, a hand-in; each print is on record first."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from rosters.models import ClassGroup

from .. import access, flow
from ..models import HandIn
from ..outputs import printing
from ..process.export_kinds import ExportKind
from .files import file_of_form, kind_of_form, name_of_form, stream


def forms(
    request: HttpRequest, desk: access.CampaignDesk, classes: Iterable[ClassGroup], name: object, **scope: Any
) -> HttpResponseBase:
    """Return the registration forms of these classes, filled or blank as the button says.

    `scope` is the department or the class that the record names; neither: the campaign.
    """
    what = name_of_form(request.POST)
    flow.record_export(campaign=desk.campaign, who=desk.who, what=what, **scope)
    content = printing.form_pdf(classes, now=timezone.now(), **kind_of_form(request.POST))
    return stream(request, content, file_of_form(request.POST, name))


def class_form(request: HttpRequest, desk: access.CampaignDesk, uuid: UUID) -> HttpResponseBase:
    """The registration form of one class."""
    class_group = desk.class_group(uuid)
    return forms(request, desk, [class_group], class_group, class_group=class_group)


def hand_in(request: HttpRequest, desk: access.CampaignDesk, handed_in: HandIn) -> HttpResponseBase:
    """Return what a department hands in, on paper: the cover, then the forms."""
    department = handed_in.department
    flow.record_export(campaign=desk.campaign, department=department, who=desk.who, what=ExportKind.HAND_IN)
    classes = desk.class_groups.filter(department=department)
    content = printing.hand_in_pdf(handed_in, classes, now=timezone.now())
    return stream(request, content, f"上交-{department}.pdf")


def posters(request: HttpRequest, classes: Iterable[ClassGroup], name: object) -> HttpResponseBase:
    """Return the posters of these classes."""
    return stream(request, printing.poster_pdf(classes), f"海报-{name}.pdf")
