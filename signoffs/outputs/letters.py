"""What staff are written to about: invitations; sheets, deadlines, the deletion of personal data."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from django.conf import settings

from rosters.models import Campaign, ClassGroup, Department

from ..models import Membership, User
from ..process import deadlines
from ..queries import situations
from ..queries.classes import FINISHED, ClassRow, class_rows
from ..queries.counts import Counts

# Days before a deadline on which a letter goes out; after a pause of the timer the nearest one that is due.
BEFORE = (0, 1, 3)
ACT_ON = ("look", "countersign")
ACT_ON_LATER = ("countersign",)  # once the department has handed in
MOST_CLASSES = 30


@dataclass(frozen=True)
class Letter:
    """One letter. `occasion` is what it is about: it goes out once."""

    user: User
    occasion: str
    subject: str
    text: str


def invitation(user: User, url: str, expires_at: datetime) -> Letter:
    """Return the letter with an invitation's link. It is sent at once, and once."""
    until = deadlines.in_words(deadlines.day_of(expires_at))
    return Letter(
        user,
        "invitation",
        "学籍查询及核对：请设置登录密码",
        f"{user}：您好！\n\n教务管理部门为您开通了学籍查询及核对系统的账号，用户名：{user.username}。\n"
        f"请打开以下链接设置密码（仅可使用一次，{until}前有效，请勿转发）：\n\n{url}\n",
    )


def due(campaign: Campaign, now: datetime) -> Iterator[Letter]:
    """Yield the letters that are due now, to officers who have an address. No student is named.

    A department whose hand-in lies with the office can only countersign: it is written to of nothing else.
    """
    officers = Membership.objects.filter(role=Membership.Role.DEPARTMENT, user__is_active=True)
    for officer in officers.exclude(user__email="").select_related("user", "department"):
        classes = ClassGroup.objects.filter(campaign=campaign, department=officer.department)
        rows = class_rows(classes.select_related("department"))
        if rows:
            yield from _of_department(campaign, officer, rows, now)


def _of_department(
    campaign: Campaign, officer: Membership, rows: list[ClassRow], now: datetime
) -> Iterator[Letter]:
    address = f"{settings.SITE_URL}/department/"
    newest = situations.newest_hand_in(campaign, cast(Department, officer.department))
    handed_in = situations.department_situation(campaign, newest).is_handed_in
    waiting = [row for row in rows if row.step in (ACT_ON_LATER if handed_in else ACT_ON)]
    if waiting:
        names = "\n".join(f"  {row.class_group}：{row.step_label}" for row in waiting[:MOST_CLASSES])
        yield Letter(
            officer.user,
            f"sheets {deadlines.day_of(now)}",
            f"{campaign}：{len(waiting)} 个班级待处理",
            f"{officer.department}有 {len(waiting)} 个班级待您处理：\n{names}\n\n{address}\n",
        )
    if handed_in:
        return
    left = [row for row in rows if row.counts.left]
    unfinished = [row for row in rows if row.step not in FINISHED]
    total = sum((row.counts for row in rows), Counts())
    place = rows[0].class_group if rows else campaign  # a department's own deadlines are later
    for kind, day, open_rows in (
        ("students", place.student_deadline, left),
        ("departments", place.department_deadline, unfinished),
    ):
        threshold = next((days for days in BEFORE if 0 <= deadlines.days_left(day, now) <= days), None)
        if threshold is None or not open_rows:
            continue
        names = "\n".join(f"  {row.class_group}：{_lacks(row)}" for row in open_rows[:MOST_CLASSES])
        what = "学生核对" if kind == "students" else "系部上交"
        yield Letter(
            officer.user,
            f"{kind} {day} {threshold}",
            f"{campaign}：{what}{day.month}月{day.day}日截止",
            f"{what}{day.month}月{day.day}日 24:00 截止。{officer.department}已完成 {total.done} / "
            f"{total.expected} 人，以下班级尚未完成：\n{names}\n\n{address}\n",
        )


def _lacks(row: ClassRow) -> str:
    return f"还差 {row.counts.left} 人" if row.counts.left else str(row.step_label)


def of_purge(campaign: Campaign) -> Iterator[Letter]:
    """Yield the announcement of a deletion to all who have a role and an address, once for each day set."""
    staff = User.objects.filter(is_active=True, memberships__isnull=False).exclude(email="").distinct()
    day = campaign.purge_on
    for user in staff.order_by("pk"):
        yield Letter(
            user,
            f"purge {day}",
            f"{campaign}：个人信息将于{day:%Y-%m-%d}起删除",
            f"{campaign}已结束，系统中的学生个人信息将于 {day:%Y-%m-%d} 起删除，删除后无法恢复，"
            f"也不能再打印登记表；统计数字和已打印登记表的验证码保留。需要存档的材料请在此之前导出或打印。\n\n{settings.SITE_URL}/\n",
        )
