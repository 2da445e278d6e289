"""The monitor's pages (班长 or 学习委员): the class's grid, what can be done for each, the sheet."""

from uuid import UUID

from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rosters.models import Student
from rosters.sentences import Sentence

from .. import access, flow
from ..forms.identification import IdentifyForm
from ..forms.staff import EntryForm, ExcuseForm, SubmitForm
from ..models import ClassLink, Tally
from ..process import states
from ..queries import actors, situations
from ..queries.classes import class_grid, form_pages, reminder_text
from ..queries.counts import counts_of
from .entering import leaves, let_in, proved
from .pages import INVALID, NOT_THEIRS, back, done, moves, posted, sent_as, visit_page


@require_http_methods(["GET", "HEAD", "POST"])
@access.monitor_visitor
@access.slowed_down
def identify(request: HttpRequest, visitor: access.Visitor) -> HttpResponse:
    """The same identification as a student's, and then the duty."""
    if request.method != "POST":
        return redirect("monitor") if visitor.is_identified else _identify_page(request, visitor)
    form = IdentifyForm(request.POST)
    student = proved(request, visitor, form, timezone.now())
    if student is None:
        return _identify_page(request, visitor, form, INVALID)
    if actors.is_monitor(student):
        return let_in(request, visitor, student, "monitor")
    form.add_error(
        None,
        _("This page is for the class's 班长 or 学习委员. Your department can name you, if you are."),
    )
    return _identify_page(request, visitor, form, NOT_THEIRS)


def _identify_page(
    request: HttpRequest, visitor: access.Visitor, form: Form | None = None, status: int = 200
) -> HttpResponse:
    context = visit_page(visitor, form=form or IdentifyForm())
    return render(request, "signoffs/monitor/identify.html", context, status=status)


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


def _classmate(visit: access.Visit, uuid: UUID) -> Student:
    """Return a student of the monitor's class. Raise Http404 for any other."""
    found = Student.objects.select_related(
        "campaign", "class_group__campaign", "class_group__department", "monitor_duty"
    )
    student = found.filter(uuid=uuid, class_group=visit.class_group).first()
    if student is None:
        raise Http404
    return student


def _student_page(
    request: HttpRequest,
    visit: access.Visit,
    student: Student,
    *,
    status: int = 200,
    refusal: Sentence | None = None,
    form: Form | None = None,
) -> HttpResponse:
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
        excuse_form=sent_as(ExcuseForm, form) or ExcuseForm(),
        paper_form=sent_as(EntryForm, form) or EntryForm(),
        form=form,
        refusal=refusal,
    )
    return render(request, "signoffs/monitor/student.html", context, status=status)


@require_safe
@access.monitor
def student(request: HttpRequest, visit: access.Visit, uuid: UUID) -> HttpResponse:
    """One classmate: the state, and what can be done."""
    return _student_page(request, visit, _classmate(visit, uuid))


@require_POST
@access.monitor
@moves(_student_page, load=_classmate, form=posted(ExcuseForm))
def excuse(request: HttpRequest, visit: access.Visit, student: Student, form: ExcuseForm) -> HttpResponse:
    """Say why somebody will not sign."""
    flow.excuse(student=student, who=visit.who, **form.cleaned_data)
    return done(request, _("%(name)s is excused.") % {"name": student.name}, "monitor")


@require_POST
@access.monitor
@moves(_student_page, load=_classmate)
def lift_excuse(request: HttpRequest, visit: access.Visit, student: Student) -> HttpResponse:
    """Take an excuse back."""
    flow.lift_excuse(student=student, who=visit.who)
    return done(request, _("%(name)s is no longer excused.") % {"name": student.name}, "monitor")


@require_POST
@access.monitor
@moves(_student_page, load=_classmate, form=posted(EntryForm))
def paper(request: HttpRequest, visit: access.Visit, student: Student, form: EntryForm) -> HttpResponse:
    """Enter a signature for somebody: 纸质 or 代签. It waits for the officer."""
    flow.enter_on_paper(
        student=student,
        answers=form.answers(student, timezone.now()),
        who=visit.who,
        channel=form.cleaned_data["channel"],
        reason=form.cleaned_data["reason"],
    )
    return done(request, _("Entered. It counts once your department has countersigned it."), "monitor")


@require_POST
@access.monitor
@moves(back("monitor"))
def overdue(request: HttpRequest, visit: access.Visit) -> HttpResponse:
    """逾期未核对: those chosen, or all who never declared; after the deadline only."""
    chosen = request.POST.getlist("student")
    seats = class_grid(visit.class_group)
    students = [
        seat.student
        for seat in seats
        if seat.state == states.MISSING and (not chosen or str(seat.student.uuid) in chosen)
    ]
    flow.mark_overdue(class_group=visit.class_group, students=students, who=visit.who)
    return done(request, _("%(count)s marked 逾期未核对.") % {"count": len(students)}, "monitor")


def _submit_page(
    request: HttpRequest,
    visit: access.Visit,
    *,
    status: int = 200,
    refusal: Sentence | None = None,
    form: Form | None = None,
) -> HttpResponse:
    reason = situations.reason(
        "submit_sheet", who=visit.who, class_group=visit.class_group, now=timezone.now()
    )
    # The tally before the grid: a change between the two is refused, and not signed unseen.
    tally = Tally.objects.filter(class_group=visit.class_group).first()
    seats = class_grid(visit.class_group)
    if form is None or refusal:
        form = SubmitForm(signer=visit.student.name)  # what is shown now is signed anew
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


def _submit_form(request: HttpRequest, visit: access.Visit) -> SubmitForm:
    return SubmitForm(request.POST, signer=visit.student.name)


@require_http_methods(["GET", "HEAD", "POST"])
@access.monitor
@moves(_submit_page, form=_submit_form)
def submit(request: HttpRequest, visit: access.Visit, form: SubmitForm) -> HttpResponse:
    """The sheet, to look at once more, and the collator's signature (汇总人)."""
    signed = {name: form.cleaned_data[name] for name in ("signature", "submission_id", "shown_cells")}
    sheet = flow.submit_sheet(class_group=visit.class_group, who=visit.who, **signed)
    return done(request, _("Submitted: version %(version)s.") % {"version": sheet.version}, "monitor")


leave = require_POST(access.monitor_visitor(leaves(ClassLink.Kind.MONITOR)))
