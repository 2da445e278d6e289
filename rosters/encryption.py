"""Encrypted fields, keyed digests, and the key ring behind both.

A value is sealed with AES-256-GCM under a random nonce and bound to its column and its row's UUID, so a
ciphertext copied to another row or column does not open. Stored form, in bytes:

    1 (version) | length of the key's id | the key's id, ASCII | 12 bytes nonce | ciphertext and tag

A digest is an HMAC-SHA256, cut to 128 bits, under a key derived from the field key; it is stored as
`id:hex`, so a changed key ring is noticed. The first key of the ring writes; all of them read. Where a key
has left the ring, its digests are still compared, by the derived key that `rotate_keys` has kept.
"""

import hashlib
import hmac
import json
import os
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

VERSION = 1
NONCE_BYTES = 12


Retired = Callable[[str], bytes | None]


class CannotDecrypt(Exception):
    """A stored value does not open: its key is not in FIELD_KEY, or the value was changed or moved."""


class KeyRing:
    """The keys of FIELD_KEY, in order: the first one writes."""

    def __init__(self, keys: dict[str, bytes], retired: Retired = lambda key_id: None):
        """Take the keys, 32 bytes each, by their id; and where to ask for a retired one's digest key."""
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._digest_keys = {
            key_id: hmac.digest(key, b"enrollcheck digest", hashlib.sha256) for key_id, key in keys.items()
        }
        # Looked up once each: a ring lives as long as its process.
        self._ask_retired = retired
        self._retired: dict[str, bytes] = {}
        self.writing_id = next(iter(keys))
        self._prefix = bytes([VERSION, len(self.writing_id)]) + self.writing_id.encode("ascii")

    def seal(self, plain: bytes, place: str) -> bytes:
        """Encrypt `plain` for `place` (column and row) and return the stored form."""
        nonce = os.urandom(NONCE_BYTES)
        return self._prefix + nonce + self._ciphers[self.writing_id].encrypt(nonce, plain, place.encode())

    def unseal(self, stored: bytes, place: str) -> bytes:
        """Return what `seal` was given. Raise CannotDecrypt for a foreign key, place or content."""
        if len(stored) < 2 or stored[0] != VERSION:
            raise CannotDecrypt(f"{place}: not a value that enrollcheck has sealed")
        start, key_id = 2 + stored[1], key_id_of_sealed(stored)
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise CannotDecrypt(f"{place}: sealed with the key {key_id!r}, which FIELD_KEY does not hold")
        nonce, sealed = stored[start : start + NONCE_BYTES], stored[start + NONCE_BYTES :]
        try:
            return cipher.decrypt(nonce, sealed, place.encode())
        except InvalidTag as error:
            raise CannotDecrypt(f"{place}: the stored value was changed or belongs elsewhere") from error

    def digest(self, purpose: str, value: str) -> str:
        """Return the digest that is stored; `purpose` keeps equal values of two columns apart."""
        return self._digest(self.writing_id, purpose, value)

    def digests(self, purpose: str, value: str) -> list[str]:
        """Return the digest under every key of the ring: what a look-up asks for."""
        return [self._digest(key_id, purpose, value) for key_id in self._digest_keys]

    def same(self, stored: str, purpose: str, value: str) -> bool:
        """Say whether `stored` is the digest of `value`, under whichever key it was made; constant time."""
        return hmac.compare_digest(stored, self._digest(key_id_of_digest(stored), purpose, value))

    def digest_keys(self) -> dict[str, bytes]:
        """Return what digests are made by, by the id of the field key: it opens nothing that is sealed."""
        return dict(self._digest_keys)

    def _digest_key(self, key_id: str) -> bytes:
        found = self._retired.get(key_id) or self._ask_retired(key_id)
        if found is None:
            raise CannotDecrypt(f"a digest was made with the key {key_id!r}, which FIELD_KEY does not hold")
        self._retired[key_id] = found
        return found

    def _digest(self, key_id: str, purpose: str, value: str) -> str:
        key = self._digest_keys.get(key_id) or self._digest_key(key_id)
        message = f"{purpose}\x1f{value}".encode()
        return f"{key_id}:{hmac.digest(key, message, 'sha256')[:16].hex()}"


def key_id_of_digest(stored: str) -> str:
    """Return the id of the key that a stored digest was made with."""
    return stored.partition(":")[0]


def key_id_of_sealed(stored: bytes) -> str:
    """Return the id of the key that a sealed value was made with; empty for what is none."""
    if len(stored) < 2 or stored[0] != VERSION:
        return ""
    return bytes(stored[2 : 2 + stored[1]]).decode("ascii", "replace")


_places_of_retired: list[Retired] = []


def ask_for_retired_keys(place: Retired) -> None:
    """Let the ring ask there for the digest key of a field key that FIELD_KEY no longer holds."""
    _places_of_retired[:] = [place]


@lru_cache(maxsize=4)
def _ring(keys: tuple[tuple[str, bytes], ...]) -> KeyRing:
    return KeyRing(dict(keys), lambda key_id: _places_of_retired[0](key_id))


