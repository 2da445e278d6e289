"""What a form prints, from the database: the submitted sheet as it was frozen, else the present state."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, cast
from uuid import UUID

from django.conf import settings
from django.db.models import F, Q

from rosters.models import Campaign, ClassGroup, Student

from ...flow.sheets import sheet_rows
from ...models import ClassSheet, Declaration, FieldError, Standing
from ...process import states
from ...process.labels import field_label
from ...queries import reported

AT_ONCE = 20  # classes
_SIGNATURE, _PHONE = Declaration._meta.get_field("signature"), Declaration._meta.get_field("phone")
_SHEET_SIGNATURE = ClassSheet._meta.get_field("signature")

# What stands in a cell in place of a signature.
_INSTEAD = {states.REPORTED: "见下表", states.OVERDUE: "逾期未核对", states.RECHECK: "待复核"}
_TAGS = {Declaration.Channel.PAPER: "纸质", Declaration.Channel.PROXY: "代签"}
_OUTCOMES: dict[str, str] = {
    states.Outcome.MENDED: "名册已更正",
    states.Outcome.ASKED: "已申请学信网更正",
    states.Outcome.UNDER_WAY: "学信网更正中",
    states.Outcome.DONE: "学信网已更正",
    states.Outcome.EXPLAINED: "已说明",
}
_STATES = {
    states.MISSING: "未签",
    states.CONFIRMED: "已签",
    states.REPORTED: "有误",
    states.RECHECK: "待复核",
    states.EXCUSED: "因故未签",
    states.OVERDUE: "逾期未核对",
    states.WITHDRAWN: "已不在名册",
}


class Cell(NamedTuple):
    """One number of the grid."""

    seat: int
    name: str
    # The JSON of a signature as it was kept, for the pen; b"": none.
    signature: bytes = b""
    # 见下表, an excuse, …: in place of the signature.
    instead: str = ""
    # 逾期, 纸质, 代签: small, beside the name.
    tags: str = ""
    struck: bool = False


class ErrorRow(NamedTuple):
    """One row of 信息错误反馈统计."""

    text: str
    signature: bytes
    phone: str


@dataclass(frozen=True)
class PaperForm:
    """One class's form."""

    campaign: Campaign
    class_group: ClassGroup
    cells: tuple[Cell, ...]
    errors: tuple[ErrorRow, ...] = ()
    collator: str = ""
    collator_signature: bytes = b""
    # Facts of the frozen sheet, in the footer; none for a draft and a blank form.
    sheet: ClassSheet | None = None
    verify_url: str = ""
    # 复核: what came after the sheet was submitted.
    later: tuple[str, ...] = ()
    blank: bool = False


def gather(class_groups: Sequence[ClassGroup], *, blank: bool, names: bool = True) -> Iterator[PaperForm]:
    """Yield the forms one by one. For 20 classes at a time the database is asked once."""
    for start in range(0, len(class_groups), AT_ONCE):
        some = class_groups[start : start + AT_ONCE]
        yield from _blank(some, names) if blank else _filled(some)


def _blank(class_groups: Sequence[ClassGroup], names: bool) -> Iterator[PaperForm]:
    cells = defaultdict(list)
    students = Student.objects.filter(class_group__in=class_groups).order_by("seat")
    for key, seat, name, withdrawn in students.values_list("class_group", "seat", "name", "withdrawn_at"):
        cells[key].append(Cell(seat, name if names else "", struck=withdrawn is not None))
    for class_group in class_groups:
        own = _with_gaps(cells[class_group.pk], class_group.seats_given)
        yield PaperForm(class_group.campaign, class_group, own, blank=True)


def _with_gaps(cells: list[Cell], highest: int) -> tuple[Cell, ...]:
    """Return the cells, and a struck one for each number whose student has moved to another class."""
    taken = {cell.seat for cell in cells}
    left = set(range(1, max(highest, *taken, 0) + 1)) - taken
    return tuple(sorted([*cells, *(Cell(seat, "", struck=True) for seat in left)], key=lambda one: one.seat))


def _filled(class_groups: Sequence[ClassGroup]) -> Iterator[PaperForm]:
    found = ClassSheet.objects.filter(class_group__in=class_groups).select_related("collator")
    standing = found.exclude(state=ClassSheet.State.RETURNED).order_by("version")
    sheets = {sheet.class_group_id: sheet for sheet in standing}
    rows = {
        one.pk: sheets[one.pk].rows if one.pk in sheets else sheet_rows(one)  # a draft: as it stands now
        for one in class_groups
    }
    errors = _errors(class_groups, sheets)
    named = {row["declaration"] for of_class in rows.values() for row in of_class}
    named |= {str(error.declaration.uuid) for of_student in errors.values() for error in of_student}
    declared = _declared(class_groups, named - {None})
    later = _later(list(sheets.values()))
    for class_group in class_groups:
        own, sheet = rows[class_group.pk], sheets.get(class_group.pk)
        yield PaperForm(
            campaign=class_group.campaign,
            class_group=class_group,
            cells=_with_gaps(
                [_cell(row, declared.get(row["declaration"])) for row in own],
                0 if sheet else class_group.seats_given,
            ),
            errors=tuple(
                _error_row(row, error, declared[str(error.declaration.uuid)])
                for row in own
                for error in errors[class_group.pk, row["student"]]
            ),
            collator=sheet.collator.name if sheet and sheet.collator else "",
            collator_signature=_SHEET_SIGNATURE.to_bytes(sheet.signature) if sheet else b"",
            sheet=sheet,
            verify_url=f"{settings.SITE_URL}/verify/{sheet.verify_code}/" if sheet else "",
            later=tuple(_changes(own, later[class_group.pk])) if sheet else (),
        )


