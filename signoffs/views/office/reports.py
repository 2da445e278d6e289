"""信息错误反馈 and 名册漏人, followed to their end by the office."""

import time
from collections import Counter
from datetime import timedelta
from urllib.parse import urlencode

from allauth.account.authentication import get_authentication_records
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rosters import key_fields
from rosters.sentences import Sentence

from ... import access, flow
from ...forms.accounts import ProofForm
from ...forms.staff import NoteForm, SettleForm
from ...models import FieldError, MissingClaim
from ...outputs import exports
from ...process import rules, states
from ...process.export_kinds import ExportKind
from ...queries import reported
from ..files import XLSX, download, made_of_people
from ..pages import INVALID, done, moves, office_page, posted
from .dashboard import dashboard_page

FILTERS = {
    "open": {"outcome__in": states.UNSETTLED},
    "settled": {"outcome__in": states.SETTLED},
    "all": {},
}

# Days since the report; the older ones wait longest.
AGES = ("", "3", "7", "14")
REPORTS_A_PAGE = 100
# For so long a sign-on by the campus proves who sits here.
FRESH_SECONDS = 300


def _chosen(request: HttpRequest) -> dict[str, str]:
    """Return the filters of the list that the address names; the first of each for nonsense."""
    offered = {
        "show": tuple(FILTERS),
        "owner": ("", *FieldError.Owner.values),
        "field": ("", *key_fields.BY_NAME, *rules.WHOLE_RECORD),
        "age": AGES,
    }
    return {
        name: value if (value := request.GET.get(name, "")) in values else values[0]
        for name, values in offered.items()
    }


def _narrowed(chosen: dict[str, str], found: QuerySet[FieldError]) -> QuerySet[FieldError]:
    for name in ("owner", "field"):
        if chosen[name]:
            found = found.filter(**{name: chosen[name]})
    if chosen["age"]:
        before = timezone.now() - timedelta(days=int(chosen["age"]))
        found = found.filter(declaration__declared_at__lte=before)
    found = found.select_related("declaration__student__class_group__department", "settled_by")
    return found.order_by("declaration__declared_at", "pk")


def _reports_page(
    request: HttpRequest,
    desk: access.OfficeCampaignDesk,
    *_report: object,
    status: int = 200,
    refusal: Sentence | None = None,
    form: SettleForm | None = None,
) -> HttpResponse:
    if form is not None and refusal:
        form.add_error(None, refusal)
    chosen = _chosen(request)
    shown = reported.items().filter(declaration__student__campaign=desk.campaign, **FILTERS[chosen["show"]])
    fields = sorted(set(shown.values_list("field", flat=True)))
    page = Paginator(_narrowed(chosen, shown), REPORTS_A_PAGE).get_page(request.GET.get("page"))
    alike = Counter(map(reported.likeness, page))
    reports = [
        (
            report,
            form if form is not None and form.report == report else SettleForm(report=report),
            alike[reported.likeness(report)] - 1,
        )
        for report in page
    ]
    access.record_view(desk, "office-errors")
    context = office_page(
        desk,
        "reports",
        reports=reports,
        page=page,
        chosen=chosen,
        links={name: _link_with(request, name) for name in chosen},
        fields=fields,
        ages=AGES[1:],
        owners=FieldError.Owner.choices,
        query=request.GET.urlencode(),
        form=form,
    )
    return render(request, "signoffs/office/reports.html", context, status=status)


def _link_with(request: HttpRequest, name: str) -> str:
    """Return the address of the list with its other filters, to which one filter's value is added."""
    others = {key: value for key, value in _chosen(request).items() if key != name and value}
    return f"?{urlencode([*others.items(), (name, '')])}"


@require_safe
@access.office_at_campaign
def reports(request: HttpRequest, desk: access.OfficeCampaignDesk) -> HttpResponse:
    """What was reported wrong, by field, owner and outcome."""
    return _reports_page(request, desk)


