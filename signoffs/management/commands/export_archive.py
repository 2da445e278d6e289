"""`export_archive`: one sealed ZIP a department, for the university's archive, before the purge."""

import os
import sys
from getpass import getpass
from pathlib import Path
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone, translation

from rosters.models import Campaign, Department
from signoffs import flow
from signoffs.outputs.archive import write_archive
from signoffs.queries.actors import Who

WRONG_USAGE = 2
VARIABLE = "ENROLLCHECK_ARCHIVE_PASSWORD"


def ask_password() -> str:
    """Return the password: of the environment, typed twice, or the first line sent. Raise CommandError."""
    if VARIABLE in os.environ:
        password = os.environ[VARIABLE]
    elif sys.stdin.isatty():
        password = getpass("Password: ")
        if getpass("Once more: ") != password:
            raise CommandError("The two passwords differ.", returncode=WRONG_USAGE)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    try:
        validate_password(password)
    except ValidationError as error:
        raise CommandError(" ".join(error.messages), returncode=WRONG_USAGE) from error
    return password


class Command(BaseCommand):
    """The office page's archives, from the command line."""

    help = (
        "Write an archive of each department of a closed campaign, sealed with a password that is asked for."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the campaign, which department, and the folder."""
        parser.add_argument("--campaign", metavar="SLUG", help="without it: the last closed one")
        parser.add_argument("--department", metavar="NAME", help="one department; without it: each")
        parser.add_argument("--output", required=True, type=Path, metavar="FOLDER", help="where they go")

    def handle(
        self, *args: Any, campaign: str | None, department: str | None, output: Path, **options: Any
    ) -> None:
        """Write them. Raise CommandError for wrong usage, and where it is refused."""
        chosen, departments = self.scope(campaign, department)
        if not output.is_dir():
            raise CommandError(f"{output}: there is no such folder.", returncode=WRONG_USAGE)
        with translation.override("en"):
            try:
                flow.begin_archive(chosen)
                password = ask_password()
                for one in departments:
                    self.write(chosen, one, output, password)
            except flow.Refused as refused:
                raise CommandError(f"{chosen.slug}: {refused.reason}") from refused
            except OSError as error:
                raise CommandError(f"{output}: {error.strerror}", returncode=WRONG_USAGE) from error

    def scope(self, campaign: str | None, department: str | None) -> tuple[Campaign, list[Department]]:
        """Return which campaign is meant, and which departments. Raise CommandError where there is none."""
        found = (
            Campaign.objects.filter(slug=campaign) if campaign else Campaign.objects.filter(state="closed")
        )
        chosen = found.order_by("-slug").first()
        if chosen is None:
            what = f"There is no campaign {campaign}." if campaign else "No campaign is closed."
            raise CommandError(what, returncode=WRONG_USAGE)
        departments = Department.objects.filter(class_groups__campaign=chosen).distinct().order_by("name")
        if department:
            departments = departments.filter(name=department)
        if not departments:
            raise CommandError(f"No department is called so: {department}.", returncode=WRONG_USAGE)
        return chosen, list(departments)

    def write(self, campaign: Campaign, department: Department, folder: Path, password: str) -> None:
        """Write one department's archive: whole, recorded, or not there. Raise Refused or OSError."""
        name = f"存档包-{campaign.slug}-{department}.zip".replace("/", "_")
        partial = folder / f".{name}.{os.getpid()}.part"
        try:
            until = flow.begin_archive(campaign)
            with translation.override("zh-hans"):
                head = write_archive(partial, password, campaign, department, timezone.now())
            flow.record_archive(
                department=department,
                campaign=campaign,
                who=Who(command="export_archive"),
                until=until,
                head=head,
            )
            partial.replace(folder / name)
        finally:
            partial.unlink(missing_ok=True)
        self.stdout.write(f"{folder / name}: {(folder / name).stat().st_size:,} bytes. Head: {head}")
