"""The student's page: an answer to each field, and what follows; the claim of somebody not listed."""

import re
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from rosters import identity, key_fields
from rosters.models import Student
from rosters.sentences import Sentence

from ..entrance.throttle import Number
from ..process import labels
from ..process.answers import Answer, Answers, FieldAnswer, FieldReport, Snapshot
from ..process.chsi_page import Proposal
from ..process.lazily import lazily
from .base import Form, PastedField
from .signature import SignatureMixin

# The form's own words; in English with a gloss.
ANSWERS = [(Answer.OK, _("无误 (right)")), (Answer.WRONG, _("有误 (wrong)"))]
# Eleven digits of a mobile number, or a landline with its area code.
PHONE = re.compile(r"1[0-9]{10}|0[0-9]{2,3}-?[0-9]{7,8}(-[0-9]{1,5})?")
# Why a comparison of ID numbers gives no answer.
NOT_COMPARED = {
    Number.NONE: _("Type the ID number that CHSI shows."),
    Number.TOO_LITTLE: _("Too little of it is visible to compare. Type what CHSI shows in full."),
    Number.TOO_MANY: _(
        "Too many numbers were tried today. Report it tomorrow, or go to the office with your ID card."
    ),
}
NO_RECORD_SHOWN = "您没有学籍信息"
VALUE_LENGTH = 120
key_label = lazily(labels.glossed_label)


def check_phone(text: str) -> str:
    """Return the number in half width. Raise ValidationError for what is none."""
    tidy = identity.tidy(text).replace("—", "-")
    if not PHONE.fullmatch(tidy):
        raise forms.ValidationError(
            _("Fill in a mobile number of 11 digits, or a landline with its area code.")
        )
    return tidy


class _Shared(dict[str, forms.Field]):
    """Fields that every form of a class uses as they are: to copy 37 of them costs 0.4 ms a form."""

    def __deepcopy__(self, memo: object) -> dict[str, forms.Field]:
        return dict(self)


