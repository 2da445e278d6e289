"""The student's pages: the class, the guide, the record, the receipt. A phone, once."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.forms import Form
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rosters import identity
from rosters.models import RosterChange
from rosters.sentences import Sentence

from .. import access, flow
from ..entrance import throttle
from ..forms.identification import CodeForm, IdentifyForm
from ..forms.student import ANSWERS, ClaimForm, RecordForm
from ..models import ClassLink, Declaration, FieldError
from ..process import chsi_page, rules, states
from ..queries import reported, situations
from ..queries.own_copy import own_copy
from .entering import leaves, let_in, proved
from .files import download
from .pages import INVALID, REFUSED, done, moves, posted, visit_page


def _entrance(
    request: HttpRequest, visitor: access.Visitor, form: Form | None = None, status: int = 200
) -> HttpResponse:
    """Return the class's page; after the close the one that says so, and shows reported errors by a code."""
    is_over = access.is_over(visitor.class_group)
    template = "signoffs/student/over.html" if is_over else "signoffs/student/class.html"
    form = form or (CodeForm() if is_over else IdentifyForm())
    return render(request, template, visit_page(visitor, form=form), status=status)


@require_safe
@access.class_visitor_at_any_time
def class_page(request: HttpRequest, visitor: access.Visitor) -> HttpResponse:
    """The class's page: what to do, and the identification. No student's name before that."""
    if visitor.is_identified:
        return redirect("class-errors" if access.is_over(visitor.class_group) else "class-record")
    return _entrance(request, visitor)


@require_http_methods(["GET", "HEAD", "POST"])
@access.class_visitor_at_any_time
@access.slowed_down
def identify(request: HttpRequest, visitor: access.Visitor) -> HttpResponse:
    """Compare 学号 and last six, or a code; then to the record. After the close a code alone."""
    if request.method != "POST":
        return redirect("class")
    is_over = access.is_over(visitor.class_group)
    form = CodeForm(request.POST) if is_over else IdentifyForm(request.POST)
    student = proved(request, visitor, form, timezone.now())
    if student is not None:
        return let_in(request, visitor, student, "class-errors" if is_over else "class-record")
    return _entrance(request, visitor, form, INVALID)


def _errors_page(
    request: HttpRequest,
    visit: access.Visit,
    *_error: FieldError,
    status: int = 200,
    refusal: Sentence | None = None,
) -> HttpResponse:
    errors = reported.items().filter(declaration__student=visit.student).order_by("pk")
    context = visit_page(visit, errors=errors, settled=states.SETTLED, refusal=refusal)
    return render(request, "signoffs/student/errors.html", context, status=status)


@require_safe
@access.student_after_close
def errors(request: HttpRequest, visit: access.Visit) -> HttpResponse:
    """After the close: what has become of the errors that the student reported."""
    return _errors_page(request, visit)


def _own_error(visit: access.Visit, uuid: UUID) -> FieldError:
    return get_object_or_404(reported.items(), uuid=uuid, declaration__student=visit.student)


@require_POST
@access.student_after_close
@moves(_errors_page, load=_own_error)
def look_again(request: HttpRequest, visit: access.Visit, error: FieldError) -> HttpResponse:
    """Notes with a settled error that the student has looked at CHSI again."""
    flow.look_again(error=error, who=visit.who)
    return done(request, _("Noted. Thank you."), "class-errors")


@require_safe
@access.class_visitor
def guide_page(request: HttpRequest, visitor: access.Visitor) -> HttpResponse:
    """How to look the record up on CHSI, and the known trouble."""
    return render(request, "signoffs/student/guide.html", visit_page(visitor))


def _changes(visit: access.Visit) -> list[RosterChange]:
    """Return what has changed in the record since the student last declared on it."""
    standing = visit.standing
    if standing is None or standing.declaration is None:
        return []
    since = visit.student.changes.filter(changed_at__gte=standing.declaration.declared_at)
    return [change for change in since if change.field not in ("id_number", "place", "duty")]


@require_http_methods(["GET", "HEAD", "POST"])
@access.student
def record(request: HttpRequest, visit: access.Visit) -> HttpResponse:
    """The eleven fields, an answer to each, and the signature. Sending ends the visit with a receipt."""
    if request.method == "POST":
        return _declare(request, visit, timezone.now())
    if _has_declared(visit) and "again" not in request.GET and not situations.is_asked_again(visit.standing):
        return redirect("class-receipt")
    return _record_page(request, visit, _unsent(visit), 200)


