"""`verify_events`: hold every chain of events against its digests. Exit 1 where one does not hold."""

from django.core.management.base import BaseCommand, CommandError

from signoffs.flow.chains import verify
from signoffs.models import Chain
from signoffs.queries.moment import one_moment

WORDS = {
    "missing": "is missing",
    "changed": "was changed",
    "payload": "says something else than it did",
    "person": "names somebody else than it did",
    "head": "is not the last one that was written",
}


class Command(BaseCommand):
    """Names each place where a chain does not hold."""

    help = "Hold every chain of events against its digests, and name what was changed or is missing."

    def handle(self, *args, **options):
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
        if wrong:
            raise CommandError(f"{wrong} of {events:,} events do not hold.", returncode=1)
        self.stdout.write(f"{events:,} events in {len(keys)} chains: all hold.")
