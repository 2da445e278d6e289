"""The cover of a department's hand-in: totals, exceptions, lines for the 系负责人; the forms follow it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime

from rosters.models import ClassGroup

from ...models import HandIn
from ...process import deadlines
from .fonts import BOLD
from .form import draw_forms
from .pen import FAINT, HEIGHT, WIDTH, Box, Pen

LEFT, RIGHT = 60.0, WIDTH - 60.0
LINE = 20.0
SIGNING = 170.0  # the width of a line to sign on
# 应核对 is the sum of the five parts below it; below those what is in them already, and what was reported.
COUNTS = (
    ("classes", "班级数"),
    ("sheets", "已接收的班级登记表"),
    ("expected", "应核对"),
    ("confirmed", "已签（核对无误并签名）"),
    ("reported", "有误（已反馈并签名）"),
    ("excused", "因故未签"),
    ("overdue", "逾期未核对"),
    ("left", "未完成"),
    ("recheck", "未完成中待复核（不另计）"),
    ("late", "已签和有误中逾期签名（不另计）"),
    ("reporters", "本次核对反馈错误的人数"),
    ("report_items", "反馈错误的条数"),
    ("open_items", "其中未办结的条数"),
)
PARTS = ("confirmed", "reported", "excused", "overdue")


def hand_in_pdf(hand_in: HandIn, class_groups: Iterable[ClassGroup], *, now: datetime) -> Iterator[bytes]:
    """Return one PDF, piece by piece: the cover of that hand-in, then the forms, with a bookmark for each."""
    classes = list(class_groups)
    pen = Pen(f"{hand_in.department} 新生学籍查询及核对")
    pen.canvas.bookmarkPage("cover")
    pen.canvas.addOutlineEntry(f"{hand_in.department} 上交", "cover")
    days = [one.department_deadline for one in classes] or [hand_in.campaign.department_deadline]
    _cover(pen, hand_in, max(days))
    pen.canvas.showPage()
    return pen.streamed(draw_forms(pen, classes, blank=False, now=now), len(classes))


def _cover(pen: Pen, hand_in: HandIn, day: date) -> None:
    whole = RIGHT - LEFT
    campaign = hand_in.campaign
    if campaign.university:
        pen.centred(Box(LEFT, HEIGHT - 96, whole, 20), campaign.university, 14, colour=FAINT)
    pen.centred(Box(LEFT, HEIGHT - 140, whole, 30), f"{campaign}系部上交表", 22, BOLD)
    pen.centred(Box(LEFT, HEIGHT - 184, whole, 26), str(hand_in.department), 18, BOLD)
    y = HEIGHT - 230
    counts = Counter(hand_in.counts)
    counts["left"] = counts["expected"] - sum(counts[name] for name in PARTS)
    rows = [(label, str(counts[name])) for name, label in COUNTS]
    edges = [y - number * LINE for number in range(len(rows) + 1)]
    pen.grid([LEFT + 60, RIGHT - 180, RIGHT - 60], edges)
    for (label, figure), top in zip(rows, edges, strict=False):
        pen.text(LEFT + 72, top - LINE + 6, label, 11)
        pen.right(RIGHT - 76, top - LINE + 6, figure, 11)
    y = edges[-1] - 34
    pen.text(LEFT, y, "未接收而上交的班级及原因：", 11, BOLD)
    lines = [f"{one['class']}：{one['reason']}" for one in hand_in.exceptions] or ["无"]
    room = Box(LEFT + 14, y - 150, whole - 14, 144)
    pen.paragraph(room, "；".join(lines), 10.5, top=True)
    y = room.y - 40
    for label in ("系负责人签名：", "系部盖章：", "日期："):
        pen.right(RIGHT - SIGNING, y, label, 12)
        pen.line(RIGHT - SIGNING + 4, y - 3, RIGHT, y - 3)
        y -= 44
    at = hand_in.handed_in_at.astimezone(deadlines.SCHOOL_CLOCK)
    judged = f"{'逾期' if hand_in.late else '按时'}，截止 {day.month}月{day.day}日 24:00"
    for number, line in enumerate(
        (
            f"第 {hand_in.version} 版，{at:%Y-%m-%d %H:%M} 上交（{judged}）",
            f"摘要 {hand_in.digest}",
            f"事件链 {hand_in.chain_head}",
        )
    ):
        pen.text(LEFT, 60 - number * 10, line, 7, colour=FAINT)
