"""The one export that holds whole ID numbers: asked for by password and reason, numbered, and recorded first.

Every request is an event, and counted before the password is compared: however many come at once, no more
are compared than were counted. What was asked and not followed by an export was refused.
"""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rosters.models import Campaign, Department

from ..models import Event, FieldError
from ..process import rules
from ..queries import actors, situations
from ..queries.actors import Who
from .book import campaign_shelf, student_book
from .refusals import Clock, Refused, refuse_if

ASKED, EXPORTED, SHOWN = "ask_whole_numbers", "export_whole_numbers", "show_number"
TRIES = 5
PAUSE = timedelta(minutes=15)


def _allow(who: Who, campaign: Campaign, reason: str) -> None:
    refuse_if(actors.may_as_office(who))
    refuse_if(rules.may_show_people(situations.is_purged(campaign)))
    refuse_if(rules.may_give(reason, _("Say what the whole numbers are needed for.")))


def ask_whole_numbers(*, campaign: Campaign, who: Who, reason: str, clock: Clock = timezone.now) -> Event:
    """Count and record that somebody asks; the caller compares the password next. Raise Refused."""
    with campaign_shelf(campaign, clock) as shelf:
        _allow(who, shelf.campaign, reason)
        mine = Event.objects.filter(user=who.user, happened_at__gt=shelf.now - PAUSE)
        granted = mine.filter(verb__in=(EXPORTED, SHOWN)).order_by("-pk").first()
        asked = mine.filter(verb=ASKED, pk__gt=granted.pk if granted else 0)
        if asked.count() >= TRIES:
            raise Refused(_("The password was wrong too often. Wait 15 minutes; the attempts are recorded."))
        return shelf.note(ASKED, who, reason=reason.strip())


def export_whole_numbers(
    *,
    campaign: Campaign,
    who: Who,
    reason: str,
    clock: Clock = timezone.now,
    department: Department | None = None,
) -> Event:
    """Record the export under its number, `payload["number"]`; the caller has compared the password.

    Raise Refused.
    """
    with campaign_shelf(campaign, clock) as shelf:
        _allow(who, shelf.campaign, reason)
        before = Event.objects.filter(chain=shelf.chain, verb=EXPORTED).count()
        scope: dict[str, Any] = {"department": department.name} if department else {}
        number = f"{shelf.campaign.slug}-{before + 1:03d}"
        return shelf.note(EXPORTED, who, number=number, reason=reason.strip(), **scope)


def show_number(*, error: FieldError, who: Who, reason: str, clock: Clock = timezone.now) -> Event:
    """Record that the office sees the whole numbers of a report; the caller has compared the proof.

    Raise Refused.
    """
    with student_book(error.declaration.student, clock) as book:
        _allow(who, book.campaign, reason)
        student = book.student(error.declaration.student)
        return book.note(SHOWN, who, student, error=str(error.uuid), reason=reason.strip())
