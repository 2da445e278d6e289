"""The lock, the tally and the chain of events: what every move of the flow is written with.

Locks are taken in one order: the campaign's row (only by what concerns the whole campaign), the rows of
classes by their key, the department's chain. A class's row guards its students' standings, its declarations,
sheets, tally and chain. The clock is read once the lock is held, so it decides what is still open.

FOR NO KEY UPDATE, so that whoever only refers to a locked row (a page's access record) need not wait.
"""

import json
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.db import connection, transaction
from django.db.models import BigIntegerField, Q

from rosters import key_fields
from rosters.encryption import CannotDecrypt, key_ring
from rosters.models import Campaign, ClassGroup, Department, Student

from ..models import Chain, Declaration, Event, FieldError, Standing, Tally
from ..models.prepared import Prepared, store, update
from ..process import deadlines, rules, states
from ..queries import actors, situations
from ..upkeep import witness

Clock = Callable[[], datetime]
# Whom a change of the record concerns: they have declared on it.
ASKED = states.DECLARED | {states.RECHECK}


class Refused(Exception):
    """A move that may not be made; `reason` is the sentence, lazily translated. Nothing was written."""

    def __init__(self, reason):
        """Take the sentence that the person is shown."""
        super().__init__(reason)
        self.reason = reason


def refuse_if(reason) -> None:
    """Raise Refused where a rule gave a reason."""
    if reason is not None:
        raise Refused(reason)


# Events -----------------------------------------------------------------------------------------------


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


# What one student adds to the tally -------------------------------------------------------------------


@dataclass(frozen=True)
class Share:
    """What one student adds to the tally of the class."""

    state: str
    late: bool = False
    day: str = ""
    errors: tuple[str, ...] = ()
    open_errors: tuple[str, ...] = ()


def share_from(standing: Standing | None, errors: Iterable[tuple[str, str]]) -> Share:
    """Return the share of a student who stands so; `errors` are those of the declaration: (field, outcome).

    Errors count for as long as their report does.
    """
    if standing is None:
        return Share(states.MISSING)
    declaration = standing.declaration
    if declaration is None:
        return Share(standing.state, standing.late)
    declared = standing.state in states.DECLARED
    reported = declaration.kind == Declaration.Kind.REPORTED and (
        declared or standing.state == states.RECHECK
    )
    return Share(
        standing.state,
        standing.late,
        deadlines.day_of(declaration.declared_at).isoformat() if declared else "",
        tuple(field for field, _ in errors if reported),
        tuple(field for field, outcome in errors if reported and outcome in states.UNSETTLED),
    )


def share_of(standing: Standing | None) -> Share:
    """Return the share of a student who stands so."""
    errors = ()
    declaration = standing and standing.declaration
    if declaration is not None and declaration.kind == Declaration.Kind.REPORTED:
        errors = FieldError.objects.filter(declaration=declaration).values_list("field", "outcome")
    return share_from(standing, errors)


def cell_of(share: Share) -> str:
    """Return the letter of a seat."""
    letter = states.LETTERS[share.state]
    return letter.lower() if share.late else letter


def _count(tally: Tally, share: Share, by: int) -> None:
    if share.state == states.WITHDRAWN:
        tally.withdrawn += by
    else:
        tally.expected += by
        if share.state != states.MISSING:  # what remains of the expected
            setattr(tally, share.state, getattr(tally, share.state) + by)
    tally.late += by * share.late
    days = [share.day] if share.day else []
    for field, keys in (("days", days), ("errors", share.errors), ("open_errors", share.open_errors)):
        if not keys:
            continue
        counts = Counter(getattr(tally, field))
        for key in keys:
            counts[key] += by
        setattr(tally, field, {key: count for key, count in sorted(counts.items()) if count})


def set_cell(tally: Tally, seat: int, letter: str) -> None:
    """Write a seat's letter; seats between that nobody has are struck."""
    cells = tally.cells.ljust(seat, states.NOBODY)
    tally.cells = (cells[: seat - 1] + letter + cells[seat:]).rstrip(states.NOBODY)


def add_share(tally: Tally, seat: int, share: Share) -> None:
    """Count a student in."""
    _count(tally, share, 1)
    set_cell(tally, seat, cell_of(share))


def take_share(tally: Tally, seat: int, share: Share) -> None:
    """Count a student out: the seat is nobody's."""
    _count(tally, share, -1)
    set_cell(tally, seat, states.NOBODY)


# A class under its lock -------------------------------------------------------------------------------


