"""The registration form (the 附件 of docs/process.md): one A4 page for 64 students, filled or blank.

All measures are points; y runs up from the foot of the page.
"""

import itertools
from collections.abc import Iterable, Iterator
from datetime import datetime

from rosters.models import ClassGroup

from ...process import deadlines
from ...process.grid import PAIRS, ROWS, SEATS
from . import fonts
from .content import Cell, ErrorRow, PaperForm, facts, gather
from .fonts import BOLD
from .pen import FAINT, HEIGHT, WIDTH, Box, Pen

LEFT, RIGHT = 42.0, WIDTH - 42.0
TITLE_Y = HEIGHT - 56
LINE_Y = HEIGHT - 85
GRID_TOP = HEIGHT - 94
HEADER, ROW = 19.0, 27.0
NUMBER_WIDTH = 27.0
# The printed name under a signature; a longer one, at its least, stands on two lines. One with a character to
# be written by hand is larger.
NAME, LEAST_NAME, NAME_TO_WRITE = 5.8, 5.0, 9.0
PAIR = (RIGHT - LEFT) / PAIRS
GRID_BOTTOM = GRID_TOP - HEADER - ROWS * ROW
ERRORS_TOP = GRID_BOTTOM - 25
ERROR_ROW = 22.4
ERROR_ROWS, ERROR_ROWS_ALONE = 6, 25
ERROR_COLUMNS = (LEFT, LEFT + 330, LEFT + 420, RIGHT)
COLLATOR_Y = ERRORS_TOP - HEADER - ERROR_ROWS * ERROR_ROW - 22
NOTE_Y = COLLATOR_Y - 20
# The footer: from its last line upwards; what came later takes three lines at most.
FOOT, FINE, FINE_LEAD, LATER_LINES = 17.0, 6.2, 7.6, 3
QR = 44.0
ERRORS = "信息错误反馈统计:"


def form_pdf(
    class_groups: Iterable[ClassGroup], *, blank: bool = False, names: bool = True, now: datetime
) -> Iterator[bytes]:
    """Return one PDF of the classes' forms, piece by piece as it is drawn, with a bookmark for each.

    `blank`: for signing on paper, with the names small in the cells unless `names` is false. `now` stands on
    drafts of sheets that were not submitted.
    """
    classes = list(class_groups)
    pen = Pen("新生学籍查询及核对登记表")
    return pen.streamed(draw_forms(pen, classes, blank=blank, names=names, now=now), len(classes))


def draw_forms(pen: Pen, classes: list[ClassGroup], *, now: datetime, **how: bool) -> Iterator[None]:
    """Draw a form each time that the iterator is asked; where there is no class, a page that says so."""
    local = now.astimezone(deadlines.SCHOOL_CLOCK)
    for form in gather(classes, **how):
        draw_form(pen, form, local)
        yield
    if not classes:
        pen.text(LEFT, TITLE_Y, "没有班级", 12)
        pen.canvas.showPage()


def _pages(form: PaperForm) -> list[tuple[list[Cell] | None, list[ErrorRow]]]:
    """Return what stands on each page: the cells of 64 seats, or none; and the error rows."""
    highest = max((cell.seat for cell in form.cells), default=1)
    grids: list[list[Cell] | None] = [
        [cell for cell in form.cells if start < cell.seat <= start + SEATS]
        for start in range(0, highest, SEATS)
    ]
    errors, pages = list(form.errors), []
    while grids or errors:
        grid = grids.pop(0) if grids else None
        room = ERROR_ROWS if grid is not None else ERROR_ROWS_ALONE
        pages.append((grid, errors[:room]))
        errors = errors[room:]
    return pages


