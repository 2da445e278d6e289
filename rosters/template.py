"""An empty roster to fill in: the headings that are read without a question, as text, and what belongs below.

A leaf.
"""

import io
from collections.abc import Iterable

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from . import key_fields

_HINTS = {
    "birth_date": "写作 2007-03-05",
    "id_number": "18 位，单元格格式为文本",
    "student_number": "单元格格式为文本，保留前面的 0",
    "duration": "写作 4 或 2.5",
}


def workbook(departments: Iterable[str]) -> bytes:
    """Return the template; the departments stand as examples on its second sheet, which is no roster."""
    book = Workbook()
    book.remove(book.worksheets[0])
    sheet = book.create_sheet("名册", 0)
    columns = [key_fields.COLUMNS["seat"], *key_fields.KEY_FIELDS, key_fields.COLUMNS["duty"]]
    sheet.append([column.label for column in columns])
    sheet.freeze_panes = "A2"
    for number, column in enumerate(columns, start=1):
        sheet.cell(1, number).font = Font(bold=True)
        letter = get_column_letter(number)
        sheet.column_dimensions[letter].width = 22 if column.name == "id_number" else 14
        sheet.column_dimensions[letter].number_format = "@"
    notes = book.create_sheet("填写说明")
    notes.append(["栏目", "要求", "填写方法", "示例"])
    examples = {"department_name": "、".join(departments)}
    for column in columns:
        needed = "必填" if column.required else ""
        notes.append([column.label, needed, _HINTS.get(column.name, ""), examples.get(column.name, "")])
    for letter, width in zip("ABCD", (14, 8, 32, 60), strict=True):
        notes.column_dimensions[letter].width = width
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
