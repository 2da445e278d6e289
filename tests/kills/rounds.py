"""The server is killed under load, and so are an import, a checkpoint and a migration; then it must add up.

    python -m tests.kills.rounds [--kills 200] [--seed 1] [--postgresql]

Each kill is a SIGKILL to every process of the real server, by its id, while students sign and report over
HTTP; on PostgreSQL the database's own processes are killed in turn, too. After each, on the files as they
were left: every acknowledged declaration is stored, none is half, the tallies and chains hold, the database
finds its files sound. After the restart what was sent once is sent again, and must be the same declaration.
Prints what was counted, and exits 1 if anything came out wrong.
"""

import argparse
import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()


from rosters import key_fields, planning, reading
from rosters.models import Student
from signoffs import flow
from signoffs.models import ClassLink, Declaration
from signoffs.queries.actors import Who
from tests import factories
from tests.benchmarks import rosters
from tests.durability.opened import migrate, opened
from tests.durability.phone import Phone, acknowledged
from tests.kills import held
from tests.kills.databases import PostgreSQL, SQLite, database_of

PHONES = 8
RESENT = 5  # acknowledged declarations that are sent once more after each restart
SECONDS = 1.5  # of signing before a kill, at most


class Rounds:
    """One site, the crowd in front of it, and what was promised to whom."""

    def __init__(self, folder: Path, database: SQLite | PostgreSQL, seed: int):
        """Take an empty folder, and the database with its site."""
        self.folder, self.database, self.dice = folder, database, random.Random(seed)
        self.site = database.site
        self.people: list[tuple] = []
        self.promised: dict[str, Phone] = {}  # acknowledged, by submission id
        self.unsure: list[Phone] = []  # sent, and no answer came
        self.counted: Counter = Counter()
        self.wrong: list[str] = []
        self.kind = ""
        self.major = "软件工程"
        self.import_takes = 0.0  # seconds, with Python's start

    def prepare(self, students: int) -> None:
        """Bring the roster in."""
        run = self.site.manage("collectstatic", "--no-input", "-v", "0")
        assert run.returncode == 0, run.stderr
        migrate(self.site.url)
        content = self.roster(students).read_bytes()
        with opened(self.site.url):
            campaign = factories.campaign("2026", days_left=0)
            plan = planning.plan(campaign, reading.read(content, "roster.csv"))
            flow.import_roster(plan=plan, who=Who(command="kills"))
            links = ClassLink.objects.filter(kind=ClassLink.Kind.STUDENT, revoked_at=None)
            tokens = {link.class_group_id: link.token for link in links}
            self.people = [
                (tokens[one.class_group_id], one.student_number, one.id_number, one.name)
                for one in Student.objects.order_by("pk")
            ]
        started = time.perf_counter()
        run = self.site.manage("import_roster", str(self.roster(students)))
        assert run.returncode == 0, run.stderr
        self.import_takes = time.perf_counter() - started

    # The crowd ------------------------------------------------------------------------------------------

    async def phone(self) -> None:
        """One student after the other, until the server is gone."""
        while True:
            phone, sent = Phone(self.site.port, self.dice.choice(self.people)), False
            try:
                await phone.arrive()
                if "submission_id" not in phone.hidden:
                    continue
                phone.fill(wrong=self.dice.random() < 0.25)
                sent = True
                answer = await phone.sign()
            except (OSError, EOFError):
                if sent:
                    self.unsure.append(phone)
                return
            finally:
                phone.close()
            self.note(phone, answer)

    def note(self, phone: Phone, answer: tuple[int, str]) -> None:
        """Keep what the page promised; a refusal (409: the import came between) promises nothing.

        Nor does a 5xx, but it may have been stored: the database went away before it could say so.
        """
        if acknowledged(answer):
            self.promised[phone.submission] = phone
        elif answer[0] >= 500:
            self.unsure.append(phone)
        self.counted[f"answers {answer[0]}"] += 1

    async def crowd(self) -> None:
        """Let them all in, and kill the server in the middle of it, at a random moment."""
        phones = [asyncio.create_task(self.phone()) for _ in range(PHONES)]
        beside = await asyncio.to_thread(self.begin_beside)
        promised = len(self.promised)
        await asyncio.sleep(
            self.dice.uniform(0.3, 1) * (self.import_takes if self.kind == "import" else SECONDS)
        )
        if self.kind == "database":
            await self.found_again(promised)
        self.site.kill()
        if beside is not None:
            self.counted[f"{self.kind}s killed at work"] += beside.poll() is None
            beside.send_signal(signal.SIGKILL)
            beside.wait()
        await asyncio.gather(*phones)

    async def found_again(self, promised: int) -> None:
        """Wait until the server, which nobody touched, has signed again after its database was killed."""
        until = time.monotonic() + 60
        while len(self.promised) == promised:
            if time.monotonic() > until:
                self.wrong.append("the server did not find its database again")
                return
            await asyncio.sleep(0.1)

    async def again(self) -> None:
        """Send again what got no answer, and some of what did: each is one declaration."""
        known = self.dice.sample(list(self.promised.values()), min(RESENT, len(self.promised)))
        for phone in [*self.unsure, *known]:
            answer = await phone.sign()
            phone.close()
            self.counted["sent again"] += 1
            if phone.submission in self.promised and not acknowledged(answer):
                self.wrong.append(f"a retry of an acknowledged declaration was answered {answer[0]}")
            elif acknowledged(answer):
                self.promised[phone.submission] = phone
        self.unsure.clear()

    # What is killed beside the server ---------------------------------------------------------------------

    def begin_beside(self) -> subprocess.Popen | None:
        """Start the round's other process."""
        if self.kind == "import":
            self.major = self.dice.choice(["软件工程", "土木工程", "测绘工程"])
            return self.site.begin("import_roster", str(self.roster(len(self.people))))
        return self.database.begin(self.kind)

    def roster(self, students: int) -> Path:
        """Write the list, with one major for everybody."""
        names = [key.name for key in key_fields.KEY_FIELDS]
        lines = [[key.label for key in key_fields.KEY_FIELDS]]
        for row in rosters.rows(students):
            lines.append(
                [self.major if name == "major" else text for name, text in zip(names, row, strict=True)]
            )
        place = self.folder / "roster.csv"
        place.write_text("\n".join(",".join(line) for line in lines))
        return place

    # What must hold ---------------------------------------------------------------------------------------

    def look(self) -> None:
        """Hold the rows against the promises and against each other."""
        self.wrong += [f"{self.kind}: {problem}" for problem in self.database.problems()]
        with opened(self.site.url):
            found = held.problems(set(self.promised))
            majors = Student.objects.values("major").distinct().count()
        if majors != 1:
            found["half an import"] = majors
        self.wrong += [f"{self.kind}: {count} × {name}" for name, count in found.items()]

    def tell(self) -> None:
        """Print what was counted, and what came out wrong."""
        with opened(self.site.url):
            self.counted["declarations stored"] = Declaration.objects.count()
        self.counted["declarations acknowledged"] = len(self.promised)
        for what, count in sorted(self.counted.items()):
            print(f"{what}: {count:,}")
        for line, count in Counter(self.wrong).items():
            print(f"WRONG: {line} ({count})")

    def run(self, kills: int) -> None:
        """Kill so many times."""
        for number in range(kills):
            self.kind = self.database.kinds[number % len(self.database.kinds)]
            self.site.start()
            if number:
                asyncio.run(self.again())
            asyncio.run(self.crowd())
            self.counted["kills"] += 1
            self.look()
            if self.kind == "migration":
                self.wrong += self.database.kill_a_migration(self.counted, self.dice)
        self.site.start()
        asyncio.run(self.again())
        self.site.stop()
        self.look()


def main() -> int:
    """Run as a command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--students", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--postgresql", action="store_true")
    chosen = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="enrollcheck-kills-") as folder,
        database_of(chosen.postgresql, Path(folder)) as database,
    ):
        rounds = Rounds(Path(folder), database, chosen.seed)
        rounds.prepare(chosen.students)
        try:
            rounds.run(chosen.kills)
        finally:
            rounds.site.end()
            rounds.tell()
    return int(bool(rounds.wrong))


if __name__ == "__main__":
    sys.exit(main())
