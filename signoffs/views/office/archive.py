"""A department's archive, sealed with a password that the office types."""

import tempfile
from pathlib import Path

from django.forms import Form
from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.http import require_http_methods

from rosters.models import Department
from rosters.sentences import Sentence

from ... import access, flow
from ...forms.archive import ArchiveForm
from ...outputs.archive import write_archive
from ...queries import retention
from ..pages import moves, office_page, sent_data


def _page(
    request: HttpRequest,
    desk: access.OfficeCampaignDesk,
    *,
    status: int = 200,
    refusal: Sentence | None = None,
    form: Form | None = None,
) -> HttpResponseBase:
    form = form or _form(request, desk)
    missing = retention.not_archived(desk.campaign)
    context = office_page(desk, "campaign", form=form, refusal=refusal, not_archived=missing)
    return render(request, "signoffs/office/archive.html", context, status=status)


def _form(request: HttpRequest, desk: access.OfficeCampaignDesk) -> ArchiveForm:
    departments = Department.objects.filter(class_groups__campaign=desk.campaign).distinct()
    return ArchiveForm(sent_data(request), departments=departments)


@require_http_methods(["GET", "HEAD", "POST"])
@access.office_at_campaign
@moves(_page, form=_form)
def archive(request: HttpRequest, desk: access.OfficeCampaignDesk, form: ArchiveForm) -> HttpResponseBase:
    """Make the archive on disk, record it with its head, and only then hand it over piece by piece."""
    department, password = form.cleaned_data["department"], form.cleaned_data["password"]
    until = flow.begin_archive(desk.campaign)
    file = tempfile.NamedTemporaryFile(suffix=".zip")  # noqa: SIM115 (the response closes it)
    try:
        with translation.override("zh-hans"):
            head = write_archive(Path(file.name), password, desk.campaign, department, timezone.now())
        flow.record_archive(
            department=department, campaign=desk.campaign, who=desk.who, until=until, head=head
        )
    except BaseException:
        file.close()
        raise
    name = f"存档包-{desk.campaign.slug}-{department}.zip"
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")
