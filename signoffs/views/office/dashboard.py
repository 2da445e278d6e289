"""The academic affairs office's pages: will we make it, and what lies here."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from ... import access, flow
from ...forms.staff import ReasonForm
from ...models import HandIn, MissingClaim
from ...outputs import printing
from ...queries import situations
from ...queries.charts import completion
from ...queries.classes import class_grid, class_rows, form_pages
from ...queries.counts import Counts
from ...queries.dossier import dossier
from ...queries.history import history, sheet_versions
from ...queries.overview import campaign_overview
from ..files import made_of_people, stream
from ..pages import INVALID, REFUSED, office_page


@require_safe
@access.office
def dashboard(request: HttpRequest, desk: access.OfficeDesk) -> HttpResponse:
    """One page that answers “will we make it?”."""
    return dashboard_page(request, desk)


def dashboard_page(request, desk, *, status=200, refusal=None) -> HttpResponse:
    """Return the dashboard, also after a refusal."""
    if desk.campaign is None:
        return render(request, "signoffs/office/empty.html", office_page(desk, "dashboard"), status=status)
    now = timezone.now()
    overview = campaign_overview(desk.campaign, now)
    claims = []
    if not request.htmx:  # the refresh of the numbers leaves the claims as they stand on the page
        waiting = MissingClaim.objects.filter(class_group__campaign=desk.campaign, settled_at=None)
        claims = list(waiting.select_related("class_group__department"))
        access.record_claims(desk, "office", claims)
    context = office_page(
        desk,
        "dashboard",
        overview=overview,
        chart=completion(overview, now),
        claims=claims,
        refusal=refusal,
        now=now,
    )
    return render(request, "signoffs/office/dashboard.html", context, status=status)


def _department(request, desk, department, *, status=200, refusal=None, form=None) -> HttpResponse:
    classes = desk.class_groups.filter(department=department)
    rows = class_rows(classes)
    hand_ins = HandIn.objects.filter(campaign=desk.campaign, department=department)
    context = office_page(
        desk,
        "dashboard",
        department=department,
        rows=rows,
        total=sum((row.counts for row in rows), Counts()),
        hand_ins=hand_ins.select_related("handed_in_by", "received_by", "reopened_by"),
        hand_in=hand_ins.first(),
        lacking_in=printing.lacking_in([row.class_group for row in rows]),
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
@made_of_people
def print_hand_in(request: HttpRequest, desk: access.OfficeDesk, uuid) -> HttpResponse:
    """A department's hand-in on paper: the cover, then the forms."""
    hand_in = desk.hand_in(uuid)
    of = {"campaign": desk.campaign, "department": hand_in.department}
    flow.record_export(**of, who=desk.who, what="hand-in", clock=timezone.now)
    classes = desk.class_groups.filter(department=hand_in.department)
    content = printing.hand_in_pdf(hand_in, classes, now=timezone.now())
    return stream(request, content, f"上交-{hand_in.department}.pdf")


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
    seats = class_grid(class_group)
    context = office_page(
        desk,
        "dashboard",
        class_group=class_group,
        pages=form_pages(seats),
        lacking=printing.lacking(seat.student.name for seat in seats),
        counts=class_rows([class_group])[0].counts,
        versions=sheet_versions(class_group),
        history=history(class_group),
    )
    return render(request, "signoffs/office/class.html", context)


def _student_page(request, desk, one, *, status=200, refusal=None, form=None) -> HttpResponse:
    access.record_view(desk, "office-student", class_group=one.class_group, student=one)
    reason = situations.reason(
        "withdraw_student", who=desk.who, class_group=one.class_group, now=timezone.now(), student=one
    )
    context = office_page(
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
