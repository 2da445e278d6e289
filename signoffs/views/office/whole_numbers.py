"""The office's one export with whole ID numbers, and the record of those that were made."""

from typing import Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from rosters.models import Department
from rosters.sentences import Sentence

from ... import access, flow
from ...forms.staff import WholeNumbersForm
from ...outputs import exports
from ...queries.history import whole_number_exports
from ..files import XLSX, download
from ..pages import INVALID, moves, office_page, sent_data


def _page(
    request: HttpRequest,
    desk: access.OfficeCampaignDesk,
    *,
    status: int = 200,
    refusal: Sentence | None = None,
    form: Form | None = None,
) -> HttpResponse:
    made = whole_number_exports(desk.campaign)
    form = form or _form(request, desk)
    context = office_page(desk, "campaign", form=form, refusal=refusal, made=made)
    return render(request, "signoffs/office/whole_numbers.html", context, status=status)


def _form(request: HttpRequest, desk: access.OfficeCampaignDesk) -> WholeNumbersForm:
    departments = Department.objects.filter(class_groups__campaign=desk.campaign).distinct()
    return WholeNumbersForm(sent_data(request), departments=departments)


@require_http_methods(["GET", "HEAD", "POST"])
@access.office_at_campaign
@moves(_page, form=_form)
def whole_numbers(
    request: HttpRequest, desk: access.OfficeCampaignDesk, form: WholeNumbersForm
) -> HttpResponse:
    """Ask for password and reason; record the export; only then make the file."""
    scope: dict[str, Any] = {
        "campaign": desk.campaign,
        "who": desk.who,
        "reason": form.cleaned_data["reason"],
    }
    department = form.cleaned_data["department"]
    flow.ask_whole_numbers(**scope)
    if not desk.user.check_password(form.cleaned_data["password"]):
        form.add_error("password", _("This is not your password. The attempt is recorded."))
        return _page(request, desk, status=INVALID, form=form)
    made = flow.export_whole_numbers(**scope, department=department)
    classes = desk.class_groups
    if department:
        classes = classes.filter(department=department)
    content = exports.whole_numbers(classes, made)
    return download(request, content, f"完整号码-{(made.payload or {})['number']}.xlsx", XLSX)
