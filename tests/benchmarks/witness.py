"""What the witness costs a confirm, in processor time: every other confirm is made without it.

In one process, through the whole stack but the server's own part, which would only make the share smaller. A
student is identified before the clock runs: what is measured is the form that they send, and the witness's
thread with it.

    python -m tests.benchmarks.witness [--pairs 1500]
"""

import argparse
import re
import time
from pathlib import Path
from statistics import mean

from tests.benchmarks import crowd
from tests.benchmarks.bench import Result, own_database, report

WARM_UP = 50
HIDDEN = re.compile(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"')
# Seconds after a confirm in which the witness's thread comes to its turn.
AFTER = 0.001


def main() -> None:
    """Measure on a database of its own."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--pairs", type=int, default=1500)
    chosen = options.parse_args()
    with own_database() as folder:
        measure(chosen.pairs, folder)


def measure(pairs: int, folder: Path) -> None:
    """Let students confirm in turns, with the witness and without it; print what it adds."""
    from django.test import Client

    from signoffs.upkeep import witness

    def took(person: crowd.Person) -> float:
        """Return the processor's seconds of one confirm, those of every thread."""
        client = Client()
        client.get(f"/c/{person.token}/")
        record = client.post(
            "/class/identify/",
            {"student_number": person.number, "last_six": person.id_number[-6:]},
            follow=True,
        )
        hidden = "".join(f"{name}={value}&" for name, value in HIDDEN.findall(record.content.decode()))
        before = time.process_time()
        answer = client.post(
            "/class/record/", hidden + person.all_right, content_type="application/x-www-form-urlencoded"
        )
        time.sleep(AFTER)
        spent = time.process_time() - before
        assert answer.status_code == 200
        assert crowd.SIGNED in answer.content
        return spent

    people = crowd.imported(2 * (pairs + WARM_UP))
    people.sort(key=lambda person: person.number[::-1])  # in turns through the classes
    pen, times = witness.pen, {True: [], False: []}
    for number, person in enumerate(people):
        is_seen = (number + number // 2) % 2 == 0  # either is first in every other pair
        witness.pen = pen if is_seen else None
        spent = took(person)
        if number >= 2 * WARM_UP:
            times[is_seen].append(spent)
    witness.pen = pen
    pen.finish()
    lines = sum(file.read_text().count("\tconfirm\t") for file in (folder / "witness").iterdir())
    assert lines == len(people) / 2
    seen, unseen = (middle(times[which]) for which in (True, False))
    report(
        "witness",
        [Result("What the witness adds to a confirm, processor time", (seen / unseen - 1) * 100, "%", 2)],
        [f"{seen * 1e6:.0f} µs with it, {unseen * 1e6:.0f} without; {pairs:,} pairs"],
    )


def middle(times: list[float]) -> float:
    """Return the mean of the middle half: what else the machine does falls on the edges."""
    ordered = sorted(times)
    quarter = len(ordered) // 4
    return mean(ordered[quarter : len(ordered) - quarter])


if __name__ == "__main__":
    main()