def _declare(request: HttpRequest, visit: access.Visit, arrived_at: datetime) -> HttpResponse:
    """Return the receipt of what was sent; the record again where it is not right or is refused."""
    form = _compared(visit, request.POST, arrived_at)
    if not form.is_valid():
        return _record_page(request, visit, form, INVALID)
    try:
        declaration = _send(request, visit, form, arrived_at)
    except flow.Refused as refused:
        visit.student.refresh_from_db()
        fresh = _compared(visit, _with_digest(request, visit), arrived_at)
        fresh.is_valid()  # here: an `if` of a template takes an error of the database for False
        return _record_page(request, visit, fresh, REFUSED, refused.reason)
    # The flow has just counted the class that it declared in; they may be in another one by now.
    moved = declaration.class_group_id != visit.class_group.pk
    counted = visit.class_group if moved else declaration.class_group
    response = _slip(request, visit, declaration, counted.tally.cells, 200, sent=True)
    access.end_visit(response, ClassLink.Kind.STUDENT)
    return response


def _has_declared(visit: access.Visit) -> bool:
    return visit.standing is not None and visit.standing.state in states.DECLARED


def _compared(visit: access.Visit, data: QueryDict, arrived_at: datetime) -> RecordForm:
    """Return the form of what was sent, once the ID number in it is compared: an attempt that counts."""
    number = throttle.compare_number(visit.student, RecordForm.typed_number(data), arrived_at)
    return RecordForm(data, student=visit.student, number=number)


def _unsent(visit: access.Visit, **values: Any) -> RecordForm:
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
        return _record_page(request, visit, _unsent(visit), INVALID, refusal)
    form = _unsent(
        visit,
        proposals=chsi_page.propose(shown, visit.student),
        status=chsi_page.status_of(shown),
    )
    return _record_page(request, visit, form, 200)


def _with_digest(request: HttpRequest, visit: access.Visit) -> QueryDict:
    """Return what was typed, with the digest of the record as the page now shows it."""
    data = request.POST.copy()
    data["shown_digest"] = visit.student.record_digest
    return data


def _send(request: HttpRequest, visit: access.Visit, form: RecordForm, arrived_at: datetime) -> Declaration:
    """Hand the form to the flow. Raise flow.Refused."""
    answers = form.answers(arrived_at, access.device_mark(request))
    declare = flow.report if answers.errors else flow.confirm
    return declare(student=visit.student, answers=answers, who=visit.who)


def _record_page(
    request: HttpRequest, visit: access.Visit, form: RecordForm, status: int, refusal: Sentence | None = None
) -> HttpResponse:
    standing = visit.standing
    asked_again = situations.is_asked_again(standing)
    context = visit_page(
        visit,
        form=form,
        answers=ANSWERS,
        hiding=identity.HIDING,
        visible_enough=identity.VISIBLE_ENOUGH,
        refusal=refusal,
        changes=_changes(visit),
        asked_again=asked_again,
        replaced=standing.declaration if standing and _has_declared(visit) and not asked_again else None,
        waiting=situations.waiting_entry(visit.student),
    )
    return render(request, "signoffs/student/record.html", context, status=status)


def _receipt_page(
    request: HttpRequest,
    visit: access.Visit,
    *_entry: object,
    status: int = 200,
    refusal: Sentence | None = None,
) -> HttpResponse:
    """Return the receipt of an earlier declaration, with what can still be done about it."""
    standing = visit.standing
    at = situations.situation(visit.class_group, timezone.now(), standing)
    acting = frozenset({states.STUDENT})
    more = {
        "asked_again": at.asked_again,
        "waiting": situations.waiting_entry(visit.student),
        "may_withdraw": rules.may("withdraw_declaration", acting, at),
        "may_again": rules.may("confirm", acting, at),
        "refusal": refusal,
    }
    cells = visit.class_group.tally.cells
    return _slip(request, visit, standing.declaration if standing else None, cells, status, **more)


