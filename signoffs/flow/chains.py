"""Chains of events: append, and verify."""

import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max

from rosters.encryption import CannotDecrypt, key_ring
from rosters.models import Student

from ..models import AccessRecord, Chain, Event
from ..models.prepared import store, update
from ..process import deadlines
from ..queries import actors
from ..upkeep import witness


def canonical(payload: dict[str, Any]) -> str:
    """Return the one text of a payload that a digest is of."""
    return json.dumps(payload, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _payload_text(salt: bytes | memoryview, payload: dict[str, Any]) -> str:
    return f"{bytes(salt).hex()}\x1f{canonical(payload)}"


def _link_text(before: str, position: int, verb: str, happened_at: datetime, payload_digest: str) -> str:
    moment = happened_at.astimezone(deadlines.SCHOOL_CLOCK).isoformat()
    return "\x1f".join([before, str(position), verb, moment, payload_digest])


def append(
    chain: Chain, verb: str, now: datetime, who: actors.Who, student: Student | None, payload: dict[str, Any]
) -> Event:
    """Add an event to a chain that the caller has locked, and store the chain's new head.

    The first event says whose chain it is. One of staff says how much of the campaign's personal data they
    had been shown, so that an access log that was emptied since is noticed.
    """
    said = {"by": who.label, **payload}
    if not chain.length:
        said["chain"] = identity_of(chain)
    if who.user is not None:
        said["user"] = str(who.user.uuid)
        said["role"] = who.role
        if chain.campaign_id is not None:
            said["seen"] = looks_of(who.user.pk, chain.campaign_id)
    if who.student is not None:
        said["actor"] = str(who.student.uuid)
    if student is not None:
        said["student"] = str(student.uuid)
    ring, salt, position = key_ring(), secrets.token_bytes(16), chain.length + 1
    payload_digest = ring.digest("payload", _payload_text(salt, said))
    link = ring.digest("event", _link_text(chain.head, position, verb, now, payload_digest))
    event = Event(
        chain=chain,
        position=position,
        verb=verb,
        happened_at=now,
        payload=said,
        salt=salt,
        payload_digest=payload_digest,
        link=link,
        user=who.user,
        student=student,
    )
    store(event)
    chain.length, chain.head = position, link
    update(chain, ("length", "head"))
    witness.note(event, chain, said.get("submission", ""))
    return event


def identity_of(chain: Chain) -> list[int | None]:
    """Return whose chain it is, as its first event says: campaign, department, class."""
    return [chain.campaign_id, chain.department_id, chain.class_group_id]


def looks_of(user: int, campaign: int, until: int | None = None) -> list[int]:
    """Return how many access records there are of a user in a campaign, up to one, and the last one's key."""
    looks = AccessRecord.objects.filter(user=user, campaign=campaign)
    looks = looks if until is None else looks.filter(pk__lte=until)
    found = looks.aggregate(count=Count("pk"), last=Max("pk"))
    return [found["count"], found["last"] or 0]


@dataclass(frozen=True)
class ChainProblem:
    """Where a chain does not hold: the position, and a code that is a name of WORDS in verify_events."""

    position: int
    code: str


def verify(chain: Chain) -> list[ChainProblem]:
    """Return what is wrong with a chain: a changed event, a missing one, also the last. Empty: it holds."""
    ring, problems, before, position = key_ring(), [], "", 0
    # A purge takes the payloads of its campaign, class by class.
    purged = chain.campaign is not None and chain.campaign.class_groups.exclude(purged_at=None).exists()
    for event in chain.events.select_related("user", "student").order_by("position").iterator(500):
        while position + 1 < event.position:
            position += 1
            problems.append(ChainProblem(position, "missing"))
        position = event.position
        text = _link_text(before, position, event.verb, event.happened_at, event.payload_digest)
        if not ring.same(event.link, "event", text):
            problems.append(ChainProblem(position, "changed"))
        if event.salt is not None:
            problems += _check_payload(event, chain)
        elif not purged:
            problems.append(ChainProblem(position, "payload"))
        before = event.link
    problems += [ChainProblem(lost, "missing") for lost in range(position + 1, chain.length + 1)]
    if not problems and (chain.length, chain.head) != (position, before):
        problems.append(ChainProblem(position, "head"))
    return problems


def _check_payload(event: Event, chain: Chain) -> list[ChainProblem]:
    try:
        payload = event.payload
    except CannotDecrypt:
        return [ChainProblem(event.position, "payload")]
    if payload is None or not key_ring().same(
        event.payload_digest, "payload", _payload_text(event.salt or b"", payload)
    ):
        return [ChainProblem(event.position, "payload")]
    people = {"user": event.user, "student": event.student}
    if any(payload.get(key) != (str(person.uuid) if person else None) for key, person in people.items()):
        return [ChainProblem(event.position, "person")]
    if payload.get("chain", identity_of(chain)) != identity_of(chain):
        return [ChainProblem(event.position, "chain")]
    return []