def key_ring() -> KeyRing:
    """Return the ring of settings.FIELD_KEYS."""
    return _ring(tuple(settings.FIELD_KEYS.items()))


class Sealed(bytes):
    """The stored form of a value, as it came from the database and before somebody has asked for it."""


class _Unsealing:
    """The attribute of an encrypted field: opens the value when it is first read, and not before."""

    def __init__(self, field: "EncryptedField[Any, Any]"):
        self.field = field

    def __get__(self, instance: Any, owner: type[models.Model] | None = None) -> Any:
        if instance is None:
            return self
        name = self.field.attname
        if name not in instance.__dict__:  # deferred by .only() or .defer()
            instance.refresh_from_db(fields=[name])
        value = instance.__dict__[name]
        if isinstance(value, Sealed):
            value = instance.__dict__[name] = self.field.unseal(value, instance.uuid)
        return value

    def __set__(self, instance: Any, value: object) -> None:
        instance.__dict__[self.field.attname] = value


# What a column takes, and what it gives; None too where it may be null. mypy's plugin for Django reads both
# from the `_pyi_private` lines of a field. Django's own fields take no parameters while the program runs.
_Set = TypeVar("_Set", contravariant=True)
_Get = TypeVar("_Get", covariant=True)

if TYPE_CHECKING:

    class _BinaryField(models.BinaryField[_Set, _Get]):
        pass

else:

    class _BinaryField(models.BinaryField, Generic[_Set, _Get]):
        pass


class EncryptedField(_BinaryField[_Set, _Get]):
    """A column whose plain value is never stored; the model must have a `uuid`.

    Subclasses say how a value becomes bytes. An update() with a plain value is refused, since the row's
    UUID isn't known there: save the object, or pass what `seal` returned.
    """

    _pyi_private_set_type: bytes
    _pyi_private_get_type: bytes

    def __init__(self, *args: Any, **kwargs: Any):
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)

    def to_bytes(self, value: Any) -> bytes:
        """Return the bytes to seal."""
        return bytes(value)

    def from_bytes(self, plain: bytes) -> Any:
        """Return the value of the unsealed bytes."""
        return plain

    def place(self, uuid: UUID) -> str:
        """Return the name of this column in the row of that UUID: what the ciphertext is bound to."""
        return f"{self.model._meta.label}.{self.name}:{uuid}"

    def seal(self, value: Any, uuid: UUID) -> Sealed | None:
        """Return the stored form of a value for the row of that UUID; None stays None."""
        if value is None or isinstance(value, Sealed):
            return value
        return Sealed(key_ring().seal(self.to_bytes(value), self.place(uuid)))

    def unseal_bytes(self, stored: bytes, uuid: UUID) -> bytes:
        """Return the plain bytes, as `to_bytes` made them. Raise CannotDecrypt where it does not open."""
        return key_ring().unseal(stored, self.place(uuid))

    def unseal(self, stored: bytes, uuid: UUID) -> Any:
        """Return the plain value. Raise CannotDecrypt where it does not open."""
        return self.from_bytes(self.unseal_bytes(stored, uuid))

    def contribute_to_class(self, cls: type[models.Model], name: str, private_only: bool = False) -> None:
        """Put the attribute that unseals on the model."""
        super().contribute_to_class(cls, name, private_only)
        setattr(cls, self.attname, _Unsealing(self))

    def from_db_value(self, value: bytes | None, expression: object, connection: object) -> Sealed | None:
        """Wrap what the database holds; it stays sealed until it is read."""
        return None if value is None else Sealed(value)

    def pre_save(self, model_instance: Any, add: bool) -> Sealed | None:
        """Return the stored form, made from the instance's value and its UUID."""
        return self.seal(model_instance.__dict__[self.attname], model_instance.uuid)

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        """Pass a sealed value on. Raise TypeError for a plain one: it must not reach the database."""
        if value is not None and not isinstance(value, Sealed):
            raise TypeError(f"{self.model._meta.label}.{self.name} takes sealed values only")
        return super().get_db_prep_value(value, connection, prepared)


class EncryptedTextField(EncryptedField[_Set, _Get]):
    """Text, sealed."""

    _pyi_private_set_type: str  # type: ignore[assignment]  # text where the base has bytes
    _pyi_private_get_type: str  # type: ignore[assignment]

    def to_bytes(self, value: str) -> bytes:
        """Return the text in UTF-8."""
        return value.encode()

    def from_bytes(self, plain: bytes) -> str:
        """Return the text."""
        return plain.decode()


class EncryptedJSONField(EncryptedField[_Set, _Get]):
    """What JSON can hold, sealed."""

    _pyi_private_set_type: Any
    _pyi_private_get_type: Any

    def to_bytes(self, value: Any) -> bytes:
        """Return compact JSON in UTF-8."""
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()

    def from_bytes(self, plain: bytes) -> Any:
        """Return the parsed value."""
        return json.loads(plain)
