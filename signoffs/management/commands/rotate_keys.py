"""`rotate_keys`: everything under the first key of FIELD_KEY, so that the others can leave it.

For after a new key was put in front and the server was restarted. The site may run meanwhile; what was
stopped is begun again.
"""

from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from rosters import rotation
from rosters.encryption import key_ring
from rosters.models import ClassGroup
from signoffs import flow
from signoffs.entrance import links
from signoffs.process import deadlines


class Command(BaseCommand):
    """Seals anew, digests anew, and says which keys are no longer needed."""

    help = "Bring everything under the first key of FIELD_KEY, and say which keys are no longer needed."

    def handle(self, *args: Any, **options: Any) -> None:
        """Rotate. Raise CommandError where a value doesn't open, or an id names two keys."""
        try:
            rotation.keep_digest_keys(timezone.now())
        except rotation.KeyIdReused as error:
            raise CommandError(
                f"FIELD_KEY calls a key {error}, as another one was called before: give the new key an id "
                "that was never used."
            ) from error
        lost = 0
        for place in rotation.places():
            result = rotation.reseal(place)
            lost += result.lost
            self.stdout.write(f"{place.name}: {result.done:,} sealed anew, {result.kept:,} were so already")
        if lost:
            raise CommandError(self.lost(lost))
        renewed: Counter[str] = Counter()
        for class_group in ClassGroup.everything.order_by("pk"):
            renewed += flow.renew_digests(class_group=class_group)
        self.stdout.write(f"digests anew: {renewed['students']:,} students, {renewed['links']:,} links")
        self.tell()

    def lost(self, count: int) -> str:
        """Say why values don't open."""
        known = key_ring().digest_keys()
        lacking = {key_id for place in rotation.places() for key_id in rotation.key_ids(place)} - set(known)
        why = f"FIELD_KEY lacks {', '.join(sorted(lacking))}" if lacking else "they were changed"
        return f"{count:,} values don't open: {why}. They are as they were; take no key out of FIELD_KEY."

    def tell(self) -> None:
        """Say what FIELD_KEY still needs, by looking once more. Raise CommandError where keys are mixed."""
        ring = key_ring()
        left = sum((rotation.key_ids(place) for place in rotation.places()), flow.digests_left())
        del left[ring.writing_id]
        if left:
            raise CommandError(
                f"{left.total():,} values were written under an old key meanwhile. Restart the server, so "
                f"that it writes under {ring.writing_id}, and run this again."
            )
        old = [key_id for key_id in ring.digest_keys() if key_id != ring.writing_id]
        said = f"{', '.join(old)} can be taken out of FIELD_KEY; then restart the server. " if old else ""
        self.stdout.write(f"Everything is under {ring.writing_id}. {said}Older backups need their old key.")
        invitations = links.invitations_under_old_keys(timezone.now())
        if old and invitations:
            names = ", ".join(one.user.username for one in invitations)
            until = deadlines.day_of(invitations[-1].expires_at)
            self.stdout.write(
                f"The invitations of {names} end when it is taken out: wait until they have chosen their "
                f"passwords (the last one may until {until}), or let the office invite them anew."
            )