_lock = Prepared(
    lambda pk: ClassGroup.objects.select_for_update(no_key=True).filter(pk=pk).order_by(),
    pk=BigIntegerField(),
)
_class_group = Prepared(
    lambda pk: ClassGroup.objects.filter(pk=pk).select_related("campaign", "tally", "chain").order_by(),
    pk=BigIntegerField(),
)
_student = Prepared(
    lambda pk: Student.objects.filter(pk=pk).select_related("monitor_duty", "standing").order_by(),
    pk=BigIntegerField(),
)


class Book:
    """One class while its row is locked: its tally and its chain, changed in memory, saved at the end."""

    def __init__(self, class_group: ClassGroup, now: datetime):
        """Take the locked class, and the moment that the clock showed under the lock."""
        self.class_group = class_group
        self.campaign = class_group.campaign
        self.now = now
        self.tally = getattr(class_group, "tally", None) or Tally(class_group=class_group)
        self._tally_changed = self.tally._state.adding
        self._chain: Chain | None = getattr(class_group, "chain", None)
        self._standings: dict[int, Standing | None] = {}

    @property
    def chain(self) -> Chain:
        """The class's chain, begun with its first event."""
        if self._chain is None:
            self._chain = Chain.objects.get_or_create(
                class_group=self.class_group, defaults={"campaign": self.campaign}
            )[0]
        return self._chain

    def student(self, student: Student) -> Student:
        """Return the student as they are under the lock. Raise Refused where they were moved meanwhile."""
        fresh = _student.first(pk=student.pk)
        if fresh.class_group_id != self.class_group.pk:
            raise Refused(rules.MOVED)
        fresh.class_group, fresh.campaign = self.class_group, self.campaign
        self._standings[fresh.pk] = getattr(fresh, "standing", None)
        return fresh

    def standing(self, student: Student) -> Standing | None:
        """Return where the student stands; None: missing."""
        if student.pk not in self._standings:
            self._standings[student.pk] = situations.standing_of(student)
        return self._standings[student.pk]

    @cached_property
    def _class_states(self) -> tuple[str, str]:
        return situations.class_states(self.class_group)

    def situation(self, student: Student | None = None) -> rules.Situation:
        """Look at the class, and at the student, under the lock, before the move is made."""
        standing = student and self.standing(student)
        return situations.situation(self.class_group, self.now, standing, of=self._class_states)

    def allow(self, verb: str, who: actors.Who, student: Student | None = None) -> rules.Situation:
        """Ask the rules for a move and return what they looked at. Raise Refused with their reason."""
        at = self.situation(student)
        refuse_if(rules.may(verb, actors.roles(who, self.class_group, student), at))
        return at

    def stand(
        self, student: Student, state: str, *, declaration: Declaration | None = None, late=False, excuse=None
    ) -> None:
        """Move the student's standing, and the tally with it. `late` counts for declared ones alone."""
        standing = self.standing(student)
        before = share_of(standing)
        standing = standing or Standing(student=student)
        standing.state = state
        standing.late = late and state in states.DECLARED
        standing.since = self.now
        standing.declaration = declaration
        standing.excuse = excuse
        store(standing)
        self._standings[student.pk] = standing
        self.recount_share(student, before, share_of(standing))

    def recount_share(self, student: Student, before: Share, after: Share) -> None:
        """Let the tally follow a student whose share has changed."""
        take_share(self.tally, student.seat, before)
        add_share(self.tally, student.seat, after)
        self._tally_changed = True

    def note(self, verb: str, who: actors.Who, student: Student | None = None, **payload) -> Event:
        """Append an event to the class's chain; `student` is whom it is about."""
        return append(self.chain, verb, self.now, who, student, payload)

    def close(self) -> None:
        """Save the tally, where it has changed."""
        if self._tally_changed:
            store(self.tally)


def same_record(declaration: Declaration, student: Student) -> bool:
    """Say whether the record is still what was declared on, under whichever key it was digested."""
    if declaration.record_digest == student.record_digest:
        return True
    return key_ring().same(declaration.record_digest, "record", key_fields.normalised_record(student))


def was_shown(digest: str, student: Student) -> bool:
    """Say whether a page that sends this digest has shown the present record, though a key came between."""
    if digest == student.record_digest:
        return True
    try:
        return key_ring().same(digest, "record", key_fields.normalised_record(student))
    except CannotDecrypt:  # what a browser sends may be anything
        return False


def end_excuse(standing: Standing | None, now: datetime) -> None:
    """Lift the excuse that somebody stands by, if there is one."""
    if standing is not None and standing.excuse is not None:
        standing.excuse.lifted_at = now
        standing.excuse.save(update_fields=["lifted_at"])


