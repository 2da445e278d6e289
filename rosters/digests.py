"""Record digests of many rows: the same as of one, but what thousands share is normalised once.

A leaf.
"""

from operator import attrgetter

from . import key_fields
from .encryption import key_ring

FIELDS = tuple(key_fields.BY_NAME)
_values = attrgetter(*FIELDS)
# Fields beside each other that thousands of rows share; of the others each row has its own value.
SHARED = (("sex", "ethnicity", "birth_date"), ("department_name", "major", "class_name", "level", "duration"))
# The fields in their order, as stretches: (first, end, shared).
_STRETCHES = tuple(
    (FIELDS.index(names[0]), FIELDS.index(names[-1]) + 1, names in SHARED)
    for names in (("name",), SHARED[0], ("id_number", "student_number"), SHARED[1])
)


class RecordDigests:
    """Makes the digest of one record after another."""

    def __init__(self):
        """Start with nothing known."""
        self._known: dict[tuple, str] = {}
        self._ring = key_ring()

    def text(self, record) -> str:
        """Return what key_fields.normalised_record returns."""
        values, parts = _values(record), []
        for first, end, shared in _STRETCHES:
            stretch = values[first:end]
            part = self._known.get((first, stretch)) if shared else None
            if part is None:
                pairs = zip(FIELDS[first:end], stretch, strict=True)
                part = "\x1f".join(f"{name}={key_fields.normalise(name, value)}" for name, value in pairs)
                if shared:
                    self._known[first, stretch] = part
            parts.append(part)
        return "\x1f".join(parts)

    def of(self, record) -> str:
        """Return the digest to store."""
        return self._ring.digest("record", self.text(record))

    def matches(self, stored: str, record) -> bool:
        """Say whether a stored digest is this record's, under whichever key it was made."""
        return self._ring.same(stored, "record", self.text(record))
