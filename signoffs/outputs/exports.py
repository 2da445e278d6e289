"""Workbooks for the office: where everybody stands, what is wrong, how the departments are doing.

No ID number and no whole phone number is in any of them, but for the one that `flow.export_whole_numbers`
has recorded; and no text that a spreadsheet would take for a formula is one.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime

from rosters import identity, key_fields
from rosters.models import Campaign, ClassGroup, Student
from rosters.xlsx import Workbook

from ..models import Declaration, Event, Excuse, FieldError
from ..process import deadlines, states
from ..process.labels import field_label
from ..queries import reported
from ..queries.counts import Counts
from ..queries.overview import DepartmentRow, campaign_overview

STATUS_COLUMNS = {
    "系部": 16, "班级": 18, "序号": 6, "学号": 16, "姓名": 16, "状态": 12, "逾期": 6, "核对时间": 18,
    "方式": 8, "未签原因": 16,
}  # fmt: skip
ERROR_COLUMNS = {
    "系部": 16, "班级": 16, "学号": 16, "姓名": 14, "字段": 12, "名册": 24, "学信网": 24, "正确内容": 24,
    "联系号码": 14, "由谁更正": 12, "处理结果": 16, "说明": 24, "反馈时间": 18,
}  # fmt: skip
SUMMARY_COLUMNS = {
    "系部": 18, "班级数": 8, "应核对": 8, "已签": 8, "有误": 8, "待复核": 8, "未签原因": 8, "逾期未核对": 10,
    "未签": 8, "完成率": 8, "逾期": 8, "确认表": 8, "上交": 12, "上交时间": 18, "按时": 8,
}  # fmt: skip


def _school_clock(moment: datetime | None) -> datetime | None:
    """Return a moment as the school's clock shows it, without a time zone: no spreadsheet knows one."""
    return moment and moment.astimezone(deadlines.SCHOOL_CLOCK).replace(tzinfo=None)


def _sheet(book: Workbook, title: str, columns: dict[str, int], rows: Iterable) -> None:
    book.sheet(title, list(columns), list(columns.values()), rows)


def student_status(class_groups: Iterable[ClassGroup], state: str = "") -> bytes:
    """Return where every student of these classes stands; `state`: only those who stand so."""
    book = Workbook()
    _sheet(book, "学生状态", STATUS_COLUMNS, _status_rows(class_groups, state))
    return book.content()


def _status_rows(class_groups: Iterable[ClassGroup], state: str) -> Iterator[tuple]:
    labels = {name: str(states.label(name)) for name in states.STANDINGS}
    channels = {value: str(label) for value, label in Declaration.Channel.choices}
    reasons = {value: str(label) for value, label in Excuse.Reason.choices}
    found = Student.objects.filter(class_group__in=class_groups)
    if state == states.MISSING:
        found = found.filter(standing=None, withdrawn_at=None) | found.filter(standing__state=state)
    elif state:
        found = found.filter(standing__state=state)
    columns = (
        "class_group__department__name", "class_group__name", "seat", "student_number", "name",
        "standing__state", "standing__late", "standing__declaration__declared_at",
        "standing__declaration__channel", "standing__excuse__reason",
    )  # fmt: skip
    rows = found.order_by("class_group__department__name", "class_group__name", "seat").values_list(*columns)
    for *place, standing, late, at, channel, excuse in rows.iterator(chunk_size=2000):
        yield (
            *place,
            labels[standing or states.MISSING],
            "逾期" if late else "",
            _school_clock(at) if standing in states.DECLARED else None,
            channels.get(channel, "") if standing in states.DECLARED else "",
            reasons.get(excuse, "") if standing == states.EXCUSED else "",
        )


