"""The student's pages: the class, the guide, the record, the receipt. A phone, once."""

import time

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from .. import access, chsi_page, deadlines, flow, guide, rules, states, throttle
from ..forms.identification import NOT_PROVED, IdentifyForm, prove
from ..forms.student import ANSWERS, ClaimForm, RecordForm
from ..models import ClassLink, Declaration, Standing
from ..models import FieldError as ReportedError

REFUSED = 409


def _page(visit: access.Visit, **more) -> dict:
    """Return what every page of a class shows."""
    deadline = visit.campaign.student_deadline
    return {
        "visit": visit,
        "class_group": visit.class_group,
        "campaign": visit.campaign,
        "deadline": deadlines.words(deadline, timezone.now()),
        "is_late": deadlines.is_late(deadline, timezone.now()),
        "guide": guide.guide_of(visit.campaign.texts),
        **more,
    }


@require_safe
@access.class_visitor
def class_page(request: HttpRequest, visit: access.Visit) -> HttpResponse:
    """The class's page: what to do, and the identification. No student's name before that."""
    if visit.student is not None:
        return redirect("class-record")
    return render(request, "signoffs/student/class.html", _page(visit, form=IdentifyForm()))


@require_http_methods(["GET", "HEAD", "POST"])
@access.class_visitor
def identify(request: HttpRequest, visit: access.Visit) -> HttpResponse:
    """Compare 学号 and last six, or a code; then to the record."""
    if request.method != "POST":
        return redirect("class")
    form, now = IdentifyForm(request.POST), timezone.now()
    if form.is_valid():
        time.sleep(throttle.link_delay(visit.link, now))
        proof = prove(
            visit.class_group,
            form.cleaned_data,
            known_to_device=lambda student: access.knows_device(request, student),
            now=now,
        )
        if proof is not None:
            response = redirect("class-record")
            access.identify(response, visit.link, proof.student, proof.how, now)
            access.remember_device(request, response, proof.student)
            return response
        throttle.link_failure(visit.link, now)
        form.add_error(None, NOT_PROVED)
    return render(request, "signoffs/student/class.html", _page(visit, form=form), status=422)


@require_safe
@access.class_visitor
def guide_page(request: HttpRequest, visit: access.Visit) -> HttpResponse:
    """How to look the record up on CHSI, and the known trouble."""
    return render(request, "signoffs/student/guide.html", _page(visit))


def _standing(visit: access.Visit) -> Standing | None:
    related = Standing.objects.select_related("declaration", "excuse")
    return related.filter(student=visit.student).first()


def _changes(visit: access.Visit, standing: Standing | None) -> list:
    """Return what has changed in the record since the student last declared on it."""
    if standing is None or standing.declaration is None:
        return []
    since = visit.student.changes.filter(changed_at__gte=standing.declaration.declared_at)
    return [change for change in since if change.field not in ("id_number", "place")]


@require_http_methods(["GET", "HEAD", "POST"])
@access.student
def record(request: HttpRequest, visit: access.Visit) -> HttpResponse:
    """The eleven fields, an answer to each, and the signature. Sending ends the visit with a receipt."""
    arrived_at = timezone.now()
    if request.method == "POST":
        form = RecordForm(
            request.POST,
            student=visit.student,
            may_compare=lambda: throttle.number_attempt(visit.student, arrived_at),
        )
        valid = form.is_valid()
        if form.id_matches:
            throttle.number_matched(visit.student)
        if valid:
            try:
                declaration = _send(request, visit, form, arrived_at)
            except flow.Refused as refused:
                visit.student.refresh_from_db()
                fresh = RecordForm(_with_digest(request, visit), student=visit.student)
                return _record_page(request, visit, fresh, REFUSED, refused.reason)
            response = _receipt_page(request, visit, declaration, sent=True)
            access.end_visit(response, ClassLink.Kind.STUDENT)
            return response
        return _record_page(request, visit, form, 422)
    standing = _standing(visit)
    settled = standing is not None and standing.state in states.DECLARED
    if settled and "again" not in request.GET and not _situation(visit).asked_again:
        return redirect("class-receipt")
    return _record_page(request, visit, _unsent(visit), 200)


def _situation(visit: access.Visit) -> rules.Situation:
    return rules.situation(visit.class_group, timezone.now(), visit.student)


def _unsent(visit: access.Visit, **values) -> RecordForm:
    return RecordForm(student=visit.student, submission_id=visit.submission_id, **values)


@require_POST
@access.student
def paste(request: HttpRequest, visit: access.Visit) -> HttpResponse:
    """All text of CHSI's page: fills the rows in as a proposal, and is not kept."""
    shown = chsi_page.read(request.POST.get("text", ""))
    if not shown.is_record:
        refusal = _(
            "This text holds no record. On CHSI's page of 学籍信息 select all, copy, and paste it here."
        )
        return _record_page(request, visit, _unsent(visit), 422, refusal)
    form = _unsent(
        visit,
        proposals=chsi_page.propose(shown, visit.student),
        status=chsi_page.status_of(shown),
    )
    return _record_page(request, visit, form, 200)


def _with_digest(request: HttpRequest, visit: access.Visit):
    """Return what was typed, with the digest of the record as the page now shows it."""
    data = request.POST.copy()
    data["shown_digest"] = visit.student.record_digest
    return data


