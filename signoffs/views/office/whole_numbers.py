"""The office's one export with whole ID numbers, and the record of those that were made."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from rosters.models import Department

from ... import access, flow
from ...forms.staff import WholeNumbersForm
from ...outputs import exports
from ...queries.history import whole_number_exports
from ..files import XLSX, download
from ..pages import INVALID, REFUSED, office_page


@require_http_methods(["GET", "HEAD", "POST"])
@access.office
def whole_numbers(request: HttpRequest, desk: access.OfficeDesk) -> HttpResponse:
    """Ask for password and reason; record the export; only then make the file."""
    if desk.campaign is None:
        return redirect("office")
    departments = Department.objects.filter(class_groups__campaign=desk.campaign).distinct()
    if request.method != "POST":
        return _page(request, desk, WholeNumbersForm(departments=departments))
    form = WholeNumbersForm(request.POST, departments=departments)
    if not form.is_valid():
        return _page(request, desk, form, INVALID)
    of = {"campaign": desk.campaign, "who": desk.who, "reason": form.cleaned_data["reason"]}
    department = form.cleaned_data["department"]
    try:
        flow.ask_whole_numbers(**of, clock=timezone.now)
        if not desk.user.check_password(form.cleaned_data["password"]):
            form.add_error("password", _("This is not your password. The attempt is recorded."))
            return _page(request, desk, form, INVALID)
        made = flow.export_whole_numbers(**of, department=department, clock=timezone.now)
    except flow.Refused as refused:
        return _page(request, desk, form, REFUSED, refused.reason)
    classes = desk.class_groups
    if department:
        classes = classes.filter(department=department)
    content = exports.whole_numbers(classes, made)
    return download(request, content, f"完整号码-{made.payload['number']}.xlsx", XLSX)


def _page(request, desk, form, status=200, refusal=None) -> HttpResponse:
    made = whole_number_exports(desk.campaign)
    context = office_page(desk, "campaign", form=form, refusal=refusal, made=made)
    return render(request, "signoffs/office/whole_numbers.html", context, status=status)
