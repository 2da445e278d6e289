"""`import_roster FILE`: a roster from the command line, with the office page's own reading, checks and flow.

Exit 0: applied, or clean under --dry-run. 1: refused, nothing changed. 2: wrong usage.
"""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils.translation import gettext as _

from rosters import importing, planning, reading, refusals
from rosters.models import Campaign
from rosters.sentences import Sentence
from signoffs import flow
from signoffs.process import deadlines
from signoffs.queries.actors import Who

REFUSED, WRONG_USAGE = 1, 2
WHO = Who(command="import_roster")
COUNTS = (
    "rows",
    "departments",
    "classes",
    "created",
    "updated",
    "unchanged",
    "skipped",
    "refused",
    "missing",
    "emptied",
    "undone",
    "without_number",
)
# What may be chosen beside the file, each with its option's help.
CHOICES = {
    "empty_values": "let empty cells replace stored values; without it they stay",
    "overwrite_mended": "let the file replace values that were mended after a report or by hand",
    "undo_last": "take off who came only by the last import, if nobody has used it, and is not in FILE",
    "accept_missing_numbers": "accept that over 5 %% of the roster have no usable ID number",
}


class Command(BaseCommand):
    """All or nothing: a file with one error changes nothing."""

    help = "Import a roster file (xlsx, xls, csv, dbf, HTML table) into a campaign."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the file, and what docs/architecture.md promises."""
        parser.add_argument("file", metavar="FILE", help="the roster file")
        parser.add_argument(
            "--campaign", metavar="SLUG", help="the cohort year; without it: the open campaign"
        )
        parser.add_argument("--dry-run", action="store_true", help="check only; change nothing")
        parser.add_argument("--json", action="store_true", help="print the result as one JSON object")
        for name, text in CHOICES.items():
            parser.add_argument(f"--{name.replace('_', '-')}", action="store_true", help=text)

    def handle(
        self, *args: Any, file: str, campaign: str | None, dry_run: bool, json: bool, **options: Any
    ) -> None:
        """Import. Raise CommandError for wrong usage; exit with 1 where the file is refused."""
        try:
            content = Path(file).read_bytes() if Path(file).stat().st_size <= reading.LARGEST_FILE else None
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}", returncode=WRONG_USAGE) from error
        try:
            if content is None:
                raise refusals.Unreadable("too_large", limit=reading.LARGEST_FILE // 2**20)
            roster = reading.read(content, Path(file).name)
        except refusals.Unreadable as error:
            result = _unreadable(error)
        else:
            new = campaign if campaign and not Campaign.objects.filter(slug=campaign).exists() else ""
            result = _import(
                roster, campaign, dry_run, planning.Choices(**{name: options[name] for name in CHOICES})
            )
            if new and (result["applied"] or dry_run):
                self.stderr.write(f"warning: {_warn_of_dates(new)}")
        if json:
            self._print_json(result)
        else:
            self._print(result, dry_run)
        if result["problems"] and any(problem["level"] == "error" for problem in result["problems"]):
            sys.exit(REFUSED)

    def _print_json(self, result: dict[str, Any]) -> None:
        self.stdout.write(json.dumps(result, ensure_ascii=False))

    def _print(self, result: dict[str, Any], dry_run: bool) -> None:
        for problem in result["problems"]:
            place = " ".join(str(problem[name]) for name in ("sheet", "row", "column") if problem[name])
            where = f"{problem['level']}: {place}" if place else problem["level"]
            self.stderr.write(f"{where}: {problem['message']}")
        self.stdout.write(", ".join(f"{name} {result[name]}" for name in COUNTS))
        outcome = _("Applied.") if result["applied"] else _("Nothing was changed.")
        self.stdout.write(str(outcome))


def _of_the_whole(code: str, message: Sentence) -> dict[str, Any]:
    """Return an error that is no cell's, as --json prints one."""
    place = {"sheet": None, "row": None, "column": None}
    return {**place, "level": "error", "code": code, "message": str(message)}


def _unreadable(error: refusals.Unreadable) -> dict[str, Any]:
    """Return the result for a file that no row could be read from."""
    problems = [_of_the_whole(error.code, error.sentence)]
    return {"applied": False, **dict.fromkeys(COUNTS, 0), "problems": problems}


def _import(
    roster: reading.Reading, slug: str | None, dry_run: bool, choices: planning.Choices
) -> dict[str, Any]:
    """Plan, and apply where that is wanted and the plan is clean; return what --json prints.

    In one transaction, so that a campaign which is made for the file goes with it where nothing is applied.
    """
    with transaction.atomic():
        plan = planning.plan(_campaign(slug), roster, choices)
        problems = [problem.as_dict() for problem in plan.problems]
        applied = False
        if plan.is_clean and not dry_run:
            try:
                flow.import_roster(plan=plan, who=WHO)
                applied = True
            except flow.Refused as refused:
                problems.append(_of_the_whole("refused", refused.reason))
            except importing.Stale:
                changed = _(
                    "The roster has changed while this file was checked. Nothing was applied: try again."
                )
                problems.append(_of_the_whole("stale", changed))
        if not applied:
            transaction.set_rollback(True)
    return {"applied": applied, **plan.counts, "problems": problems}


def _warn_of_dates(slug: str) -> str:
    """Return what to say of the deadlines of a campaign that the file makes: nobody was asked for them."""
    days = deadlines.usual(int(slug))
    told = _(
        "There was no campaign of %(year)s: the file makes it, with the given deadlines, %(students)s for "
        "students and %(departments)s for departments. Set them on the office's page before anybody signs."
    )
    return told % {"year": slug, "students": days[0].isoformat(), "departments": days[1].isoformat()}


def _campaign(slug: str | None) -> Campaign:
    """Return the campaign of the slug, made where there is none, or the open one. Raise CommandError."""
    if slug is None:
        found = importing.open_campaign()
        if found is None:
            raise CommandError("No campaign is open: name one, as --campaign 2026.", returncode=WRONG_USAGE)
        return found
    try:
        return flow.campaign_for(slug=slug, who=WHO)
    except flow.Refused as refused:
        raise CommandError(f"--campaign {slug}: {refused.reason}", returncode=WRONG_USAGE) from refused
