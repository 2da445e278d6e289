"""What the office sends with a roster: the file, and which of its columns is what."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from rosters import headings, key_fields
from rosters.reading import Reading

from .base import Form


class UploadForm(Form):
    """A roster file."""

    file = forms.FileField(
        label=_("Roster file"),
        help_text=_("An Excel workbook (xlsx), a CSV file, or an export of the exchange platform."),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xlsm,.xls,.csv,.tsv,.txt,.dbf"}),
    )

    def clean_file(self) -> UploadedFile:
        """Refuse what is larger than any roster."""
        file = self.cleaned_data["file"]
        if file.size > settings.ROSTER_UPLOAD_LIMIT:
            raise forms.ValidationError(
                _("The file is larger than %(limit)s MB.") % {"limit": settings.ROSTER_UPLOAD_LIMIT // 2**20}
            )
        return file


class MappingForm(Form):
    """Which key field each column is; after `is_valid`, `mapping` is what `reading.read` takes by hand.

    Only what differs from what the headings say is mapped by hand, so that a better reading of them counts.
    """

    def __init__(self, *args: Any, reading: Reading, **kwargs: Any) -> None:
        """Offer every column of every sheet that was read."""
        super().__init__(*args, **kwargs)
        self.reading = reading
        self.sheets: list[tuple[str | None, list[forms.BoundField]]] = []
        known = [(column.name, column.label) for column in key_fields.COLUMNS.values()]
        fields = [("", _("not stored")), *known]
        for number, sheet in enumerate(reading.sheets):
            if sheet.header is None:
                continue
            for column in sheet.header.columns:
                self.fields[self._name(number, column)] = forms.ChoiceField(
                    label=column.heading or _("without a heading"),
                    choices=fields,
                    initial=column.field or "",
                    required=False,
                )
            bound = [self[self._name(number, column)] for column in sheet.header.columns]
            self.sheets.append((sheet.name, bound))

    @staticmethod
    def _name(number: int, column: headings.Column) -> str:
        return f"{number}:{column.index}"

    @property
    def mapping(self) -> dict[str, str]:
        """What was chosen by hand, by "sheet:column"."""
        return {
            name: self.cleaned_data[name]
            for number, sheet in enumerate(self.reading.sheets)
            if sheet.header is not None
            for column in sheet.header.columns
            if self.cleaned_data[name := self._name(number, column)]
            != (headings.field_of(column.heading) or "")
        }
