"""What every form of ours has in common: what it says of a field that was left empty."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from rosters import identity

# Django's own sentence: the catalogue's words for it are then those of the sign-in's forms, too.
FILL_IN = _("This field is required.")
CHOOSE = _("Please choose.")


class PastedField(forms.CharField):
    """A number or a code as it is copied from a chat or a web page, unseen characters around it."""

    def to_python(self, value: Any) -> str | None:
        """Return the text without them, before its length is looked at."""
        return super().to_python(identity.visible(value) if isinstance(value, str) else value)


class Form(forms.Form):
    """A form whose empty fields are asked for in the house's words."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Give each field of the class its words, once."""
        super().__init_subclass__(**kwargs)
        for field in cls.declared_fields.values():
            chosen = isinstance(field, forms.ChoiceField | forms.FileField)
            field.error_messages["required"] = CHOOSE if chosen else FILL_IN

    def clean(self) -> dict[str, Any]:
        """Return what was cleaned field by field, for a form's own rules."""
        super().clean()
        return self.cleaned_data
