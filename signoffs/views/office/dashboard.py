"""The academic affairs office's pages: will we make it, and what lies here."""

from typing import Any
from uuid import UUID

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from rosters.models import Department, Student
from rosters.sentences import Sentence

from ... import access, flow
from ...forms.staff import ReasonForm
from ...models import HandIn, MissingClaim
from ...outputs import printing
from ...queries import situations
from ...queries.charts import completion
from ...queries.classes import class_rows
from ...queries.counts import Counts
from ...queries.dossier import dossier
from ...queries.overview import campaign_overview
from ..pages import done, moves, office_page, posted, shown_class


@require_safe
@access.office
def dashboard(request: access.StaffRequest, desk: access.OfficeDesk) -> HttpResponse:
    """One page that answers “will we make it?”; before the first roster, what to do."""
    if isinstance(desk, access.OfficeCampaignDesk):
        return dashboard_page(request, desk)
    return render(request, "signoffs/office/empty.html", office_page(desk, "dashboard"))


def dashboard_page(
    request: access.StaffRequest,
    desk: access.OfficeCampaignDesk,
    *,
    status: int = 200,
    refusal: Sentence | None = None,
) -> HttpResponse:
    """Return the dashboard, also after a refusal."""
    now = timezone.now()
    overview = campaign_overview(desk.campaign, now)
    claims: list[MissingClaim] = []
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


def _department(
    request: HttpRequest,
    desk: access.OfficeCampaignDesk,
    department: Department,
    *,
    status: int = 200,
    refusal: Sentence | None = None,
    form: Form | None = None,
) -> HttpResponse:
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
@access.office_at_campaign
def department(request: HttpRequest, desk: access.OfficeCampaignDesk, uuid: UUID) -> HttpResponse:
    """One department: its classes and its hand-in."""
    return _department(request, desk, desk.department_named(uuid))


def _page_of_hand_in(
    request: HttpRequest, desk: access.OfficeCampaignDesk, hand_in: HandIn, **more: Any
) -> HttpResponse:
    return _department(request, desk, hand_in.department, **more)


@require_POST
@access.office_at_campaign
@moves(_page_of_hand_in, load=access.OfficeCampaignDesk.hand_in)
def receive(request: HttpRequest, desk: access.OfficeCampaignDesk, hand_in: HandIn) -> HttpResponse:
    """The office has a department's whole."""
    flow.receive(hand_in=hand_in, who=desk.who)
    return done(request, _("%(department)s: received.") % {"department": hand_in.department}, "office")


@require_POST
@access.office_at_campaign
@moves(_page_of_hand_in, load=access.OfficeCampaignDesk.hand_in, form=posted(ReasonForm))
def reopen(
    request: HttpRequest, desk: access.OfficeCampaignDesk, hand_in: HandIn, form: ReasonForm
) -> HttpResponse:
    """Open a hand-in again, with a reason."""
    flow.reopen(hand_in=hand_in, who=desk.who, **form.cleaned_data)
    message = _("%(department)s can work on it again.") % {"department": hand_in.department}
    return done(request, message, "office-department", hand_in.department.uuid)


@require_safe
@access.office_at_campaign
def class_page(request: HttpRequest, desk: access.OfficeCampaignDesk, uuid: UUID) -> HttpResponse:
    """One class: its grid and its sheets."""
    class_group = desk.class_group(uuid)
    access.record_view(desk, "office-class", class_group=class_group)
    context = office_page(desk, "dashboard", **shown_class(class_group))
    return render(request, "signoffs/office/class.html", context)


def _student_page(
    request: HttpRequest,
    desk: access.OfficeCampaignDesk,
    student: Student,
    *,
    status: int = 200,
    refusal: Sentence | None = None,
    form: Form | None = None,
) -> HttpResponse:
    access.record_view(desk, "office-student", class_group=student.class_group, student=student)
    reason = situations.reason(
        "withdraw_student",
        who=desk.who,
        class_group=student.class_group,
        now=timezone.now(),
        student=student,
    )
    context = office_page(
        desk,
        "dashboard",
        dossier=dossier(student),
        form=form or ReasonForm(),
        no_withdraw=reason,
        refusal=refusal,
    )
    return render(request, "signoffs/office/student.html", context, status=status)


@require_safe
@access.office_at_campaign
def student(request: HttpRequest, desk: access.OfficeCampaignDesk, uuid: UUID) -> HttpResponse:
    """One student: the record with its ID number masked, and all that was declared."""
    return _student_page(request, desk, desk.student(uuid))


@require_POST
@access.office_at_campaign
@moves(_student_page, load=access.OfficeCampaignDesk.student, form=posted(ReasonForm))
def withdraw(
    request: HttpRequest, desk: access.OfficeCampaignDesk, student: Student, form: ReasonForm
) -> HttpResponse:
    """Somebody has left: the seat is struck out."""
    flow.withdraw_student(student=student, who=desk.who, **form.cleaned_data)
    message = _("%(name)s was taken off the roster.") % {"name": student.name}
    return done(request, message, "office-class", student.class_group.uuid)
