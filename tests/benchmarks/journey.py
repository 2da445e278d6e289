"""A whole journey of ours beside that of a plain Django site (tests/benchmarks/plain), which has none of our
encryption, throttle, tally and chain.

Class page, identification, record, confirmation: one client drives both through the same steps, at 32 and at
64 connections. The plain site is served twice, with one thread a process and with many; at each number of
connections the faster one counts. All of them have databases of their own and take turns; those that wait are
idle. Every last page must be a receipt of the student who sent it, and every receipt be stored.

    python -m tests.benchmarks.journey [--rounds 5] [--journeys 480] [--connections 32 64] [--postgresql]
"""

import argparse
import asyncio
import contextlib
import itertools
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from statistics import median

from tests.benchmarks import crowd
from tests.benchmarks.bench import Result, own_database, report
from tests.benchmarks.browser import Browser
from tests.benchmarks.serving import Server, free_port, serving
from tests.races.cluster import Cluster, running

PLAIN = "tests.benchmarks.plain.settings"
# Of each of the plain site's processes; more than one is tuned like the rest of it (plain/settings.py).
PLAIN_THREADS = (1, 8)
# Journeys of ours for one of the plain site, by connections.
AT_LEAST = {32: 1.5, 64: 1.7}
_RECEIPT_NUMBER = re.compile(rb"<code>(\w+)</code>")


def main() -> None:
    """Run it on SQLite, or on a PostgreSQL cluster of its own."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--journeys", type=int, default=480, help="of each side in a round")
    options.add_argument("--connections", type=int, nargs="+", default=list(AT_LEAST), choices=AT_LEAST)
    options.add_argument("--postgresql", action="store_true")
    chosen = options.parse_args()
    port = free_port()
    os.environ["SITE_URL"] = f"http://127.0.0.1:{port}"
    with (
        running() if chosen.postgresql else contextlib.nullcontext() as cluster,
        own_database(cluster.url if cluster else "") as folder,
    ):
        measure(chosen, port, folder, cluster)


def measure(chosen, port: int, folder: Path, cluster: Cluster | None) -> None:
    """Make the databases, let the sides take turns, print what came of it."""
    from django.db import connection

    people = crowd.imported((chosen.rounds + 1) * chosen.journeys * len(chosen.connections))
    vendor = connection.vendor
    connection.close()
    with contextlib.ExitStack() as servers:
        ours = Side("ours", port, servers.enter_context(serving(port)), attrgetter("all_right"))
        plain = []
        for threads in PLAIN_THREADS:
            environment = plain_environment(threads, folder, cluster)
            plain_command("load", environment, json.dumps(plain_roster(people)))
            plain_port = free_port()
            server = servers.enter_context(serving(plain_port, **environment))
            name, form = f"plain of {threads} threads", attrgetter("all_right_plainly")
            plain.append(Side(name, plain_port, server, form, environment))
        asyncio.run(take_turns(chosen, people, [ours, *plain]))
    unlike = len(stored() ^ ours.receipts)
    connection.close()
    for side in plain:
        found = json.loads(plain_command("stored", side.environment))
        assert side.receipts <= {(number, str(key)) for number, key in found}, side.name
    print_results(vendor, chosen, ours, plain, unlike)


# What is measured ------------------------------------------------------------------------------------


@dataclass
class Measured:
    """A side's timed rounds at one number of connections."""

    speeds: list[float] = field(default_factory=list)  # journeys a second, of each round
    journeys: list[float] = field(default_factory=list)  # seconds of each
    answers: list[float] = field(default_factory=list)  # seconds of each, redirects within it
    cpu_seconds: float = 0.0

    @property
    def speed(self) -> float:
        """Journeys a second."""
        return median(self.speeds)

    @property
    def cpu_ms(self) -> float:
        """Processor time of the server for one journey, in ms."""
        return self.cpu_seconds / len(self.journeys) * 1000


class Side:
    """One site under test: its students, what they got, and how long it took."""

    def __init__(
        self,
        name: str,
        port: int,
        server: Server,
        form: Callable[[crowd.Person], str],
        environment: dict[str, str] | None = None,
    ):
        """Take the server, and what a student sends it with the record, urlencoded."""
        self.name, self.port, self.server, self.form = name, port, server, form
        self.environment = environment or {}
        self.receipts: set[tuple[str, str]] = set()  # (学号, receipt number)
        self.failed = 0  # last pages that were no receipt of the right student
        self.at: dict[int, Measured] = {}

    async def round(self, people: Iterator[crowd.Person], connections: int) -> None:
        """Let these people make their journeys, over that many connections."""
        measured = self.at.setdefault(connections, Measured())
        before = len(measured.journeys)
        start, cpu = time.perf_counter(), self.server.cpu_seconds()
        await asyncio.gather(*(self._phone(people, measured) for _ in range(connections)))
        took = time.perf_counter() - start
        measured.speeds.append((len(measured.journeys) - before) / took)
        measured.cpu_seconds += self.server.cpu_seconds() - cpu

    async def _phone(self, people: Iterator[crowd.Person], measured: Measured) -> None:
        """One student after the other, each a browser of their own, on one connection as behind a proxy."""
        browser = Browser(self.port)
        for person in people:
            times = [time.perf_counter()]
            await crowd.open_class(browser, person)
            times.append(time.perf_counter())
            await crowd.identify(browser, person)
            times.append(time.perf_counter())
            status, page = await browser.post("/class/record/", self.form(person))
            times.append(time.perf_counter())
            measured.journeys.append(times[-1] - times[0])
            measured.answers += [later - one for one, later in itertools.pairwise(times)]
            self._look(person, status, page)
        browser.close()

    def _look(self, person: crowd.Person, status: int, page: bytes) -> None:
        """Keep the receipt's number, where the page is the student's receipt."""
        number = _RECEIPT_NUMBER.search(page)
        whose = re.search(rf"<dd>\s*{person.name}\s*</dd>".encode(), page)
        if status == 200 and crowd.SIGNED in page and whose and number:
            self.receipts.add((person.number, number[1].decode()))
        else:
            self.failed += 1


