"""`send_reminders`: for a timer, once an hour. Safe to run twice, two at once, and after a pause."""

from smtplib import SMTPException

from django.core.mail import send_mail
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone, translation

from rosters import importing
from signoffs import flow, letters


class Command(BaseCommand):
    """Letters to officers: sheets to act on, and before each deadline."""

    help = "Write to the officers whose sheets wait or whose deadline is near, each of it once."

    def handle(self, *args, **options):
        """Send what is due. Raise CommandError where the mail server refuses; what was sent stays so."""
        campaign = importing.open_campaign()
        if campaign is None:
            self.stdout.write("No campaign is open.")
            return
        sent = 0
        with translation.override("zh-hans"):
            for letter in letters.due(campaign, timezone.now()):
                reminder = flow.claim_reminder(
                    campaign=campaign, user=letter.user, occasion=letter.occasion, clock=timezone.now
                )
                if reminder is None:
                    continue
                try:
                    send_mail(letter.subject, letter.text, None, [letter.user.email])
                except (SMTPException, OSError) as error:
                    raise CommandError(f"The mail server does not take letters: {error}") from error
                flow.mark_reminded(reminder=reminder, clock=timezone.now)
                sent += 1
        self.stdout.write(f"{sent} letters sent.")
