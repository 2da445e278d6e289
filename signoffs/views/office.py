"""The academic affairs office's pages: will we make it, what is wrong, what lies here."""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rosters import key_fields
from rosters.models import Campaign, ClassGroup

from .. import access, deadlines, exports, flow, printing, progress, rules, states
from ..charts import completion
from ..dossier import dossier
from ..forms.staff import CampaignForm, CloseForm, DeadlinesForm, NoteForm, ReasonForm, SettleForm, TextsForm
from ..models import FieldError, HandIn, MissingClaim
from .files import PDF, XLSX, download, kind_of_form

REFUSED, INVALID = 409, 422


def _page(desk: access.Desk, tab: str, **more) -> dict:
    campaign = desk.campaign
    context = {
        "desk": desk,
        "campaign": campaign,
        "area": "office",
        "tab": tab,
        "all_states": states.STANDINGS,
    }
    context |= more
    if campaign is not None:
        now = timezone.now()
        context["deadline"] = deadlines.words(campaign.student_deadline, now)
        context["department_deadline"] = deadlines.words(campaign.department_deadline, now)
    return context


@require_safe
@access.office
def dashboard(request: HttpRequest, desk: access.OfficeDesk) -> HttpResponse:
    """One page that answers “will we make it?”."""
    return _dashboard(request, desk)


def _dashboard(request, desk, *, status=200, refusal=None) -> HttpResponse:
    if desk.campaign is None:
        return render(request, "signoffs/office/empty.html", _page(desk, "dashboard"), status=status)
    now = timezone.now()
    overview = progress.campaign_overview(desk.campaign, now)
    context = _page(
        desk,
        "dashboard",
        overview=overview,
        chart=completion(overview, now),
        claims=MissingClaim.objects.filter(
            class_group__campaign=desk.campaign, settled_at=None
        ).select_related("class_group__department"),
        refusal=refusal,
        now=now,
    )
    return render(request, "signoffs/office/dashboard.html", context, status=status)


def _department(request, desk, department, *, status=200, refusal=None, form=None) -> HttpResponse:
    classes = desk.class_groups.filter(department=department)
    rows = progress.class_rows(classes)
    hand_ins = HandIn.objects.filter(campaign=desk.campaign, department=department)
    context = _page(
        desk,
        "dashboard",
        department=department,
        rows=rows,
        total=sum((row.counts for row in rows), progress.Counts()),
        hand_ins=hand_ins.select_related("handed_in_by", "received_by", "reopened_by"),
        hand_in=hand_ins.first(),
        form=form or ReasonForm(),
        refusal=refusal,
    )
    return render(request, "signoffs/office/department.html", context, status=status)


@require_safe
@access.office
def department(request: HttpRequest, desk: access.OfficeDesk, uuid) -> HttpResponse:
    """One department: its classes and its hand-in."""
    return _department(request, desk, desk.department_named(uuid))


@require_POST
@access.office
def print_hand_in(request: HttpRequest, desk: access.OfficeDesk, uuid) -> HttpResponse:
    """A department's hand-in on paper: the cover, then the forms."""
    hand_in = desk.hand_in(uuid)
    of = {"campaign": desk.campaign, "department": hand_in.department}
    flow.record_export(**of, who=desk.who, what="hand-in", clock=timezone.now)
    classes = desk.class_groups.filter(department=hand_in.department)
    content = printing.hand_in_pdf(hand_in, classes, now=timezone.now())
    return download(request, content, f"上交-{hand_in.department}.pdf", PDF)


@require_POST
@access.office
def receive(request: HttpRequest, desk: access.OfficeDesk, uuid) -> HttpResponse:
    """The office has a department's whole."""
    hand_in = desk.hand_in(uuid)
    try:
        flow.receive(hand_in=hand_in, who=desk.who, clock=timezone.now)
    except flow.Refused as refused:
        return _department(request, desk, hand_in.department, status=REFUSED, refusal=refused.reason)
    messages.success(request, _("%(department)s: received.") % {"department": hand_in.department})
    return redirect("office")


@require_POST
@access.office
def reopen(request: HttpRequest, desk: access.OfficeDesk, uuid) -> HttpResponse:
    """Open a hand-in again, with a reason."""
    hand_in, form = desk.hand_in(uuid), ReasonForm(request.POST)
    if not form.is_valid():
        return _department(request, desk, hand_in.department, status=INVALID, form=form)
    try:
        flow.reopen(hand_in=hand_in, who=desk.who, clock=timezone.now, **form.cleaned_data)
    except flow.Refused as refused:
        return _department(request, desk, hand_in.department, status=REFUSED, refusal=refused.reason)
    messages.success(request, _("%(department)s can work on it again.") % {"department": hand_in.department})
    return redirect("office-department", hand_in.department.uuid)


