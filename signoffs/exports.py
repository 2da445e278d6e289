"""Workbooks for the office. Every cell that holds text is text: no formula is ever written."""

import io
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from rosters.models import Campaign, ClassGroup

from . import deadlines
from .models import FieldError
from .progress import field_label

_BOLD = Font(bold=True)


def _cell(sheet, value):
    """Return a cell; text stays text, whatever it begins with."""
    if not isinstance(value, str):
        return value
    cell = WriteOnlyCell(sheet, value=None)
    cell.data_type, cell._value = "s", ILLEGAL_CHARACTERS_RE.sub("", value)
    if value[:1] in "=+-@\t\r":
        cell.quotePrefix = True  # opened and saved again, it must not become a formula
    return cell


def _sheet(
    book: Workbook, title: str, headings: Sequence[str], widths: Sequence[int], rows: Iterable
) -> None:
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for number, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    head = [WriteOnlyCell(sheet, value=heading) for heading in headings]
    for cell in head:
        cell.font = _BOLD
    sheet.append(head)
    for row in rows:
        sheet.append([_cell(sheet, value) for value in row])


def error_statistics(campaign: Campaign, class_groups: Iterable[ClassGroup], now: datetime) -> bytes:
    """Return 信息错误反馈统计 as a workbook: one sheet of counts by field and owner, one of every error.

    An ID number is never in it, only that it differs.
    """
    found = (
        FieldError.objects.filter(
            declaration__class_group__in=class_groups,
            declaration__withdrawn_at=None,
            declaration__contested_at=None,
        )
        .select_related("declaration__student__class_group__department")
        .order_by("declaration__class_group__department__name", "declaration__class_group__name", "pk")
    )
    errors = list(found)
    book = Workbook(write_only=True)
    counts = Counter((one.field, one.owner, one.outcome) for one in errors)
    _sheet(
        book,
        "统计",
        ("字段", "由谁更正", "处理结果", "数量"),
        (16, 14, 18, 8),
        [
            (
                field_label(field),
                str(FieldError.Owner(owner).label),
                str(FieldError.Outcome(outcome).label),
                n,
            )
            for (field, owner, outcome), n in sorted(counts.items(), key=lambda item: -item[1])
        ],
    )
    _sheet(
        book,
        "明细",
        (
            "系部",
            "班级",
            "学号",
            "姓名",
            "字段",
            "名册",
            "学信网",
            "正确内容",
            "联系号码",
            "由谁更正",
            "处理结果",
            "反馈时间",
        ),
        (16, 16, 16, 14, 12, 24, 24, 24, 14, 12, 16, 18),
        (_row(one) for one in errors),
    )
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _row(error: FieldError) -> tuple:
    student = error.declaration.student
    values = (error.roster_value, error.chsi_value, error.right_value)
    if error.field == "id_number":
        values = ("", "与名册不一致", "")
    return (
        str(student.class_group.department),
        str(student.class_group),
        student.student_number,
        student.name,
        field_label(error.field),
        *values,
        error.declaration.phone or "",
        str(FieldError.Owner(error.owner).label),
        str(FieldError.Outcome(error.outcome).label),
        error.declaration.declared_at.astimezone(deadlines.SCHOOL_CLOCK).replace(tzinfo=None),
    )