def draw_form(pen: Pen, form: PaperForm, now: datetime) -> None:
    """Draw a class's form, on as many pages as it needs; `now` on the school's clock."""
    pages = _pages(form)
    for number, (cells, errors) in enumerate(pages, start=1):
        if number == 1:
            key = str(form.class_group.uuid)
            pen.canvas.bookmarkPage(key)
            pen.canvas.addOutlineEntry(f"{form.class_group.department} {form.class_group}", key)
        pen.missing.clear()
        if cells is None:
            _head(pen, form, ERRORS)
            _error_table(pen, errors, GRID_TOP, ERROR_ROWS_ALONE)
        else:
            _head(pen, form, "核对无误后需在下面表格签名：")
            _skeleton(pen, (number - 1) * SEATS)
            for cell in cells:
                _cell(pen, cell, number)
            pen.text(LEFT, ERRORS_TOP + 6, ERRORS, 11)
            _error_table(pen, errors, ERRORS_TOP, ERROR_ROWS)
        _foot(pen, form, now, number, len(pages))
        pen.canvas.showPage()


def _head(pen: Pen, form: PaperForm, what: str) -> None:
    title = f"{form.campaign.slug}年新生学籍查询及核对登记表"
    pen.centred(Box(LEFT, TITLE_Y, RIGHT - LEFT, 24), title, 19, BOLD)
    pen.text(LEFT, LINE_Y, what, 11)
    name, label = str(form.class_group), "班级："
    room = RIGHT - LEFT - 260
    size = pen.fitting(name, room, 11)
    start = RIGHT - max(110, fonts.width(name, size))
    pen.right(start, LINE_Y, label, 11)
    pen.text(start + (RIGHT - start - fonts.width(name, size)) / 2, LINE_Y, name, size)
    pen.line(start, LINE_Y - 3, RIGHT, LINE_Y - 3)


def _skeleton(pen: Pen, before: int) -> None:
    """Draw the grid, its headers and numbers: the same on every page, so it is kept once in the PDF."""
    name = f"grid{before}"
    canvas = pen.canvas
    if not canvas.hasForm(name):
        canvas.beginForm(name, 0, 0, WIDTH, HEIGHT)
        columns = []
        for pair in range(PAIRS):
            columns += [LEFT + pair * PAIR, LEFT + pair * PAIR + NUMBER_WIDTH]
        rows = [GRID_TOP, *(GRID_TOP - HEADER - row * ROW for row in range(ROWS + 1))]
        pen.grid([*columns, RIGHT], rows)
        for pair in range(PAIRS):
            x = LEFT + pair * PAIR
            top = GRID_TOP - HEADER
            pen.centred(Box(x, top, NUMBER_WIDTH, HEADER), "序号", 10)
            pen.centred(Box(x + NUMBER_WIDTH, top, PAIR - NUMBER_WIDTH, HEADER), "签名", 10)
            for row in range(ROWS):
                number = str(before + pair * ROWS + row + 1)
                pen.centred(Box(x, top - (row + 1) * ROW, NUMBER_WIDTH, ROW), number, 10)
        canvas.endForm()
    canvas.doForm(name)


def _cell(pen: Pen, cell: Cell, page: int) -> None:
    pair, row = divmod(cell.seat - 1 - (page - 1) * SEATS, ROWS)
    x = LEFT + pair * PAIR + NUMBER_WIDTH
    box = Box(x, GRID_TOP - HEADER - (row + 1) * ROW, PAIR - NUMBER_WIDTH, ROW)
    # The character's number stands beneath the box to write in.
    size, above = (NAME_TO_WRITE, 2.8) if fonts.lacks(cell.name) else (NAME, 1.1)
    name = Box(box.x + 3, box.y + above, box.width - 6, size * 1.1)
    if cell.tags:
        pen.centred(Box(box.x + box.width - 30, name.y, 28, name.height), cell.tags, 5.6, colour=FAINT)
        name = Box(name.x, name.y, name.width - 28, name.height)
    if fonts.width(cell.name, LEAST_NAME) > name.width:
        name = Box(name.x, name.y, name.width, name.height * 2)
    pen.block(name, cell.name, size, colour=FAINT)
    foot = name.y + name.height
    upper = Box(box.x + 4, foot + 1.2, box.width - 8, box.y + ROW - 1.8 - foot - 1.2)
    if cell.struck:
        pen.line(box.x - NUMBER_WIDTH, box.y, box.x + box.width, box.y + box.height)
    elif cell.instead:
        pen.centred(upper, cell.instead, 10)
    else:
        pen.signature(upper, cell.signature)


