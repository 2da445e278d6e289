"""Random rosters in every format and layout, written and read back: what was written, and nothing else.

`python -m tests.rosters.rounds [--rounds 2000] [--seed 0]`. A round is made of its number alone: one that
fails can be tried again by it.
"""

import argparse
import csv
import html
import io
import os
import sys
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

FIELDS = ("姓名", "性别", "民族", "出生日期", "身份证号", "学号", "系部", "专业名称", "班级", "层次", "学制")
SYNONYMS = {
    "姓名": ("姓名", "姓 名", "学生姓名", "\u200b姓名", "XM"),
    "性别": ("性别", "XB"),
    "民族": ("民族", "民族（必填）"),
    "出生日期": ("出生日期", "出生年月日", "CSRQ"),
    "身份证号": ("身份证号", "身份证件号", "*证件号码", "SFZH"),
    "学号": ("学号", "学号：", "XH"),
    "系部": ("系部", "院系", "所属院系"),
    "专业名称": ("专业名称", "专业", "ZYMC"),
    "班级": ("班级", "行政班级", "班级名称"),
    "层次": ("层次", "培养层次"),
    "学制": ("学制", "学制（年）"),
}
# Two lines of a heading, the upper one merged over what stands below it.
STACKED = {"出生日期": ("出生", "年月日"), "身份证号": ("身份证", "号码"), "专业名称": ("专业", "名称")}
NAMES = ("王䶮", "𠮷田一", "阿依古丽·买买提", "MUHAMMAD ALI", "欧阳㛃", "艾力•吐尔逊", "李O", "于")
UNKNOWN = ("手机号", "宿舍", "备注栏", "政治面貌")
NOTES = (["合计", "3人"], ["注：本表一式两份"], ["制表人：王某", "", "审核人：李某"], ["共3人"])
TITLES = (["云麓理工大学"], ["2026级新生名册"], ["制表日期：2026年12月1日"])
DELIMITERS = {"csv": ",", "csv with semicolons": ";", "csv with tabs": "\t"}
TEXT_ENCODINGS = ("utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be", "utf-32")
WORKBOOKS = ("xlsx", "strict xlsx", "xlsx of 1904", "xls", "xls of 1904")
FORMATS = (*WORKBOOKS, *DELIMITERS, "html", "dbf", "FoxPro")


@dataclass
class Grid:
    """One sheet as it is written: cells (text, number, date, None), merged cells and hidden rows, from 0."""

    name: str
    rows: list[list] = field(default_factory=list)
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)
    hidden: list[int] = field(default_factory=list)


def student(random: Random, number: int) -> dict:
    """Return an invented student by heading, as the record has it."""
    from tests import factories

    born = date(2006, 1, 1) + timedelta(days=random.randrange(900))
    class_number = random.randrange(3)
    return {
        "姓名": random.choice(NAMES) if random.random() < 0.3 else factories.name(number),
        "性别": random.choice("男女"),
        "民族": random.choice(("汉族", "维吾尔族", "壮族")),
        "出生日期": born,
        "身份证号": factories.id_number(born, random.randrange(1000)),
        "学号": f"{random.choice(('2026', '0026', 'B26'))}{number:06d}",
        "系部": ("信息工程系", "机械工程系", "电子系")[class_number],
        "专业名称": ("软件工程（卓越班）", "机械, 制造", "电子\u3000信息")[class_number],
        "班级": f"{'软机电'[class_number]}2601班",
        "层次": random.choice(("本科", "专科（高职）")),
        "学制": random.choice((Decimal(4), Decimal("2.5"), Decimal(5))),
    }


def written(random: Random, heading: str, value, with_dates: bool):
    """Return a value as some office writes it."""
    if heading == "出生日期":
        texts = (
            value.isoformat(),
            f"{value:%Y%m%d}",
            f"{value.year}年{value.month}月{value.day}日",
            f"{value:%Y/%m/%d}",
        )
        return value if with_dates and random.random() < 0.5 else random.choice(texts)
    if heading == "学制":
        return random.choice((str(value), f"{value}年", float(value)))
    return random.choice((value, f" {value} ")) if random.random() < 0.1 else value


