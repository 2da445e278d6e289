"""Rows held against events: which row says something else than the event that wrote it, or has none.

An event holds the digest of each row that its move wrote (models/proofs.py); the newest one counts. Rows
from before there were such digests are counted apart: they have events, which name them and hold no digest.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db.models import Model

from rosters.encryption import CannotDecrypt
from rosters.models import Campaign

from ..models import AccessRecord, Event
from ..models.proofs import PROVEN, key_of, says

# Columns of a payload by which events of old named the rows that they wrote.
NAMED_BY = ("declaration", "error", "claim", "digest", "account", "student")


# Whose rows keep the head of the chain, as it was with this event.
MADE_WITH_A_HEAD = ("submit_sheet", "hand_in")


@dataclass(frozen=True)
class RowProblem:
    """A row, by its key (models/proofs.py), and a code that is a name of ROW_WORDS in verify_events."""

    row: str
    code: str


@dataclass
class Evidence:
    """What all events say of rows."""

    # The digest of a row as the newest event has it, null where it was removed.
    digests: dict[str, str | None] = field(default_factory=dict)
    # Of sheets and hand-ins, the link of the event that made them: a purge takes it.
    links: dict[str, str] = field(default_factory=dict)
    # What events name that came before the first with digests.
    named_of_old: set[str] = field(default_factory=set)
    # How many access records a user had in a campaign, and the last of them, as their newest event says.
    seen: dict[tuple[int, int], list[int]] = field(default_factory=dict)


def gather() -> Evidence:
    """Read every event that still has its payload: one query, and no more memory than a line for a row."""
    evidence, begun = Evidence(), False
    events = Event.objects.exclude(payload=None).select_related("chain").order_by("pk")
    for event in events.iterator(1000):
        try:
            payload = event.payload or {}
        except CannotDecrypt:  # chains.verify names it
            continue
        rows = payload.get("rows", {})
        begun = begun or bool(rows)
        if not begun:
            evidence.named_of_old |= {payload[name] for name in NAMED_BY if payload.get(name)}
        for key, digest in rows.items():
            evidence.digests[key] = digest
            if event.verb in MADE_WITH_A_HEAD:
                evidence.links[key] = event.link
        if "seen" in payload and event.user_id and event.chain.campaign_id:
            evidence.seen[event.user_id, event.chain.campaign_id] = payload["seen"]
    return evidence


@dataclass
class Verdict:
    """What was found: the rows that are right, those from before the digests, and what is wrong."""

    rows: int = 0
    older: int = 0
    problems: list[RowProblem] = field(default_factory=list)


def judge() -> Verdict:
    """Hold every row of the proven tables, and the access log, against the events."""
    evidence, verdict = gather(), Verdict()
    for model in PROVEN:
        for row in model._default_manager.order_by("pk").iterator(500):
            verdict.rows += 1
            code = _judge_row(row, evidence)
            if code == "older":
                verdict.older += 1
            elif code is not None:
                verdict.problems.append(RowProblem(key_of(row), code))
    left = (key for key, digest in evidence.digests.items() if digest is not None)
    verdict.problems += [RowProblem(key, "missing") for key in left]
    verdict.problems += list(_unseen(evidence))
    return verdict


def _judge_row(row: Model, evidence: Evidence) -> str | None:
    """Return what is wrong with a row, or None; it is taken out of the evidence."""
    key = key_of(row)
    if key not in evidence.digests:
        return "older" if _names_of(row) & evidence.named_of_old else "unaccounted"
    digest = evidence.digests.pop(key)
    if digest is None:
        return "back"
    if not says(row, digest):
        return "changed"
    made_by = evidence.links.get(key)
    return "head" if made_by is not None and getattr(row, "chain_head", "") != made_by else None


def _names_of(row: Model) -> set[str]:
    """Return by which names events of old could have named the row: its own, or its student's."""
    names = {str(getattr(row, "uuid", "")), getattr(row, "digest", "")}
    for owner in ("student", "declaration", "user"):
        found = getattr(row, owner, None)
        names.add(str(found.uuid) if found is not None else "")
    return names - {""}


def _unseen(evidence: Evidence) -> Iterator[RowProblem]:
    """Name whose access records are others than their newest event counted; a purge deletes them rightly."""
    purged = set(Campaign.objects.filter(class_groups__purged_at__isnull=False).values_list("pk", flat=True))
    for (user, campaign), (count, last) in evidence.seen.items():
        kept = AccessRecord.objects.filter(user=user, campaign=campaign, pk__lte=last).count()
        if campaign not in purged and kept != count:
            yield RowProblem(f"accessrecord:{user}", "seen")
