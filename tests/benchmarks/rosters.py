"""Invented rosters of any size, for benchmarks."""

import io
from datetime import date, timedelta

from openpyxl import Workbook

from rosters import key_fields
from tests.factories import id_number, name

CLASS_SIZE = 50
CLASSES_A_DEPARTMENT = 5


def rows(count: int, first: int = 0):
    """Yield that many rows of the eleven fields, as text, in the order of KEY_FIELDS.

    An ID number holds a birth date of 600 and one of 1,000 serials: no two of 600,000 students have the same.
    """
    for number in range(first, first + count):
        born = date(2007, 1, 1) + timedelta(days=(number + number // 1000) % 600)
        class_number = number // CLASS_SIZE
        values = {
            "name": name(number),
            "sex": "女" if number % 2 == 0 else "男",
            "ethnicity": "汉族",
            "birth_date": born.isoformat(),
            "id_number": id_number(born, number),
            "student_number": f"2026{number:07d}",
            "department_name": f"第{class_number // CLASSES_A_DEPARTMENT + 1}系",
            "major": f"专业{class_number % 40}（卓越班）",
            "class_name": f"专业{class_number}26班",
            "level": "本科",
            "duration": "4",
        }
        yield [values[key] for key in key_fields.BY_NAME]


def workbook(count: int) -> bytes:
    """Return an xlsx file of that many students."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("名册")
    sheet.append([key.label for key in key_fields.KEY_FIELDS])
    for row in rows(count):
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
