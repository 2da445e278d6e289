"""What students reported as wrong: what was reported in the campaign, which of it counts, which is alike.

Two sets of numbers (docs/architecture.md, rule 14). Where students stand now is in the tallies' standings.
What was reported is here: it never shrinks when a student signs 无误 later.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from rosters import key_fields
from rosters.models import Student

from ..models import Declaration, FieldError, Tally
from ..process import states

_COUNTS = Q(
    declaration__student__standing__declaration=F("declaration"),
    declaration__student__standing__state__in=(states.REPORTED, states.RECHECK),
)
# Of a report that was neither taken back nor contested, and needs no second person any more.
_STANDS = Q(declaration__withdrawn_at=None, declaration__contested_at=None) & (
    Q(declaration__channel=Declaration.Channel.OWN) | Q(declaration__countersigned_at__isnull=False)
)


def counting() -> QuerySet[FieldError]:
    """Return the errors, of any class, of the reports that their students stand on."""
    return FieldError.objects.filter(_COUNTS)


def items() -> QuerySet[FieldError]:
    """Return what was reported in any campaign: of each student and field the newest error that stands."""
    newer = FieldError.objects.filter(
        _STANDS,
        declaration__student=OuterRef("declaration__student"),
        field=OuterRef("field"),
        pk__gt=OuterRef("pk"),
    )
    return FieldError.objects.filter(_STANDS & ~Exists(newer))


def keys_of(student: Student) -> list[str]:
    """Return what a student has reported, as a tally counts it: one query."""
    found = items().filter(declaration__student=student).order_by()
    return [key_of(*values) for values in found.values_list("field", "owner", "outcome")]


def key_of(field: str, owner: str, outcome: str) -> str:
    """Return the name under which a tally counts such items."""
    return f"{field}/{owner}/{outcome}"


@dataclass(frozen=True)
class Reports:
    """What was reported: people, and items by (field, owner, outcome). Sums of tallies."""

    people: int = 0
    by_key: Counter = field(default_factory=Counter)

    def __add__(self, other: "Reports") -> "Reports":
        return Reports(self.people + other.people, self.by_key + other.by_key)

    @property
    def items(self) -> int:
        """How many items were reported."""
        return sum(self.by_key.values())

    @property
    def open(self) -> int:
        """How many of them have not come to their end (未办结)."""
        return sum(n for (_, _, outcome), n in self.by_key.items() if outcome in states.UNSETTLED)


def reports_of(tallies: Iterable[Tally]) -> Reports:
    """Return what was reported in these classes."""
    people = 0
    by_key: Counter[tuple[str, str, str]] = Counter()
    for tally in tallies:
        people += tally.reporters
        for key, count in tally.reports.items():
            field, owner, outcome = key.split("/")
            by_key[field, owner, outcome] += count
    return Reports(people, by_key)


def alike(error: FieldError) -> list[FieldError]:
    """Return the other errors that count and are like this one."""
    same_class = counting().filter(
        declaration__student__class_group=error.declaration.student.class_group_id, field=error.field
    )
    others = same_class.exclude(pk=error.pk).select_related("declaration__student")
    return [one for one in others if likeness(one) == likeness(error)]


def likeness(error: FieldError) -> tuple[object, ...]:
    """Return what errors that are settled at once share: class, field, outcome, and the three values."""
    values: tuple[str, ...] = (error.roster_value, error.chsi_value, error.right_value)
    if error.field in key_fields.BY_NAME:
        values = tuple(key_fields.normalise(error.field, value) for value in values)
    return (error.declaration.student.class_group_id, error.field, error.outcome, *values)
