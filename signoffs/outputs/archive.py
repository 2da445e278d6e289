"""What the university keeps of a department after the purge: one sealed ZIP that verifies without us.

ID numbers are masked in all of it, and phone numbers too: whole ones leave by the recorded export alone.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from rosters import identity, key_fields
from rosters.models import Campaign, ClassGroup, Department, Student
from rosters.sealed_zip import SealedZip
from rosters.xlsx import Workbook

from ..models import Declaration, Event, FieldError, Identification, Standing
from ..process import deadlines, states
from ..process.labels import field_label
from .printing import form_pdf

README = "如何核验 How to verify.txt"
AT_ONCE = 500
_ID_NUMBER = re.compile(r"(?<![0-9A-Za-z])[0-9]{17}[0-9Xx](?![0-9A-Za-z])")
_ANSWERS = {"ok": "无误", "wrong": "有误"}
_COLUMNS = {"序号": 6, "学号": 16, "姓名": 14, "身份证号": 20, "状态": 12, "核对时间": 18, "学籍状态": 14}
_PAGE = """{campaign} · {department} 存档包

核验：python -m enrollcheck.verify_archive 文件名（不需要数据库、设置或 FIELD_KEY，只需密码）。
也可用 7-Zip 或 WinRAR 打开，按 manifest.json 核对每个文件的 SHA-256。
records.jsonl 每行一条记录，其 sha256 由“上一行的 sha256 + 换行 + 本行 record 的规范 JSON”
算出（SHA-256；键排序、无空格、UTF-8）；
第一行之前为 64 个 0。最后一行的 sha256 是“链头”，应与系统事件及打印留存的本页一致：

{head}

共 {records} 条记录。事件的 link 和 payload_digest 由学校的 FIELD_KEY 计算，没有该密钥时只能比对，不能重算。
身份证号和手机号均已打码；完整号码只能通过有记录的“完整身份证号导出”取得。请打印本页，与存档包分开保存。

To verify: python -m enrollcheck.verify_archive FILE (no database, settings or FIELD_KEY; it asks for the
password). 7-Zip and WinRAR open it too: manifest.json holds the SHA-256 of each file. In records.jsonl each
line's sha256 is the SHA-256 of the line before's sha256, a line feed, and this line's record as canonical
JSON (sorted keys, no spaces, UTF-8); before the first line stand 64 zeros. The last one is the head above:
it equals the one in the event of the export and on the printed page. An event's link and payload_digest are
keyed with FIELD_KEY: without it they can be compared, not computed. ID numbers and phone numbers are masked;
whole ID numbers leave by the recorded export alone. Print this page and keep it apart from the archive.
"""


def write_archive(
    path: Path, password: str, campaign: Campaign, department: Department, now: datetime
) -> str:
    """Write a department's archive piece by piece; return the head of its records."""
    classes = list(
        ClassGroup.objects.filter(campaign=campaign, department=department)
        .select_related("campaign", "department")
        .order_by("name")
    )
    sealed = SealedZip(path, password)
    sealed.add("登记表.pdf", form_pdf(classes, now=now))
    for number, one in enumerate(classes, 1):
        name = re.sub(r'[\\/:*?"<>|]', "_", str(one))
        sealed.add(f"核对结果/{number:03d} {name}.xlsx", [_answers_sheet(one)])
    sealed.add_records(_records(classes))
    facts = {"campaign": campaign, "department": department, "head": sealed.head, "records": sealed.records}
    sealed.add(README, [_PAGE.format(**facts).encode("utf-8-sig")])
    sealed.close()
    return sealed.head


def _masked(value: Any) -> Any:
    """Return a value of JSON with every whole ID number in its texts masked."""
    if isinstance(value, str):
        return _ID_NUMBER.sub(lambda found: identity.mask(found[0]), value)
    if isinstance(value, dict):
        return {key: _masked(one) for key, one in value.items()}
    return [_masked(one) for one in value] if isinstance(value, list) else value


def _moment(moment: datetime | None) -> str | None:
    return moment.astimezone(deadlines.SCHOOL_CLOCK).isoformat() if moment else None


def _answers_sheet(class_group: ClassGroup) -> bytes:
    fields = [name for name in key_fields.BY_NAME if name not in ("student_number", "name", "id_number")]
    columns = dict(_COLUMNS)
    for name in key_fields.BY_NAME:
        if name in fields:
            columns[field_label(name)] = 18
        columns[f"{field_label(name)}核对"] = 8
    book = Workbook()
    book.sheet("核对结果", list(columns), list(columns.values()), _answers_rows(class_group, fields))
    return book.content()


