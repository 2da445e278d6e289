"""22 December, 22:00: students make the whole journey at once, while the office watches.

Class page, identification, record, confirmation, from 64 connections; the dashboard every second; the server
as `manage.py serve` runs it, load generator included on the same machine:

    python -m tests.benchmarks.deadline_day [--students 5000] [--connections 64] [--postgresql]
"""

import argparse
import asyncio
import contextlib
import os
import time

from tests.benchmarks import crowd
from tests.benchmarks.bench import Result, own_database, report
from tests.benchmarks.browser import Browser
from tests.benchmarks.serving import free_port, serving
from tests.races.cluster import cluster


def main() -> None:
    """Run it on SQLite, or on a PostgreSQL cluster of its own."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--students", type=int, default=5000)
    options.add_argument("--connections", type=int, default=64)
    options.add_argument("--postgresql", action="store_true")
    chosen = options.parse_args()
    port = free_port()
    with cluster() if chosen.postgresql else contextlib.nullcontext("") as url:
        os.environ["SITE_URL"] = f"http://127.0.0.1:{port}"
        with own_database(url):
            print_results(chosen, port)


def print_results(chosen, port: int) -> None:
    from django.db import connection

    from signoffs.models import Declaration, Membership, User

    people = crowd.imported(chosen.students)
    office = User.objects.create_user("office", password="office-office")
    Membership.objects.create(user=office, role=Membership.Role.OFFICE)
    vendor = connection.vendor
    connection.close()

    with serving(port) as server:
        started = server.cpu_seconds()
        day = asyncio.run(Day(port, people, chosen.connections).run())
        cpu = server.cpu_seconds() - started
    stored = Declaration.objects.count()
    connection.close()
    assert stored == day.acknowledged, f"{day.acknowledged} acknowledged, {stored} stored"

    times = sorted(day.times)

    def at(share: float) -> float:
        return times[int(len(times) * share)] * 1000

    report(
        "deadline day",
        [
            Result(f"{vendor}: {chosen.students:,} whole journeys", day.took, "s", 120),
            Result(
                f"{vendor}: answers, 95 % of them within", times[int(len(times) * 0.95)] * 1000, "ms", 500
            ),
            Result(f"{vendor}: answers of 5xx", day.failed, "", 0),
            Result(f"{vendor}: acknowledged and not stored", day.acknowledged - stored, "", 0),
        ],
        [
            f"{vendor}: {len(times):,} answers, {len(times) / day.took:.0f} a second; "
            f"median {at(0.5):.0f} ms, "
            f"99 % within {at(0.99):.0f} ms; dashboard {day.watched} times, "
            f"the slowest {day.slowest_watch * 1000:.0f} ms; of a core the load generator took "
            f"{day.own:.0%}, the server {cpu / day.took:.0%}: {cpu / len(people) * 1000:.1f} ms a journey"
        ],
    )


class Day:
    """The crowd, and what it measured. Every answer's time counts, redirects within it."""

    def __init__(self, port: int, people: list[crowd.Person], connections: int):
        """Take who comes."""
        self.port, self.people, self.connections = port, people, connections
        self.times: list[float] = []
        self.failed = self.acknowledged = self.watched = 0
        self.slowest_watch = self.took = self.own = 0.0

    async def run(self) -> "Day":
        """Let everybody in."""
        waiting = asyncio.Queue()
        for person in self.people:
            waiting.put_nowait(person)
        watcher = asyncio.create_task(self.watch())
        start, own = time.perf_counter(), time.process_time()
        await asyncio.gather(*(self.phone(waiting) for _ in range(self.connections)))
        self.took = time.perf_counter() - start
        self.own = (time.process_time() - own) / self.took
        watcher.cancel()
        return self

    async def timed(self, asked) -> bytes:
        """Return a page; note how long it took, and whether the server failed."""
        start = time.perf_counter()
        status, page = await asked
        self.times.append(time.perf_counter() - start)
        self.failed += status >= 500
        return page

    async def phone(self, waiting: asyncio.Queue) -> None:
        """One student after the other, each a browser of their own, on one connection as behind a proxy."""
        browser = Browser(self.port)
        while not waiting.empty():
            person = waiting.get_nowait()
            await self.timed(crowd.open_class(browser, person))
            await self.timed(crowd.identify(browser, person))
            page = await self.timed(crowd.confirm(browser, person))
            self.acknowledged += crowd.SIGNED in page
        browser.close()

    async def watch(self) -> None:
        """The office, which looks at the dashboard every second."""
        browser = Browser(self.port)
        await browser.get("/sign-in/")
        await browser.post("/sign-in/", "username=office&password=office-office")
        while True:
            start = time.perf_counter()
            status, _ = await browser.get("/office/")
            self.failed += status >= 500
            self.watched += 1
            self.slowest_watch = max(self.slowest_watch, time.perf_counter() - start)
            await asyncio.sleep(max(0.0, 1 - (time.perf_counter() - start)))


if __name__ == "__main__":
    main()
