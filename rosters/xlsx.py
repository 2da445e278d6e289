"""Writes xlsx files fast: rows go straight into XML, and every text is a text, whatever it begins with.

A leaf. openpyxl builds an object for each cell, which takes longer than all queries of an export. What is
written here is plain: frozen bold headings, widths, dates as dates, numbers as numbers.
"""

import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from xml.sax import saxutils

from rosters.cleaning import FORMULA_BEGINNINGS

# Positions in styles.xml: plain, heading, text that a spreadsheet might take for a formula, day, moment.
PLAIN, BOLD, QUOTED, DAY, MOMENT = range(5)
# What XML 1.0 can't hold.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
# Excel's day 0, its leap year 1900 that never was put right.
_EPOCH = date(1899, 12, 30)
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_STYLES = (
    f'{_HEAD}<styleSheet xmlns="{_MAIN}">'
    '<numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>'
    '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border/></borders>'
    '<cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="5"><xf xfId="0"/><xf xfId="0" fontId="1" applyFont="1"/>'
    '<xf xfId="0" numFmtId="49" quotePrefix="1" applyNumberFormat="1"/>'
    '<xf xfId="0" numFmtId="164" applyNumberFormat="1"/>'
    '<xf xfId="0" numFmtId="165" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
    "</styleSheet>"
)


# How OOXML writes a character that XML can't hold. A text that merely looks so would be read back as one.
_ESCAPE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")


def as_written(text: str) -> str:
    """Return a text for a workbook that gives it back as it is: _x0041_ stays, and becomes no A."""
    return _ESCAPE.sub("_x005F_", _ILLEGAL.sub("", text))


def escape(text: str) -> str:
    """Return a text as it stands in a part of the workbook."""
    return saxutils.escape(as_written(text))


def _cell(value: object) -> str:
    if value is None or value == "":
        return "<c/>"
    if isinstance(value, str):
        style = f' s="{QUOTED}"' if value.startswith(FORMULA_BEGINNINGS) else ""
        return f'<c t="inlineStr"{style}><is><t xml:space="preserve">{escape(value)}</t></is></c>'
    if isinstance(value, bool):
        return f'<c t="b"><v>{int(value)}</v></c>'
    if isinstance(value, (int, float, Decimal)):
        return f"<c><v>{value}</v></c>"
    if isinstance(value, datetime):
        if value.tzinfo is not None:
            raise ValueError("a spreadsheet knows no time zones: give the school's clock, without one")
        days = (value - datetime.combine(_EPOCH, datetime.min.time())) / timedelta(days=1)
        return f'<c s="{MOMENT}"><v>{days:.10f}</v></c>'
    if isinstance(value, date):
        return f'<c s="{DAY}"><v>{(value - _EPOCH).days}</v></c>'
    raise TypeError(f"no cell holds a {type(value).__name__}")


class Book:
    """A workbook that grows sheet by sheet; `content` ends it."""

    def __init__(self) -> None:
        """Begin one."""
        self._file = io.BytesIO()
        self._archive = zipfile.ZipFile(self._file, "w", zipfile.ZIP_DEFLATED, compresslevel=4)
        self._titles: list[str] = []

    def sheet(
        self, title: str, headings: Sequence[str], widths: Sequence[int], rows: Iterable[Sequence[object]]
    ) -> None:
        """Write a sheet. Rows are taken one by one: none is held. Raise TypeError for what no cell holds."""
        self._titles.append(title)
        columns = "".join(
            f'<col min="{n}" max="{n}" width="{width}" customWidth="1"/>' for n, width in enumerate(widths, 1)
        )
        head = "".join(
            f'<c t="inlineStr" s="{BOLD}"><is><t>{escape(heading)}</t></is></c>' for heading in headings
        )
        with self._archive.open(f"xl/worksheets/sheet{len(self._titles)}.xml", "w") as part:
            part.write(
                f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
                '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
                f"</sheetView></sheetViews><cols>{columns}</cols><sheetData><row>{head}</row>".encode()
            )
            for row in rows:
                part.write(f"<row>{''.join(map(_cell, row))}</row>".encode())
            part.write(b"</sheetData></worksheet>")

    def content(self) -> bytes:
        """Return the file."""
        numbers = range(1, len(self._titles) + 1)
        sheets = "".join(
            f'<sheet name="{escape(title)}" sheetId="{n}" r:id="rId{n}"/>'
            for n, title in zip(numbers, self._titles, strict=True)
        )
        relations = "".join(
            f'<Relationship Id="rId{n}" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet{n}.xml"/>'
            for n in numbers
        )
        types = "".join(
            f'<Override PartName="/xl/worksheets/sheet{n}.xml" '
            'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
            for n in numbers
        )
        spreadsheet = "application/vnd.openxmlformats-officedocument.spreadsheetml"
        parts = {
            "xl/workbook.xml": (
                f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>{sheets}</sheets></workbook>'
            ),
            "xl/_rels/workbook.xml.rels": (
                f'<Relationships xmlns="{_PACKAGE}/relationships">{relations}'
                f'<Relationship Id="rId0" Type="{_RELATIONS}/styles" Target="styles.xml"/></Relationships>'
            ),
            "_rels/.rels": (
                f'<Relationships xmlns="{_PACKAGE}/relationships">'
                f'<Relationship Id="rId1" Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/>'
                "</Relationships>"
            ),
            "[Content_Types].xml": (
                f'<Types xmlns="{_PACKAGE}/content-types">'
                '<Default Extension="rels" '
                'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
                '<Default Extension="xml" ContentType="application/xml"/>'
                f'<Override PartName="/xl/workbook.xml" ContentType="{spreadsheet}.sheet.main+xml"/>'
                f'<Override PartName="/xl/styles.xml" ContentType="{spreadsheet}.styles+xml"/>{types}</Types>'
            ),
        }
        self._archive.writestr("xl/styles.xml", _STYLES)
        for name, xml in parts.items():
            self._archive.writestr(name, xml if xml.startswith("<?xml") else _HEAD + xml)
        self._archive.close()
        return self._file.getvalue()
