"""Chains of events: append, and verify."""

import json
import secrets
from dataclasses import dataclass
from datetime import datetime

from rosters.encryption import CannotDecrypt, key_ring
from rosters.models import Student

from ..models import Chain, Event
from ..models.prepared import store, update
from ..process import deadlines
from ..queries import actors
from ..upkeep import witness


def canonical(payload: dict) -> str:
    """Return the one text of a payload that a digest is of."""
    return json.dumps(payload, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _payload_text(salt: bytes, payload: dict) -> str:
    return f"{bytes(salt).hex()}\x1f{canonical(payload)}"


def _link_text(before: str, position: int, verb: str, happened_at: datetime, payload_digest: str) -> str:
    moment = happened_at.astimezone(deadlines.SCHOOL_CLOCK).isoformat()
    return "\x1f".join([before, str(position), verb, moment, payload_digest])


def append(
    chain: Chain, verb: str, now: datetime, who: actors.Who, student: Student | None, payload: dict
) -> Event:
    """Add an event to a chain that the caller has locked, and store the chain's new head."""
    said = {"by": who.label, **payload}
    if who.user is not None:
        said["user"] = str(who.user.uuid)
        said["role"] = who.role
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


@dataclass(frozen=True)
class ChainProblem:
    """Where a chain does not hold: the position, and `missing`, `changed`, `payload`, `person` or `head`."""

    position: int
    code: str


def verify(chain: Chain) -> list[ChainProblem]:
    """Return what is wrong with a chain: a changed event, a missing one, also the last. Empty: it holds."""
    ring, problems, before, position = key_ring(), [], "", 0
    for event in chain.events.select_related("user", "student").order_by("position").iterator(500):
        while position + 1 < event.position:
            position += 1
            problems.append(ChainProblem(position, "missing"))
        position = event.position
        text = _link_text(before, position, event.verb, event.happened_at, event.payload_digest)
        if not ring.same(event.link, "event", text):
            problems.append(ChainProblem(position, "changed"))
        if event.salt is not None:
            problems += _check_payload(event)
        before = event.link
    problems += [ChainProblem(lost, "missing") for lost in range(position + 1, chain.length + 1)]
    if not problems and (chain.length, chain.head) != (position, before):
        problems.append(ChainProblem(position, "head"))
    return problems


def _check_payload(event: Event) -> list[ChainProblem]:
    try:
        payload = event.payload
    except CannotDecrypt:
        return [ChainProblem(event.position, "payload")]
    if payload is None or not key_ring().same(
        event.payload_digest, "payload", _payload_text(event.salt, payload)
    ):
        return [ChainProblem(event.position, "payload")]
    people = {"user": event.user, "student": event.student}
    if any(payload.get(key) != (str(person.uuid) if person else None) for key, person in people.items()):
        return [ChainProblem(event.position, "person")]
    return []
