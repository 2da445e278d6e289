"""The department officer's pages, and what a counsellor may read of them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from rosters.models import ClassGroup

from .. import access, flow
from ..entrance import links
from ..forms.staff import HandInForm, ReasonForm
from ..models import ClassLink, ClassSheet, HandIn, MissingClaim
from ..outputs import printing
from ..process import rules
from ..queries import actors, situations
from ..queries.classes import ClassRow, class_grid, class_rows, form_pages, reminder_text, shared_devices
from ..queries.counts import Counts
from ..queries.dossier import dossier
from ..queries.history import history, sheet_versions
from .files import file_of_form, kind_of_form, made_of_people, name_of_form, stream
from .pages import INVALID, REFUSED, desk_page


def _newest_hand_in(desk: access.Desk) -> tuple[HandIn | None, str | None]:
    """Return the department's newest hand-in, and why it can't hand in now."""
    if desk.department is None or desk.campaign is None:
        return None, None
    newest = situations.newest_hand_in(desk.campaign, desk.department)
    at = situations.department_situation(desk.campaign, newest)
    return newest, rules.may("hand_in", frozenset(actors.staff_roles(desk.user, desk.department)), at)


def _overview(
    request, desk: access.Desk, *, status=200, refusal=None, hand_in_form=None, reason_form=None
) -> HttpResponse:
    ticked = request.POST.getlist("sheet")
    rows = class_rows(desk.class_groups)
    hand_in, reason = _newest_hand_in(desk)
    claims = list(
        MissingClaim.objects.filter(class_group__in=desk.class_groups, settled_at=None).select_related(
            "class_group"
        )
    )
    access.record_claims(desk, "department", claims)
    context = desk_page(
        desk,
        rows=rows,
        total=sum((row.counts for row in rows), Counts()),
        hand_in=hand_in,
        no_hand_in=reason,
        to_look_at=[(row, str(row.sheet.uuid) in ticked) for row in rows if row.step == "look"],
        reason_form=reason_form or ReasonForm(),
        accepted=sum(row.is_accepted for row in rows),
        hand_in_form=hand_in_form or HandInForm(rows=_open(rows)),
        claims=claims,
        refusal=refusal,
    )
    return render(request, "signoffs/department/overview.html", context, status=status)


def _open(rows: list[ClassRow]) -> list[ClassRow]:
    return [row for row in rows if row.needs_reason]


@require_safe
@access.department
def overview(request: HttpRequest, desk: access.Desk) -> HttpResponse:
    """The classes, what needs action first."""
    return _overview(request, desk)


def _class_page(request, desk, class_group: ClassGroup, *, status=200, refusal=None, form=None):
    access.record_view(desk, "department-class", class_group=class_group)
    seats = class_grid(class_group)
    sheet = ClassSheet.objects.filter(class_group=class_group).select_related("collator").first()
    now = timezone.now()
    live = ClassLink.objects.filter(class_group=class_group, revoked_at=None)
    context = desk_page(
        desk,
        class_group=class_group,
        pages=form_pages(seats),
        lacking=printing.lacking(seat.student.name for seat in seats),
        counts=next(iter(class_rows([class_group]))).counts,
        sheet=sheet,
        versions=sheet_versions(class_group),
        history=history(class_group),
        waiting=[seat for seat in seats if seat.waiting],
        shared_devices=shared_devices(class_group),
        links={link.kind: links.url(link) for link in live},
        failures=max((link.failures for link in live), default=0),
        reminder=reminder_text(class_group, now),
        no_accept=situations.reason("accept_sheet", who=desk.who, class_group=class_group, now=now),
        no_return=situations.reason("return_sheet", who=desk.who, class_group=class_group, now=now),
        form=form or ReasonForm(),
        refusal=refusal,
    )
    return render(request, "signoffs/department/class.html", context, status=status)


@require_safe
@access.department
def class_page(request: HttpRequest, desk: access.Desk, uuid) -> HttpResponse:
    """One class: its grid, its sheet, its links."""
    return _class_page(request, desk, desk.class_group(uuid))


@require_POST
@access.department
def accept(request: HttpRequest, desk: access.Desk, uuid) -> HttpResponse:
    """Accept a class's sheet."""
    sheet = desk.sheet(uuid)
    try:
        flow.accept_sheet(sheet=sheet, who=desk.who, clock=timezone.now)
    except flow.Refused as refused:
        return _class_page(request, desk, sheet.class_group, status=REFUSED, refusal=refused.reason)
    messages.success(request, _("%(class)s: accepted.") % {"class": sheet.class_group})
    return redirect("department")


