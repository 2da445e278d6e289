"""Letters that are sent once (催办): claimed under a lock of their own row, then sent, then marked."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from rosters.models import Campaign

from ..models import Reminder, User
from .refusals import Clock

# A claim whose letter was not sent by then is void: the process has died, or the mail server was away.
CLAIM_LASTS = timedelta(minutes=10)


def claim_reminder(
    *, campaign: Campaign, user: User, occasion: str, clock: Clock = timezone.now
) -> Reminder | None:
    """Return the letter that the caller is to send now; None: it was sent, or somebody else is sending it."""
    with transaction.atomic():
        now = clock()
        made, is_new = Reminder.objects.get_or_create(
            campaign=campaign, user=user, occasion=occasion, defaults={"claimed_at": now}
        )
        if is_new:
            return made
        void = Reminder.objects.filter(pk=made.pk, sent_at=None, claimed_at__lte=now - CLAIM_LASTS)
        return made if void.update(claimed_at=now) == 1 else None


def mark_reminded(*, reminder: Reminder, clock: Clock = timezone.now) -> None:
    """Note that the letter was sent."""
    Reminder.objects.filter(pk=reminder.pk).update(sent_at=clock())
