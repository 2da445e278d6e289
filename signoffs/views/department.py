"""The department officer's pages, and what a counsellor may read of them."""

from collections.abc import Callable
from functools import partial
from typing import Any, cast
from uuid import UUID

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from rosters.models import ClassGroup, Department, Student
from rosters.sentences import Sentence

from .. import access, flow
from ..entrance import links
from ..forms.staff import HandInForm, ReasonForm
from ..models import ClassLink, ClassSheet, Declaration, HandIn, MissingClaim
from ..process import rules
from ..queries import actors, situations
from ..queries.classes import ClassRow, class_rows, reminder_text, shared_devices
from ..queries.counts import Counts
from ..queries.dossier import dossier
from . import prints
from .files import made_of_people
from .pages import INVALID, REFUSED, desk_page, done, moves, posted, sent_as, shown_class


def _newest_hand_in(desk: access.CampaignDesk) -> tuple[HandIn | None, Sentence | None]:
    """Return the department's newest hand-in, and why it can't hand in now."""
    if desk.department is None:
        return None, None
    newest = situations.newest_hand_in(desk.campaign, desk.department)
    at = situations.department_situation(desk.campaign, newest)
    return newest, rules.may("hand_in", frozenset(actors.staff_roles(desk.user, desk.department)), at)


def _overview(
    request: HttpRequest,
    desk: access.CampaignDesk,
    *,
    status: int = 200,
    refusal: Sentence | None = None,
    form: Form | None = None,
) -> HttpResponse:
    ticked = request.POST.getlist("sheet")
    rows = class_rows(desk.class_groups)
    newest, reason = _newest_hand_in(desk)
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
        hand_in=newest,
        no_hand_in=reason,
        to_look_at=[(row, str(row.sheet.uuid) in ticked) for row in rows if row.sheet and row.step == "look"],
        reason_form=sent_as(ReasonForm, form) or ReasonForm(),
        accepted=sum(row.is_accepted for row in rows),
        hand_in_form=sent_as(HandInForm, form) or HandInForm(rows=_open(rows)),
        claims=claims,
        refusal=refusal,
    )
    return render(request, "signoffs/department/overview.html", context, status=status)


def _open(rows: list[ClassRow]) -> list[ClassRow]:
    return [row for row in rows if row.needs_reason]


@require_safe
@access.department
def overview(request: HttpRequest, desk: access.Desk) -> HttpResponse:
    """The classes, what needs action first; before the first roster, that there are none."""
    if isinstance(desk, access.CampaignDesk):
        return _overview(request, desk)
    return render(request, "signoffs/department/empty.html", desk_page(desk))


