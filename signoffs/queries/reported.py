"""What students reported as wrong: which errors count, which are followed up, and which say the same."""

from django.db.models import F, Q, QuerySet

from rosters import key_fields

from ..models import FieldError
from ..process import states

_COUNTS = Q(
    declaration__student__standing__declaration=F("declaration"),
    declaration__student__standing__state__in=(states.REPORTED, states.RECHECK),
)


def counting() -> QuerySet[FieldError]:
    """Return the errors, of any class, of the reports that their students stand on: what tallies count."""
    return FieldError.objects.filter(_COUNTS)


def followed() -> QuerySet[FieldError]:
    """Return those, and what was settled before its student declared anew: what became of an error stays."""
    settled = Q(outcome__in=states.SETTLED, declaration__withdrawn_at=None, declaration__contested_at=None)
    return FieldError.objects.filter(_COUNTS | settled)


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