def _error_table(pen: Pen, errors: list[ErrorRow], top: float, count: int) -> None:
    rows = [top, *(top - HEADER - row * ERROR_ROW for row in range(count + 1))]
    pen.grid(list(ERROR_COLUMNS), rows)
    for label, x, end in zip(
        ("错误原因及正确内容", "签名", "联系号码"), ERROR_COLUMNS, ERROR_COLUMNS[1:], strict=False
    ):
        pen.centred(Box(x, top - HEADER, end - x, HEADER), label, 10)
    for number, error in enumerate(errors, start=1):
        y = top - HEADER - number * ERROR_ROW
        cells = [
            Box(x, y, end - x, ERROR_ROW).within(4, 1.5, 4, 1.5)
            for x, end in itertools.pairwise(ERROR_COLUMNS)
        ]
        pen.paragraph(cells[0], error.text, 8.5)
        pen.signature(cells[1], error.signature)
        pen.centred(cells[2], error.phone, 9)


def _foot(pen: Pen, form: PaperForm, now: datetime, page: int, pages: int) -> None:
    if page == 1:
        _collator(pen, form)
    day = form.class_group.department_deadline
    note = f"注：各班确认签名后交到各系负责人处，{day.month}月{day.day}日前以系部为单位，统一交到教务管理部。"
    pen.text(LEFT, NOTE_Y, note, 9.5)
    if pages > 1:
        pen.right(RIGHT, NOTE_Y, f"第 {page} 页 / 共 {pages} 页", 9.5)
    _fine_print(pen, form, now)


def _collator(pen: Pen, form: PaperForm) -> None:
    """Draw the line that the collator signs: once, on the first page."""
    label = "汇总人（班长或学习委员）签名："
    end = pen.text(LEFT, COLLATOR_Y, label, 11)
    pen.line(end, COLLATOR_Y - 3, end + 130, COLLATOR_Y - 3)
    pen.signature(Box(end + 4, COLLATOR_Y - 3, 122, 19), form.collator_signature)
    if form.collator and not form.collator_signature.startswith(b'{"typed"'):
        pen.text(end + 136, COLLATOR_Y, form.collator, 8, colour=FAINT)


def _fine_print(pen: Pen, form: PaperForm, now: datetime) -> None:
    room = RIGHT - LEFT
    if form.verify_url:
        code = Box(RIGHT - QR, FOOT + 7, QR, QR)
        pen.qr(code, form.verify_url)
        pen.centred(Box(code.x, FOOT - 4, QR, 6), "扫码核验", 5.6, colour=FAINT)
        room -= QR + 12
    lines = facts(form, now)
    if form.later:
        lines += _later(pen, form.later, room)
    if pen.missing:
        listed = " ".join(f"U+{ord(character):04X}" for character in pen.missing)
        lines.append(f"字库缺字，请在方框内手写：{listed}")
    for number, line in enumerate(reversed(lines)):
        pen.text(LEFT, FOOT + number * FINE_LEAD, line, pen.fitting(line, room, FINE), colour=FAINT)


def _later(pen: Pen, changes: tuple[str, ...], room: float) -> list[str]:
    """Return what came after the sheet, in lines; where it does not fit, how many there are in all."""
    for shown in range(len(changes), 0, -1):
        ending = f" 等共 {len(changes)} 人" if shown < len(changes) else ""
        lines = pen.wrapped("复核（提交后）：" + "；".join(changes[:shown]) + ending, room, FINE)
        if len(lines) <= LATER_LINES:
            break
    return lines
