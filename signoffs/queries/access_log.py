"""Who saw this student's data, and whom did this account see: from the access log and the chains together.

Looking writes an AccessRecord; a file that leaves the house (an export, a print) is an event of the chain of
the class, the department or the campaign that it was made of. One list of both, the newest first, a page of
which costs the same number of queries however long the list is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q, QuerySet, Value

from rosters.models import Student

from ..models import AccessRecord, Event, User

# Events by which personal data left as a file.
FILES = ("export", "export_whole_numbers")
_LOOK, _FILE = "look", "file"


@dataclass(frozen=True)
class Access:
    """One look, or one file."""

    at: datetime
    # Null where a command made the file; then `command` names it.
    user: User | None
    command: str
    # A Membership.Role or `admin`; empty where it was not noted.
    role: str
    # The view as the map of the site names it; of a file what it is, else the event's verb.
    what: str
    is_file: bool
    # A student, else a class, a department or a campaign: whose data it was.
    whose: object


class AccessLog:
    """A list for a paginator: it counts, and a slice of it is a list of Access."""

    def __init__(self, looks: QuerySet[AccessRecord], files: QuerySet[Event]):
        """Take both sides."""
        sides = (
            side.order_by().annotate(moment=F(moment), kind=Value(kind)).values_list("moment", "kind", "pk")
            for side, moment, kind in ((looks, "seen_at", _LOOK), (files, "happened_at", _FILE))
        )
        first, second = sides
        self._keys = first.union(second, all=True).order_by("-moment", "-pk")

    def count(self) -> int:
        """Return how many there are."""
        return self._keys.count()

    def __getitem__(self, wanted: slice) -> list[Access]:
        """Return a stretch of the list: three queries."""
        return list(_loaded(list(self._keys[wanted])))


def _loaded(keys: list[tuple]) -> Iterator[Access]:
    looks = AccessRecord.objects.select_related(
        "user", "student", "class_group__department", "department", "campaign"
    ).in_bulk([pk for _, kind, pk in keys if kind == _LOOK])
    files = Event.objects.select_related(
        "user", "chain__class_group__department", "chain__department", "chain__campaign"
    ).in_bulk([pk for _, kind, pk in keys if kind == _FILE])
    for _, kind, pk in keys:
        yield _of_look(looks[pk]) if kind == _LOOK else _of_file(files[pk])


def _of_look(record: AccessRecord) -> Access:
    whose = record.student or record.class_group or record.department or record.campaign
    return Access(record.seen_at, record.user, "", record.role, record.view, False, whose)


def _of_file(event: Event) -> Access:
    payload, chain = event.payload or {}, event.chain
    whose = chain.class_group or chain.department or chain.campaign
    command = "" if event.user else payload.get("by", "")
    what = payload.get("what", event.verb)
    return Access(event.happened_at, event.user, command, payload.get("role", ""), what, True, whose)


def of_student(student: Student) -> AccessLog:
    """Return who saw the student's data: on their own page, or as one of their class, department, campaign.

    Of a student who moved, the looks at the class as a whole are those at the present one.
    """
    place = student.class_group
    whole = Q(student=None, class_group=None)
    looks = AccessRecord.objects.filter(
        Q(student=student)
        | Q(student=None, class_group=place)
        | whole & Q(department=place.department_id, campaign=place.campaign_id)
        | whole & Q(department=None, campaign=place.campaign_id)
    )
    chains = (
        Q(chain__class_group=place)
        | Q(chain__campaign=place.campaign_id, chain__department=place.department_id)
        | Q(chain__campaign=place.campaign_id, chain__department=None, chain__class_group=None)
    )
    return AccessLog(looks, Event.objects.filter(chains, verb__in=FILES))


def of_user(user: User) -> AccessLog:
    """Return whose data the account saw, and what it took away as files."""
    return AccessLog(AccessRecord.objects.filter(user=user), Event.objects.filter(user=user, verb__in=FILES))
