"""After a campaign: personal data goes, what counts and what proves stays.

Gone are students with all that they declared, who looked at them, and what was said of them in events; of a
sheet stay its counts, digest, version and code, and of its rows the seats and their states. A payload goes
with its salt, and the chain still verifies. Staff stay named as the accounts that acted.

A class is one transaction under its lock, and is marked when it is done: what was stopped is begun again.
"""

from collections import Counter
from datetime import date

from django.db.models import Q, QuerySet
from django.utils import timezone

from rosters import importing
from rosters.models import Campaign, ClassGroup, Student

from ..models import (
    AccessRecord,
    ClassLink,
    ClassSheet,
    Declaration,
    Event,
    Excuse,
    FieldError,
    HandIn,
    Identification,
    MissingClaim,
    MonitorDuty,
    OneTimeCode,
    Standing,
    Throttle,
)
from ..process import deadlines, keeping
from ..queries import actors, retention
from ..queries.actors import Who
from ..queries.closing import open_reports
from .book import Book, campaign_shelf, class_book
from .refusals import Clock, refuse_if

KEPT_OF_A_ROW = ("seat", "state", "late")


def announce_purge(
    *, campaign: Campaign, who: Who, clock: Clock = timezone.now, days: int = keeping.KEPT_DAYS
) -> date:
    """Set the day from which the data may be deleted, `days` after the end, and return it. Raise Refused."""
    with campaign_shelf(campaign, clock) as shelf:
        refuse_if(actors.may_as_office(who))
        closed = shelf.campaign.state == Campaign.State.CLOSED
        refuse_if(retention.may_announce(closed=closed, purged=shelf.campaign.purged_at is not None))
        day = retention.day_to_announce(shelf.campaign, deadlines.day_of(shelf.now), days)
        importing.announce_purge(shelf.campaign, day=day, now=shelf.now)
        left = open_reports(shelf.campaign)
        shelf.note("announce_purge", who, day=day.isoformat(), open_reports=left)
        return day


def purge_campaign(
    *, campaign: Campaign, who: Who, known_open: int = 0, clock: Clock = timezone.now
) -> Counter:
    """Delete the personal data of a campaign, class by class; return how much of what. Raise Refused.

    `known_open`: how many open reports go with it. The refusals are `retention.why_not`. Begun again after
    a stop, it goes on where it was; of two at once each deletes what the other has not.
    """
    refuse_if(retention.why_not(campaign, deadlines.day_of(clock()), known_open))
    for one in ClassGroup.everything.filter(campaign=campaign, purged_at=None).order_by("pk"):
        with class_book(one.pk, clock) as book:
            if book.class_group.purged_at is None:  # two may run at once: the other has been here
                book.note("purge", who, counts=_purge_class(book))
    return _finish(campaign, who, clock)


def to_purge(campaign: Campaign) -> dict[str, int]:
    """Return how much personal data there is: what a dry run tells."""
    return {
        "students": Student.objects.filter(campaign=campaign).count(),
        "declarations": Declaration.objects.filter(class_group__campaign=campaign).count(),
    }


def _purge_class(book: Book) -> dict[str, int]:
    """Delete what there is of a class's students; return how much. Rows that protect others go first."""
    own = book.class_group
    theirs = Q(student__class_group=own)
    made_here = theirs | Q(class_group=own)
    declared = Declaration.objects.filter(made_here)
    counts = {"students": own.students.count(), "declarations": declared.count()}
    Standing.objects.filter(
        theirs
        | Q(declaration__class_group=own)
        | Q(declaration__student__class_group=own)
        | Q(excuse__class_group=own)
        | Q(excuse__student__class_group=own)
    ).delete()
    FieldError.objects.filter(declaration__in=declared).delete()
    nobodys = Q(entered_by_user=None, entered_by_student=None)
    # Told of by the purge of another class, in an event that stays.
    book.removed(*declared.filter(nobodys).exclude(channel=Declaration.Channel.OWN))
    declared.delete()
    excuses = Excuse.objects.filter(made_here)
    book.removed(*excuses.filter(nobodys))
    excuses.delete()
    AccessRecord.objects.filter(made_here).delete()
    for of_student in (OneTimeCode, Throttle, Identification, MonitorDuty):
        of_student.objects.filter(theirs).delete()
    for of_class in (MissingClaim, ClassLink):
        of_class.objects.filter(class_group=own).delete()
    # What somebody who has moved did in the class that they left.
    for model in (Declaration, Excuse):
        for row in model.objects.filter(entered_by_student__class_group=own):
            row.entered_by_student = None
            row.save(update_fields=["entered_by_student"])
            book.wrote(row)
    for sheet in ClassSheet.objects.filter(Q(collator__class_group=own) | Q(class_group=own)):
        sheet.collator = None
        if sheet.class_group_id == own.pk:
            sheet.rows = [{name: row[name] for name in KEPT_OF_A_ROW} for row in sheet.rows]
            sheet.signature, sheet.return_reason = {}, ""
        sheet.save(update_fields=["rows", "collator", "signature", "return_reason"])
        book.wrote(sheet)
    _forget_payloads(Event.objects.filter(Q(chain__class_group=own) | theirs))
    importing.purge_class(own, now=book.now)
    return counts


def _forget_payloads(events: QuerySet[Event]) -> None:
    events.update(payload=None, salt=None, student=None)


def _finish(campaign: Campaign, who: Who, clock: Clock) -> Counter:
    """Delete what is kept of the campaign as a whole, and note what went; return it."""
    with campaign_shelf(campaign, clock) as shelf:
        counts: Counter[str] = Counter()
        if shelf.campaign.purged_at is not None:  # by another one meanwhile, which has noted what went
            return counts
        for event in Event.objects.filter(chain__class_group__in=shelf.classes, verb="purge"):
            counts.update((event.payload or {})["counts"])
        of_the_whole = Event.objects.filter(chain__campaign=shelf.campaign, chain__class_group=None)
        exported = of_the_whole.filter(verb="export_whole_numbers", payload__isnull=False).order_by("pk")
        numbers = [(event.payload or {})["number"] for event in exported]
        archived = of_the_whole.filter(verb="export", payload__isnull=False).order_by("pk")
        heads = [said["head"] for one in archived if (said := one.payload or {}).get("what") == "archive"]
        _forget_payloads(of_the_whole)
        for hand_in in HandIn.objects.filter(campaign=shelf.campaign):
            hand_in.exceptions = [one | {"reason": ""} for one in hand_in.exceptions]
            hand_in.reopen_reason = ""
            hand_in.save(update_fields=["exceptions", "reopen_reason"])
            shelf.wrote(hand_in)
        AccessRecord.objects.filter(campaign=shelf.campaign).delete()
        importing.finish_purge(shelf.campaign, now=shelf.now)
        shelf.note("purge", who, counts=counts, whole_numbers=numbers, archives=heads)
        return counts
