"""Brings what is sealed under the first key of FIELD_KEY, so that the others can leave it.

The encrypted fields are found from the models: none can be forgotten. What is sealed elsewhere (by another
app, within a JSON value) registers a place of its own with `also_sealed`.

A value is replaced only where it still is what was read, so no lock is held, the site may run, and a run
that was stopped is simply begun again. Digests are another matter: signoffs/flow/rotation.py.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.apps import apps
from django.db import models, transaction

from .encryption import CannotDecrypt, EncryptedField, Sealed, key_id_of_sealed, key_ring
from .models import RetiredDigestKey

BATCH = 200


class KeyIdReused(Exception):
    """An id of FIELD_KEY once named another key, whose digests are still stored."""


class Piece(NamedTuple):
    """A sealed value, what `replace` finds it by, and what it is bound to (`KeyRing.seal`'s place)."""

    key: Any
    stored: bytes
    place: str


@dataclass(frozen=True)
class SealedPlace:
    """Where sealed values lie."""

    name: str
    # Yields what lies there, in batches that fit into one short transaction each.
    batches: Callable[[], Iterator[list[Piece]]]
    # Takes a piece's key, its old and its new form; writes where the old one still stands, and says whether.
    replace: Callable[[Any, bytes, bytes], bool]


_others: list[SealedPlace] = []


def also_sealed(place: SealedPlace) -> None:
    """Let a rotation take another place in, beside the models' encrypted fields."""
    _others.append(place)


def places() -> list[SealedPlace]:
    """Return every place where sealed values lie."""
    fields = [
        _of_field(model, field)
        for model in apps.get_models()
        if not model._meta.proxy
        for field in model._meta.local_concrete_fields
        if isinstance(field, EncryptedField)
    ]
    return [*fields, *_others]


def _of_field(model: type[models.Model], field: EncryptedField[Any, Any]) -> SealedPlace:
    rows = model._base_manager

    def batches() -> Iterator[list[Piece]]:
        last = 0
        while True:
            found = rows.filter(pk__gt=last, **{f"{field.name}__isnull": False}).order_by("pk")
            batch = [
                Piece(pk, bytes(stored), field.place(uuid))
                for pk, uuid, stored in found.values_list("pk", "uuid", field.name)[:BATCH]
            ]
            if not batch:
                return
            yield batch
            last = batch[-1].key

    def replace(pk: int, old: bytes, new: bytes) -> bool:
        same = rows.filter(pk=pk, **{field.name: Sealed(old)})
        return same.update(**{field.name: Sealed(new)}) == 1

    return SealedPlace(f"{model._meta.label}.{field.name}", batches, replace)


@dataclass
class Resealed:
    """What became of a place: values under the writing key before, brought under it, and not to be opened."""

    kept: int = 0
    done: int = 0
    lost: int = 0


def reseal(place: SealedPlace) -> Resealed:
    """Bring a place under the key that writes, one short transaction a batch."""
    ring, result = key_ring(), Resealed()
    for batch in place.batches():
        fresh = []
        for piece in batch:
            if key_id_of_sealed(piece.stored) == ring.writing_id:
                result.kept += 1
                continue
            try:
                plain = ring.unseal(piece.stored, piece.place)
            except CannotDecrypt:
                result.lost += 1
                continue
            fresh.append((piece.key, piece.stored, ring.seal(plain, piece.place)))
        if fresh:
            with transaction.atomic():
                result.done += sum(place.replace(*one) for one in fresh)
    return result


def key_ids(place: SealedPlace) -> Counter:
    """Return how many values of a place are under which key."""
    return Counter(key_id_of_sealed(piece.stored) for batch in place.batches() for piece in batch)


def keep_digest_keys(now: datetime) -> None:
    """Keep what the other keys' digests are compared by, sealed under the one that writes.

    Raise KeyIdReused where an id of FIELD_KEY already stands there for another key.
    """
    ring = key_ring()
    kept = {one.key_id: one.secret for one in RetiredDigestKey.objects.all()}
    for key_id, secret in ring.digest_keys().items():
        if kept.get(key_id, secret) != secret:
            raise KeyIdReused(key_id)
        if key_id not in kept and key_id != ring.writing_id:
            RetiredDigestKey.objects.get_or_create(  # another one may run at the same time
                key_id=key_id, defaults={"secret": secret, "retired_at": now}
            )
