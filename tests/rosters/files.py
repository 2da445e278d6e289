"""Roster files that the tests write themselves: invented people, one helper a format."""

import io
import re
import zipfile
from datetime import date

from openpyxl import Workbook

from tests import factories

HEADINGS = (
    "序号",
    "姓名",
    "性别",
    "民族",
    "出生日期",
    "身份证号",
    "学号",
    "系部",
    "专业名称",
    "班级",
    "层次",
    "学制",
)
BORN = date(2007, 5, 6)
GOOD = {
    "性别": "男",
    "民族": "汉族",
    "出生日期": BORN.isoformat(),
    "系部": "信息工程系",
    "专业名称": "软件工程（卓越班）",
    "班级": "软件2601班",
    "层次": "本科",
    "学制": "4",
}


def row(number: int, **values) -> dict:
    """Return an invented student's row, by heading; men only, so that sex and ID number agree."""
    made = {
        "序号": str(number),
        "姓名": factories.name(number),
        "身份证号": factories.id_number(BORN, number * 2 + 1),
        "学号": f"2026{number:06d}",
        **GOOD,
    }
    return made | values


def table(rows: list[dict], headings=HEADINGS) -> list[list]:
    """Return the heading and the rows as lists of cells."""
    return [list(headings), *([one.get(heading) for heading in headings] for one in rows)]


def saved(book: Workbook) -> bytes:
    """Return a workbook's bytes."""
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def xlsx(rows: list[list], name: str = "名册") -> bytes:
    """Return an xlsx file with one sheet of these cells."""
    book = Workbook()
    book.active.title = name
    for cells in rows:
        book.active.append(cells)
    return saved(book)


def roster(*rows: dict) -> bytes:
    """Return an xlsx roster of these rows; the heading is line 1."""
    return xlsx(table(list(rows)))


def csv(rows: list[list], delimiter: str = ",") -> str:
    """Return the cells as delimited text."""
    return "\r\n".join(delimiter.join("" if cell is None else str(cell) for cell in cells) for cells in rows)


def part(content: bytes, name: str) -> bytes:
    """Return one part of an xlsx file."""
    return zipfile.ZipFile(io.BytesIO(content)).read(name)


def changed_part(content: bytes, part: str, change) -> bytes:
    """Return an xlsx file with one part changed by a function of its bytes."""
    source, target = zipfile.ZipFile(io.BytesIO(content)), io.BytesIO()
    assert part in source.namelist()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made:
        for name in source.namelist():
            xml = source.read(name)
            made.writestr(name, change(xml) if name == part else xml)
    return target.getvalue()


def replaced_cell(xml: bytes, place: str, cell: bytes) -> bytes:
    """Return a sheet's XML with one cell replaced."""
    changed, count = re.subn(rb'<c r="%s"[^>]*?(/>|>.*?</c>)' % place.encode(), lambda _: cell, xml)
    assert count == 1
    return changed