@require_POST
@access.department
def return_sheet(request: HttpRequest, desk: access.Desk, uuid) -> HttpResponse:
    """Return a class's sheet with a reason."""
    sheet, form = desk.sheet(uuid), ReasonForm(request.POST)
    if not form.is_valid():
        return _class_page(request, desk, sheet.class_group, status=INVALID, form=form)
    try:
        flow.return_sheet(sheet=sheet, who=desk.who, clock=timezone.now, **form.cleaned_data)
    except flow.Refused as refused:
        return _class_page(request, desk, sheet.class_group, status=REFUSED, refusal=refused.reason)
    messages.success(request, _("%(class)s: returned to the monitor.") % {"class": sheet.class_group})
    return redirect("department")


def _many(request, desk: access.Desk, decide) -> tuple[int, list[str]]:
    """Decide on the sheets that were ticked, each in its own move; return how many, and what was refused."""
    done, refused = 0, []
    for uuid in request.POST.getlist("sheet"):
        sheet = desk.sheet(uuid)
        try:
            decide(sheet)
            done += 1
        except flow.Refused as error:
            refused.append(f"{sheet.class_group}: {error.reason}")
    return done, refused


@require_POST
@access.department
def accept_many(request: HttpRequest, desk: access.Desk) -> HttpResponse:
    """Accept the sheets of the classes that were ticked."""
    return _decided(
        request, desk, None, lambda sheet: flow.accept_sheet(sheet=sheet, who=desk.who, clock=timezone.now)
    )


@require_POST
@access.department
def return_many(request: HttpRequest, desk: access.Desk) -> HttpResponse:
    """Return the sheets of the classes that were ticked, all with the same reason."""
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _overview(request, desk, status=INVALID, reason_form=form)
    reason = form.cleaned_data["reason"]
    return _decided(
        request,
        desk,
        form,
        lambda sheet: flow.return_sheet(sheet=sheet, who=desk.who, reason=reason, clock=timezone.now),
    )


def _decided(request, desk: access.Desk, form: ReasonForm | None, decide) -> HttpResponse:
    done, refused = _many(request, desk, decide)
    if not done and not refused:
        refusal = _("Tick the classes first.")
        return _overview(request, desk, status=INVALID, refusal=refusal, reason_form=form)
    if refused:
        return _overview(request, desk, status=REFUSED, refusal=" ".join(refused), reason_form=form)
    messages.success(request, _("Done for %(count)s classes.") % {"count": done})
    return redirect("department")


@require_POST
@access.department
def rotate(request: HttpRequest, desk: access.Desk, uuid) -> HttpResponse:
    """End the class's link, or the monitor's, and make a new one."""
    class_group = desk.class_group(uuid)
    kind = request.POST.get("kind", ClassLink.Kind.STUDENT)
    links_of_kind = ClassLink.objects.filter(class_group=class_group, kind=kind, revoked_at=None)
    link = links_of_kind.first() if kind in ClassLink.Kind.values else None
    if link is None:
        return _class_page(request, desk, class_group, status=INVALID, refusal=_("There is no such link."))
    try:
        flow.rotate_link(link=link, who=desk.who, clock=timezone.now)
    except flow.Refused as refused:
        return _class_page(request, desk, class_group, status=REFUSED, refusal=refused.reason)
    messages.success(request, _("The old link is dead. Give the new one to the class."))
    return redirect("department-class", class_group.uuid)


def _student_page(request, desk, student, *, status=200, refusal=None, code=""):
    access.record_view(desk, "department-student", class_group=student.class_group, student=student)
    context = desk_page(desk, dossier=dossier(student), refusal=refusal, code=code)
    return render(request, "signoffs/department/student.html", context, status=status)


@require_safe
@access.department
def student(request: HttpRequest, desk: access.Desk, uuid) -> HttpResponse:
    """One student: the record with its ID number masked, what was declared, what became of it."""
    return _student_page(request, desk, desk.student(uuid))


@require_POST
@access.department
def code(request: HttpRequest, desk: access.Desk, uuid) -> HttpResponse:
    """Issue a one-time code, shown once, on this answer."""
    one = desk.student(uuid)
    try:
        text = flow.issue_code(student=one, who=desk.who, clock=timezone.now)
    except flow.Refused as refused:
        return _student_page(request, desk, one, status=REFUSED, refusal=refused.reason)
    return _student_page(request, desk, one, code=f"{text[:4]} {text[4:]}")


