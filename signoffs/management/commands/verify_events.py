"""`verify_events`: hold every chain of events against its digests, and every row against the events.

Exit 1 where a chain does not hold, or a row says something else than the event that wrote it.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from signoffs.flow.chains import verify
from signoffs.models import Chain
from signoffs.queries import evidence
from signoffs.queries.moment import one_moment

WORDS = {
    "missing": "is missing",
    "changed": "was changed",
    "payload": "says something else than it did, or nothing any more",
    "person": "names somebody else than it did",
    "chain": "belongs to another chain",
    "head": "is not the last one that was written",
}
ROW_WORDS = {
    "changed": "says something else than its event",
    "missing": "is gone, and no event removed it",
    "unaccounted": "was written by no event",
    "head": "names another event than the one that wrote it",
    "back": "is there, though an event removed it",
    "seen": "has another number of access records than their newest event counted",
}


class Command(BaseCommand):
    """Names each place where a chain does not hold, and each row that no event accounts for."""

    help = (
        "Hold every chain of events against its digests, and every row against the events; name what differs."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what is wrong. Raise CommandError where something is."""
        wrong = events = 0
        chains = Chain.objects.select_related("class_group__department", "department", "campaign")
        keys = list(chains.order_by("pk").values_list("pk", flat=True))
        for key in keys:
            with one_moment():  # the site goes on: a chain that grows in the middle would not end at its head
                chain = chains.get(pk=key)
                problems = verify(chain)
            events += chain.length
            wrong += len(problems)
            for problem in problems:
                self.stdout.write(f"{chain.place}: event {problem.position} {WORDS[problem.code]}")
        with one_moment():
            verdict = evidence.judge()
        for found in verdict.problems:
            self.stdout.write(f"{_row(found.row)} {ROW_WORDS[found.code]}")
        older = (
            f" {verdict.older:,} rows are older than the digests of rows: not proven."
            if verdict.older
            else ""
        )
        if wrong or verdict.problems:
            count = f"{wrong} of {events:,} events and {len(verdict.problems)} of {verdict.rows:,} rows"
            raise CommandError(f"{count} do not hold.{older}", returncode=1)
        self.stdout.write(f"{events:,} events in {len(keys)} chains, {verdict.rows:,} rows: all hold.{older}")


def _row(key: str) -> str:
    """Return a row's key in words: its table and its UUID, or its key where it has none; nobody's name."""
    table, _, which = key.partition(":")
    return f"{table} {which}"