@require_safe
@access.office
def class_page(request: HttpRequest, desk: access.OfficeDesk, uuid) -> HttpResponse:
    """One class: its grid and its sheets."""
    class_group = desk.class_group(uuid)
    access.record_view(desk, "office-class", class_group=class_group)
    seats = progress.class_grid(class_group)
    context = _page(
        desk,
        "dashboard",
        class_group=class_group,
        pages=progress.form_pages(seats),
        lacking=printing.lacking(seat.student.name for seat in seats),
        counts=progress.class_rows([class_group])[0].counts,
        versions=progress.sheet_versions(class_group),
        history=progress.history(class_group),
    )
    return render(request, "signoffs/office/class.html", context)


def _student_page(request, desk, one, *, status=200, refusal=None, form=None) -> HttpResponse:
    access.record_view(desk, "office-student", class_group=one.class_group, student=one)
    reason = rules.reason(
        "withdraw_student", who=desk.who, class_group=one.class_group, now=timezone.now(), student=one
    )
    context = _page(
        desk,
        "dashboard",
        dossier=dossier(one),
        form=form or ReasonForm(),
        no_withdraw=reason,
        refusal=refusal,
    )
    return render(request, "signoffs/office/student.html", context, status=status)


@require_safe
@access.office
def student(request: HttpRequest, desk: access.OfficeDesk, uuid) -> HttpResponse:
    """One student: the record with its ID number masked, and all that was declared."""
    return _student_page(request, desk, desk.student(uuid))


@require_POST
@access.office
def withdraw(request: HttpRequest, desk: access.OfficeDesk, uuid) -> HttpResponse:
    """Somebody has left: the seat is struck out."""
    one, form = desk.student(uuid), ReasonForm(request.POST)
    if not form.is_valid():
        return _student_page(request, desk, one, status=INVALID, form=form)
    try:
        flow.withdraw_student(student=one, who=desk.who, clock=timezone.now, **form.cleaned_data)
    except flow.Refused as refused:
        return _student_page(request, desk, one, status=REFUSED, refusal=refused.reason)
    messages.success(request, _("%(name)s was taken off the roster.") % {"name": one.name})
    return redirect("office-class", one.class_group.uuid)


# Errors ------------------------------------------------------------------------------------------------

