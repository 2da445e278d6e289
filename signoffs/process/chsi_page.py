"""All text of CHSI's page, as it is copied and pasted: which value stands behind which label.

A leaf. Pages differ between phone and computer and change over the years, so no layout is taken for granted:
a label is known wherever it stands (behind it a colon, white space, or the end of its line), and its value
is what follows up to the next label, no further than one line. Nothing of the text is kept.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from rosters import key_fields
from rosters.nothing import is_nothing
from rosters.sentences import Sentence
from rosters.widths import HALF_WIDTH, compact

from .answers import Answer

LONGEST = 20_000  # characters; the page has about 1,000
STATUS = "status"

# CHSI's labels. Several of a field: the first that has a value counts.
LABELS: dict[str, tuple[str, ...]] = {field.name: field.chsi for field in key_fields.KEY_FIELDS} | {
    STATUS: (key_fields.STATUS_LABEL,)
}
# What else CHSI shows: it ends the value before it.
OTHERS = (
    "学校名称", "院校名称", "学校", "院校", "学历类别", "学习形式", "入学日期", "入学时间", "预计毕业日期",
    "离校日期", "毕业日期", "考生号", "证件类型", "曾用名", "国籍", "国家/地区", "照片", "更新日期",
)  # fmt: skip

_FIELDS = {label: name for name, labels in LABELS.items() for label in labels}
_WIDTHS = HALF_WIDTH | {ord("\xa0"): " "}
# A label begins a line, or stands behind white space or a bar; no other text begins so by chance.
_LABEL = re.compile(
    r"(?:(?<=[\s|,，;；])|^)("
    + "|".join(re.escape(label) for label in sorted((*_FIELDS, *OTHERS), key=len, reverse=True))
    + r")[ \t]*(?::|(?=[ \t|\n])|$)",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Shown:
    """What the page shows of the record, by field: the text, or None where the label has no value.

    A field is absent where its label is not on the page at all.
    """

    values: Mapping[str, str | None]

    @property
    def is_record(self) -> bool:
        """Whether this is a record's page: some fields at least have values."""
        return sum(value is not None for value in self.values.values()) >= 3


def read(text: str) -> Shown:
    """Return what the pasted text shows. Never fails: a text without labels shows nothing."""
    plain = text[:LONGEST].replace("\r\n", "\n").replace("\r", "\n")
    # Labels are sought in half width; the values are cut from the text as it was written, place by place.
    places = list(_LABEL.finditer(plain.translate(_WIDTHS)))
    values: dict[str, str | None] = {}
    for number, found in enumerate(places):
        name = _FIELDS.get(found[1])
        if name is None:
            continue
        end = places[number + 1].start() if number + 1 < len(places) else len(plain)
        value = _first_line(plain[found.end() : end])
        if values.get(name) is None:
            values[name] = value
    return Shown(values)


def _first_line(text: str) -> str | None:
    """Return the first line that holds anything; None for nothing, or a sign for it."""
    for line in text.split("\n"):
        value = line.strip(" \t\u3000\xa0|,，;；:：")
        if value:
            return None if is_nothing(value) else value
    return None


@dataclass(frozen=True)
class Proposal:
    """What the page would answer for a field; `answer`: ok, wrong, or empty where CHSI shows nothing."""

    answer: str
    chsi: str
    # What was ignored where the two are the same and not written alike.
    ignored: tuple[Sentence, ...] = ()


def propose(shown: Shown, record: object) -> dict[str, Proposal]:
    """Hold what the page shows against a record, by the rules of key_fields.

    The ID number is not compared here: the page takes what was typed, or pasted, to the server's comparison.
    """
    proposals = {}
    for field in key_fields.KEY_FIELDS:
        chsi = shown.values.get(field.name)
        if chsi is None or field.name == "id_number":
            proposals[field.name] = Proposal("", chsi or "")
            continue
        stored = getattr(record, field.name)
        if key_fields.same(field.name, stored, chsi):
            notes = tuple(key_fields.ignored(field.name, stored, chsi))
            proposals[field.name] = Proposal(Answer.OK, chsi, notes)
        else:
            proposals[field.name] = Proposal(Answer.WRONG, chsi)
    return proposals


def status_of(shown: Shown) -> str:
    """Return the status as the list has it; `其他` for one that the list lacks, empty where none is shown."""
    text = shown.values.get(STATUS)
    if not text:
        return ""
    plain = compact(text)
    for status in key_fields.STATUSES:
        if compact(status) == plain:
            return status
    return key_fields.STATUSES[-1]
