"""A cluster of deploy/cluster/'s own files, loaded with students' journeys, and broken step by step.

    python -m tests.cluster.rounds [--only NAME[,NAME…]] [--short] [--pauses 10] [--seed 1]

After each fault: every acknowledged declaration is stored, nothing twice, tallies and chains hold, and the
cluster is whole again without anybody's hands. Prints a row a fault, and the load of the machine. Exit 0: all
held and met its targets; 1: something was lost or came out wrong; 3: nothing did, but a time was missed, or
something was not run, of which this run says nothing.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.utils import timezone

from signoffs.models import Declaration
from tests.cluster import cluster as building
from tests.cluster import network
from tests.cluster.crowd import Crowd
from tests.cluster.faults import ANSWERED, FAULTS, FORGETTING, SHORT, Fault
from tests.cluster.row import HEAD, MISSED, Row, exit_code
from tests.cluster.works import WORKS
from tests.durability.opened import migrate, opened
from tests.durability.site import people
from tests.kills import held

BY_NAME = {fault.name: fault for fault in (*FAULTS, *WORKS)}
CLASSES, STUDENTS = 12, 50  # of each class
WARM, COOL = 3.0, 3.0  # seconds of signing before a fault, and after all is whole again
FAULTY = Path(__file__).with_name("faulty-patroni.txt")
SLACK = 1.0  # seconds: what was on its way when a fault began


class Rounds:
    """One cluster, and the crowd in front of it."""

    def __init__(self, folder: Path, environment: Path, seed: int):
        """Take an empty folder, and the environment with Patroni."""
        self.folder, self.cluster = folder, building.Cluster(folder, environment)
        self.seed = seed
        self.crowd: Crowd | None = None
        self.rows: list[Row] = []

    def prepare(self) -> None:
        """Build it, move a school of one server in, and let its students come."""
        file = self.folder / "one-server.sqlite3"
        migrate(f"sqlite:///{file}")
        with opened(f"sqlite:///{file}"):
            known = people(CLASSES, STUDENTS)
        self.cluster.begin()
        self.cluster.move_in(file)
        self.cluster.open()
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
        except (TimeoutError, AssertionError, subprocess.CalledProcessError) as error:
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
        if fault is not FORGETTING:  # which never finds its synchronous standby again
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
        if row.fault is not FORGETTING:  # what is sent again is there again, in another place
            row.wrong += self.crowd.resend()
        with opened(self.cluster.url()):
            found = held.problems(self.crowd.promised)
            row.lost = found.get("acknowledged and not stored", 0)
            ahead = Declaration.objects.filter(declared_at__gt=timezone.now()).count()
        row.wrong += [f"{count} × {name}" for name, count in found.items()]
        row.wrong += [f"{ahead} stored with a time to come"] * bool(ahead)
        witnesses = map(str, self.cluster.witnesses())
        for command in (["verify_events"], ["recount", "--dry-run"], ["witness", *witnesses]):
            run = self.cluster.manage(*command)
            if run.returncode:
                row.wrong.append(f"{command[0]} says {(run.stdout + run.stderr)[-200:]!r}")

    def run(self, names: list[str], pauses: int) -> None:
        """Play these, the pause of more than the lease so many times."""
        for name in names:
            for _ in range(pauses if name == "pause_beyond_lease" else 1):
                print(self.play(BY_NAME[name]).line(), flush=True)

    def forget(self) -> None:
        """Under the faulty Patroni: pause, let it lose, and see that the witness names it all."""
        row = self.play(FORGETTING)
        with opened(self.cluster.url()):
            stored = {str(one) for one in Declaration.objects.values_list("submission_id", flat=True)}
        lost = self.crowd.promised - stored
        run = self.cluster.manage("witness", *map(str, self.cluster.witnesses()))
        named = set(re.findall(r"submission ([0-9a-f-]{36})", run.stdout))
        row.wrong.clear()  # that it loses is the point
        if not lost:
            row.not_run = "it lost nothing this time"
        if lost - named:
            row.wrong.append(f"{len(lost - named)} lost that the witness does not name")
        row.lost = row.named = len(lost)
        print(row.line(), flush=True)

    def close(self) -> None:
        """End it all."""
        if self.crowd is not None:
            self.crowd.end()
        self.cluster.close()


@contextmanager
def prepared(environment: Path, seed: int) -> Iterator[Rounds]:
    """Yield rounds that are ready, and end them."""
    with tempfile.TemporaryDirectory(prefix="enrollcheck-cluster-") as name:
        Path(name).chmod(0o755)
        rounds = Rounds(Path(name), environment, seed)
        try:
            rounds.prepare()
            yield rounds
        finally:
            rounds.close()


def arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", help=f"of {', '.join(BY_NAME)}, {FORGETTING.name}")
    parser.add_argument("--short", action="store_true", help=f"{', '.join(SHORT)}: what CI plays")
    parser.add_argument(
        "--pauses", type=int, default=10, help="of more than the lease (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    chosen.names = (
        chosen.only.split(",")
        if chosen.only
        else list(SHORT if chosen.short else (*BY_NAME, FORGETTING.name))
    )
    if unknown := set(chosen.names) - {*BY_NAME, FORGETTING.name}:
        parser.error(f"no such fault: {', '.join(sorted(unknown))}")
    return chosen


def main() -> int:
    """Run as a command."""
    chosen = arguments()
    if lacking := building.missing():
        print(f"not run: {', '.join(lacking)} must be there first")
        return MISSED
    played = [name for name in chosen.names if name != FORGETTING.name]
    forgets = FORGETTING.name in chosen.names
    # Installed while there is still a network to the package index.
    sound, faulty = building.patroni(), building.patroni(FAULTY) if forgets else None
    network.move_inside("tests.cluster.rounds")
    rows = []
    print(f"{os.cpu_count()} cores, {network.words()}\n\n{HEAD}", flush=True)
    if played:
        with prepared(sound, chosen.seed) as rounds:
            rounds.run(played, 1 if chosen.short else chosen.pauses)
            rows += rounds.rows
    if forgets:
        with prepared(faulty, chosen.seed) as rounds:
            rounds.forget()
            rows.append(rounds.rows[-1])
    return exit_code(rows)


if __name__ == "__main__":
    sys.exit(main())
