"""`recount`: count every class anew, and mend a tally that differs. Exit 1 under --dry-run where one does."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from rosters.models import ClassGroup
from signoffs import flow


class Command(BaseCommand):
    """What the dashboards show, held against the rows, class by class. A dry run may run on a standby."""

    help = "Count every class anew, report where a tally differs, and mend it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take whether to mend."""
        parser.add_argument("--dry-run", action="store_true", help="report only")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        """Print what differs. Raise CommandError under --dry-run where something does."""
        wrong = 0
        for class_group in ClassGroup.objects.select_related("department").order_by("pk"):
            if dry_run:
                found = flow.wrong_tally(class_group=class_group)
            else:
                found = flow.recount(class_group=class_group)
            wrong += bool(found)
            for name, (kept, counted) in found.items():
                self.stdout.write(f"{class_group.department} {class_group}: {name} {kept} → {counted}")
        if wrong and dry_run:
            raise CommandError(f"{wrong} classes differ.", returncode=1)
        self.stdout.write(f"{wrong} classes differed{' and are mended' if wrong else ''}.")