def department_summary(campaign: Campaign, now: datetime) -> bytes:
    """Return the dashboard's table of departments, and one of the classes."""
    overview = campaign_overview(campaign, now)
    book = Workbook()
    _sheet(book, "系部", SUMMARY_COLUMNS, (_summary_row(row) for row in overview.departments))
    classes = {"系部": 18, "班级": 20, **dict.fromkeys(list(SUMMARY_COLUMNS)[2:11], 8), "确认表": 14}
    _sheet(
        book,
        "班级",
        classes,
        (
            (
                str(row.class_group.department),
                str(row.class_group),
                *_counts(row.counts),
                str(row.sheet.get_state_display()) if row.sheet else "",
            )
            for department in overview.departments
            for row in department.classes
        ),
    )
    return book.content()


def _counts(counts: Counts) -> tuple:
    accounted = (counts.confirmed, counts.reported, counts.recheck, counts.excused, counts.overdue)
    return (counts.expected, *accounted, counts.missing, f"{counts.percent}%", counts.late)


def _summary_row(row: DepartmentRow) -> tuple:
    handed_in = row.hand_in
    return (
        str(row.department),
        len(row.classes),
        *_counts(row.counts),
        f"{row.accepted}/{len(row.classes)}",
        str(handed_in.get_state_display()) if handed_in else "",
        _school_clock(handed_in.handed_in_at) if handed_in else None,
        ("逾期" if handed_in.late else "按时") if handed_in else "",
    )


def error_statistics(class_groups: Iterable[ClassGroup]) -> bytes:
    """Return 信息错误反馈统计: one sheet of counts by field, owner and outcome, one of every error.

    An ID number is never in it, only that it differs.
    """
    found = (
        reported.followed()
        .filter(declaration__student__class_group__in=class_groups)
        .select_related("declaration__student__class_group__department")
        .order_by(
            "declaration__student__class_group__department__name",
            "declaration__student__class_group__name",
            "pk",
        )
    )
    errors = list(found)
    counts = Counter((one.field, one.owner, one.outcome) for one in errors)
    book = Workbook()
    _sheet(
        book,
        "统计",
        {"字段": 16, "由谁更正": 14, "处理结果": 18, "数量": 8},
        (
            (
                field_label(field),
                str(FieldError.Owner(owner).label),
                str(FieldError.Outcome(outcome).label),
                n,
            )
            for (field, owner, outcome), n in sorted(counts.items(), key=lambda item: -item[1])
        ),
    )
    _sheet(book, "明细", ERROR_COLUMNS, (_error_row(one) for one in errors))
    return book.content()


def _error_row(error: FieldError) -> tuple:
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
        identity.mask_phone(error.declaration.phone or ""),
        str(error.get_owner_display()),
        str(error.get_outcome_display()),
        error.outcome_note or "",
        _school_clock(error.declaration.declared_at),
    )


def whole_numbers(class_groups: Iterable[ClassGroup], made: Event) -> bytes:
    """Return all eleven fields with the ID numbers whole, for an export that is already recorded.

    Its number stands in each row, so that a row that turns up elsewhere tells where it came from.
    """
    payload, book = made.payload or {}, Workbook()
    columns = {"序号": 6, **{field.label: 20 for field in key_fields.KEY_FIELDS}, "导出编号": 12}
    students = Student.objects.filter(class_group__in=class_groups, withdrawn_at=None)
    in_order = students.order_by("class_group__department__name", "class_group__name", "seat")
    _sheet(
        book,
        f"名册 {payload['number']}",
        columns,
        (
            (
                one.seat,
                *(key_fields.display(name, getattr(one, name)) for name in key_fields.BY_NAME),
                payload["number"],
            )
            for one in in_order.iterator(chunk_size=2000)
        ),
    )
    facts = (
        ("导出编号", payload["number"]),
        ("导出人", payload["by"]),
        ("时间", _school_clock(made.happened_at)),
        ("范围", payload.get("department", "全部系部")),
        ("事由", payload["reason"]),
        ("说明", "含完整身份证号，仅限上述事由使用，用后即删。"),
    )
    _sheet(book, "导出说明", {"项目": 12, "内容": 60}, facts)
    return book.content()
