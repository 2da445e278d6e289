"""What a row says, as one keyed digest: an event holds it, so that a row changed behind our back is named.

Sealed columns count by what they hold, so that a new FIELD_KEY changes no digest (rosters/rotation.py); the
digest itself is compared under the key that made it.
"""

import json
from datetime import UTC, date, datetime
from functools import lru_cache

from django.db.models import Model

from rosters.encryption import CannotDecrypt, key_ring

from .accounts import SignInRule
from .people import Membership, MonitorDuty, User
from .process import ClassSheet, Declaration, Excuse, FieldError, HandIn, MissingClaim, Standing

# Every table whose rows are proven, and the columns that no digest is of. The others are, all of them.
PROVEN: dict[type[Model], frozenset[str]] = {
    Declaration: frozenset(),
    FieldError: frozenset(),
    Standing: frozenset(),
    Excuse: frozenset(),
    MissingClaim: frozenset(),
    MonitorDuty: frozenset(),
    # The event comes before the row, which keeps the event's link: that is compared with the event itself.
    ClassSheet: frozenset({"id", "chain_head"}),
    HandIn: frozenset({"id", "chain_head"}),
    # A sign-in writes both, and may renew the hash: SECURITY.md says what that leaves open.
    User: frozenset({"password", "last_login"}),
    Membership: frozenset(),
    SignInRule: frozenset(),
}


def key_of(row: Model) -> str:
    """Return the name by which events know a row: its table, and its UUID where it has one."""
    return f"{row._meta.model_name}:{getattr(row, 'uuid', row.pk)}"


def digest_of(row: Model) -> str:
    """Return the digest of all that a stored row says, under the writing key. Raise CannotDecrypt."""
    return key_ring().digest("row", _text_of(row))


def says(row: Model, digest: str) -> bool:
    """Say whether that is the row's digest, under whichever key it was made."""
    try:
        return key_ring().same(digest, "row", _text_of(row))
    except (CannotDecrypt, UnicodeDecodeError, json.JSONDecodeError):
        return False


def _text_of(row: Model) -> str:
    values = [getattr(row, name) for name in _columns(type(row))]
    if isinstance(row, Membership):
        values.append(sorted(row.class_groups.values_list("pk", flat=True)))
    return json.dumps([row._meta.model_name, *values], ensure_ascii=False, sort_keys=True, default=_plain)


@lru_cache
def _columns(model: type[Model]) -> tuple[str, ...]:
    return tuple(one.attname for one in model._meta.concrete_fields if one.name not in PROVEN[model])


def _plain(value: object) -> str:
    """Return a moment in UTC, a day or a UUID as text: both databases give them back alike."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)
