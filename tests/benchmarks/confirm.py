"""A confirm through the whole stack, against a bare Django view on the same server.

The bare side (tests/benchmarks/bare) reads one row and inserts one in `atomic()`: no middleware, no
session, no CSRF check, no template. Both sides run as `manage.py serve` with the same database settings,
each on a database of its own, and take turns; the one that waits is idle. Students are identified through
the real pages before the clock runs: what is measured is the form that they send.

    python -m tests.benchmarks.confirm [--rounds 7] [--requests 320] [--connections 32]
"""

import argparse
import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from statistics import median

from tests.benchmarks import crowd
from tests.benchmarks.bench import Result, own_database, report
from tests.benchmarks.browser import Browser
from tests.benchmarks.serving import Server, free_port, serving

BARE = "tests.benchmarks.bare.settings"


def main() -> None:
    """Run both sides and print the ratio."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--requests", type=int, default=320, help="of each side in a round")
    options.add_argument("--connections", type=int, default=32)
    chosen = options.parse_args()
    port = free_port()
    os.environ["SITE_URL"] = f"http://127.0.0.1:{port}"
    with own_database() as folder:
        print_results(chosen, port, folder)


def print_results(chosen, port: int, folder: Path) -> None:
    from django.db import connection

    from signoffs.models import Declaration

    needed = (chosen.rounds + 1) * chosen.requests  # one round to warm up
    people = crowd.imported(needed)
    connection.close()
    bare_environment = {
        "DJANGO_SETTINGS_MODULE": BARE,
        "DATABASE_URL": f"sqlite:///{folder / 'bare.sqlite3'}",
    }
    make_bare_database(bare_environment, [person.number for person in people])
    bare_port = free_port()

    with serving(port) as server, serving(bare_port, **bare_environment) as bare_server:
        confirm, bare = asyncio.run(
            measured(chosen, people, Side(port, server, crowd.SIGNED), Side(bare_port, bare_server, b"ok"))
        )
    stored = {str(one) for one in Declaration.objects.values_list("submission_id", flat=True)}
    connection.close()
    assert (len(confirm.acknowledged), len(bare.acknowledged)) == (needed, needed)

    times = sorted(confirm.times)
    p50, p99 = (times[int(len(times) * share)] for share in (0.5, 0.99))
    ratios = [ours / theirs for ours, theirs in zip(confirm.speeds, bare.speeds, strict=True)]
    report(
        "confirm",
        [
            Result(
                "A confirm ÷ a bare Django view, requests a second", median(ratios), "×", 0.5, at_least=True
            ),
            Result(
                f"The slowest 1 % of confirms ÷ the median, {chosen.connections} connections",
                p99 / p50,
                "×",
                4,
            ),
            Result(
                "Confirms acknowledged and not stored, or the reverse",
                len(stored ^ confirm.acknowledged),
                "",
                0,
            ),
        ],
        [
            f"{median(confirm.speeds):.0f} confirms a second, p50 {p50 * 1000:.0f}, p99 {p99 * 1000:.0f} ms; "
            f"{median(bare.speeds):.0f} bare requests; of a processor {confirm.cpu * 1000:.2f} and "
            f"{bare.cpu * 1000:.2f} ms each; rounds {', '.join(f'{one:.2f}' for one in ratios)}; "
            f"{len(stored):,} stored"
        ],
    )


def make_bare_database(environment: dict[str, str], numbers: list[str]) -> None:
    """Make the bare side's tables, with a row to read for each student, in a process of its own."""
    script = (
        "import sys, django; django.setup()\n"
        "from django.core.management import call_command\n"
        "from tests.benchmarks.bare.models import Person\n"
        "call_command('migrate', run_syncdb=True, verbosity=0)\n"
        "Person.objects.bulk_create(Person(number=n, name=n) for n in sys.stdin.read().split())\n"
    )
    subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, **environment},
        input=" ".join(numbers),
        text=True,
        check=True,
    )


class Side:
    """One side's requests, prepared, and what was measured in its timed rounds."""

    def __init__(self, port: int, server: Server, answer: bytes):
        """Take the server, and what its page says once the request is stored."""
        self.port, self.server, self.answer = port, server, answer
        self.requests: list[tuple[str, bytes]] = []  # (what it stores, the request)
        self.acknowledged: set[str] = set()
        self.times: list[float] = []
        self.speeds: list[float] = []
        self._cpu_seconds = 0.0

    @property
    def cpu(self) -> float:
        """Processor seconds of the server for one request."""
        return self._cpu_seconds / len(self.times)

    async def round(self, number: int, size: int, connections: int) -> None:
        """Send the round's share of the requests, from that many connections at once. Round 0 warms up."""
        waiting = iter(self.requests[number * size : (number + 1) * size])
        times: list[float] = []
        start, cpu = time.perf_counter(), self.server.cpu_seconds()
        await asyncio.gather(*(self._phone(waiting, times) for _ in range(connections)))
        took = time.perf_counter() - start
        if number:
            self.times += times
            self.speeds.append(size / took)
            self._cpu_seconds += self.server.cpu_seconds() - cpu

    async def _phone(self, waiting: Iterable[tuple[str, bytes]], times: list[float]) -> None:
        browser = Browser(self.port)
        for stores, request in waiting:
            start = time.perf_counter()
            status, page = await browser.send(request)
            times.append(time.perf_counter() - start)
            if status == 200 and self.answer in page:
                self.acknowledged.add(stores)
        browser.close()


async def measured(chosen, people: list[crowd.Person], confirm: Side, bare: Side) -> tuple[Side, Side]:
    """Let the sides take turns; each goes first in every other round."""
    confirm.requests = await prepared(confirm.port, people, chosen.connections)
    maker = Browser(bare.port)
    bare.requests = [(one.number, maker.request(b"POST", f"/{one.number}/".encode())) for one in people]
    for number in range(chosen.rounds + 1):
        for side in (confirm, bare) if number % 2 else (bare, confirm):
            await side.round(number, chosen.requests, chosen.connections)
    return confirm, bare


async def prepared(port: int, people: list[crowd.Person], connections: int) -> list[tuple[str, bytes]]:
    """Identify everybody through the pages; return (submission id, request to confirm) of each.

    In turns through the classes: those who confirm at one time are of many classes.
    """
    waiting = iter(sorted(people, key=lambda one: one.number[::-1]))
    requests = []

    async def phone() -> None:
        browser = Browser(port)
        for person in waiting:
            await crowd.open_class(browser, person)
            status, _ = await crowd.identify(browser, person)
            assert status == 200, status
            request = browser.request(b"POST", b"/class/record/", browser.filled(person.all_right))
            requests.append((browser.hidden["submission_id"], request))
        browser.close()

    await asyncio.gather(*(phone() for _ in range(connections)))
    return requests


if __name__ == "__main__":
    main()