def _answers_rows(class_group: ClassGroup, fields: list[str]) -> Iterator[list[object]]:
    found = Standing.objects.filter(student__class_group=class_group).select_related("declaration")
    standings = {one.student_id: one for one in found}
    for student in Student.objects.filter(class_group=class_group).order_by("seat"):
        standing = standings.get(student.pk)
        declared = standing.declaration if standing else None
        state = states.label(standing.state if standing else states.MISSING)
        answers: Mapping[str, Any] = declared.snapshot["fields"] if declared else {}
        at = (
            declared.declared_at.astimezone(deadlines.SCHOOL_CLOCK).replace(tzinfo=None) if declared else None
        )
        row = [student.seat, student.student_number, student.name, identity.mask(student.id_number or "")]
        row += [str(state), at, declared.status if declared else ""]
        for name in key_fields.BY_NAME:
            if name in fields:
                shown = key_fields.display(name, getattr(student, name))
                row.append(answers.get(name, {}).get("roster", shown))
            row.append(_ANSWERS.get(answers.get(name, {}).get("answer", ""), ""))
        yield row


def _records(classes: list[ClassGroup]) -> Iterator[dict[str, Any]]:
    """Yield each class's declarations, and then the events of its chain."""
    for one in classes:
        yield from _declarations(one)
        events = Event.objects.filter(chain__class_group=one).order_by("position")
        for event in events.select_related("student").iterator(AT_ONCE):
            yield _event(one, event)


def _event(class_group: ClassGroup, event: Event) -> dict[str, Any]:
    return {
        "type": "event",
        "class": str(class_group),
        "position": event.position,
        "verb": event.verb,
        "time": _moment(event.happened_at),
        "payload": _masked(event.payload),
        "salt": bytes(event.salt).hex() if event.salt is not None else None,
        "payload_digest": event.payload_digest,
        "link": event.link,
    }


def _declarations(class_group: ClassGroup) -> Iterator[dict[str, Any]]:
    errors, proofs = defaultdict(list), defaultdict(list)
    for error in FieldError.objects.filter(declaration__class_group=class_group):
        errors[error.declaration_id].append(_error(error))
    proved = Identification.objects.filter(student__declarations__class_group=class_group).distinct()
    for one in proved.order_by("identified_at"):
        proofs[one.student_id].append(one)
    found = Declaration.objects.filter(class_group=class_group).order_by("pk")
    people = ("student", "entered_by_user", "entered_by_student", "countersigned_by")
    for declaration in found.select_related(*people).iterator(AT_ONCE):
        yield _declaration(class_group, declaration, errors[declaration.pk], proofs[declaration.student_id])


def _error(error: FieldError) -> dict[str, Any]:
    values = {"roster": error.roster_value, "chsi": error.chsi_value, "right": error.right_value}
    if error.field == "id_number":
        values = {key: identity.mask(value) for key, value in values.items()}
    facts = {"field": error.field, "owner": error.owner, "outcome": error.outcome, "note": error.outcome_note}
    return facts | values | {"settled": _moment(error.settled_at)}


def _declaration(
    class_group: ClassGroup, one: Declaration, errors: list[dict], proofs: list[Identification]
) -> dict[str, Any]:
    before = [proof for proof in proofs if proof.identified_at <= one.declared_at]
    proof = before[-1] if before and one.channel == Declaration.Channel.OWN else None
    entered = one.entered_by_user or one.entered_by_student
    record = {
        "type": "declaration",
        "uuid": str(one.uuid),
        "class": str(class_group),
        "seat": one.student.seat,
        "student": str(one.student.uuid),
        "student_number": one.student.student_number,
        "name": one.student.name,
        "id_number": identity.mask(one.student.id_number or ""),
        "kind": one.kind,
        "status": one.status,
        "shown_and_answered": one.snapshot,
        "record_digest": one.record_digest,
        "errors": errors,
        "signature": one.signature,
        "phone": identity.mask_phone(one.phone or ""),
        "time": _moment(one.declared_at),
        "late": one.late,
        "channel": one.channel,
        "proven": {"how": proof.how, "time": _moment(proof.identified_at)} if proof else None,
        "entered_by": str(entered) if entered else None,
        "entered_reason": one.entered_reason,
        "countersigned_by": str(one.countersigned_by) if one.countersigned_by else None,
        "countersigned": _moment(one.countersigned_at),
        "withdrawn": _moment(one.withdrawn_at),
        "contested": _moment(one.contested_at),
    }
    return _masked(record)
