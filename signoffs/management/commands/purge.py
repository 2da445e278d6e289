"""`purge`: after a campaign, personal data goes; announced beforehand, and once the forms were handed out."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone, translation

from rosters.models import Campaign
from signoffs import flow
from signoffs.process import deadlines, keeping
from signoffs.queries import retention
from signoffs.queries.actors import Who
from signoffs.queries.closing import open_reports
from signoffs.upkeep.alone import alone

WRONG_USAGE = 2


class Command(BaseCommand):
    """Announces a deletion, tries it, or makes it."""

    help = (
        "Delete the personal data of a closed campaign, after its announced day and once its forms were "
        "handed out. Counts, chains and the codes on the prints stay."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the campaign and what to do."""
        parser.add_argument(
            "--campaign", metavar="SLUG", help="the cohort year; without it: the last closed one"
        )
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--announce", action="store_true", help="set the day, which staff are told")
        which.add_argument("--dry-run", action="store_true", help="say what would go; change nothing")
        parser.add_argument(
            "--days",
            type=int,
            default=keeping.KEPT_DAYS,
            help="with --announce: days after the close (default: %(default)s)",
        )
        parser.add_argument(
            "--with-open",
            type=int,
            default=0,
            metavar="N",
            help="delete although N reported errors have not come to their end",
        )

    def handle(self, *args: Any, campaign: str | None, announce: bool, dry_run: bool, **options: Any) -> None:
        """Do it. Raise CommandError where it is refused, with the reason."""
        days, with_open = options["days"], options["with_open"]
        if not 0 <= days <= keeping.LONGEST_DAYS:
            raise CommandError(
                f"--days is a number of days after the close, from 0 to {keeping.LONGEST_DAYS}.",
                returncode=WRONG_USAGE,
            )
        found = self.campaign(campaign)
        who = Who(command="purge")
        with translation.override("en"):
            try:
                if announce:
                    day = flow.announce_purge(campaign=found, who=who, days=days)
                    self.stdout.write(f"{found.slug}: announced for {day}. `send_reminders` writes to staff.")
                    left = open_reports(found)
                    self.stdout.write(f"Reported errors without an end: {left}.")
                elif dry_run:
                    self.try_out(found, with_open)
                else:
                    self.purge(found, who, with_open)
            except flow.Refused as refused:
                raise CommandError(f"{found.slug}: {refused.reason}") from refused

    def campaign(self, slug: str | None) -> Campaign:
        """Return the campaign that is meant. Raise CommandError where there is none."""
        if slug:
            found = Campaign.objects.filter(slug=slug).first()
        else:
            found = Campaign.objects.filter(state=Campaign.State.CLOSED).order_by("-slug").first()
        if found is None:
            what = f"There is no campaign {slug}." if slug else "No campaign is closed."
            raise CommandError(what, returncode=WRONG_USAGE)
        return found

    def try_out(self, campaign: Campaign, with_open: int) -> None:
        """Say what would go, and what keeps it from going. Raise Refused."""
        there = flow.to_purge(campaign)
        self.warn_of_archives(campaign)
        self.stdout.write(
            f"{campaign.slug}: {there['students']:,} students, {there['declarations']:,} declarations."
        )
        refusal = retention.why_not(campaign, deadlines.day_of(timezone.now()), with_open)
        if refusal is not None:
            raise flow.Refused(refusal)
        self.stdout.write("Nothing was deleted; without --dry-run, all of it is.")

    def purge(self, campaign: Campaign, who: Who, with_open: int) -> None:
        """Delete, and then let the database forget the bytes. A purged campaign is only forgotten again."""
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA secure_delete = ON")
        if campaign.purged_at is None:
            self.warn_of_archives(campaign)
            gone = flow.purge_campaign(campaign=campaign, who=who, known_open=with_open)
            counts = ", ".join(f"{count:,} {what}" for what, count in gone.items())
            self.stdout.write(f"{campaign.slug}: deleted: {counts or 'nobody'}.")
        self.forget()

    def warn_of_archives(self, campaign: Campaign) -> None:
        """Name the departments whose archive was not made since the last change; it refuses nothing."""
        missing = retention.not_archived(campaign)
        if missing:
            names = ", ".join(map(str, missing))
            self.stderr.write(f"{campaign.slug}: not archived (`export_archive`): {names}.")

    def forget(self) -> None:
        """Write the database anew, so that no deleted byte stays in it or in its log. Raise CommandError."""
        with alone("purge"), connection.cursor() as cursor:  # two at once stop each other
            if connection.vendor == "postgresql":
                cursor.execute("VACUUM (FULL)")
                return
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            busy, *_ = cursor.fetchone()
        if busy:
            raise CommandError("Deleted, but the write-ahead log is in use: run this again to empty it.")
