"""What happened: the versions of a sheet, the events of a class, the exports of whole numbers."""

from dataclasses import dataclass
from typing import Any

from rosters.models import Campaign, ClassGroup

from ..models import ClassSheet, Event
from ..process import states


@dataclass(frozen=True)
class SheetVersion:
    """A version of a class's sheet, and how it differs from the one before: (seat, name, before, after)."""

    sheet: ClassSheet
    differences: tuple[tuple[int, str, str, str], ...]


def sheet_versions(class_group: ClassGroup) -> list[SheetVersion]:
    """Return the class's sheets, the newest first: one query."""
    sheets = ClassSheet.objects.filter(class_group=class_group).defer("signature").order_by("version")
    versions: list[SheetVersion] = []
    before: dict[int, dict[str, Any]] = {}
    for sheet in sheets.select_related("collator", "decided_by"):
        # By the seat, which is nobody else's: after a purge it is all that is left of a name.
        now = {row["seat"]: row for row in sheet.rows}
        changed = [
            (seat, row.get("name", ""), _row_words(before.get(seat)), _row_words(row))
            for seat, row in now.items()
            if _row_words(before.get(seat)) != _row_words(row)
        ]
        versions.append(SheetVersion(sheet, tuple(changed) if before else ()))
        before = now
    return versions[::-1]


def _row_words(row: dict[str, Any] | None) -> str:
    """Return how a sheet's row stands, in words; nothing for a student who was not on it."""
    if row is None:
        return ""
    return " · ".join(filter(None, (str(states.label(row["state"])), row.get("excuse"))))


HISTORY_SHOWN = 100


def history(class_group: ClassGroup) -> list[Event]:
    """Return the newest events of a class's chain, each with its student: one query."""
    events = Event.objects.filter(chain__class_group=class_group).select_related("student", "user")
    return list(events.order_by("-position")[:HISTORY_SHOWN])


def whole_number_exports(campaign: Campaign) -> list[Event]:
    """Return who asked for whole ID numbers and who exported them, the newest first: one query."""
    events = Event.objects.filter(chain__campaign=campaign, chain__department=None, chain__class_group=None)
    asked = events.filter(verb__in=("ask_whole_numbers", "export_whole_numbers"))
    return list(asked.select_related("user").order_by("-position")[:HISTORY_SHOWN])
