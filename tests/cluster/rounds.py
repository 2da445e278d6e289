"""A cluster of deploy/cluster/'s own files, loaded with students' journeys, and broken step by step.

    python -m tests.cluster.rounds [--only NAME[,NAME…]] [--short] [--pauses 10] [--seed 1]

After each fault: every acknowledged declaration is stored, nothing twice, tallies and chains hold, and the
cluster is whole again without anybody's hands. Prints a row a fault, and the load of the machine. Exit 0: all
held and met its targets; 1: something was lost or came out wrong; 3: nothing did, but a time was missed, or
something was not run, of which this run says nothing.
"""

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.utils import timezone

from signoffs.models import Declaration
from tests.cluster import cluster as building
from tests.cluster import network
from tests.cluster.crowd import Crowd
from tests.cluster.faults import ANSWERED, BY_NAME, SHORT, Fault
from tests.durability.opened import opened
from tests.durability.site import people
from tests.kills import held

CLASSES, STUDENTS = 12, 50  # of each class
WARM, COOL = 3.0, 3.0  # seconds of signing before a fault, and after all is whole again
SLACK = 1.0  # seconds: what was on its way when a fault began


@dataclass
class Row:
    """What came of a fault."""

    fault: Fault
    wrong: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    not_run: str = ""
    acknowledged: int = 0
    gap: float = 0
    slowest: float = 0
    ours: int = 0
    bare: int = 0
    whole: float = 0
    load: float = 0

    @property
    def verdict(self) -> str:
        """What to say of it in the table's last column."""
        if self.not_run:
            return f"**not run**: {self.not_run}"
        if self.wrong:
            return f"**WRONG**: {'; '.join(self.wrong)}"
        return f"**missed**: {'; '.join(self.missed)}" if self.missed else "held"

    def line(self) -> str:
        """The table's row."""
        if self.not_run:
            figures = [""] * 7
        else:
            lost = sum(int(text.split()[0]) for text in self.wrong if "not stored" in text)
            target = f" (≤ {self.fault.gap:.0f})" if self.fault.gap else ""
            times = [f"{self.gap:.1f}{target}", f"{self.slowest:.1f}", f"{self.ours} + {self.bare}"]
            figures = [f"{self.acknowledged:,}", str(lost), *times, f"{self.whole:.0f}", f"{self.load:.1f}"]
        return f"| {' | '.join([self.fault.words, *figures, self.verdict])} |"


COLUMNS = (
    "fault",
    "acknowledged",
    "lost",
    "longest gap, s",
    "slowest answer, s",
    "our 503 + other errors",
    "whole after, s",
    "load",
    "",
)
HEAD = f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|"


