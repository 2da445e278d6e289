"""What somebody answers on the page of the record, as one value: a form makes it, the flow takes it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NotRequired, TypedDict
from uuid import UUID

from rosters import key_fields


class Answer(StrEnum):
    """无误 or 有误, of one field."""

    OK = "ok"
    WRONG = "wrong"


class FieldAnswer(TypedDict):
    """What the page showed of a field, and the answer; an ID number is not shown, so not kept here."""

    roster: NotRequired[str]
    answer: str


class Snapshot(TypedDict):
    """The record as it was shown, with the answer to each field, and the status as CHSI shows it."""

    fields: dict[str, FieldAnswer]
    status: str


def snapshot_of(record: Any, status: str, wrong: Collection[str] = ()) -> Snapshot:
    """Return what is kept of a record whose fields are all right but for the `wrong` ones.

    `record` has the fields as attributes. The ID number is not among them: who has compared it adds it.
    """
    fields: dict[str, FieldAnswer] = {
        name: {
            "roster": key_fields.display(name, getattr(record, name)),
            "answer": Answer.WRONG if name in wrong else Answer.OK,
        }
        for name in key_fields.BY_NAME
        if name != "id_number"
    }
    return {"fields": fields, "status": status}


@dataclass(frozen=True)
class FieldReport:
    """One error as a student reports it. `field`: a key field's name, `status` or `no_record`."""

    field: str
    chsi_value: str
    right_value: str


@dataclass(frozen=True)
class Answers:
    """All that a declaration is made from. With `errors` it is a report, without it says that all is right.

    `submission_id` was chosen by the page before it was sent: sent twice it is one declaration. `arrived_at`,
    when the request came, decides whether it is late. `shown_digest` is the record digest of the page.
    """

    submission_id: UUID
    arrived_at: datetime
    status: str
    snapshot: Snapshot
    errors: tuple[FieldReport, ...] = ()
    phone: str = ""
    signature: Mapping[str, Any] = field(default_factory=dict)
    shown_digest: str = ""
    # Tells devices apart without telling which (models.Declaration).
    device_mark: str = ""
