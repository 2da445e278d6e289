"""The office's dashboard at 10,000, 100,000 and 1,000,000 students in the same number of classes.

Each size has a database and a process of its own (in one database of all, what grows would be hidden), and
they answer in turns. A sample is the whole page through the test client: queries, template, middleware. At
the largest size the same figures also come from GROUP BY over the students, and must be the same.

    python -m tests.benchmarks.dashboard [--sizes 10000 100000 1000000] [--rounds 15]
"""

import argparse
import json
import logging
import subprocess
import sys
from statistics import median

from tests.benchmarks.bench import Result, own_database, report, timed

GROUPED_ROUNDS = 3  # each takes seconds


def main() -> None:
    """Ask the processes of all sizes in turns, and print the ratios."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    options.add_argument("--rounds", type=int, default=15)
    options.add_argument("--serve", type=int, metavar="STUDENTS", help="be the process of one size")
    chosen = options.parse_args()
    if chosen.serve:
        with own_database():
            serve(chosen.serve)
        return
    sizes = [Size(students) for students in sorted(chosen.sizes)]
    try:
        print_results(sizes, chosen.rounds)
    finally:
        for one in sizes:
            one.end()


class Size:
    """The process that holds the campaign of one size, and the seconds that it has told so far."""

    def __init__(self, students: int):
        """Start it, and wait until its rows are there."""
        self.students = students
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.dashboard", "--serve", str(students)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.built = self._answer()
        self.page: list[float] = []
        self.grouped: list[float] = []

    def sample(self, what: str) -> None:
        """Take one sample of `page` or `grouped`."""
        print(what, file=self.process.stdin, flush=True)
        getattr(self, what).append(self._answer())

    def _answer(self) -> float:
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the process with {self.students:,} students has failed")
        return json.loads(line)

    def end(self) -> None:
        """Let the process delete its database and go."""
        self.process.stdin.close()
        self.process.wait(60)


def print_results(sizes: list[Size], rounds: int) -> None:
    largest = sizes[-1]
    for number in range(rounds):
        for one in sizes:
            one.sample("page")
        if number < GROUPED_ROUNDS:
            largest.sample("grouped")
    pages = [median(one.page) for one in sizes]
    words = " / ".join(f"{one.students:,}" for one in sizes)
    report(
        "dashboard",
        [
            Result(f"Dashboard at {words} students, slowest ÷ fastest", max(pages) / min(pages), "×", 1.3),
            Result(
                f"GROUP BY over {largest.students:,} students ÷ dashboard, the page included",
                median(largest.grouped) / median(largest.page),
                "×",
                30,
                at_least=True,
            ),
        ],
        [
            f"{', '.join(f'{page * 1000:.1f} ms' for page in pages)}; "
            f"GROUP BY {median(largest.grouped) * 1000:.0f} ms; "
            f"built in {', '.join(f'{one.built:.0f} s' for one in sizes)}"
        ],
    )


# The process of one size ------------------------------------------------------------------------------


def serve(students: int) -> None:
    """Build the campaign, then answer each line with the seconds of what it names."""
    from django.core.management import call_command
    from django.test import Client

    from signoffs.models import Membership, User
    from tests.benchmarks import campaigns

    logging.disable(logging.INFO)  # a line for each request, on the console of the benchmark
    call_command("collectstatic", interactive=False, verbosity=0)
    made = {}
    built = timed(lambda: made.update(campaign=campaigns.half_done(students)))
    office = User.objects.create_user("office")
    Membership.objects.create(user=office, role=Membership.Role.OFFICE)
    client = Client()
    client.force_login(office)

    def page() -> None:
        answer = client.get("/office/", headers={"host": "127.0.0.1"})
        assert answer.status_code == 200, answer.status_code

    work = {"page": page, "grouped": lambda: grouped(made["campaign"])}
    page()  # templates are read, the catalogue of translations too
    assert_equal(made["campaign"])
    print(built, flush=True)
    for line in sys.stdin:
        print(timed(work[line.strip()]), flush=True)


def grouped(campaign) -> dict:
    """Count students as the dashboard would without tallies: by class, by day, by field of an error."""
    from django.db.models import Count, F, Q
    from django.db.models.functions import TruncDate

    from rosters.models import Student
    from signoffs.models import FieldError, Standing
    from signoffs.process import deadlines, states

    counting = {
        name: Count("pk", filter=Q(standing__state=name)) for name in states.STANDINGS if name != "missing"
    }
    by_class = (
        Student.objects.filter(campaign=campaign)
        .order_by()
        .values("class_group")
        .annotate(students=Count("pk"), late=Count("pk", filter=Q(standing__late=True)), **counting)
    )
    standing = Standing.objects.filter(student__campaign=campaign)
    by_day = (
        standing.filter(state__in=states.DECLARED)
        .order_by()
        .values_list(TruncDate("declaration__declared_at", tzinfo=deadlines.SCHOOL_CLOCK))
        .annotate(Count("pk"))
    )
    by_field = (
        FieldError.objects.filter(
            declaration__student__campaign=campaign,
            declaration=F("declaration__student__standing__declaration"),
        )
        .order_by()
        .values_list("field")
        .annotate(total=Count("pk"), still_open=Count("pk", filter=Q(outcome__in=states.UNSETTLED)))
    )
    return {
        "classes": {row["class_group"]: row for row in by_class},
        "days": dict(by_day),
        "errors": {field: (total, still_open) for field, total, still_open in by_field},
    }


def assert_equal(campaign) -> None:
    """Raise AssertionError where the dashboard and GROUP BY count differently."""
    from django.utils import timezone

    from signoffs.queries.overview import campaign_overview

    overview, counted = campaign_overview(campaign, timezone.now()), grouped(campaign)
    names = ("confirmed", "reported", "recheck", "excused", "overdue", "withdrawn", "late")
    shown = {
        row.class_group.pk: (row.counts.expected, *(getattr(row.counts, name) for name in names))
        for department in overview.departments
        for row in department.classes
    }
    assert shown == {
        pk: (row["students"] - row["withdrawn"], *(row[name] for name in names))
        for pk, row in counted["classes"].items()
    }
    assert {day: count for day, count in overview.days if count} == counted["days"]
    assert {one.field: (one.total, one.open) for one in overview.errors} == counted["errors"]


if __name__ == "__main__":
    main()