def _send(request: HttpRequest, visit: access.Visit, form: RecordForm, arrived_at) -> Declaration:
    """Hand the form to the flow. Raise flow.Refused."""
    said = {
        "student": visit.student,
        "who": visit.who,
        "submission_id": form.cleaned_data["submission_id"],
        "shown_digest": form.cleaned_data["shown_digest"],
        "status": form.status_said,
        "signature": form.cleaned_data["signature"],
        "arrived_at": arrived_at,
        "clock": timezone.now,
        "snapshot": form.snapshot,
        "device_mark": access.device_mark(request),
    }
    if form.kind == Declaration.Kind.CONFIRMED:
        return flow.confirm(**said)
    return flow.report(**said, errors=form.reports, phone=form.cleaned_data["phone"])


def _record_page(request, visit, form, status: int, refusal=None) -> HttpResponse:
    standing = _standing(visit)
    context = _page(
        visit,
        form=form,
        answers=ANSWERS,
        refusal=refusal,
        changes=_changes(visit, standing),
        asked_again=_situation(visit).asked_again,
        waiting=_waiting(visit),
    )
    return render(request, "signoffs/student/record.html", context, status=status)


def _waiting(visit: access.Visit) -> Declaration | None:
    """Return an entry that somebody made for the student and that still awaits the officer."""
    return rules.waiting_entries().filter(student=visit.student).first()


def _receipt_page(request, visit, declaration: Declaration | None, *, sent: bool, status=200, refusal=None):
    at = _situation(visit)
    acting = frozenset({states.STUDENT})
    context = _page(
        visit,
        declaration=declaration,
        code=declaration.uuid.hex[:8].upper() if declaration else "",
        errors=list(ReportedError.objects.filter(declaration=declaration)) if declaration else [],
        cells=_own_cell(visit, at.standing),
        sent=sent,
        state=at.standing,
        asked_again=at.asked_again,
        waiting=_waiting(visit),
        may_withdraw=rules.may("withdraw_declaration", acting, at),
        may_again=rules.may("confirm", acting, at),
        refusal=refusal,
    )
    return render(request, "signoffs/student/receipt.html", context, status=status)


def _own_cell(visit: access.Visit, state: str) -> str:
    """Return the class's cells with the student's own one filled and all others blank."""
    seats = visit.class_group.students.filter(withdrawn_at=None).values_list("seat", flat=True)
    blank = states.LETTERS[states.MISSING]
    cells = {seat: blank for seat in seats} | {visit.student.seat: states.LETTERS[state]}
    return "".join(cells.get(number, states.NOBODY) for number in range(1, max(cells) + 1))


@require_safe
@access.student
def receipt(request: HttpRequest, visit: access.Visit) -> HttpResponse:
    """What the student has declared, opened again after identification."""
    standing = _standing(visit)
    if standing is None:
        return redirect("class-record")
    return _receipt_page(request, visit, standing.declaration, sent=False)


@require_POST
@access.student
def withdraw(request: HttpRequest, visit: access.Visit) -> HttpResponse:
    """“This was not me”: takes the declaration back, until the sheet is submitted."""
    try:
        flow.withdraw_declaration(student=visit.student, who=visit.who, clock=timezone.now)
    except flow.Refused as refused:
        standing = _standing(visit)
        declaration = standing.declaration if standing else None
        return _receipt_page(request, visit, declaration, sent=False, status=REFUSED, refusal=refused.reason)
    messages.success(request, _("Taken back. You can check and sign yourself now."))
    return redirect("class-record")


@require_POST
@access.student
def contest(request: HttpRequest, visit: access.Visit) -> HttpResponse:
    """Says that an entry which somebody made for the student is not theirs."""
    standing, waiting = _standing(visit), _waiting(visit)
    entry = waiting or (standing and standing.declaration)
    try:
        if entry is None:
            raise flow.Refused(_("There is no entry that somebody made for you."))
        flow.contest(declaration=entry, who=visit.who, clock=timezone.now)
    except flow.Refused as refused:
        declaration = standing.declaration if standing else None
        return _receipt_page(request, visit, declaration, sent=False, status=REFUSED, refusal=refused.reason)
    messages.success(request, _("Noted. The entry no longer counts, and your department sees it."))
    return redirect("class-record")


@require_http_methods(["GET", "HEAD", "POST"])
@access.class_visitor
def claim(request: HttpRequest, visit: access.Visit) -> HttpResponse:
    """名册漏人: somebody of the class whom the roster does not name."""
    form, refusal, status = ClaimForm(request.POST or None), None, 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                flow.claim_missing(class_group=visit.class_group, clock=timezone.now, **form.cleaned_data)
            except flow.Refused as refused:
                refusal, status = refused.reason, REFUSED
            else:
                messages.success(request, _("Noted. The office checks the roster and calls you."))
                return redirect("class")
    context = _page(visit, form=form, refusal=refusal)
    return render(request, "signoffs/student/claim.html", context, status=status)


@require_POST
@access.class_visitor
def leave(request: HttpRequest, visit: access.Visit) -> HttpResponse:
    """Ends the visit: this may be the library's computer."""
    response = redirect("home")
    access.end_visit(response, ClassLink.Kind.STUDENT)
    return response
