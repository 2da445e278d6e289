"""The monitor's pages (班长 or 学习委员): the class's grid, what can be done for each, the sheet."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rosters.models import Student

from .. import access, flow
from ..entrance import throttle
from ..forms.identification import NOT_PROVED, IdentifyForm, prove
from ..forms.staff import EntryForm, ExcuseForm, SubmitForm
from ..models import ClassLink, Tally
from ..process import states
from ..queries import actors, situations
from ..queries.classes import class_grid, form_pages, reminder_text
from ..queries.counts import counts_of
from .pages import INVALID, NOT_THEIRS, REFUSED, visit_page


@require_http_methods(["GET", "HEAD", "POST"])
@access.monitor_visitor
@access.slowed_down
def identify(request: HttpRequest, visit: access.Visit) -> HttpResponse:
    """The same identification as a student's, and then the duty."""
    if request.method != "POST":
        if visit.student is not None:
            return redirect("monitor")
        return render(request, "signoffs/monitor/identify.html", visit_page(visit, form=IdentifyForm()))
    form, status, now = IdentifyForm(request.POST), INVALID, timezone.now()
    if form.is_valid():
        student = prove(
            visit.class_group,
            form.cleaned_data,
            known_to_device=lambda one: access.knows_device(request, one),
            now=now,
        )
        if student is not None and actors.is_monitor(student):
            response = redirect("monitor")
            access.identify(response, visit.link, student)
            access.remember_device(request, response, student)
            return response
        if student is None:
            throttle.link_failure(visit.link, now)
            form.add_error(None, NOT_PROVED)
        else:
            form.add_error(
                None,
                _("This page is for the class's 班长 or 学习委员. Your department can name you, if you are."),
            )
            status = NOT_THEIRS
    return render(request, "signoffs/monitor/identify.html", visit_page(visit, form=form), status=status)


@require_safe
@access.monitor
def grid(request: HttpRequest, visit: access.Visit) -> HttpResponse:
    """The class as on the form, the counts, and what to do next."""
    now = timezone.now()
    seats = class_grid(visit.class_group)
    tally = Tally.objects.filter(class_group=visit.class_group).first()
    sheet = situations.newest_sheet(visit.class_group)
    left = [seat for seat in seats if seat.state in (states.MISSING, states.RECHECK)]
    context = visit_page(
        visit,
        seats=seats,
        pages=form_pages(seats),
        counts=counts_of(tally),
        sheet=sheet,
        left=left,
        waiting=[seat for seat in seats if seat.waiting],
        reminder=reminder_text(visit.class_group, now),
        no_submit=situations.reason("submit_sheet", who=visit.who, class_group=visit.class_group, now=now),
        missing=[seat for seat in seats if seat.state == states.MISSING],
    )
    return render(request, "signoffs/monitor/grid.html", context)


def _classmate(visit: access.Visit, uuid) -> Student:
    """Return a student of the monitor's class. Raise Http404 for any other."""
    found = Student.objects.select_related(
        "campaign", "class_group__campaign", "class_group__department", "monitor_duty"
    )
    student = found.filter(uuid=uuid, class_group=visit.class_group).first()
    if student is None:
        raise Http404
    return student


def _student_page(request, visit, student, *, status=200, refusal=None, excuse=None, paper=None):
    seat = next(seat for seat in class_grid(visit.class_group) if seat.student.pk == student.pk)
    verbs = ("excuse", "lift_excuse", "enter_on_paper", "mark_overdue")
    now = timezone.now()
    reasons = {
        verb: situations.reason(verb, who=visit.who, class_group=visit.class_group, now=now, student=student)
        for verb in verbs
    }
    context = visit_page(
        visit,
        student=student,
        seat=seat,
        reasons=reasons,
        excuse_form=excuse or ExcuseForm(),
        paper_form=paper or EntryForm(),
        form=excuse or paper,
        refusal=refusal,
    )
    return render(request, "signoffs/monitor/student.html", context, status=status)


@require_safe
@access.monitor
def student(request: HttpRequest, visit: access.Visit, uuid) -> HttpResponse:
    """One classmate: the state, and what can be done."""
    return _student_page(request, visit, _classmate(visit, uuid))


