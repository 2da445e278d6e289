"""What an archive is made of and sealed with."""

from typing import Any, cast

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from rosters.models import Department

from .base import Form


def _password(label: Any, help_text: Any = "") -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
    return forms.CharField(label=label, help_text=help_text, max_length=128, strip=False, widget=widget)


class ArchiveForm(Form):
    """One department, and the password twice."""

    department = forms.ModelChoiceField(
        label=_("Department"), queryset=Department.objects.none(), to_field_name="uuid"
    )
    password = _password(
        _("Password for the archive"),
        _("At least 12 characters. It is kept nowhere: without it nobody opens the archive."),
    )
    again = _password(_("The password once more"))

    def __init__(self, *args: Any, departments: QuerySet[Department], **kwargs: Any) -> None:
        """Offer the departments of the campaign."""
        super().__init__(*args, **kwargs)
        cast(forms.ModelChoiceField, self.fields["department"]).queryset = departments

    def clean_password(self) -> str:
        """Return the password. Raise ValidationError for a weak one."""
        password: str = self.cleaned_data["password"]
        validate_password(password)
        return password

    def clean_again(self) -> str:
        """Return the repetition. Raise ValidationError where it differs."""
        again: str = self.cleaned_data["again"]
        if again != self.data.get("password"):
            raise forms.ValidationError(_("The two passwords are not the same."))
        return again
