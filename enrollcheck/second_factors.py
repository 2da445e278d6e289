"""The second factors' secrets, for a rotation of keys: sealed within allauth's JSON, in no field of ours."""

import base64
from collections.abc import Iterator

from allauth.mfa.models import Authenticator

from rosters.rotation import BATCH, Piece, SealedPlace

# What a second factor's secret is bound to; allauth's hook tells neither row nor account.
SEALED_AS = "second factor"
# Of an app's code, and of recovery codes.
SECRETS = ("secret", "seed")


def _batches() -> Iterator[list[Piece]]:
    last = 0
    while batch := list(Authenticator.objects.filter(pk__gt=last).order_by("pk")[:BATCH]):
        yield [
            Piece((row.pk, name), base64.b64decode(row.data[name]), SEALED_AS)
            for row in batch
            for name in SECRETS
            if name in row.data
        ]
        last = batch[-1].pk


def _replace(key: tuple[int, str], old: bytes, new: bytes) -> bool:
    """Write the new form where the old one still stands; the caller's transaction holds the row."""
    pk, name = key
    row = Authenticator.objects.select_for_update().filter(pk=pk).first()
    if row is None or base64.b64decode(row.data.get(name, "")) != old:
        return False
    row.data[name] = base64.b64encode(new).decode("ascii")
    row.save(update_fields=["data"])
    return True


PLACE = SealedPlace("mfa.Authenticator.data", _batches, _replace)