async def take_turns(chosen, people: list[crowd.Person], sides: list[Side]) -> None:
    """Run the rounds, in each of which another side goes first. Round 0 warms up."""
    # In turns through the classes: those who sign at one time are of many classes.
    people = sorted(people, key=lambda person: person.number[::-1])
    shares = [people[n : n + chosen.journeys] for n in range(0, len(people), chosen.journeys)]
    for number in range(chosen.rounds + 1):
        first = number % len(sides)
        for connections in chosen.connections:
            share = shares.pop()
            for side in sides[first:] + sides[:first]:
                await side.round(iter(share), connections)
        if number == 0:
            for side in sides:
                side.at.clear()


# The plain site --------------------------------------------------------------------------------------


def plain_environment(threads: int, folder: Path, cluster: Cluster | None) -> dict[str, str]:
    """Return what the plain site's processes need, with an empty database of its own."""
    name = f"plain_{threads}"
    if cluster:
        cluster.client("createdb", name)
    url = cluster.url_of(name) if cluster else f"sqlite:///{folder / name}.sqlite3"
    return {"DJANGO_SETTINGS_MODULE": PLAIN, "DATABASE_URL": url, "PLAIN_THREADS": str(threads)}


def plain_command(name: str, environment: dict[str, str], given: str = "") -> str:
    """Run a management command of the plain site; return what it printed."""
    process = subprocess.run(
        [sys.executable, "manage.py", name],
        env={**os.environ, **environment},
        input=given,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return process.stdout


def plain_roster(people: list[crowd.Person]) -> list[tuple[str, list[str]]]:
    """Return the link's token and the eleven fields of each student."""
    from tests.benchmarks import rosters

    by_number = {values[5]: values for values in rosters.rows(len(people))}
    return [(person.token, by_number[person.number]) for person in people]


def stored() -> set[tuple[str, str]]:
    """Return (学号, receipt number) of every declaration that ours has stored."""
    from signoffs.models import Declaration

    found = Declaration.objects.values_list("student__student_number", "uuid")
    return {(number, uuid.hex[:8].upper()) for number, uuid in found}


# The table -------------------------------------------------------------------------------------------


def print_results(vendor: str, chosen, ours: Side, plain: list[Side], unlike: int) -> None:
    """Print the rows of the README's table, and the figures behind them as notes."""
    results, notes = [], []
    for connections in chosen.connections:
        best = max(plain, key=lambda side: side.at[connections].speed)
        results += compared(vendor, connections, ours.at[connections], best.at[connections])
        for side in (ours, *plain):
            counts = ", which counts" if side is best else ""
            notes.append(
                f"{vendor}, {connections} connections: {side.name}{counts}: {summary(side, connections)}"
            )
    failed = sum(side.failed for side in (ours, *plain))
    results += [
        Result(f"{vendor}: journeys of both that ended without the right receipt", failed, "", 0),
        Result(f"{vendor}: journeys acknowledged and not stored, or the reverse", unlike, "", 0),
    ]
    report("journey", results, notes)


def compared(vendor: str, connections: int, ours: Measured, plain: Measured) -> list[Result]:
    """Return the rows of one number of connections."""
    ratios = [one / other for one, other in zip(ours.speeds, plain.speeds, strict=True)]
    return [
        Result(
            f"{vendor}: journeys a second ÷ a plain Django site's, {connections} connections",
            median(ratios),
            "×",
            AT_LEAST[connections],
            at_least=True,
        ),
        Result(
            f"{vendor}: the slowest 1 % of journeys ÷ the median, {connections} connections",
            at(0.99, ours.journeys) / at(0.5, ours.journeys),
            "×",
            3,
        ),
    ]


def at(share: float, times: list[float]) -> float:
    """Return the time within which that share of them lies."""
    return sorted(times)[int(len(times) * share)]


def summary(side: Side, connections: int) -> str:
    """Return a side's figures in words. The processor's time tells what a busy machine hides."""
    measured = side.at[connections]
    p50, p99, answer_p50, answer_p99 = (
        at(share, times) * 1000 for times in (measured.journeys, measured.answers) for share in (0.5, 0.99)
    )
    return (
        f"{measured.speed:.1f} journeys a second ({', '.join(f'{one:.0f}' for one in measured.speeds)}), "
        f"p50 {p50:.0f}, p99 {p99:.0f} ms; an answer p50 {answer_p50:.0f}, p99 {answer_p99:.0f} ms; "
        f"{measured.cpu_ms:.2f} ms of a processor a journey"
    )


if __name__ == "__main__":
    main()
