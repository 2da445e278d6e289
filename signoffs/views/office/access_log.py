"""The office's answers to “who saw this student's data” and “whom did this account see”."""

from typing import Any, cast
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ... import access
from ...queries import access_log
from ..pages import office_page

A_PAGE = 100


def _page(
    request: HttpRequest, desk: access.OfficeDesk, log: access_log.AccessLog, **whose: Any
) -> HttpResponse:
    page: Page[access_log.Access] = Paginator(cast(Any, log), A_PAGE).get_page(request.GET.get("page"))
    context = office_page(desk, "campaign", page=page, **whose)
    return render(request, "signoffs/office/access_log.html", context)


@require_safe
@access.office_at_campaign
def of_student(request: HttpRequest, desk: access.OfficeCampaignDesk, uuid: UUID) -> HttpResponse:
    """Who saw this student's data, on pages and in files."""
    student = desk.student(uuid)
    access.record_view(desk, "office-student-access", class_group=student.class_group, student=student)
    return _page(request, desk, access_log.of_student(student), student=student)


@require_safe
@access.office
def of_account(request: HttpRequest, desk: access.OfficeDesk, uuid: UUID) -> HttpResponse:
    """Whose data this account saw, and what it took away as files; of all campaigns."""
    account = desk.account(uuid)
    access.record_view(desk, "office-account-access")
    return _page(request, desk, access_log.of_user(account), account=account)
