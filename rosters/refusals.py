"""Why a file can't be read at all: one table of codes, each with its sentence and the way out.

A leaf.
"""

from django.utils.translation import gettext_lazy as _

from .sentences import Sentence

_SAVE_AS = _("Open it in Excel or WPS and save it as “Excel workbook (*.xlsx)”.")
# Why a file can't be read: the code, the sentence, and whether saving it anew is the way out.
REFUSALS: dict[str, tuple[Sentence, bool]] = {
    "empty": (_("The file is empty."), False),
    "truncated": (_("The file is damaged or was not copied to its end."), True),
    "encoding": (_("The text's encoding is unknown: neither UTF-8, GB18030 nor UTF-16."), True),
    "quotation": (_("A quotation mark is opened and not closed (near line %(row)s)."), True),
    "big5": (_("The text is in Big5, in which names of GB18030 can't be told for certain."), True),
    "password": (_("The file is protected by a password. Remove the password."), True),
    "a_picture": (_("The file is a picture, whatever its name says."), False),
    "a_pdf": (_("The file is a PDF. Export the roster as a table."), True),
    "an_archive": (_("The file is an archive. Unpack it and choose the workbook inside."), False),
    "open_document": (_("The file is an OpenDocument file."), True),
    "spreadsheet_xml": (_("The file is an XML spreadsheet of 2003."), True),
    "web_archive": (_("The file is a web archive (MHTML), whatever its name says."), True),
    "excel_95": (
        _("The workbook is in the format of Excel 5 or 95, whose characters can't be told for certain."),
        True,
    ),
    "another_format": (_("The file is of a kind that is not read here."), True),
    "no_table": (_("The file is a web page without a table."), True),
    "declaration": (
        _("The file declares entities of its own, which no spreadsheet does. It is not read."),
        True,
    ),
    "too_large_inside": (_("Unpacked, the file is too large for a roster."), True),
    "too_many_cells": (
        _("The file has too many cells for a roster. Copy the roster into a new workbook."),
        True,
    ),
    "too_many_rows": (
        _("The file has more than 200,000 rows, more than a roster. Copy the roster into a new workbook."),
        True,
    ),
    "too_many_sheets": (_("The file has more than 200 tables. Copy the roster into a new workbook."), True),
    "far_cell": (
        _("There is a value far outside the roster, in the cell %(cell)s. Delete it, or copy the roster."),
        True,
    ),
    "too_much_memory": (
        _("The file asks for too much memory or time. Copy the roster alone into a new workbook."),
        False,
    ),
    "too_large": (_("The file is larger than %(limit)s MB."), False),
}


class Unreadable(Exception):
    """The file can't be read at all. `sentence` says why and what to do; `code` names the reason."""

    def __init__(self, code: str, **details: object) -> None:
        """Take a code of REFUSALS and what its sentence mentions."""
        super().__init__(code)
        self.code, self.details = code, details

    def __str__(self) -> str:
        return self.sentence

    @property
    def sentence(self) -> str:
        """The sentence, in the language that is active."""
        sentence, save_anew = REFUSALS[self.code]
        text = str(sentence) % self.details if self.details else str(sentence)
        return f"{text} {_SAVE_AS}" if save_anew else text
