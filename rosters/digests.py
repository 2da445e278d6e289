"""Record digests of many rows: the same as of one, but what thousands share is normalised once.

A leaf.
"""

from . import key_fields
from .encryption import key_ring

# Whoever's row: these have few values, so a cache of them is small, and tells of nobody.
SHARED = frozenset(key_fields.BY_NAME) - {"name", "id_number", "student_number"}


class RecordDigests:
    """Makes the digest of one record after another."""

    def __init__(self):
        """Start with nothing known."""
        self._known: dict[str, dict] = {name: {} for name in SHARED}
        self._ring = key_ring()

    def text(self, record) -> str:
        """Return what key_fields.normalised_record returns."""
        parts = []
        for name in key_fields.BY_NAME:
            value = getattr(record, name)
            known = self._known.get(name)
            if known is None:
                parts.append(f"{name}={key_fields.normalise(name, value)}")
                continue
            part = known.get(value)
            if part is None:
                part = known[value] = f"{name}={key_fields.normalise(name, value)}"
            parts.append(part)
        return "\x1f".join(parts)

    def of(self, record) -> str:
        """Return the digest to store."""
        return self._ring.digest("record", self.text(record))

    def matches(self, stored: str, record) -> bool:
        """Say whether a stored digest is this record's, under whichever key it was made."""
        return self._ring.same(stored, "record", self.text(record))
