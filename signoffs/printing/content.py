"""What a form prints, from the database: the submitted sheet as it was frozen, else the present state."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings

from rosters.models import Campaign, ClassGroup

from .. import states
from ..flow.sheets import sheet_rows
from ..models import ClassSheet, Declaration, FieldError, Standing
from ..progress import field_label

# What stands in a cell in place of a signature.
_INSTEAD = {states.REPORTED: "见下表", states.OVERDUE: "逾期未核对", states.RECHECK: "待复核"}
_TAGS = {Declaration.Channel.PAPER: "纸质", Declaration.Channel.PROXY: "代签"}
_OUTCOMES = {
    FieldError.Outcome.MENDED: "名册已更正",
    FieldError.Outcome.ASKED: "已申请学信网更正",
    FieldError.Outcome.UNDER_WAY: "学信网更正中",
    FieldError.Outcome.DONE: "学信网已更正",
    FieldError.Outcome.EXPLAINED: "已说明",
}
_STATES = {
    states.MISSING: "未签",
    states.CONFIRMED: "已签",
    states.REPORTED: "有误",
    states.RECHECK: "待复核",
    states.EXCUSED: "有因未签",
    states.OVERDUE: "逾期未核对",
    states.WITHDRAWN: "已不在名册",
}


@dataclass(frozen=True)
class Cell:
    """One number of the grid."""

    seat: int
    name: str
    signature: dict = field(default_factory=dict)
    # 见下表, an excuse, …: in place of the signature.
    instead: str = ""
    # 逾期, 纸质, 代签: small, beside the name.
    tags: str = ""
    struck: bool = False


@dataclass(frozen=True)
class ErrorRow:
    """One row of 信息错误反馈统计."""

    text: str
    signature: dict
    phone: str


@dataclass(frozen=True)
class Form:
    """One class's form."""

    campaign: Campaign
    class_group: ClassGroup
    cells: tuple[Cell, ...]
    errors: tuple[ErrorRow, ...]
    collator: str
    collator_signature: dict
    # Facts of the frozen sheet, in the footer; empty for a draft and a blank form.
    sheet: ClassSheet | None
    verify_url: str
    # 复核: what came after the sheet was submitted.
    later: tuple[str, ...]
    blank: bool


def gather(class_groups: Iterable[ClassGroup], *, blank: bool, names: bool = True) -> Iterator[Form]:
    """Yield the forms one by one, each at six queries at most: a university prints in little memory."""
    for class_group in class_groups:
        yield _blank(class_group, names) if blank else _filled(class_group)


def _blank(class_group: ClassGroup, names: bool) -> Form:
    students = class_group.students.order_by("seat").values_list("seat", "name", "withdrawn_at")
    cells = tuple(
        Cell(seat, name if names else "", struck=withdrawn is not None) for seat, name, withdrawn in students
    )
    return Form(class_group.campaign, class_group, cells, (), "", {}, None, "", (), True)


def _filled(class_group: ClassGroup) -> Form:
    sheets = ClassSheet.objects.filter(class_group=class_group).select_related("collator")
    sheet = sheets.exclude(state=ClassSheet.State.RETURNED).order_by("-version").first()
    rows = sheet.rows if sheet else sheet_rows(class_group)
    wanted = [row["declaration"] for row in rows if row["declaration"]]
    declarations = {
        str(one.uuid): one
        for one in Declaration.objects.filter(uuid__in=wanted).only("uuid", "signature", "phone")
    }
    return Form(
        campaign=class_group.campaign,
        class_group=class_group,
        cells=tuple(_cell(row, declarations.get(row["declaration"])) for row in rows),
        errors=tuple(_errors(rows, declarations)),
        collator=sheet.collator.name if sheet else "",
        collator_signature=sheet.signature if sheet else {},
        sheet=sheet,
        verify_url=f"{settings.SITE_URL}/verify/{sheet.verify_code}/" if sheet else "",
        later=tuple(_later(rows, sheet)) if sheet else (),
        blank=False,
    )


def _cell(row: dict, declaration: Declaration | None) -> Cell:
    state = row["state"]
    tags = [_TAGS.get(row["channel"], ""), "逾期" if row["late"] else ""]
    return Cell(
        seat=row["seat"],
        name=row["name"],
        signature=declaration.signature if declaration and state == states.CONFIRMED else {},
        instead=row["excuse"] or _INSTEAD.get(state, ""),
        tags=" ".join(filter(None, tags)),
        struck=state == states.WITHDRAWN,
    )


def error_text(error: FieldError) -> str:
    """Return an error in words: roster → CHSI → right. An ID number never, only that it differs."""
    outcome = _OUTCOMES.get(error.outcome, "")
    ending = f"（{outcome}）" if outcome else ""
    label = field_label(error.field)
    if error.field == "id_number":
        return f"{label}：学信网与名册不一致{ending}"
    if error.field == "no_record":
        return f"{label}{ending}"
    if error.field == "status":
        return f"{label}：学信网为“{error.chsi_value}”{ending}"
    roster = error.roster_value or "空"
    return f"{label}：名册 {roster} → 学信网 {error.chsi_value} → 应为 {error.right_value}{ending}"


def _errors(rows: list[dict], declarations: dict[str, Declaration]) -> Iterator[ErrorRow]:
    reported = [row for row in rows if row["state"] == states.REPORTED and row["declaration"]]
    by_declaration = defaultdict(list)
    wanted = [declarations[row["declaration"]].pk for row in reported]
    for error in FieldError.objects.filter(declaration__in=wanted):
        by_declaration[error.declaration_id].append(error_text(error))
    for row in reported:
        declaration = declarations[row["declaration"]]
        for text in by_declaration[declaration.pk]:
            yield ErrorRow(
                f"{row['seat']} {row['name']}　{text}", declaration.signature, declaration.phone or ""
            )


def _later(rows: list[dict], sheet: ClassSheet) -> Iterator[str]:
    """Yield who stands otherwise now than in the frozen sheet (复核)."""
    now = {
        str(uuid): (seat, name, state)
        for uuid, seat, name, state in Standing.objects.filter(
            student__class_group=sheet.class_group_id, since__gt=sheet.submitted_at
        ).values_list("student__uuid", "student__seat", "student__name", "state")
    }
    frozen = {row["student"]: row["state"] for row in rows}
    for uuid, (seat, name, state) in sorted(now.items(), key=lambda item: item[1][0]):
        if frozen.get(uuid) != state:
            yield f"{seat} {name} {_STATES[state]}"


def facts(form: Form, now: datetime) -> list[str]:
    """Return the footer's lines."""
    place = f"{form.campaign} · {form.class_group.department} · {form.class_group}"
    if form.blank:
        return [place]
    if form.sheet is None:
        return [place, f"未提交的草稿，{now:%Y-%m-%d %H:%M} 打印，不作为上交件"]
    sheet = form.sheet
    return [
        f"{place} · 第 {sheet.version} 版，{sheet.submitted_at.astimezone(now.tzinfo):%Y-%m-%d %H:%M} 提交",
        f"摘要 {sheet.digest}",
        f"事件链 {sheet.chain_head}",
    ]
