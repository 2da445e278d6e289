"""Who is in front of the browser: 学号 and the last six of the ID number, or a one-time code."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.db import transaction
from django.db.models import BigIntegerField, CharField
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from rosters import identity
from rosters.models import ClassGroup, Student

from .. import flow
from ..entrance import identifications, throttle
from ..models.prepared import Prepared
from .base import Form, PastedField

# One sentence for a wrong number, an unknown one and a pause: it tells nobody who is on the roster.
NOT_PROVED = _(
    "The student number and the last six do not belong together, or it was tried too often. Check both; "
    "after several tries wait 15 minutes, or get a one-time code from your department."
)


class IdentifyForm(Form):
    """What a student types; the code takes the place of the last six."""

    student_number = PastedField(
        label=_("Student number (学号)"),
        max_length=32,
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "text"}),
    )
    last_six = PastedField(
        label=_("Last six of your ID number (身份证号后六位)"),
        help_text=_("The last one may be an X. Of another document: its last six characters."),
        max_length=12,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    code = PastedField(
        label=_("One-time code"),
        help_text=_("Eight characters, from your department's officer, within the hour."),
        max_length=12,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    @property
    def is_untouched(self) -> bool:
        """Whether nothing is filled in."""
        return not self.is_bound

    def clean(self) -> dict[str, Any]:
        """Ask for one of the two proofs."""
        cleaned = super().clean()
        if not cleaned.get("last_six") and not cleaned.get("code"):
            self.add_error("last_six", _("Fill in the last six, or a one-time code."))
        return cleaned


class CodeForm(Form):
    """After the close there is one proof: the code that the department gives in person."""

    student_number = IdentifyForm.base_fields["student_number"]
    code = forms.CharField(
        label=_("One-time code"),
        help_text=_("Eight characters, from your department's officer, within the hour."),
        max_length=12,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


_of_number = Prepared(
    lambda class_group, number: (
        Student.objects.alias(in_capitals=Upper("student_number"))
        .filter(class_group=class_group, in_capitals=Upper(number), withdrawn_at=None)
        .select_related("monitor_duty", "throttle")
        .order_by()[:1]
    ),
    class_group=BigIntegerField(),
    number=CharField(),
)


def prove(
    class_group: ClassGroup,
    typed: Mapping[str, str],
    *,
    known_to_device: Callable[[Student], bool],
    now: datetime,
) -> Student | None:
    """Return who has proved to be there, or None.

    An attempt is counted before anything is compared, in one transaction. `known_to_device` says of a student
    whether they got in on this device before: they pass a pause.
    """
    student = _of_number.first(class_group=class_group.pk, number=identity.tidy(typed["student_number"]))
    if student is not None:
        student.class_group = class_group
    if typed.get("code"):
        if student and flow.use_code(student=student, code=typed["code"]):
            identifications.record(student, "code", now)
            return student
        return None
    how, is_known = "number", hasattr(student, "throttle")
    with transaction.atomic():
        allowed = throttle.attempt(student, now)
        if not allowed and student is not None and known_to_device(student):
            allowed, how = throttle.device_attempt(student, now), "device"
        # Compared in any case, so that the answer takes as long.
        right = identity.last_six_match(student.id_number if student else "", typed["last_six"])
        if student is None or not allowed or not right:
            return None
        if is_known:
            throttle.success(student)
        else:  # the first attempt of all: nothing needs to be remembered
            transaction.set_rollback(True)
    identifications.record(student, how, now)
    return student
