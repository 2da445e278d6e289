"""What concerns a whole campaign: its beginning, its end, and what left the house as a file."""

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rosters import importing
from rosters.models import Campaign, ClassGroup, Department

from ..models import Event
from ..process import rules
from ..process.deadlines import Deadlines, day_of
from ..process.export_kinds import ExportKind
from ..queries import actors, situations
from ..queries.actors import Who
from .book import campaign_shelf, class_book, department_shelf
from .refusals import Clock, Refused, refuse_if

# Exports that still come after a purge: what they name of people is left out then.
COUNTS = frozenset({ExportKind.SUMMARY, ExportKind.ERROR_STATISTICS})
_ANOTHER_IS_OPEN = _("Another campaign is open: close it first.")


def create_campaign(
    *,
    slug: str,
    university: str,
    deadlines: Deadlines,
    texts: dict[str, str],
    who: Who,
    clock: Clock = timezone.now,
) -> Campaign:
    """Prepare another year's campaign; it is open at once where none is. Raise Refused."""
    refuse_if(actors.may_as_office(who))
    refuse_if(rules.may_begin(slug, deadlines, day_of(clock())))
    with transaction.atomic():
        made = _create(slug, university=university, deadlines=deadlines, texts=texts)
        with campaign_shelf(made, clock) as shelf:
            shelf.note("create_campaign", who, slug=slug)
        return made


def _create(slug: str, **values: Any) -> Campaign:
    """Write the new campaign. Raise Refused where there is one of that year, also one of this moment.

    Since we looked, another may have been opened, and then that year's been made: after either, look again.
    """
    more_tries = 2
    while True:
        if Campaign.objects.filter(slug=slug).exists():
            raise Refused(_("There is a campaign of that year already."))
        try:
            with transaction.atomic():
                return importing.create_campaign(slug, **values)
        except IntegrityError:
            if not more_tries:
                raise
            more_tries -= 1


def open_campaign(*, campaign: Campaign, who: Who, clock: Clock = timezone.now) -> None:
    """Open a campaign that was in preparation; only one is open at a time. Raise Refused."""
    with campaign_shelf(campaign, clock) as shelf:
        refuse_if(actors.may_as_office(who))
        if shelf.campaign.state != Campaign.State.DRAFT:
            raise Refused(_("Only a campaign in preparation can be opened."))
        if importing.open_campaign() is not None:
            raise Refused(_ANOTHER_IS_OPEN)
        try:
            with transaction.atomic():
                importing.begin(shelf.campaign)
        except IntegrityError as error:  # opened since we looked: the two hold different locks
            raise Refused(_ANOTHER_IS_OPEN) from error
        shelf.note("open_campaign", who)


def edit_texts(*, campaign: Campaign, texts: dict[str, str], who: Who, clock: Clock = timezone.now) -> None:
    """Set the campaign's own texts; the old ones stay in the event. Raise Refused."""
    with campaign_shelf(campaign, clock) as shelf:
        refuse_if(actors.may_as_office(who, is_open=shelf.campaign.state != Campaign.State.CLOSED))
        old = shelf.campaign.texts
        importing.set_texts(shelf.campaign, texts)
        shelf.note("edit_texts", who, old=old)


def edit_university(*, campaign: Campaign, university: str, who: Who, clock: Clock = timezone.now) -> None:
    """Set the university's name, as pages and prints show it; at any time. Raise Refused."""
    with campaign_shelf(campaign, clock) as shelf:
        refuse_if(actors.may_as_office(who))
        refuse_if(rules.may_give(university, _("Type the university's name.")))
        old = shelf.campaign.university
        importing.set_university(shelf.campaign, university.strip())
        shelf.note("edit_university", who, old=old, new=university.strip())


def close_campaign(*, campaign: Campaign, who: Who, clock: Clock = timezone.now) -> None:
    """Close a campaign; within seven days it can be opened again. Raise Refused."""
    with campaign_shelf(campaign, clock) as shelf:
        refuse_if(actors.may_as_office(who, is_open=shelf.campaign.state == Campaign.State.OPEN))
        importing.close(shelf.campaign, now=shelf.now)
        shelf.note("close_campaign", who)


def reopen_campaign(*, campaign: Campaign, who: Who, reason: str, clock: Clock = timezone.now) -> None:
    """Open again what was closed by mistake, within seven days. Raise Refused."""
    with campaign_shelf(campaign, clock) as shelf:
        refuse_if(actors.may_as_office(who))
        refuse_if(rules.may_give(reason, _("Say why the campaign is opened again.")))
        closed = shelf.campaign.state == Campaign.State.CLOSED
        refuse_if(rules.may_reopen(shelf.campaign.closed_at if closed else None, shelf.now))
        another = importing.open_campaign()
        refuse_if(rules.may_open_beside(str(another) if another else ""))
        try:
            with transaction.atomic():
                importing.reopen(shelf.campaign)
        except IntegrityError as error:  # opened since we looked: the two hold different locks
            raise Refused(_ANOTHER_IS_OPEN) from error
        shelf.note("reopen_campaign", who, reason=reason.strip())


def record_export(
    *,
    campaign: Campaign,
    who: Who,
    what: ExportKind,
    clock: Clock = timezone.now,
    department: Department | None = None,
    class_group: ClassGroup | None = None,
) -> Event:
    """Note that a file with personal data is made: of a class, a department, or the whole campaign.

    What is counts alone (COUNTS) can be made at any time. Raise Refused once personal data was deleted.
    """
    if what not in COUNTS:
        refuse_if(rules.may_show_people(situations.is_purged(campaign)))
    if class_group is not None:
        with class_book(class_group.pk, clock) as book:
            return book.note("export", who, what=what)
    shelf = department_shelf(campaign, department, clock) if department else campaign_shelf(campaign, clock)
    with shelf as locked:
        return locked.note("export", who, what=what)
