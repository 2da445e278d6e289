"""Digests under a new key: what is looked up by them, made anew class by class under its lock.

Made anew: students' (of the ID number, of the record) and links'. Not made anew are the links of a chain,
the digests of sheets and hand-ins, those of the record that a declaration was made on, and the marks of
devices: they prove what was, or their plain value is not known. They are compared by the digest key that
`rotate_keys` keeps (rosters.models.RetiredDigestKey). A device that signs before and after a rotation has
two marks.
"""

from collections import Counter

from django.utils import timezone

from rosters import importing
from rosters.encryption import key_id_of_digest, key_ring
from rosters.models import ClassGroup, Student

from ..entrance import links
from ..models import ClassLink
from .book import class_book
from .refusals import Clock


def renew_digests(*, class_group: ClassGroup, clock: Clock = timezone.now) -> Counter[str]:
    """Make a class's digests anew under the key that writes; return of how many `students` and `links`."""
    with class_book(class_group.pk, clock) as book:
        return Counter(
            students=importing.renew_digests(book.class_group), links=links.renew_digests(book.class_group)
        )


def digests_left() -> Counter[str]:
    """Return how many of the digests that can be made anew are under a key other than the one that writes."""
    writing = key_ring().writing_id
    left: Counter[str] = Counter()
    stored = (
        *Student.objects.values_list("id_digest", flat=True).iterator(2000),
        *Student.objects.values_list("record_digest", flat=True).iterator(2000),
        *ClassLink.objects.values_list("token_digest", flat=True).iterator(2000),
    )
    for digest in stored:
        if digest and key_id_of_digest(digest) != writing:
            left[key_id_of_digest(digest)] += 1
    return left