class Rounds:
    """One cluster, and the crowd in front of it."""

    def __init__(self, folder: Path, seed: int):
        """Take an empty folder."""
        self.cluster = building.Cluster(folder, building.patroni())
        self.seed = seed
        self.crowd: Crowd | None = None
        self.rows: list[Row] = []

    def prepare(self) -> None:
        """Build it, bring students in, and let them come."""
        self.cluster.build()
        with opened(self.cluster.url()):
            known = people(CLASSES, STUDENTS)
        self.crowd = Crowd(self.cluster.machines["web"].ip, known, self.seed)
        self.crowd.start()

    def play(self, fault: Fault) -> Row:
        """Play one fault, and look at what is left."""
        row = Row(fault, not_run=fault.lacks(self.cluster))
        self.rows.append(row)
        if row.not_run:
            return row
        self.crowd.go_on()
        time.sleep(WARM)
        began, before, answered = time.monotonic(), len(self.crowd.promised), len(self.crowd.answers)
        try:
            self._broken(fault, row)
        except TimeoutError as error:
            row.wrong.append(str(error))
        row.acknowledged = len(self.crowd.promised) - before
        row.gap, row.load = self.crowd.gap(began), os.getloadavg()[0]
        self.crowd.hold()
        self._what_was_seen(row, self.crowd.answers[answered:])
        self._look(row)
        return row

    def _broken(self, fault: Fault, row: Row) -> None:
        playing = fault.play(self.cluster)
        lasts = next(playing)
        begun, count = time.monotonic(), None
        while (passed := time.monotonic() - begun) < lasts:
            if count is None and passed > SLACK:
                count = len(self.crowd.promised)
            time.sleep(0.1)
        if fault.nothing_counts and len(self.crowd.promised) != count:
            row.wrong.append(f"{len(self.crowd.promised) - count} acknowledged by one machine alone")
        next(playing, None)
        row.whole = self.cluster.wait("all of it", self.cluster.whole)
        acknowledged = len(self.crowd.acknowledged)
        self.cluster.wait("an acknowledgement", lambda: len(self.crowd.acknowledged) > acknowledged)
        time.sleep(COOL)

    def _what_was_seen(self, row: Row, answers: list) -> None:
        """Hold what readers saw against the targets."""
        failed = Counter(one.ours for one in answers if one.failed)
        row.slowest = max((one.seconds for one in answers), default=0)
        row.ours, row.bare = failed[True], failed[False]
        if row.bare:
            row.missed.append(f"{row.bare} readers saw another page than ours, or none")
        if row.slowest > ANSWERED:
            row.missed.append(f"somebody waited {row.slowest:.1f} s")
        if row.fault.gap and row.gap > row.fault.gap:
            row.missed.append(f"a gap of {row.gap:.1f} s")

    def _look(self, row: Row) -> None:
        """Hold the database against what was promised, and against itself."""
        row.wrong += self.crowd.resend()
        with opened(self.cluster.url()):
            found = held.problems(self.crowd.promised)
            ahead = Declaration.objects.filter(declared_at__gt=timezone.now()).count()
        row.wrong += [f"{count} × {name}" for name, count in found.items()]
        row.wrong += [f"{ahead} stored with a time to come"] * bool(ahead)
        for command in (["verify_events"], ["recount", "--dry-run"]):
            run = self.cluster.manage(*command)
            if run.returncode:
                row.wrong.append(f"{command[0]} says {(run.stdout + run.stderr)[-200:]!r}")

    def run(self, names: list[str], pauses: int) -> None:
        """Play these, the pause of more than the lease so many times."""
        for name in names:
            for _ in range(pauses if name == "pause_beyond_lease" else 1):
                print(self.play(BY_NAME[name]).line(), flush=True)

    def close(self) -> None:
        """End it all."""
        if self.crowd is not None:
            self.crowd.end()
        self.cluster.close()


def arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", help=f"names of {', '.join(BY_NAME)}")
    parser.add_argument("--short", action="store_true", help=f"{', '.join(SHORT)}: what CI plays")
    parser.add_argument(
        "--pauses", type=int, default=10, help="of more than the lease (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    chosen.names = chosen.only.split(",") if chosen.only else list(SHORT if chosen.short else BY_NAME)
    if unknown := set(chosen.names) - set(BY_NAME):
        parser.error(f"no such fault: {', '.join(sorted(unknown))}")
    return chosen


def main() -> int:
    """Run as a command."""
    chosen = arguments()
    if lacking := building.missing():
        print(f"not run: {', '.join(lacking)} must be installed first")
        return 3
    building.patroni()  # while there is a network to the package index
    network.move_inside("tests.cluster.rounds")
    with tempfile.TemporaryDirectory(prefix="enrollcheck-cluster-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        rounds = Rounds(Path(name), chosen.seed)
        try:
            print(f"{os.cpu_count()} cores, {rounds.cluster.network.words}\n\n{HEAD}", flush=True)
            rounds.prepare()
            rounds.run(chosen.names, 1 if chosen.short else chosen.pauses)
        finally:
            rounds.close()
    if any(row.wrong for row in rounds.rows):
        return 1
    return 3 if any(row.missed or row.not_run for row in rounds.rows) else 0


if __name__ == "__main__":
    sys.exit(main())