def _slip(
    request: HttpRequest,
    visit: access.Visit,
    declaration: Declaration | None,
    cells: str,
    status: int,
    **more: Any,
) -> HttpResponse:
    reported = declaration is not None and declaration.kind == Declaration.Kind.REPORTED
    context = visit_page(
        visit,
        declaration=declaration,
        number=declaration.uuid.hex[:8].upper() if declaration else "",
        reports=list(FieldError.objects.filter(declaration=declaration)) if reported else [],
        cells=_own_cell(cells, visit.student.seat),
        state=states.BY_LETTER[_letter(cells, visit.student.seat)],
        **more,
    )
    return render(request, "signoffs/student/receipt.html", context, status=status)


def _letter(cells: str, seat: int) -> str:
    """Return the letter of the student's seat; that of nothing yet, where an import has just moved them."""
    letter = cells[seat - 1 : seat].upper()
    return letter if letter in states.BY_LETTER else states.LETTERS[states.MISSING]


def _own_cell(cells: str, seat: int) -> str:
    """Return the class's cells with the student's own one filled and all others blank."""
    struck = (states.NOBODY, states.LETTERS[states.WITHDRAWN])
    blank = states.LETTERS[states.MISSING]
    shown = [states.NOBODY if cell in struck else blank for cell in cells.ljust(seat, states.NOBODY)]
    shown[seat - 1] = _letter(cells, seat)
    return "".join(shown).rstrip(states.NOBODY)


@require_safe
@access.student
def receipt(request: HttpRequest, visit: access.Visit) -> HttpResponse:
    """What the student has declared, opened again after identification."""
    if visit.standing is None:
        return redirect("class-record")
    return _receipt_page(request, visit)


@require_safe
@access.student
def copy(request: HttpRequest, visit: access.Visit) -> HttpResponse:
    """Everything that is held about the student, and who looked at it."""
    held = own_copy(visit.student, timezone.now())
    return render(request, "signoffs/student/copy.html", visit_page(visit, copy=held))


@require_POST
@access.student
def copy_file(request: HttpRequest, visit: access.Visit) -> HttpResponse:
    """The same as a file: one page of HTML that a person can read, print and keep."""
    held = own_copy(visit.student, timezone.now())
    content = render_to_string("signoffs/student/copy_file.html", visit_page(visit, copy=held))
    name = f"我的核对记录-{visit.student.student_number}.html"
    return download(request, content.encode(), name, "text/html; charset=utf-8")


@require_POST
@access.student
@moves(_receipt_page)
def withdraw(request: HttpRequest, visit: access.Visit) -> HttpResponse:
    """“This was not me”: takes the declaration back, until the sheet is submitted."""
    flow.withdraw_declaration(student=visit.student, who=visit.who)
    return done(request, _("Taken back. You can check and sign yourself now."), "class-record")


def _contested(visit: access.Visit) -> Declaration | None:
    standing = visit.standing
    return situations.waiting_entry(visit.student) or (standing.declaration if standing else None)


@require_POST
@access.student
@moves(_receipt_page, load=_contested)
def contest(request: HttpRequest, visit: access.Visit, entry: Declaration | None) -> HttpResponse:
    """Says that an entry which somebody made for the student is not theirs."""
    if entry is None:
        refusal = _("There is no entry that somebody made for you.")
        return _receipt_page(request, visit, status=REFUSED, refusal=refusal)
    flow.contest(declaration=entry, who=visit.who)
    return done(request, _("Noted. The entry no longer counts, and your department sees it."), "class-record")


def _claim_page(
    request: HttpRequest,
    visitor: access.Visitor,
    *,
    status: int = 200,
    refusal: Sentence | None = None,
    form: Form | None = None,
) -> HttpResponse:
    context = visit_page(visitor, form=form or ClaimForm(), refusal=refusal)
    return render(request, "signoffs/student/claim.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@access.class_visitor
@moves(_claim_page, form=posted(ClaimForm))
def claim(request: HttpRequest, visitor: access.Visitor, form: ClaimForm) -> HttpResponse:
    """名册漏人: somebody of the class whom the roster does not name."""
    flow.claim_missing(class_group=visitor.class_group, **form.cleaned_data)
    return done(request, _("Noted. The office checks the roster and calls you."), "class")


leave = require_POST(access.class_visitor_at_any_time(leaves(ClassLink.Kind.STUDENT)))