def _text(label: Sentence, field: Sentence) -> forms.CharField:
    return forms.CharField(
        label=format_lazy(label, field=field), required=False, max_length=VALUE_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip


def _row_fields() -> dict[str, forms.Field]:
    """Return the inputs of the eleven rows: an answer, what CHSI shows, what is right."""
    fields: dict[str, forms.Field] = {}
    for field in key_fields.KEY_FIELDS:
        if field.name != "id_number":
            fields[f"answer_{field.name}"] = forms.ChoiceField(
                label=key_label(field.name), choices=ANSWERS, required=False, widget=forms.RadioSelect
            )
        fields[f"chsi_{field.name}"] = _text(_("{field} as CHSI shows it"), key_label(field.name))
        fields[f"right_{field.name}"] = _text(_("The right {field}"), key_label(field.name))
    fields["differs_id_number"] = forms.BooleanField(label=_("CHSI really shows this number"), required=False)
    return fields


class RecordForm(SignatureMixin):
    """The eleven fields, the status, the signature. Nothing is preselected.

    After `is_valid`: `answers`, as the flow takes them.
    """

    submission_id = forms.UUIDField(widget=forms.HiddenInput)
    shown_digest = forms.CharField(max_length=52, widget=forms.HiddenInput)
    no_record = forms.BooleanField(label=_("CHSI shows no record for me (没有学籍信息)"), required=False)
    status = forms.ChoiceField(
        label=key_label("status"),
        required=False,
        choices=[("", "—"), *key_fields.STATUS_LABELS.items()],
    )
    phone = forms.CharField(
        label=_("Your phone number (联系号码)"),
        help_text=_("Only with an error: for questions about it."),
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )

    def __init__(
        self,
        *args: Any,
        student: Student,
        submission_id: uuid.UUID | None = None,
        number: Number = Number.NONE,
        proposals: Mapping[str, Proposal] | None = None,
        status: str = "",
        **kwargs: Any,
    ) -> None:
        """Take the student whose record is shown.

        `submission_id` is what an unsent page will send; `number`, what the comparison of `typed_number` has
        found. `proposals` (chsi_page.propose) and `status` fill the page in from a pasted text.
        """
        initial: dict[str, Any] = {
            "submission_id": submission_id or uuid.uuid4(),
            "shown_digest": student.record_digest,
            "status": status,
        }
        self.proposals = proposals or {}
        for name, one in self.proposals.items():
            initial[f"answer_{name}"] = one.answer
            initial[f"chsi_{name}"] = one.chsi if one.answer != Answer.OK else ""
        kwargs["initial"] = initial
        super().__init__(*args, **kwargs)
        self.is_untouched = not (self.is_bound or self.proposals or status)
        self.student, self.signer, self.number = student, student.name, number
        self.reports: list[FieldReport] = []
        self.snapshot: Snapshot = {"fields": {}, "status": ""}
        self.id_differs = False

    @classmethod
    def typed_number(cls, data: QueryDict) -> str:
        """Return the ID number that sent data ask to compare; empty where there is none, or no such one."""
        no_record, number = cls.base_fields["no_record"], cls.base_fields["chsi_id_number"]
        try:
            if no_record.clean(no_record.widget.value_from_datadict(data, {}, "no_record")):
                return ""
            return number.clean(number.widget.value_from_datadict(data, {}, "chsi_id_number"))
        except forms.ValidationError:
            return ""

    def answers(self, arrived_at: datetime, device_mark: str) -> Answers:
        """Return what a valid form answers, for a request that arrived then from that device."""
        return Answers(
            submission_id=self.cleaned_data["submission_id"],
            arrived_at=arrived_at,
            status=self.snapshot["status"],
            snapshot=self.snapshot,
            errors=tuple(self.reports),
            phone=self.cleaned_data["phone"] if self.reports else "",
            signature=self.cleaned_data["signature"],
            shown_digest=self.cleaned_data["shown_digest"],
            device_mark=device_mark,
        )

    def clean(self) -> dict[str, Any]:
        """Gather what was answered; say what is missing, at its field."""
        cleaned = super().clean()
        if cleaned.get("no_record"):
            self.reports = [FieldReport("no_record", NO_RECORD_SHOWN, key_fields.GOOD_STATUS)]
        else:
            self._read_answers(cleaned)
        if self.reports:
            self._read_phone(cleaned)
        return cleaned

    def _read_answers(self, cleaned: dict[str, Any]) -> None:
        answers: dict[str, FieldAnswer] = {}
        for field in key_fields.KEY_FIELDS:
            if field.name == "id_number":
                answers[field.name] = {"answer": self._read_id_number(cleaned)}
                continue
            roster = key_fields.display(field.name, getattr(self.student, field.name))
            answer = cleaned.get(f"answer_{field.name}", "")
            answers[field.name] = {"roster": roster, "answer": answer}
            if not answer:
                self.add_error(f"answer_{field.name}", _("Answer whether CHSI shows it right."))
            elif answer == Answer.WRONG:
                self._read_error(field.name, cleaned)
        status = cleaned.get("status", "")
        if not status:
            self.add_error("status", _("Choose the status that CHSI shows."))
        elif status != key_fields.GOOD_STATUS:
            self.reports.append(FieldReport("status", status, key_fields.GOOD_STATUS))
        self.snapshot = {"fields": answers, "status": status}

    def _read_error(self, name: str, cleaned: dict[str, Any]) -> None:
        chsi, right = (cleaned.get(f"{part}_{name}", "").strip() for part in ("chsi", "right"))
        if not chsi:
            self.add_error(f"chsi_{name}", _("Write what CHSI shows."))
        if not right:
            self.add_error(f"right_{name}", _("Write what is right."))
        if chsi and right:
            self.reports.append(FieldReport(name, chsi, right))

    def _read_id_number(self, cleaned: dict[str, Any]) -> str:
        """Return the answer. A number that differs must be meant so."""
        typed = cleaned.get("chsi_id_number", "")
        if typed and self.number == Number.SAME:
            return Answer.OK
        if typed and self.number == Number.DIFFERS:
            self.id_differs = True
            return self._read_other_number(typed, cleaned)
        self.add_error("chsi_id_number", NOT_COMPARED[self.number if typed else Number.NONE])
        return ""

    def _read_other_number(self, typed: str, cleaned: dict[str, Any]) -> str:
        if not cleaned.get("differs_id_number"):
            self.add_error(
                "chsi_id_number",
                _("Not the roster's number. Check each digit; if CHSI really shows it, say so below."),
            )
            return ""
        right = cleaned.get("right_id_number", "").strip()
        if not right:
            self.add_error("right_id_number", _("Write what is right."))
        else:
            self.reports.append(FieldReport("id_number", typed, right))
        return Answer.WRONG

    def _read_phone(self, cleaned: dict[str, Any]) -> None:
        try:
            cleaned["phone"] = check_phone(cleaned.get("phone", ""))
        except forms.ValidationError as error:
            self.add_error("phone", error)

    def rows(self) -> list[dict[str, Any]]:
        """Return what the page draws for each of the eleven: the field, the value, the three inputs."""
        return [
            {
                "field": field,
                "value": key_fields.display(field.name, getattr(self.student, field.name)),
                "answer": self[f"answer_{field.name}"] if field.name != "id_number" else None,
                "chsi": self[f"chsi_{field.name}"],
                "right": self[f"right_{field.name}"],
                "answered": self[f"answer_{field.name}"].value() if field.name != "id_number" else None,
                "proposal": self.proposals.get(field.name),
            }
            for field in key_fields.KEY_FIELDS
        ]


def _as_on_the_page(fields: dict[str, forms.Field]) -> dict[str, forms.Field]:
    """Return the fields in the page's order, for the summary of errors."""
    last = ("status", "phone", "signature", "typed_name")
    return {name: fields[name] for name in (*(name for name in fields if name not in last), *last)}


RecordForm.base_fields = _Shared(_as_on_the_page(RecordForm.base_fields | _row_fields()))
RecordForm.declared_fields = RecordForm.base_fields  # what a subclass would begin with


class ClaimForm(Form):
    """名册漏人: somebody of the class whom the roster does not name."""

    name = forms.CharField(label=_("Name (姓名)"), max_length=80)
    student_number = PastedField(label=_("Student number (学号)"), max_length=32, required=False)
    phone = forms.CharField(
        label=_("Your phone number (联系号码)"), max_length=20, widget=forms.TextInput(attrs={"type": "tel"})
    )

    def clean_phone(self) -> str:
        """Return the number, checked."""
        return check_phone(self.cleaned_data["phone"])