def _settle_form(request: HttpRequest, desk: access.OfficeCampaignDesk, report: FieldError) -> SettleForm:
    return SettleForm(request.POST, report=report)


@require_POST
@access.office_at_campaign
@moves(_reports_page, load=access.OfficeCampaignDesk.report, form=_settle_form)
def settle(
    request: HttpRequest, desk: access.OfficeCampaignDesk, report: FieldError, form: SettleForm
) -> HttpResponse:
    """Give a reported error its next outcome."""
    count = flow.settle_error(error=report, who=desk.who, **form.cleaned_data)
    messages.success(request, _("Noted for %(count)s.") % {"count": count})
    return redirect(f"{reverse('office-errors')}?{request.GET.urlencode()}")


def _page_of_claim(
    request: access.StaffRequest,
    desk: access.OfficeCampaignDesk,
    claim: MissingClaim,
    *,
    status: int,
    refusal: Sentence | None = None,
    form: Form,
) -> HttpResponse:
    return dashboard_page(request, desk, status=status, refusal=refusal or _("Say what became of it."))


@require_POST
@access.office_at_campaign
@moves(_page_of_claim, load=access.OfficeCampaignDesk.claim, form=posted(NoteForm))
def settle_claim(
    request: HttpRequest, desk: access.OfficeCampaignDesk, claim: MissingClaim, form: NoteForm
) -> HttpResponse:
    """Say what became of somebody whom the roster does not name."""
    flow.settle_claim(claim=claim, who=desk.who, **form.cleaned_data)
    return done(request, _("Noted."), "office")


@require_POST
@access.office_at_campaign
@made_of_people
def reports_export(request: HttpRequest, desk: access.OfficeCampaignDesk) -> HttpResponse:
    """What was reported wrong, counted and listed, as a workbook."""
    flow.record_export(campaign=desk.campaign, who=desk.who, what=ExportKind.ERROR_STATISTICS)
    content = exports.error_statistics(desk.class_groups)
    return download(request, content, f"信息错误反馈统计-{desk.campaign.slug}.xlsx", XLSX)


def _number_page(
    request: HttpRequest,
    desk: access.OfficeCampaignDesk,
    report: FieldError,
    *,
    status: int = 200,
    refusal: Sentence | None = None,
    form: ProofForm | None = None,
) -> HttpResponse:
    form = form or ProofForm(user=desk.user)
    context = office_page(desk, "reports", report=report, form=form, refusal=refusal)
    return render(request, "signoffs/office/number.html", context, status=status)


def _proof_form(request: HttpRequest, desk: access.OfficeCampaignDesk, report: FieldError) -> ProofForm:
    return ProofForm(request.POST, user=desk.user)


def _signed_on_by_campus(request: HttpRequest) -> bool:
    """Say whether this session began by the campus's sign-on within the last minutes."""
    records = [
        one for one in get_authentication_records(request, request.user) if one["method"] == "socialaccount"
    ]
    return bool(records) and time.time() - records[-1]["at"] < FRESH_SECONDS


@require_http_methods(["GET", "HEAD", "POST"])
@access.office_at_campaign
@moves(_number_page, load=access.OfficeCampaignDesk.report, form=_proof_form)
def number(
    request: HttpRequest, desk: access.OfficeCampaignDesk, report: FieldError, form: ProofForm
) -> HttpResponse:
    """A wrong ID number, whole: what the roster, CHSI and the student say; for a reason, proved, recorded."""
    flow.ask_whole_numbers(campaign=desk.campaign, who=desk.who, reason=form.cleaned_data["reason"])
    if not form.proves(_signed_on_by_campus(request)):
        return _number_page(request, desk, report, status=INVALID, form=form)
    flow.show_number(error=report, who=desk.who, reason=form.cleaned_data["reason"])
    student = report.declaration.student
    access.record_view(desk, "office-number", class_group=student.class_group, student=student)
    context = office_page(desk, "reports", report=report, student=student, shown=True)
    return render(request, "signoffs/office/number.html", context)
