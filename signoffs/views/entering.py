"""In by a class's link, and out again: what the student's and the monitor's pages do alike."""

from collections.abc import Callable
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from rosters.models import Student

from .. import access, flow
from ..entrance import proving, throttle
from ..forms.identification import NOT_PROVED, CodeForm, IdentifyForm


def proved(
    request: HttpRequest, visitor: access.Visitor, form: IdentifyForm | CodeForm, now: datetime
) -> Student | None:
    """Return who the form proves to be here. None where nobody: the form then says so, and it counts."""
    if not form.is_valid():
        return None
    student = _proved(request, visitor, form, now)
    if student is None:
        throttle.link_failure(visitor.link, now)
        form.add_error(None, NOT_PROVED)
    return student


def _proved(
    request: HttpRequest, visitor: access.Visitor, form: IdentifyForm | CodeForm, now: datetime
) -> Student | None:
    typed = form.cleaned_data
    student = proving.find(visitor.class_group, typed["student_number"])
    if typed["code"]:
        is_right = student is not None and flow.use_code(student=student, code=typed["code"])
    else:
        is_right = proving.prove(
            student,
            typed["last_six"],
            known_to_device=lambda known: access.knows_device(request, known),
            now=now,
        )
    return student if is_right else None


def let_in(request: HttpRequest, visitor: access.Visitor, student: Student, to: str) -> HttpResponse:
    """Remember the student, in the visit and on the device, and lead to that page."""
    response = redirect(to)
    access.identify(response, visitor.link, student)
    access.remember_device(request, response, student)
    return response


def leaves(kind: str) -> Callable[[HttpRequest, access.Visitor], HttpResponse]:
    """Return the view that ends a visit of that kind: this may be the library's computer."""

    def leave(request: HttpRequest, visitor: access.Visitor) -> HttpResponse:
        response = redirect("home")
        access.end_visit(response, kind)
        return response

    return leave
