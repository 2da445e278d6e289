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
from urllib.parse import urlencode

from rosters import key_fields
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
    from django.core.management import call_command
    from django.db import connection
    from django.utils import timezone

    from rosters import importing, reading
    from rosters.models import Student
    from signoffs import flow
    from signoffs.models import ClassLink, Declaration, Membership, User
    from signoffs.rules import Who
    from tests.benchmarks import rosters

    call_command("collectstatic", interactive=False, verbosity=0)
    campaign = importing.create_campaign(
        "2026", university="云麓理工大学", student_deadline=timezone.localdate(),
        department_deadline=timezone.localdate(),
    )  # fmt: skip
    plan = importing.plan(campaign, reading.read(rosters.workbook(chosen.students), "roster.xlsx"))
    flow.import_roster(plan=plan, who=Who(command="benchmark"), clock=timezone.now)
    office = User.objects.create_user("office", password="office-office")
    Membership.objects.create(user=office, role=Membership.Role.OFFICE)
    live = ClassLink.objects.filter(kind=ClassLink.Kind.STUDENT)
    tokens = {link.class_group_id: link.token for link in live}
    people = [
        (tokens[student.class_group_id], student.student_number, student.id_number, student.name)
        for student in Student.objects.order_by("pk")
    ]
    vendor = connection.vendor
    connection.close()

    with serving(port):
        day = asyncio.run(Day(port, people, chosen.connections).run())
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
            f"the slowest {day.slowest_watch * 1000:.0f} ms; the load generator took {day.own:.0%} of a core"
        ],
    )


class Day:
    """The crowd, and what it measured. Every answer's time counts, redirects within it."""

    def __init__(self, port: int, people: list[tuple], connections: int):
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
        answers = {f"answer_{one.name}": "ok" for one in key_fields.KEY_FIELDS if one.name != "id_number"}
        same_for_all = urlencode(answers | {"status": key_fields.GOOD_STATUS})
        browser = Browser(self.port)
        while not waiting.empty():
            token, number, id_number, name = waiting.get_nowait()
            browser.forget()
            await self.timed(browser.get(f"/c/{token}/"))
            said = urlencode({"student_number": number, "last_six": id_number[-6:]})
            await self.timed(browser.post("/class/identify/", said))
            own = urlencode({"chsi_id_number": id_number, "typed_name": name})
            page = await self.timed(browser.post("/class/record/", f"{same_for_all}&{own}"))
            self.acknowledged += "核对无误，已签名".encode() in page
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
