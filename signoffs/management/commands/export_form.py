"""`export_form`: the printed form as one PDF. Exit 2: wrong usage, an ambiguous name among it."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from rosters import importing
from rosters.models import Campaign, ClassGroup
from signoffs import flow
from signoffs.outputs import printing
from signoffs.process.export_kinds import ExportKind
from signoffs.queries.actors import Who

WRONG_USAGE = 2


class Command(BaseCommand):
    """The office page's prints, from the command line."""

    help = "Write the registration forms of a class, a department or all as one PDF."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take what docs/architecture.md promises."""
        parser.add_argument(
            "--campaign", metavar="SLUG", help="the cohort year; without it: the open campaign"
        )
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--class", dest="class_name", metavar="NAME", help="one class")
        which.add_argument("--department", metavar="NAME", help="all classes of a department")
        which.add_argument("--all", action="store_true", help="all classes")
        parser.add_argument("--blank", action="store_true", help="for signing on paper")
        parser.add_argument("--output", required=True, type=Path, metavar="FILE", help="the PDF to write")

    def handle(
        self,
        *args: Any,
        campaign: str | None,
        class_name: str | None,
        department: str | None,
        blank: bool,
        output: Path,
        **options: Any,
    ) -> None:
        """Write the PDF. Raise CommandError for wrong usage."""
        found = Campaign.objects.filter(slug=campaign).first() if campaign else importing.open_campaign()
        if found is None:
            what = f"There is no campaign {campaign}." if campaign else "No campaign is open: name one."
            raise CommandError(what, returncode=WRONG_USAGE)
        classes = ClassGroup.objects.filter(campaign=found).select_related("campaign", "department")
        if class_name:
            classes = classes.filter(name=class_name)
            if len(classes) > 1:
                where = "、".join(str(one.department) for one in classes)
                raise CommandError(
                    f"{class_name} is a class of several departments ({where}).", returncode=WRONG_USAGE
                )
        elif department:
            classes = classes.filter(department__name=department)
        if not classes:
            raise CommandError(
                f"No class is called so: {class_name or department or found.slug}.", returncode=WRONG_USAGE
            )
        what, who = ExportKind.BLANK_FORM if blank else ExportKind.FORM, Who(command="export_form")
        try:
            flow.record_export(
                campaign=found,
                who=who,
                what=what,
                department=classes[0].department if department else None,
                class_group=classes[0] if class_name else None,
            )
        except flow.Refused as refused:
            raise CommandError(str(refused.reason)) from refused
        try:
            size = _write(output, printing.form_pdf(classes, blank=blank, now=timezone.now()))
        except OSError as error:
            raise CommandError(f"{output}: {error.strerror}", returncode=WRONG_USAGE) from error
        self.stdout.write(f"{output}: {len(classes)} classes, {size:,} bytes")


def _write(output: Path, pieces: Iterator[bytes]) -> int:
    """Write a file that is whole or not there, piece by piece; return its size. Raise OSError."""
    if output.exists() and not output.is_file():  # a pipe: nothing can take its place
        with output.open("wb") as file:
            return sum(map(file.write, pieces))
    place = output.resolve()
    partial = place.with_name(f".{place.name}.{os.getpid()}.part")
    try:
        with partial.open("xb") as file:
            size = sum(map(file.write, pieces))
        partial.replace(place)
    finally:
        partial.unlink(missing_ok=True)
    return size