@require_POST
@access.monitor
def excuse(request: HttpRequest, visit: access.Visit, uuid) -> HttpResponse:
    """Say why somebody will not sign."""
    one, form = _classmate(visit, uuid), ExcuseForm(request.POST)
    if not form.is_valid():
        return _student_page(request, visit, one, status=INVALID, excuse=form)
    try:
        flow.excuse(student=one, who=visit.who, clock=timezone.now, **form.cleaned_data)
    except flow.Refused as refused:
        return _student_page(request, visit, one, status=REFUSED, excuse=form, refusal=refused.reason)
    messages.success(request, _("%(name)s is excused.") % {"name": one.name})
    return redirect("monitor")


@require_POST
@access.monitor
def lift_excuse(request: HttpRequest, visit: access.Visit, uuid) -> HttpResponse:
    """Take an excuse back."""
    one = _classmate(visit, uuid)
    try:
        flow.lift_excuse(student=one, who=visit.who, clock=timezone.now)
    except flow.Refused as refused:
        return _student_page(request, visit, one, status=REFUSED, refusal=refused.reason)
    messages.success(request, _("%(name)s is no longer excused.") % {"name": one.name})
    return redirect("monitor")


@require_POST
@access.monitor
def paper(request: HttpRequest, visit: access.Visit, uuid) -> HttpResponse:
    """Enter a signature for somebody: 纸质 or 代签. It waits for the officer."""
    one, form, arrived_at = _classmate(visit, uuid), EntryForm(request.POST), timezone.now()
    if not form.is_valid():
        return _student_page(request, visit, one, status=INVALID, paper=form)
    try:
        flow.enter_on_paper(
            student=one,
            answers=form.answers(one, arrived_at),
            who=visit.who,
            channel=form.cleaned_data["channel"],
            reason=form.cleaned_data["reason"],
        )
    except flow.Refused as refused:
        return _student_page(request, visit, one, status=REFUSED, paper=form, refusal=refused.reason)
    messages.success(request, _("Entered. It counts once your department has countersigned it."))
    return redirect("monitor")


@require_POST
@access.monitor
def overdue(request: HttpRequest, visit: access.Visit) -> HttpResponse:
    """逾期未核对: those chosen, or all who never declared; after the deadline only."""
    chosen = request.POST.getlist("student")
    seats = class_grid(visit.class_group)
    students = [
        seat.student
        for seat in seats
        if seat.state == states.MISSING and (not chosen or str(seat.student.uuid) in chosen)
    ]
    try:
        flow.mark_overdue(class_group=visit.class_group, students=students, who=visit.who, clock=timezone.now)
    except flow.Refused as refused:
        messages.error(request, refused.reason)
        return redirect("monitor")
    messages.success(request, _("%(count)s marked 逾期未核对.") % {"count": len(students)})
    return redirect("monitor")


@require_http_methods(["GET", "HEAD", "POST"])
@access.monitor
def submit(request: HttpRequest, visit: access.Visit) -> HttpResponse:
    """The sheet, to look at once more, and the collator's signature (汇总人)."""
    form, status, refusal = SubmitForm(signer=visit.student.name), 200, None
    if request.method == "POST":
        form, status = SubmitForm(request.POST, signer=visit.student.name), INVALID
        if form.is_valid():
            try:
                sheet = flow.submit_sheet(
                    class_group=visit.class_group, who=visit.who, clock=timezone.now, **_signed(form)
                )
            except flow.Refused as refused:
                status, refusal = REFUSED, refused.reason
                form = SubmitForm(signer=visit.student.name)  # what is shown now is signed anew
            else:
                messages.success(request, _("Submitted: version %(version)s.") % {"version": sheet.version})
                return redirect("monitor")
    reason = situations.reason(
        "submit_sheet", who=visit.who, class_group=visit.class_group, now=timezone.now()
    )
    # The tally before the grid: a change between the two is refused, and not signed unseen.
    tally = Tally.objects.filter(class_group=visit.class_group).first()
    seats = class_grid(visit.class_group)
    context = visit_page(
        visit,
        form=form,
        shown_cells=tally.cells if tally else "",
        refusal=refusal,
        reason=reason,
        seats=[seat for seat in seats if seat.state not in (states.CONFIRMED, states.WITHDRAWN)],
        counts=counts_of(tally),
    )
    return render(request, "signoffs/monitor/submit.html", context, status=status)


def _signed(form: SubmitForm) -> dict:
    return {name: form.cleaned_data[name] for name in ("signature", "submission_id", "shown_cells")}


@require_POST
@access.monitor_visitor
def leave(request: HttpRequest, visit: access.Visit) -> HttpResponse:
    """Ends the visit."""
    response = redirect("home")
    access.end_visit(response, ClassLink.Kind.MONITOR)
    return response
