"""`send_reminders`: for a timer, once an hour. Safe to run twice, two at once, and after a pause."""

from collections.abc import Iterable
from smtplib import SMTPException
from typing import Any

from django.core.mail import send_mail
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone, translation

from rosters import importing
from rosters.models import Campaign
from signoffs import flow
from signoffs.outputs import letters


class Command(BaseCommand):
    """Letters to officers: sheets to act on, and before each deadline; to staff: what will be deleted."""

    help = "Write to officers whose sheets wait or whose deadline is near, and to staff what is deleted when."

    def handle(self, *args: Any, **options: Any) -> None:
        """Send what is due. Raise CommandError where the mail server refuses; what was sent stays so."""
        campaign, sent = importing.open_campaign(), 0
        announced = Campaign.objects.filter(purged_at=None).exclude(purge_on=None).order_by("slug")
        if campaign is None and not announced:
            self.stdout.write("No campaign is open.")
            return
        with translation.override("zh-hans"):
            if campaign is not None:
                sent += self.send(campaign, letters.due(campaign, timezone.now()))
            for one in announced:
                sent += self.send(one, letters.of_purge(one))
        self.stdout.write(f"{sent} letters sent.")

    def send(self, campaign: Campaign, due: Iterable[letters.Letter]) -> int:
        """Send what was not sent yet; return how many. Raise CommandError where the mail server refuses."""
        sent = 0
        for letter in due:
            reminder = flow.claim_reminder(campaign=campaign, user=letter.user, occasion=letter.occasion)
            if reminder is None:
                continue
            try:
                send_mail(letter.subject, letter.text, None, [letter.user.email])
            except (SMTPException, OSError) as error:
                raise CommandError(f"The mail server does not take letters: {error}") from error
            flow.mark_reminded(reminder=reminder)
            sent += 1
        return sent
