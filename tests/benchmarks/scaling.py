"""Import, print and export from 1,000 to 100,000 students: time for each, and memory.

Each size and each work has a process of its own, so that none finds what another has given back; the small
sizes are repeated, the sizes take turns. What is printed and exported was imported, and signed in part.

    python -m tests.benchmarks.scaling [--sizes 1000 10000 100000] [--rounds 3]
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from statistics import median

from tests.benchmarks.bench import Result, grown_mb, own_database, report, timed

WORKS = ("import", "print", "export")
# A process that has the roster's file, then those that need what the one before left in the database.
STEPS = ("file", "import", "sign", "print", "export")
# Print and export stream: what a hundred times the students may add beyond the memory of the smallest size.
FLAT_MB = 16
SAMPLES = 20_000  # students: a size is repeated until that many were measured, five times at most


def main() -> None:
    """Let each process measure its part, and print the ratios."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 100_000])
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--step", choices=STEPS, help="be the process of one step")
    options.add_argument("--folder", type=Path)
    chosen = options.parse_args()
    if chosen.step:
        with own_database(kept_in=chosen.folder):
            print(json.dumps(run(chosen.step, chosen.sizes[0], chosen.folder)))
        return
    sizes = sorted(chosen.sizes)
    seconds: dict[tuple[str, int], list[float]] = defaultdict(list)
    memory: dict[tuple[str, int], list[float]] = defaultdict(list)
    for _ in range(chosen.rounds):
        for size in sizes:
            for work, (took, grown) in measured(size).items():
                seconds[work, size] += took
                memory[work, size].append(grown)
    print_results(sizes, seconds, memory)


def measured(size: int) -> dict[str, tuple[list[float], float]]:
    """Go through the steps with that many students; return (seconds of each repetition, MB) by work."""
    folder = Path(tempfile.mkdtemp(prefix="enrollcheck-benchmark-"))
    found = {}
    try:
        for step in STEPS:
            command = ["--step", step, "--sizes", str(size), "--folder", str(folder)]
            process = subprocess.run(
                [sys.executable, "-m", "tests.benchmarks.scaling", *command],
                stdout=subprocess.PIPE,
                check=True,
            )
            found[step] = json.loads(process.stdout)
    finally:
        shutil.rmtree(folder)
    return {work: found[work] for work in WORKS}


def print_results(sizes: list[int], seconds: dict, memory: dict) -> None:
    each = {key: median(took) / key[1] for key, took in seconds.items()}
    grown = {key: median(one) for key, one in memory.items()}
    least, most = sizes[0], sizes[-1]
    results = [
        Result(
            f"{work.capitalize()}: time for a student at {most:,} ÷ at {least:,}",
            each[work, most] / each[work, least],
            "×",
            1.1,
        )
        for work in WORKS
    ]
    # In a process of its own: one that has imported before would find room that it had already taken.
    results.append(
        Result(f"Import: memory that {most:,} rows add to the web process", grown["import", most], "MB", 150)
    )
    results += [
        Result(
            f"{work.capitalize()}: memory that {most:,} students add ÷ beyond {least:,}",
            grown[work, most] - grown[work, least],
            "MB",
            FLAT_MB,
        )
        for work in ("print", "export")
    ]
    notes = [
        f"{work}: "
        + ", ".join(
            f"{size:,} students {median(seconds[work, size]):.2f} s, {each[work, size] * 1e6:.0f} µs each, "
            f"{grown[work, size]:.0f} MB"
            for size in sizes
        )
        for work in WORKS
    ]
    report("scaling", results, notes)


# The process of one step ------------------------------------------------------------------------------


def run(step: str, size: int, folder: Path) -> tuple[list[float], float] | None:
    """Do the step; return the seconds of each repetition and the MB of the first one."""
    from django.utils import timezone

    from signoffs.outputs import printing
    from tests.benchmarks import rosters, signed

    roster = folder / "roster.xlsx"
    if step == "file":
        roster.write_bytes(rosters.workbook(size))
        return None
    if step == "sign":
        signed.by_most(classes())
        printing.form_pdf([], now=timezone.now())  # a site makes its fonts once
        return None
    work = {"import": lambda: imported(roster), "print": printed, "export": exported}[step]
    took: list[float] = []
    grown = grown_mb(lambda: took.append(timed(work)))
    for _ in range(min(5, SAMPLES // size)):
        took.append(timed(work))
    # The first repetition reads fonts, catalogues and modules: it counts where it is the only one.
    return took[1:] or took, grown


def imported(roster: Path) -> None:
    """Import the file into a campaign of its own."""

    from rosters import planning, reading
    from rosters.models import Campaign
    from signoffs import flow
    from signoffs.queries.actors import Who

    acting = {"who": Who(command="benchmark")}
    campaign = flow.campaign_for(slug=str(2026 + Campaign.objects.count()), **acting)
    plan = planning.plan(campaign, reading.read(roster.read_bytes(), "roster.xlsx"))
    flow.import_roster(plan=plan, **acting)


def classes():
    """Return the classes of the first campaign, as the office prints and exports them."""
    from rosters.models import ClassGroup

    return ClassGroup.objects.filter(campaign__slug="2026").select_related("campaign", "department")


def printed() -> None:
    """Print the forms of all classes."""
    from django.utils import timezone

    from signoffs.outputs import printing

    assert consumed(printing.form_pdf(classes(), now=timezone.now()))


def exported() -> None:
    """Export the status of all students."""
    from signoffs.outputs import exports

    assert consumed(exports.student_status(classes()))


def consumed(file: bytes | Iterable[bytes]) -> int:
    """Return the size of a file, whole or in parts: a part is gone when the next one comes, as when sent."""
    return len(file) if isinstance(file, bytes) else sum(len(part) for part in file)


if __name__ == "__main__":
    main()