def _class_page(
    request: HttpRequest,
    desk: access.CampaignDesk,
    class_group: ClassGroup,
    *,
    status: int = 200,
    refusal: Sentence | None = None,
    form: Form | None = None,
) -> HttpResponse:
    access.record_view(desk, "department-class", class_group=class_group)
    shown = shown_class(class_group)
    now = timezone.now()
    live = ClassLink.objects.filter(class_group=class_group, revoked_at=None)
    context = desk_page(
        desk,
        **shown,
        sheet=ClassSheet.objects.filter(class_group=class_group).select_related("collator").first(),
        waiting=[seat for seat in shown["seats"] if seat.waiting],
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
@access.department_at_campaign
def class_page(request: HttpRequest, desk: access.CampaignDesk, uuid: UUID) -> HttpResponse:
    """One class: its grid, its sheet, its links."""
    return _class_page(request, desk, desk.class_group(uuid))


def _page_of_sheet(
    request: HttpRequest, desk: access.CampaignDesk, sheet: ClassSheet, **more: Any
) -> HttpResponse:
    return _class_page(request, desk, sheet.class_group, **more)


@require_POST
@access.department_at_campaign
@moves(_page_of_sheet, load=access.CampaignDesk.sheet)
def accept(request: HttpRequest, desk: access.CampaignDesk, sheet: ClassSheet) -> HttpResponse:
    """Accept a class's sheet."""
    flow.accept_sheet(sheet=sheet, who=desk.who)
    return done(request, _("%(class)s: accepted.") % {"class": sheet.class_group}, "department")


@require_POST
@access.department_at_campaign
@moves(_page_of_sheet, load=access.CampaignDesk.sheet, form=posted(ReasonForm))
def return_sheet(
    request: HttpRequest, desk: access.CampaignDesk, sheet: ClassSheet, form: ReasonForm
) -> HttpResponse:
    """Return a class's sheet with a reason."""
    flow.return_sheet(sheet=sheet, who=desk.who, **form.cleaned_data)
    message = _("%(class)s: returned to the monitor.") % {"class": sheet.class_group}
    return done(request, message, "department")


@require_POST
@access.department_at_campaign
@moves(_overview)
def accept_many(request: HttpRequest, desk: access.CampaignDesk) -> HttpResponse:
    """Accept the sheets of the classes that were ticked."""
    return _decided(request, desk, partial(flow.accept_sheet, who=desk.who))


@require_POST
@access.department_at_campaign
@moves(_overview, form=posted(ReasonForm))
def return_many(request: HttpRequest, desk: access.CampaignDesk, form: ReasonForm) -> HttpResponse:
    """Return the sheets of the classes that were ticked, all with the same reason."""
    decide = partial(flow.return_sheet, who=desk.who, **form.cleaned_data)
    return _decided(request, desk, decide, form)


def _decided(
    request: HttpRequest,
    desk: access.CampaignDesk,
    decide: Callable[..., object],
    form: ReasonForm | None = None,
) -> HttpResponse:
    """Decide on the sheets that were ticked, each in a move of its own: one refused stops no other."""
    decided, refused = 0, []
    for uuid in request.POST.getlist("sheet"):
        sheet = desk.sheet(uuid)
        try:
            decide(sheet=sheet)
            decided += 1
        except flow.Refused as error:
            refused.append(f"{sheet.class_group}: {error.reason}")
    if refused:
        return _overview(request, desk, status=REFUSED, refusal=" ".join(refused), form=form)
    if not decided:
        return _overview(request, desk, status=INVALID, refusal=_("Tick the classes first."), form=form)
    return done(request, _("Done for %(count)s classes.") % {"count": decided}, "department")


@require_POST
@access.department_at_campaign
@moves(_class_page, load=access.CampaignDesk.class_group)
def rotate(request: HttpRequest, desk: access.CampaignDesk, class_group: ClassGroup) -> HttpResponse:
    """End the class's link, or the monitor's, and make a new one."""
    kind = request.POST.get("kind", ClassLink.Kind.STUDENT)
    links_of_kind = ClassLink.objects.filter(class_group=class_group, kind=kind, revoked_at=None)
    link = links_of_kind.first() if kind in ClassLink.Kind.values else None
    if link is None:
        return _class_page(request, desk, class_group, status=INVALID, refusal=_("There is no such link."))
    flow.rotate_link(link=link, who=desk.who)
    message = _("The old link is dead. Give the new one to the class.")
    return done(request, message, "department-class", class_group.uuid)


def _student_page(
    request: HttpRequest,
    desk: access.CampaignDesk,
    student: Student,
    *,
    status: int = 200,
    refusal: Sentence | None = None,
    code: str = "",
) -> HttpResponse:
    access.record_view(desk, "department-student", class_group=student.class_group, student=student)
    context = desk_page(desk, dossier=dossier(student), refusal=refusal, code=code)
    return render(request, "signoffs/department/student.html", context, status=status)


@require_safe
@access.department_at_campaign
def student(request: HttpRequest, desk: access.CampaignDesk, uuid: UUID) -> HttpResponse:
    """One student: the record with its ID number masked, what was declared, what became of it."""
    return _student_page(request, desk, desk.student(uuid))


@require_POST
@access.department_at_campaign
@moves(_student_page, load=access.CampaignDesk.student)
def code(request: HttpRequest, desk: access.CampaignDesk, student: Student) -> HttpResponse:
    """Issue a one-time code, shown once, on this answer."""
    text = flow.issue_code(student=student, who=desk.who)
    return _student_page(request, desk, student, code=f"{text[:4]} {text[4:]}")


@require_POST
@access.department_at_campaign
@moves(_student_page, load=access.CampaignDesk.student)
def name_monitor(request: HttpRequest, desk: access.CampaignDesk, student: Student) -> HttpResponse:
    """Name a student monitor, or end that."""
    move = flow.unname_monitor if request.POST.get("end") else flow.name_monitor
    move(student=student, who=desk.who)
    return done(request, _("Done."), "department-student", student.uuid)


def _page_of_declaration(
    request: HttpRequest, desk: access.CampaignDesk, declaration: Declaration, **more: Any
) -> HttpResponse:
    return _class_page(request, desk, declaration.student.class_group, **more)


@require_POST
@access.department_at_campaign
@moves(_page_of_declaration, load=access.CampaignDesk.declaration)
def countersign(request: HttpRequest, desk: access.CampaignDesk, declaration: Declaration) -> HttpResponse:
    """Countersign what was entered for a student."""
    flow.countersign(declaration=declaration, who=desk.who)
    message = _("Countersigned: %(name)s.") % {"name": declaration.student.name}
    return done(request, message, "department-class", declaration.student.class_group.uuid)


def _hand_in_form(request: HttpRequest, desk: access.CampaignDesk) -> HandInForm:
    return HandInForm(request.POST, rows=_open(class_rows(desk.class_groups)))


@require_POST
@access.department_at_campaign
@moves(_overview, form=_hand_in_form)
def hand_in(request: HttpRequest, desk: access.CampaignDesk, form: HandInForm) -> HttpResponse:
    """系部上交: every class accepted, or with a stated exception."""
    made = flow.hand_in(
        campaign=desk.campaign,
        department=cast(Department, desk.department),  # a counsellor hands nothing in
        who=desk.who,
        exceptions=form.cleaned_data,
    )
    return done(request, _("Handed in: version %(version)s.") % {"version": made.version}, "department")


@require_POST
@access.department_at_campaign
@made_of_people
def print_hand_in(request: HttpRequest, desk: access.CampaignDesk) -> HttpResponseBase:
    """What the department hands in, on paper: the cover, then the forms."""
    newest = situations.newest_hand_in(desk.campaign, cast(Department, desk.department))
    if newest is None:
        return _overview(request, desk, status=REFUSED, refusal=_("Not handed in yet."))
    return prints.hand_in(request, desk, newest)


@require_POST
@access.department_at_campaign
def poster(request: HttpRequest, desk: access.CampaignDesk, uuid: UUID) -> HttpResponseBase:
    """The poster of one class."""
    class_group = desk.class_group(uuid)
    return prints.posters(request, [class_group], class_group)


@require_POST
@access.department_at_campaign
def posters(request: HttpRequest, desk: access.CampaignDesk) -> HttpResponseBase:
    """The posters of all classes."""
    return prints.posters(request, desk.class_groups, desk.department)


form = require_POST(access.department_at_campaign(made_of_people(prints.class_form)))


@require_POST
@access.department_at_campaign
@made_of_people
def forms(request: HttpRequest, desk: access.CampaignDesk) -> HttpResponseBase:
    """The registration forms of all classes."""
    return prints.forms(request, desk, desk.class_groups, desk.department, department=desk.department)