def newest_that_counts(student: Student) -> Declaration | None:
    """Return the declaration that the student stands on, or would without an excuse."""
    remaining = Declaration.objects.filter(student=student, withdrawn_at=None, contested_at=None)
    counts = Q(channel=Declaration.Channel.OWN) | Q(countersigned_at__isnull=False)
    return remaining.filter(counts).order_by("-pk").first()


def fall_back(book: Book, student: Student) -> None:
    """Let the student stand as the declarations that remain tell: the newest that counts, or missing."""
    newest = newest_that_counts(student)
    if newest is None:
        book.stand(student, states.MISSING)
        return
    state = newest.kind if same_record(newest, student) else states.RECHECK
    book.stand(student, state, declaration=newest, late=newest.late)


def ask_again(book: Book, student: Student) -> None:
    """After a change of one record: ask the student again, or no longer."""
    standing = book.standing(student)
    if standing is None or standing.declaration is None or standing.state not in ASKED:
        return
    state = standing.declaration.kind if same_record(standing.declaration, student) else states.RECHECK
    if state != standing.state:
        book.stand(student, state, declaration=standing.declaration, late=standing.declaration.late)


def restate(students: Iterable[Student], now: datetime) -> list[Student]:
    """After a change of many records: return who is asked again. The tallies are the caller's to renew.

    Somebody whom the roster names again stands as before they left, as far as they had declared.
    """
    changed, asked = [], []
    found = Standing.objects.filter(student__in=students, state__in=ASKED | {states.WITHDRAWN})
    for standing in found.select_related("declaration", "student"):
        if standing.student.withdrawn_at is not None:
            continue
        if standing.declaration is None:
            state = states.MISSING
        else:
            same = same_record(standing.declaration, standing.student)
            state = standing.declaration.kind if same else states.RECHECK
        if state != standing.state:
            standing.state, standing.since = state, now
            standing.late = state in states.DECLARED and standing.declaration.late
            changed.append(standing)
            if state == states.RECHECK:
                asked.append(standing.student)
    Standing.objects.bulk_update(changed, ["state", "since", "late"], batch_size=500)
    return asked


def _locked_classes(**which) -> list[ClassGroup]:
    """Lock the rows of classes, by their key."""
    classes = ClassGroup.objects.select_for_update(no_key=True, of=("self",)).filter(**which)
    return list(classes.select_related("campaign", "department").order_by("pk"))


@contextmanager
def class_book(class_group_id: int, clock: Clock) -> Iterator[Book]:
    """Lock one class for a move, in one transaction, and hand out its book."""
    with transaction.atomic():
        if connection.features.has_select_for_update:  # SQLite has locked its file already
            # The lock alone: what PostgreSQL reads beside a lock can be older than the lock.
            _lock.all(pk=class_group_id)
        book = Book(_class_group.first(pk=class_group_id), clock())
        yield book
        book.close()


def student_book(student: Student, clock: Clock):
    """Lock the student's class, and hand out its book, which refuses somebody who was moved meanwhile."""
    return class_book(student.class_group_id, clock)


# What is more than one class --------------------------------------------------------------------------


class Shelf:
    """Several classes under their locks, and the chain of what they make up."""

    def __init__(self, campaign: Campaign, classes: list[ClassGroup], chain: Chain, now: datetime):
        """Take what was locked, and the moment under the locks."""
        self.campaign, self.classes, self.chain, self.now = campaign, classes, chain, now

    def book(self, class_group: ClassGroup) -> Book:
        """Return the book of one of the classes; the caller closes it."""
        return Book(class_group, self.now)

    def note(self, verb: str, who: actors.Who, student: Student | None = None, **payload) -> Event:
        """Append an event to the chain."""
        return append(self.chain, verb, self.now, who, student, payload)


@contextmanager
def department_shelf(campaign: Campaign, department: Department, clock: Clock) -> Iterator[Shelf]:
    """Lock a department's classes in a campaign, in one transaction, and then its chain."""
    with transaction.atomic():
        classes = _locked_classes(campaign=campaign, department=department)
        Chain.objects.get_or_create(campaign=campaign, department=department, class_group=None)
        chain = Chain.objects.select_for_update(no_key=True).get(campaign=campaign, department=department)
        yield Shelf(Campaign.objects.get(pk=campaign.pk), classes, chain, clock())


@contextmanager
def campaign_shelf(campaign: Campaign, clock: Clock) -> Iterator[Shelf]:
    """Lock a campaign and all its classes, in one transaction."""
    with transaction.atomic():
        locked = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
        classes = _locked_classes(campaign=locked)
        chain, _ = Chain.objects.get_or_create(campaign=locked, department=None, class_group=None)
        yield Shelf(locked, classes, chain, clock())