class _Declared(NamedTuple):
    """Of a declaration, what is printed: still sealed, since most phone numbers are not."""

    pk: int
    uuid: UUID
    sealed_signature: bytes
    sealed_phone: bytes | None

    @property
    def signature(self) -> bytes:
        """The JSON of the signature, as the pen takes it."""
        return _SIGNATURE.unseal_bytes(self.sealed_signature, self.uuid)

    @property
    def phone(self) -> str:
        """The phone number; empty where none was left."""
        return _PHONE.unseal(self.sealed_phone, self.uuid) if self.sealed_phone else ""


def _declared(class_groups: Sequence[ClassGroup], wanted: set[str]) -> dict[str, _Declared]:
    """Return the wanted declarations by UUID: of these classes, or of students who came from others."""
    found = {}
    for scope in ({"class_group__in": class_groups}, {"uuid__in": wanted}):
        declarations = Declaration.objects.filter(**scope).order_by()
        for one in declarations.values_list("pk", "uuid", "signature", "phone"):
            found[str(one[1])] = _Declared(*cast("tuple[Any, ...]", one))  # sealed still
        wanted = wanted - found.keys()
        if not wanted:
            break
    return found


def _cell(row: dict, declared: _Declared | None) -> Cell:
    state = row["state"]
    tags = [_TAGS.get(row["channel"], ""), "逾期" if row["late"] else ""]
    return Cell(
        seat=row["seat"],
        name=row["name"],
        signature=declared.signature if declared and state == states.CONFIRMED else b"",
        instead=row["excuse"] or _INSTEAD.get(state, ""),
        tags=" ".join(filter(None, tags)),
        struck=state == states.WITHDRAWN,
    )


def error_text(error: FieldError, *, since_right: bool = False) -> str:
    """Return an error in words: roster → CHSI → right. An ID number never, only that it differs.

    `since_right`: the student has signed since that all is right.
    """
    endings = [_OUTCOMES.get(error.outcome, ""), "本人复核无误" if since_right else ""]
    ending = f"（{'，'.join(filter(None, endings))}）" if any(endings) else ""
    label = field_label(error.field)
    if error.field == "id_number":
        return f"{label}：学信网与名册不一致{ending}"
    if error.field == "no_record":
        return f"{label}{ending}"
    if error.field == "status":
        return f"{label}：学信网为“{error.chsi_value}”{ending}"
    roster = error.roster_value or "空"
    return f"{label}：名册 {roster} → 学信网 {error.chsi_value} → 应为 {error.right_value}{ending}"


def _error_row(row: dict, error: FieldError, declared: _Declared) -> ErrorRow:
    text = error_text(error, since_right=row["state"] == states.CONFIRMED)
    return ErrorRow(f"{row['seat']} {row['name']}　{text}", declared.signature, declared.phone)


def _errors(
    class_groups: Sequence[ClassGroup], sheets: dict[int, ClassSheet]
) -> dict[tuple[int, str], list[FieldError]]:
    """Return what was reported in the campaign, by class and student; on a sheet: until it was submitted."""
    by_student = defaultdict(list)
    found = reported.items().filter(
        Q(declaration__student__class_group__in=class_groups) | Q(declaration__class_group__in=class_groups)
    )
    for error in found.select_related("declaration__student").order_by("pk"):
        student = error.declaration.student
        for place in {student.class_group_id, error.declaration.class_group_id}:
            sheet = sheets.get(place)
            if sheet is None or error.declaration.declared_at <= sheet.submitted_at:
                by_student[place, str(student.uuid)].append(error)
    return by_student


def _later(sheets: Iterable[ClassSheet]) -> dict[int, list[list[Any]]]:
    """Return the standings that are newer than the class's sheet, by class, in the order of the seats."""
    found = defaultdict(list)
    newer = Standing.objects.filter(
        student__class_group__sheets__in=sheets, since__gt=F("student__class_group__sheets__submitted_at")
    )
    for key, *standing in newer.order_by("student__seat").values_list(
        "student__class_group", "student__uuid", "student__seat", "student__name", "state"
    ):
        found[key].append(standing)
    return found


def _changes(rows: list[dict], standings: list[list[Any]]) -> Iterator[str]:
    """Yield who stands otherwise now than in the frozen sheet (复核)."""
    frozen = {row["student"]: row["state"] for row in rows}
    for uuid, seat, name, state in standings:
        if frozen.get(str(uuid)) != state:
            yield f"{seat} {name} {_STATES[state]}"


def facts(form: PaperForm, now: datetime) -> list[str]:
    """Return the footer's lines."""
    place = f"{form.campaign} · {form.class_group.department} · {form.class_group}"
    if form.blank:
        return [place]
    if form.sheet is None:
        return [place, f"未提交的草稿，{now:%Y-%m-%d %H:%M} 打印，不作为上交件"]
    sheet = form.sheet
    return [
        f"{place} · 第 {sheet.version} 版，{sheet.submitted_at.astimezone(now.tzinfo):%Y-%m-%d %H:%M} 提交",
        f"摘要 {sheet.digest}　事件链 {sheet.chain_head}",
    ]
