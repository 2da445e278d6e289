"""Workbooks for the office: where everybody stands, what is wrong, how the departments are doing.

No ID number and no whole phone number is in any of them, but for the one that `flow.export_whole_numbers`
has recorded; and no text that a spreadsheet would take for a formula is one.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.utils import translation

from rosters import identity, key_fields
from rosters.models import Campaign, ClassGroup, Student
from rosters.xlsx import Workbook

from ..models import Declaration, Event, Excuse, FieldError, Tally
from ..process import deadlines, labels, states
from ..process.labels import field_label
from ..queries import reported
from ..queries.classes import ClassRow
from ..queries.counts import Counts
from ..queries.overview import DepartmentRow, campaign_overview
from ..queries.reported import Reports, reports_of

CHINESE = "zh-hans"
Owner, Outcome = FieldError.Owner, FieldError.Outcome

STATUS_COLUMNS = {
    "系部": 16, "班级": 18, "序号": 6, "学号": 16, "姓名": 16, "状态": 12, "逾期": 6, "核对时间": 18,
    "方式": 8, "因故未签": 16,
}  # fmt: skip
ERROR_COLUMNS = {
    "系部": 16, "班级": 16, "学号": 16, "姓名": 14, "字段": 12, "名册": 24, "学信网": 24, "正确内容": 24,
    "联系号码": 14, "由谁更正": 12, "处理结果": 16, "说明": 24, "反馈时间": 18,
}  # fmt: skip
# Their labels are the pages' own, in Chinese.
_COUNTS = tuple(labels.COUNTS) + tuple(labels.PARTS) + ("rate",)
# Where a student reported that CHSI shows another ID number than the roster.
_REPORTED_NUMBERS = {"学信网显示的身份证号": 20, "本人称正确的身份证号": 20}
_REPORTS = ("people", "items", "open")


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
    with translation.override(CHINESE):
        words = {name: str(states.label(name)) for name in states.STANDINGS}
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
            words[standing or states.MISSING],
            "逾期" if late else "",
            _school_clock(at) if standing in states.DECLARED else None,
            channels.get(channel, "") if standing in states.DECLARED else "",
            reasons.get(excuse, "") if standing == states.EXCUSED else "",
        )


def _count_columns() -> dict[str, int]:
    with translation.override(CHINESE):
        names = [str(labels.COUNT_LABELS[name]) for name in _COUNTS]
        return {name: max(8, 2 * len(name)) for name in names}


def _report_columns() -> dict[str, int]:
    with translation.override(CHINESE):
        return {str(labels.REPORTS[name]): 12 for name in _REPORTS}


def department_summary(campaign: Campaign, now: datetime) -> bytes:
    """Return the dashboard's table of departments, and one of the classes, each with its total."""
    overview, book = campaign_overview(campaign, now), Workbook()
    columns = {
        "系部": 18, "班级数": 8, **_count_columns(), **_report_columns(), "已接收登记表": 12, "报送": 12,
        "报送时间": 18, "按时": 8,
    }  # fmt: skip
    total = (
        "合计",
        overview.classes,
        *_counts(overview.total),
        *_reports(overview.reports),
        overview.accepted,
    )
    with translation.override(CHINESE):
        rows = [_summary_row(row) for row in overview.departments]
        _sheet(book, "系部", columns, [*rows, total])
        classes = {"系部": 18, "班级": 20, **_count_columns(), **_report_columns(), "登记表": 14}
        rows = [_class_row(row) for department in overview.departments for row in department.classes]
        total = ("合计", "", *_counts(overview.total), *_reports(overview.reports))
        _sheet(book, "班级", classes, [*rows, total])
    return book.content()


def _counts(counts: Counts) -> tuple:
    return tuple(getattr(counts, name) for name in _COUNTS)


def _reports(reports: Reports) -> tuple:
    return tuple(getattr(reports, name) for name in _REPORTS)


def _summary_row(row: DepartmentRow) -> tuple:
    handed_in = row.hand_in
    return (
        str(row.department),
        len(row.classes),
        *_counts(row.counts),
        *_reports(row.reports),
        row.accepted,
        str(handed_in.get_state_display()) if handed_in else "",
        _school_clock(handed_in.handed_in_at) if handed_in else None,
        ("逾期" if handed_in.late else "按时") if handed_in else "",
    )


def _class_row(row: ClassRow) -> tuple:
    return (
        str(row.class_group.department),
        str(row.class_group),
        *_counts(row.counts),
        *_reports(row.reports),
        str(row.sheet.get_state_display()) if row.sheet else "",
    )


def error_statistics(class_groups: Iterable[ClassGroup]) -> bytes:
    """Return 信息错误反馈统计: what was reported, by field, owner and outcome; and every item of it.

    The counts are the tallies': they come after a purge, too. An ID number is never in it, only that it
    differs.
    """
    reports = reports_of(Tally.objects.filter(class_group__in=class_groups))
    book = Workbook()
    with translation.override(CHINESE):
        totals = zip(_report_columns(), _reports(reports), strict=True)
        counts = sorted(reports.by_key.items(), key=lambda item: (-item[1], item[0]))
        _sheet(
            book,
            "统计",
            {"字段": 16, "由谁更正": 14, "处理结果": 18, "数量": 8},
            (
                (field_label(field), str(Owner(owner).label), str(Outcome(outcome).label), n)
                for (field, owner, outcome), n in counts
            ),
        )
        _sheet(book, "明细", ERROR_COLUMNS, (_error_row(one) for one in _errors(class_groups)))
        _sheet(book, "合计", {"项目": 16, "数量": 8}, totals)
    return book.content()


def _errors(class_groups: Iterable[ClassGroup]) -> Iterator[FieldError]:
    place = "declaration__student__class_group"
    found = reported.items().filter(**{f"{place}__in": class_groups})
    in_order = found.order_by(f"{place}__department__name", f"{place}__name", "pk")
    return in_order.select_related(f"{place}__department").iterator(chunk_size=2000)


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
    columns = {
        "序号": 6,
        **{field.label: 20 for field in key_fields.KEY_FIELDS},
        **_REPORTED_NUMBERS,
        "导出编号": 12,
    }
    students = Student.objects.filter(class_group__in=class_groups, withdrawn_at=None)
    found = reported.items().filter(field="id_number", declaration__student__class_group__in=class_groups)
    reported_numbers = {
        error.declaration.student_id: (error.chsi_value, error.right_value)
        for error in found.select_related("declaration")
    }
    in_order = students.order_by("class_group__department__name", "class_group__name", "seat")
    _sheet(
        book,
        f"名册 {payload['number']}",
        columns,
        (
            (
                one.seat,
                *(key_fields.display(name, getattr(one, name)) for name in key_fields.BY_NAME),
                *reported_numbers.get(one.pk, ("", "")),
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
