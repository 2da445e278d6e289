"""信息错误反馈 and 名册漏人, followed to their end by the office."""

from collections import Counter
from datetime import timedelta
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from rosters import key_fields

from ... import access, flow
from ...forms.staff import NoteForm, SettleForm
from ...models import FieldError
from ...outputs import exports
from ...process import rules, states
from ...queries import reported
from ..files import XLSX, download, made_of_people
from ..pages import INVALID, REFUSED, office_page
from .dashboard import dashboard_page

FILTERS = {
    "open": {"outcome__in": states.UNSETTLED},
    "settled": {"outcome__in": states.SETTLED},
    "all": {},
}

# Days since the report; the older ones wait longest.
AGES = ("", "3", "7", "14")
ERRORS_A_PAGE = 100


def _chosen(request) -> dict[str, str]:
    """Return the filters of the list of errors that the address names; the first of each for nonsense."""
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


def _errors(request, desk, *, status=200, settle: SettleForm | None = None) -> HttpResponse:
    chosen, now = _chosen(request), timezone.now()
    counting = reported.items().filter(
        declaration__student__campaign=desk.campaign, **FILTERS[chosen["show"]]
    )
    fields = sorted(set(counting.values_list("field", flat=True)))
    found = counting.select_related("declaration__student__class_group__department", "settled_by")
    for name in ("owner", "field"):
        if chosen[name]:
            found = found.filter(**{name: chosen[name]})
    if chosen["age"]:
        found = found.filter(declaration__declared_at__lte=now - timedelta(days=int(chosen["age"])))
    page = Paginator(found.order_by("declaration__declared_at", "pk"), ERRORS_A_PAGE).get_page(
        request.GET.get("page")
    )
    alike = Counter(map(reported.likeness, page))
    errors = [
        (
            error,
            settle if settle is not None and settle.error == error else SettleForm(error=error),
            alike[reported.likeness(error)] - 1,
        )
        for error in page
    ]
    access.record_view(desk, "office-errors")
    context = office_page(
        desk,
        "errors",
        errors=errors,
        page=page,
        chosen=chosen,
        links={name: _link_with(request, name) for name in chosen},
        fields=fields,
        ages=AGES[1:],
        owners=FieldError.Owner.choices,
        query=request.GET.urlencode(),
        form=settle,
    )
    return render(request, "signoffs/office/errors.html", context, status=status)


def _link_with(request, name: str) -> str:
    """Return the address of the list with its other filters, to which one filter's value is added."""
    others = {key: value for key, value in _chosen(request).items() if key != name and value}
    return f"?{urlencode([*others.items(), (name, '')])}"


@require_safe
@access.office
def errors(request: HttpRequest, desk: access.OfficeDesk) -> HttpResponse:
    """What was reported wrong, by field, owner and outcome."""
    return _errors(request, desk)


@require_POST
@access.office
def settle(request: HttpRequest, desk: access.OfficeDesk, uuid) -> HttpResponse:
    """Give an error its next outcome."""
    error = desk.error(uuid)
    form = SettleForm(request.POST, error=error)
    if not form.is_valid():
        return _errors(request, desk, status=INVALID, settle=form)
    try:
        count = flow.settle_error(error=error, who=desk.who, clock=timezone.now, **form.cleaned_data)
    except flow.Refused as refused:
        form.add_error(None, refused.reason)
        return _errors(request, desk, status=REFUSED, settle=form)
    messages.success(request, _("Noted for %(count)s.") % {"count": count})
    return redirect(f"{reverse('office-errors')}?{request.GET.urlencode()}")


@require_POST
@access.office
def settle_claim(request: HttpRequest, desk: access.OfficeDesk, uuid) -> HttpResponse:
    """Say what became of somebody whom the roster does not name."""
    claim, form = desk.claim(uuid), NoteForm(request.POST)
    try:
        if not form.is_valid():
            raise flow.Refused(_("Say what became of it."))
        flow.settle_claim(claim=claim, who=desk.who, clock=timezone.now, **form.cleaned_data)
    except flow.Refused as refused:
        return dashboard_page(request, desk, status=REFUSED, refusal=refused.reason)
    messages.success(request, _("Noted."))
    return redirect("office")


@require_POST
@access.office
@made_of_people
def errors_export(request: HttpRequest, desk: access.OfficeDesk) -> HttpResponse:
    """The error statistics as a workbook."""
    if desk.campaign is None:
        return redirect("office")
    flow.record_export(campaign=desk.campaign, who=desk.who, what="error statistics", clock=timezone.now)
    content = exports.error_statistics(desk.class_groups)
    return download(request, content, f"信息错误反馈统计-{desk.campaign.slug}.xlsx", XLSX)