def grid(random: Random, name: str, students: list[dict], kind: str) -> Grid:
    """Lay students out on a sheet."""
    made, can_merge = Grid(name), kind in WORKBOOKS or kind == "html"
    made.rows += [list(title) for title in random.sample(TITLES, random.randrange(3))]
    columns = [*FIELDS, *random.sample(UNKNOWN, random.randrange(3))]
    random.shuffle(columns)
    names = {one: random.choice(SYNONYMS.get(one, (one,))) for one in columns}
    blocks = [students]
    if len(students) > 2 and random.random() < 0.3:
        blocks = [students[: len(students) // 2], students[len(students) // 2 :]]
    for place, block in enumerate(blocks):
        if place and random.random() < 0.7:
            random.shuffle(columns)
        heading(random, made, columns, names, stacked=can_merge and not place and random.random() < 0.3)
        body(random, made, columns, block, kind)
    if random.random() < 0.5:
        made.rows.append([None] if random.random() < 0.5 else list(random.choice(NOTES)))
    return made


def heading(random: Random, made: Grid, columns: list[str], names: dict, stacked: bool) -> None:
    """Add a heading of one line or of two."""
    top = len(made.rows)
    if not stacked:
        made.rows.append([names[one] for one in columns])
        return
    made.rows.append([STACKED.get(one, (names[one],))[0] for one in columns])
    made.rows.append([STACKED[one][1] if one in STACKED else None for one in columns])
    made.merges += [(top, top + 1, at, at) for at, one in enumerate(columns) if one not in STACKED]


def body(random: Random, made: Grid, columns: list[str], students: list[dict], kind: str) -> None:
    """Add students: in order of their classes, these in merged cells now and then; blank lines between."""
    with_dates, can_merge = kind in WORKBOOKS, kind in WORKBOOKS or kind == "html"
    if can_merge and random.random() < 0.4:
        students.sort(key=lambda one: one["班级"])
        merged = ("系部", "班级")
    else:
        merged = ()
    start, before = len(made.rows), None
    for one in students:
        if not merged and random.random() < 0.1:
            made.rows.append([None])
        made.rows.append(
            [
                written(random, at, one[at], with_dates) if at in one else random.choice(("x", None, "1-101"))
                for at in columns
            ]
        )
        if random.random() < 0.1 and (can_merge):
            made.hidden.append(len(made.rows) - 1)
        if merged and before is not None and before != one["班级"]:
            merge(made, columns, merged, start, len(made.rows) - 2)
            start = len(made.rows) - 1
        before = one["班级"]
    if merged:
        merge(made, columns, merged, start, len(made.rows) - 1)


def merge(made: Grid, columns: list[str], merged: tuple, first: int, last: int) -> None:
    """Merge a class's cells of some columns."""
    for name in merged if last > first else ():
        column = columns.index(name)
        made.merges.append((first, last, column, column))
        for row in range(first + 1, last + 1):
            made.rows[row][column] = None


# Writers ----------------------------------------------------------------------------------------------


def as_xlsx(random: Random, grids: list[Grid], kind: str) -> bytes:
    """Write a workbook."""
    from .files import saved
    from .test_kinds_of_files import strict

    book = Workbook()
    if kind == "xlsx of 1904":
        book.epoch = CALENDAR_MAC_1904
    book.remove(book.active)
    for one in grids:
        sheet = book.create_sheet(one.name)
        for number, cells in enumerate(one.rows, start=1):
            for column, cell in enumerate(cells, start=1):
                if cell is not None:
                    sheet.cell(number, column, cell)
        for top, bottom, left, right in one.merges:
            sheet.merge_cells(
                start_row=top + 1, end_row=bottom + 1, start_column=left + 1, end_column=right + 1
            )
        for row in one.hidden:
            sheet.row_dimensions[row + 1].hidden = True
    return strict(saved(book)) if kind == "strict xlsx" else saved(book)


def as_xls(random: Random, grids: list[Grid], kind: str) -> bytes:
    """Write an xls workbook, which has one sheet here."""
    from . import old_formats

    epoch = date(1904, 1, 1) if kind == "xls of 1904" else date(1899, 12, 30)
    (one,) = grids
    cells = [
        [("day", (cell - epoch).days) if isinstance(cell, date) else cell for cell in row] for row in one.rows
    ]
    return old_formats.xls(
        cells, merges=one.merges, days_from_1904=kind == "xls of 1904", name=one.name, hidden_rows=one.hidden
    )


def as_text(random: Random, grids: list[Grid], kind: str) -> bytes:
    """Write delimited text in some encoding."""
    file = io.StringIO()
    ends = random.choice(("\r\n", "\n"))
    writer = csv.writer(file, delimiter=DELIMITERS[kind], lineterminator=ends)
    writer.writerows([["" if cell is None else cell for cell in row] for row in grids[0].rows])
    return file.getvalue().encode(random.choice(TEXT_ENCODINGS))


def _escaped(cell) -> str:
    return html.escape("" if cell is None else str(cell))


def as_html(random: Random, grids: list[Grid], kind: str) -> bytes:
    """Write a page of tables."""
    tables = []
    for one in grids:
        spans = {(top, left): bottom - top + 1 for top, bottom, left, _ in one.merges}
        held = {(row, left) for top, bottom, left, _ in one.merges for row in range(top + 1, bottom + 1)}
        lines = []
        for number, cells in enumerate(one.rows):
            hidden = " style='display:none'" if number in one.hidden else ""
            written_cells = [
                f"<td rowspan={spans.get((number, column), 1)}>{_escaped(cell)}&nbsp;</td>"
                for column, cell in enumerate(cells)
                if (number, column) not in held
            ]
            lines.append(f"<tr{hidden}>{''.join(written_cells)}</tr>")
        tables.append("<table border=1>" + random.choice(("", "\r\n")).join(lines) + "</table>")
    return f"<html><body>{''.join(tables)}</body></html>".encode(random.choice(TEXT_ENCODINGS))


CODES = dict(
    zip(FIELDS, ("XM", "XB", "MZ", "CSRQ", "SFZH", "XH", "XSH", "ZYMC", "BH", "CC", "XZ"), strict=True)
)


def as_dbf(random: Random, students: list[dict], kind: str) -> bytes:
    """Write a table of dBASE or FoxPro, with columns in any order."""
    from . import old_formats

    columns = list(FIELDS)
    random.shuffle(columns)
    fields = [(CODES[one], "N", 4) if one == "学制" else (CODES[one], "C", 60) for one in columns]
    rows = [[str(one[at]) if at != "出生日期" else f"{one[at]:%Y%m%d}" for at in columns] for one in students]
    encoding, options = random.choice(("gb18030", "utf-8")), {}
    if kind == "FoxPro":
        fields += [("NJ", "I", 4), ("BZ", "M", 4), ("LRSJ", "T", 8)]
        rows = [[*row, random.randbytes(4), random.randbytes(4), random.randbytes(8)] for row in rows]
        options = {"version": 0x30, "flags": random.randbytes(1)}
    return old_formats.dbf(fields, rows, encoding, **options)


def roster(number: int) -> tuple[str, bytes, list[dict]]:
    """Return a round's format, file, and the students in their order in it."""
    random = Random(number)
    kind = random.choice(FORMATS)
    students = [student(random, number * 100 + at) for at in range(random.randint(1, 12))]
    if kind in ("dbf", "FoxPro"):
        return kind, as_dbf(random, students, kind), students
    several = kind in ("xlsx", "strict xlsx", "xlsx of 1904", "html") and random.random() < 0.4
    middle = len(students) // 2
    parts = [students[:middle], students[middle:]] if several and middle else [students]
    grids = [grid(random, f"表{at}", part, kind) for at, part in enumerate(parts)]
    write = {"xlsx": as_xlsx, "strict xlsx": as_xlsx, "xlsx of 1904": as_xlsx, "html": as_html}
    write |= {"xls": as_xls, "xls of 1904": as_xls} | dict.fromkeys(DELIMITERS, as_text)
    return kind, write[kind](random, grids, kind), [one for part in parts for one in part]


def difference(number: int) -> str | None:
    """Return how what was read differs from what was written in a round; None where it doesn't."""
    from rosters import key_fields, reading

    kind, content, students = roster(number)
    found = reading.read(content, "roster")
    labels = {one.name: one.label for one in key_fields.KEY_FIELDS}
    rows = [{labels[name]: getattr(row, name) for name in labels} for row in found.rows]
    # Half blocks are sorted one by one, so that students of a sheet may stand in another order.
    expected = sorted(students, key=lambda one: one["学号"])
    problems = [(one.code, one.row, one.column) for one in found.problems if one.code != "hidden_rows"]
    if sorted(rows, key=lambda one: one["学号"]) == expected and not problems:
        return None
    wrong = [
        (a, b) for a, b in zip(sorted(rows, key=lambda one: one["学号"]), expected, strict=False) if a != b
    ]
    return f"round {number} ({kind}): {len(rows)} of {len(expected)} rows, {wrong[:1]}, {problems[:5]}"


def main() -> int:
    """Run the rounds; print what differs."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=2_000)
    options.add_argument("--seed", type=int, default=0)
    chosen = options.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    numbers = range(chosen.seed, chosen.seed + chosen.rounds)
    differing = [wrong for number in numbers if (wrong := difference(number))]
    for wrong in differing:
        sys.stdout.write(f"{wrong}\n")
    sys.stdout.write(f"{chosen.rounds} rounds, {len(differing)} differ\n")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
