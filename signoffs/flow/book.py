"""The book of a class: its lock, its tally and its chain, with which every move of the flow is written.

Locks are taken in one order: the campaign's row (only by what concerns the whole campaign), the rows of
classes by their key, the department's chain. A class's row guards its students' standings, its declarations,
sheets, tally and chain. The clock is read once the lock is held, so it decides what is still open.

FOR NO KEY UPDATE, so that whoever only refers to a locked row (a page's access record) need not wait.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from functools import cached_property
from typing import Any, cast

from django.db import connection, transaction
from django.db.models import BigIntegerField, Model

from rosters.models import Campaign, ClassGroup, Department, Student

from ..models import Chain, Declaration, Event, Excuse, Standing, Tally, proofs
from ..models.prepared import Prepared, store
from ..process import deadlines, rules, states
from ..queries import actors, reported, situations
from . import chains
from .refusals import Clock, Refused, refuse_if
from .shares import Share, add_share, count_reports, days_with, share_of, take_share

_lock = Prepared(
    lambda pk: ClassGroup.everything.select_for_update(no_key=True).filter(pk=pk).order_by(),
    pk=BigIntegerField(),
)


_class_group = Prepared(
    lambda pk: ClassGroup.everything.filter(pk=pk).select_related("campaign", "tally", "chain").order_by(),
    pk=BigIntegerField(),
)


_student = Prepared(
    lambda pk: Student.objects.filter(pk=pk).select_related("monitor_duty", "standing").order_by(),
    pk=BigIntegerField(),
)


class Accounting:
    """Keeps which rows a move has written, until its next event tells of them (models/proofs.py)."""

    def __init__(self) -> None:
        """Begin with no row."""
        self._rows: dict[str, str | None] = {}

    def wrote(self, *rows: Model) -> None:
        """Keep what these stored rows say. Call it once they are whole."""
        self._rows |= {proofs.key_of(row): proofs.digest_of(row) for row in rows}

    def removed(self, *rows: Model) -> None:
        """Keep that these rows are gone."""
        self._rows |= {proofs.key_of(row): None for row in rows}

    def _accounted(self) -> dict[str, dict[str, str | None]]:
        """Return what an event tells of the rows since the one before."""
        rows, self._rows = self._rows, {}
        return {"rows": rows} if rows else {}

    def close(self) -> None:
        """End the move. Raise RuntimeError where a row was written that no event tells of."""
        if self._rows:
            raise RuntimeError(f"no event tells of {', '.join(self._rows)}")


class Book(Accounting):
    """One class while its row is locked: its tally and its chain, changed in memory, saved at the end."""

    def __init__(self, class_group: ClassGroup, now: datetime):
        """Take the locked class, and the moment that the clock showed under the lock."""
        super().__init__()
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
        fresh = cast(Student, _student.first(pk=student.pk))
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
        standing = self.standing(student) if student else None
        return situations.situation(self.class_group, self.now, standing, known=self._class_states)

    def allow(self, verb: str, who: actors.Who, student: Student | None = None) -> rules.Situation:
        """Ask the rules for a move and return what they looked at. Raise Refused with their reason."""
        at = self.situation(student)
        refuse_if(rules.may(verb, actors.roles(who, self.class_group, student), at))
        return at

    def stand(
        self,
        student: Student,
        state: str,
        *,
        declaration: Declaration | None = None,
        late: bool = False,
        excuse: Excuse | None = None,
    ) -> None:
        """Move the student's standing, and the tally with it. `late` counts for declared ones alone.

        Who is excused has no declaration to stand on; a word they gave before stands all the same.
        """
        standing = self.standing(student)
        before = share_of(standing)
        standing = standing or Standing(student=student)
        if state != states.EXCUSED:
            has_word = declaration is not None and state != states.WITHDRAWN
            day = deadlines.day_of(self.now).isoformat()
            standing.days = days_with(standing, day, has_word)
        standing.state = state
        standing.late = late and state in states.DECLARED
        standing.since = self.now
        standing.declaration = declaration
        standing.excuse = excuse
        store(standing)
        self.wrote(standing)
        self._standings[student.pk] = standing
        self._recount_share(student, before, share_of(standing))

    def _recount_share(self, student: Student, before: Share, after: Share) -> None:
        take_share(self.tally, student.seat, before)
        add_share(self.tally, student.seat, after)
        self._tally_changed = True

    @contextmanager
    def reports_change(self, student: Student, *, had: bool = True) -> Iterator[None]:
        """Let the tally follow what the student has reported; `had`: before, too, it may be something."""
        before = reported.keys_of(student) if had else []
        yield
        count_reports(self.tally, before, -1)
        count_reports(self.tally, reported.keys_of(student))
        self._tally_changed = True

    def note(self, verb: str, who: actors.Who, student: Student | None = None, **payload: Any) -> Event:
        """Append an event to the class's chain; `student` is whom it is about."""
        return chains.append(self.chain, verb, self.now, who, student, payload | self._accounted())

    def close(self) -> None:
        """Save the tally, where it has changed."""
        super().close()
        if self._tally_changed:
            store(self.tally)


def _locked_classes(**which: object) -> list[ClassGroup]:
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
        book = Book(cast(ClassGroup, _class_group.first(pk=class_group_id)), clock())
        yield book
        book.close()


def student_book(student: Student, clock: Clock) -> AbstractContextManager[Book]:
    """Lock the student's class, and hand out its book, which refuses somebody who was moved meanwhile."""
    return class_book(student.class_group_id, clock)


class LockedChain(Accounting):
    """A chain under its lock."""

    def __init__(self, chain: Chain, now: datetime):
        """Take the chain, and the moment under the lock."""
        super().__init__()
        self.chain, self.now = chain, now

    def note(self, verb: str, who: actors.Who, student: Student | None = None, **payload: Any) -> Event:
        """Append an event to the chain."""
        return chains.append(self.chain, verb, self.now, who, student, payload | self._accounted())


class Shelf(LockedChain):
    """Several classes under their locks, and the chain of what they make up."""

    def __init__(self, campaign: Campaign, classes: list[ClassGroup], chain: Chain, now: datetime):
        """Take what was locked, and the moment under the locks."""
        super().__init__(chain, now)
        self.campaign, self.classes = campaign, classes

    def book(self, class_group: ClassGroup) -> Book:
        """Return the book of one of the classes; the caller closes it."""
        return Book(class_group, self.now)


@contextmanager
def department_shelf(campaign: Campaign, department: Department, clock: Clock) -> Iterator[Shelf]:
    """Lock a department's classes in a campaign, in one transaction, and then its chain."""
    with transaction.atomic():
        classes = _locked_classes(campaign=campaign, department=department)
        Chain.objects.get_or_create(campaign=campaign, department=department, class_group=None)
        chain = Chain.objects.select_for_update(no_key=True).get(campaign=campaign, department=department)
        shelf = Shelf(Campaign.objects.get(pk=campaign.pk), classes, chain, clock())
        yield shelf
        shelf.close()


@contextmanager
def campaign_shelf(campaign: Campaign, clock: Clock) -> Iterator[Shelf]:
    """Lock a campaign and all its classes, in one transaction."""
    with transaction.atomic():
        locked = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
        classes = _locked_classes(campaign=locked)
        chain, _ = Chain.objects.get_or_create(campaign=locked, department=None, class_group=None)
        shelf = Shelf(locked, classes, chain, clock())
        yield shelf
        shelf.close()
