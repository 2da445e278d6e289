"""Who is in front of the browser: 学号 and the last six of the ID number, or a one-time code."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

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
