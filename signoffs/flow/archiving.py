"""The university's archive: when one may be made, and the record of each with the head that proves it."""

from django.utils import timezone

from rosters.models import Campaign, Department

from ..models import Event
from ..process import rules
from ..process.export_kinds import ExportKind
from ..queries import retention, situations
from ..queries.actors import Who
from .book import department_shelf
from .refusals import Clock, refuse_if


def begin_archive(campaign: Campaign) -> int:
    """Return up to which event an archive that is begun now tells what happened.

    Raise Refused before the campaign is closed, and once its data was deleted.
    """
    campaign.refresh_from_db()
    refuse_if(rules.may_show_people(situations.is_purged(campaign)))
    refuse_if(retention.may_announce(closed=campaign.state == Campaign.State.CLOSED, purged=False))
    newest = Event.objects.filter(chain__campaign=campaign).order_by("-pk").first()
    return newest.pk if newest else 0


def record_archive(
    *,
    department: Department,
    campaign: Campaign,
    who: Who,
    until: int,
    head: str,
    clock: Clock = timezone.now,
) -> Event:
    """Note that a department's archive is made, before it leaves; `until` is what `begin_archive` returned.

    Raise Refused where the data was deleted meanwhile.
    """
    refuse_if(rules.may_show_people(situations.is_purged(campaign)))
    with department_shelf(campaign, department, clock) as shelf:
        return shelf.note("export", who, what=ExportKind.ARCHIVE, until=until, head=head)
