"""What the office sends with a roster: the file, and which of its columns is what."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from rosters import headings, key_fields
from rosters.planning import Choices, Plan
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


class ChoicesForm(Form):
    """What the office may choose beside the file: a tick for each that the plan has a use for."""

    def __init__(self, *args: Any, plan: Plan, last_is_unused: bool, **kwargs: Any) -> None:
        """Take the plan of the preview, and whether nobody has acted on the last import."""
        super().__init__(*args, **kwargs)
        labels = {
            "accept_missing_numbers": plan.lacks_numbers
            and _("Import all the same: %(count)s of %(total)s students have no usable ID number")
            % {"count": plan.without_number, "total": plan.expected},
            "empty_values": plan.emptied
            and _("Empty cells replace what is stored: %(count)s values would be emptied")
            % {"count": len(plan.emptied)},
            "overwrite_mended": plan.undone
            and _("The file is right: %(count)s mended values would be undone") % {"count": len(plan.undone)},
            "undo_last": last_is_unused
            and plan.last
            and plan.came_only_by_last
            and _("%(count)s students came only by %(file)s, by which nobody has identified: take them off")
            % {"count": len(plan.came_only_by_last), "file": plan.last.file_name},
        }
        for name, label in labels.items():
            if label:
                self.fields[name] = forms.BooleanField(label=label, required=False)

    @property
    def choices(self) -> Choices:
        """What was ticked; `is_valid` comes first."""
        return Choices(**self.cleaned_data)


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

    def pointed_at(self, heading: str) -> dict[str, str] | None:
        """Return the mapping with the line that was pointed at, as "sheet:row"; None where there is none.

        What columns of that sheet were mapped to is forgotten: they have other headings now.
        """
        number, _colon, row = heading.partition(":")
        lines = {
            f"{place}:{line}"
            for place, sheet in enumerate(self.reading.sheets)
            for line, _texts in sheet.first_lines
        }
        if heading not in lines:
            return None
        others = {
            name: field for name, field in self.reading.mapping.items() if not name.startswith(f"{number}:")
        }
        return others | {f"{number}:row": row}

    @staticmethod
    def _name(number: int, column: headings.Column) -> str:
        return f"{number}:{column.index}"

    @property
    def mapping(self) -> dict[str, str]:
        """What was chosen by hand, by "sheet:column", beside the lines that were pointed at."""
        pointed_at = {name: row for name, row in self.reading.mapping.items() if name.endswith(":row")}
        return pointed_at | {
            name: self.cleaned_data[name]
            for number, sheet in enumerate(self.reading.sheets)
            if sheet.header is not None
            for column in sheet.header.columns
            if self.cleaned_data[name := self._name(number, column)]
            != (headings.field_of(column.heading) or "")
        }