@require_POST
@access.department
def name_monitor(request: HttpRequest, desk: access.Desk, uuid) -> HttpResponse:
    """Name a student monitor, or end that."""
    one = desk.student(uuid)
    move = flow.unname_monitor if request.POST.get("end") else flow.name_monitor
    try:
        move(student=one, who=desk.who, clock=timezone.now)
    except flow.Refused as refused:
        return _student_page(request, desk, one, status=REFUSED, refusal=refused.reason)
    messages.success(request, _("Done."))
    return redirect("department-student", one.uuid)


@require_POST
@access.department
def countersign(request: HttpRequest, desk: access.Desk, uuid) -> HttpResponse:
    """Countersign what was entered for a student."""
    declaration = desk.declaration(uuid)
    try:
        flow.countersign(declaration=declaration, who=desk.who, clock=timezone.now)
    except flow.Refused as refused:
        return _class_page(
            request, desk, declaration.student.class_group, status=REFUSED, refusal=refused.reason
        )
    messages.success(request, _("Countersigned: %(name)s.") % {"name": declaration.student.name})
    return redirect("department-class", declaration.student.class_group.uuid)


@require_POST
@access.department
def hand_in(request: HttpRequest, desk: access.Desk) -> HttpResponse:
    """系部上交: every class accepted, or with a stated exception."""
    if desk.campaign is None:
        return redirect("department")
    _newest, refusal = _newest_hand_in(desk)
    if refusal is not None:
        return _overview(request, desk, status=REFUSED, refusal=refusal)
    form = HandInForm(request.POST, rows=_open(class_rows(desk.class_groups)))
    if not form.is_valid():
        return _overview(request, desk, status=INVALID, hand_in_form=form)
    try:
        made = flow.hand_in(
            campaign=desk.campaign,
            department=desk.department,
            who=desk.who,
            exceptions=form.cleaned_data,
            clock=timezone.now,
        )
    except flow.Refused as refused:
        return _overview(request, desk, status=REFUSED, refusal=refused.reason, hand_in_form=form)
    messages.success(request, _("Handed in: version %(version)s.") % {"version": made.version})
    return redirect("department")


@require_POST
@access.department
@made_of_people
def print_hand_in(request: HttpRequest, desk: access.Desk) -> HttpResponse:
    """What the department hands in, on paper: the cover, then the forms."""
    newest = situations.newest_hand_in(desk.campaign, desk.department)
    if newest is None:
        return _overview(request, desk, status=REFUSED, refusal=_("Not handed in yet."))
    flow.record_export(
        campaign=desk.campaign, department=desk.department, who=desk.who, what="hand-in", clock=timezone.now
    )
    content = printing.hand_in_pdf(newest, desk.class_groups, now=timezone.now())
    return stream(request, content, _name(desk, "上交"))


def _name(desk: access.Desk, what: str, of: object = "") -> str:
    return f"{what}-{of or desk.department}.pdf"


@require_POST
@access.department
def poster(request: HttpRequest, desk: access.Desk, uuid) -> HttpResponse:
    """The poster of one class."""
    class_group = desk.class_group(uuid)
    content = printing.poster_pdf([class_group])
    return stream(request, content, _name(desk, "海报", class_group))


@require_POST
@access.department
def posters(request: HttpRequest, desk: access.Desk) -> HttpResponse:
    """The posters of all classes."""
    return stream(request, printing.poster_pdf(desk.class_groups), _name(desk, "海报"))


@require_POST
@access.department
@made_of_people
def form(request: HttpRequest, desk: access.Desk, uuid) -> HttpResponse:
    """The registration form of one class."""
    class_group = desk.class_group(uuid)
    of, what = {"campaign": desk.campaign, "class_group": class_group}, name_of_form(request.POST)
    flow.record_export(**of, who=desk.who, what=what, clock=timezone.now)
    content = printing.form_pdf([class_group], now=timezone.now(), **kind_of_form(request.POST))
    return stream(request, content, file_of_form(request.POST, class_group))


@require_POST
@access.department
@made_of_people
def forms(request: HttpRequest, desk: access.Desk) -> HttpResponse:
    """The registration forms of all classes."""
    if desk.campaign is None:
        return redirect("department")
    of, what = {"campaign": desk.campaign, "department": desk.department}, name_of_form(request.POST)
    flow.record_export(**of, who=desk.who, what=what, clock=timezone.now)
    content = printing.form_pdf(desk.class_groups, now=timezone.now(), **kind_of_form(request.POST))
    return stream(request, content, file_of_form(request.POST, desk.department))