FILTERS = {
    "open": {"outcome__in": ["open", "asked"]},
    "settled": {"outcome__in": ["mended", "under_way", "done", "explained"]},
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


def _errors(request, desk, *, status=200, refusal=None, settle=None) -> HttpResponse:
    chosen, now = _chosen(request), timezone.now()
    counting = FieldError.objects.filter(
        declaration__class_group__campaign=desk.campaign,
        declaration__withdrawn_at=None,
        declaration__contested_at=None,
        **FILTERS[chosen["show"]],
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
    alike = Counter(
        (one.declaration.class_group_id, one.field, one.outcome, flow.said_by(one)) for one in page
    )
    errors = [
        (
            error,
            SettleForm(error=error),
            alike[error.declaration.class_group_id, error.field, error.outcome, flow.said_by(error)] - 1,
        )
        for error in page
    ]
    access.record_view(desk, "office-errors")
    context = _page(
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
        refusal=refusal,
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
        return _errors(request, desk, status=REFUSED, refusal=refused.reason)
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
        return _dashboard(request, desk, status=REFUSED, refusal=refused.reason)
    messages.success(request, _("Noted."))
    return redirect("office")


@require_POST
@access.office
def errors_export(request: HttpRequest, desk: access.OfficeDesk) -> HttpResponse:
    """The error statistics as a workbook."""
    if desk.campaign is None:
        return redirect("office")
    flow.record_export(campaign=desk.campaign, who=desk.who, what="error statistics", clock=timezone.now)
    content = exports.error_statistics(desk.class_groups)
    return download(request, content, f"信息错误反馈统计-{desk.campaign.slug}.xlsx", XLSX)


@require_POST
@access.office
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
def summary_export(request: HttpRequest, desk: access.OfficeDesk) -> HttpResponse:
    """The table of departments and classes, as a workbook."""
    if desk.campaign is None:
        return redirect("office")
    flow.record_export(campaign=desk.campaign, who=desk.who, what="summary", clock=timezone.now)
    content = exports.department_summary(desk.campaign, timezone.now())
    return download(request, content, f"系部汇总-{desk.campaign.slug}.xlsx", XLSX)


# The campaign, and files -----------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@access.office
def campaign(request: HttpRequest, desk: access.OfficeDesk) -> HttpResponse:
    """The deadlines, to extend them."""
    if desk.campaign is None:
        return redirect("office-roster")
    if request.method != "POST":
        return _campaign(request, desk)
    form = DeadlinesForm(request.POST)
    if not form.is_valid():
        return _campaign(request, desk, status=INVALID, form=form)
    try:
        flow.extend_deadlines(campaign=desk.campaign, who=desk.who, clock=timezone.now, **form.cleaned_data)
    except flow.Refused as refused:
        return _campaign(request, desk, status=REFUSED, form=form, refusal=refused.reason)
    messages.success(request, _("The deadlines are extended."))
    return redirect("office-campaign")


def _campaign(request, desk, *, status=200, form=None, close=None, refusal=None) -> HttpResponse:
    days = {name: getattr(desk.campaign, name) for name in ("student_deadline", "department_deadline")}
    context = _page(
        desk,
        "campaign",
        form=form or DeadlinesForm(initial=days),
        close=close or CloseForm(campaign=desk.campaign),
        refusal=refusal,
    )
    return render(request, "signoffs/office/campaign.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@access.office
def campaigns(request: HttpRequest, desk: access.OfficeDesk) -> HttpResponse:
    """All years; and next year's, to prepare it from the last one."""
    latest = Campaign.objects.order_by("-slug").first()
    status, refusal, form = 200, None, CampaignForm(latest=latest)
    if request.method == "POST":
        form, status = CampaignForm(request.POST, latest=latest), INVALID
        if form.is_valid():
            said = dict(form.cleaned_data)
            copied = latest.texts if said.pop("copy_texts") and latest else {}
            try:
                made = flow.create_campaign(**said, texts=copied, who=desk.who, clock=timezone.now)
            except flow.Refused as refused:
                status, refusal = REFUSED, refused.reason
            else:
                messages.success(request, _("Prepared: %(campaign)s.") % {"campaign": made})
                return redirect("office-campaigns")
    found = Campaign.objects.order_by("-slug").annotate(students_count=Count("students"))
    context = _page(desk, "campaign", form=form, refusal=refusal, found=found)
    return render(request, "signoffs/office/campaigns.html", context, status=status)


@require_POST
@access.office
def open_campaign(request: HttpRequest, desk: access.OfficeDesk, slug) -> HttpResponse:
    """Open a campaign that was in preparation."""
    one = desk.campaign_named(slug)
    try:
        flow.open_campaign(campaign=one, who=desk.who, clock=timezone.now)
    except flow.Refused as refused:
        messages.error(request, refused.reason)
        return redirect("office-campaigns")
    access.choose_campaign(request, one)
    messages.success(request, _("Open: %(campaign)s.") % {"campaign": one})
    return redirect("office")


@require_POST
@access.office
def choose_campaign(request: HttpRequest, desk: access.OfficeDesk, slug) -> HttpResponse:
    """Look at another year's campaign, a closed one too."""
    access.choose_campaign(request, desk.campaign_named(slug))
    return redirect("office")


@require_http_methods(["GET", "HEAD", "POST"])
@access.office
def texts(request: HttpRequest, desk: access.OfficeDesk) -> HttpResponse:
    """What the students' pages tell: the guide, the known trouble, the notice on their data."""
    if desk.campaign is None:
        return redirect("office-roster")
    status, refusal, form = 200, None, TextsForm(texts=desk.campaign.texts)
    if request.method == "POST":
        form, status = TextsForm(request.POST, texts=desk.campaign.texts), INVALID
        if form.is_valid():
            try:
                flow.edit_texts(campaign=desk.campaign, texts=form.texts, who=desk.who, clock=timezone.now)
            except flow.Refused as refused:
                status, refusal = REFUSED, refused.reason
            else:
                messages.success(request, _("Saved. Students see it at once."))
                return redirect("office-texts")
    context = _page(desk, "campaign", form=form, refusal=refusal)
    return render(request, "signoffs/office/texts.html", context, status=status)


@require_POST
@access.office
def close_campaign(request: HttpRequest, desk: access.OfficeDesk) -> HttpResponse:
    """The end of the campaign; the year typed once more says that it is meant."""
    if desk.campaign is None:
        return redirect("office-roster")
    form = CloseForm(request.POST, campaign=desk.campaign)
    if not form.is_valid():
        return _campaign(request, desk, status=INVALID, close=form)
    try:
        flow.close_campaign(campaign=desk.campaign, who=desk.who, clock=timezone.now)
    except flow.Refused as refused:
        return _campaign(request, desk, status=REFUSED, refusal=refused.reason)
    messages.success(request, _("The campaign is closed."))
    return redirect("office-campaign")


def _print(request, desk, class_groups: Iterable[ClassGroup], name: str, **of) -> HttpResponse:
    flow.record_export(campaign=desk.campaign, who=desk.who, what="form", clock=timezone.now, **of)
    content = printing.form_pdf(class_groups, now=timezone.now(), **kind_of_form(request.POST))
    return download(request, content, f"登记表-{name}.pdf", PDF)


@require_POST
@access.office
def form(request: HttpRequest, desk: access.OfficeDesk, uuid) -> HttpResponse:
    """The registration form of one class."""
    class_group = desk.class_group(uuid)
    return _print(request, desk, [class_group], str(class_group), class_group=class_group)


@require_POST
@access.office
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
    return download(request, printing.poster_pdf(classes), f"海报-{name}.pdf", PDF)
