"""django-import-export: what of the roster may be exported, and how.

A text that a spreadsheet would take for a formula leaves as text: in xlsx as a text cell, its value
untouched; in csv, which knows no types, behind an apostrophe (reading.py takes it off again).
"""

import io
from collections.abc import Callable
from typing import Any

import tablib
from django.db import models
from import_export import fields, resources
from import_export.formats import base_formats
from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from . import identity, key_fields
from .cleaning import FORMULA_BEGINNINGS
from .models import Student
from .xlsx import as_written


def inert(value: object) -> str:
    """Return a value as the text of a csv cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA_BEGINNINGS) else text


class InertCSV(base_formats.CSV):
    """CSV with a byte order mark, so that Excel reads it as UTF-8, and no formula in it."""

    def export_data(self, dataset: tablib.Dataset, **kwargs: Any) -> str:
        """Return the text."""
        safe = tablib.Dataset(headers=dataset.headers)
        for row in dataset:
            safe.append([inert(value) for value in row])
        return "\ufeff" + safe.export("csv", **kwargs)


class TextXLSX(base_formats.XLSX):
    """XLSX in which every cell is text."""

    def export_data(self, dataset: tablib.Dataset, **kwargs: Any) -> bytes:
        """Return the workbook."""
        book = Workbook(write_only=True)
        sheet = book.create_sheet("export")
        for row in (dataset.headers, *dataset):
            sheet.append([_text_cell(sheet, value) for value in row])
        file = io.BytesIO()
        book.save(file)
        return file.getvalue()


def _text_cell(sheet: WriteOnlyWorksheet, value: object) -> Cell:
    cell = WriteOnlyCell(sheet, "" if value is None else as_written(str(value)))
    cell.data_type = "s"
    return cell


EXPORT_FORMATS: list[type[base_formats.Format]] = [TextXLSX, InertCSV]


class StudentResource(resources.ModelResource):
    """The roster by its official labels. The ID number is masked: a file is easily lost."""

    class Meta:
        model = Student
        fields = ("seat", "duty", *key_fields.BY_NAME)
        export_order = fields

    @classmethod
    def field_from_django_field(
        cls, field_name: str, django_field: models.Field, readonly: bool
    ) -> fields.Field:
        """Return the column of a field, headed by its label, and shown as pages show it."""
        return fields.Field(
            attribute=field_name,
            column_name=key_fields.COLUMNS[field_name].label,
            readonly=True,
            dehydrate_method="shown_" + field_name,
        )

    def __getattr__(self, name: str) -> Callable[[Student], str]:
        """Return how a field is shown."""
        if name.startswith("shown_"):
            return lambda student: _shown(student, name.removeprefix("shown_"))
        raise AttributeError(name)


def _shown(student: Student, name: str) -> str:
    value = getattr(student, name)
    return identity.mask(value or "") if name == "id_number" else key_fields.display(name, value)
