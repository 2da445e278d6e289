"""Runs all benchmarks, each in a process of its own, and writes the README's table of figures.

    python -m tests.benchmarks [--only NAME …] [--print]

About a quarter of an hour on two quiet cores. With `--only`, the rows of the others stay in the README.
"""

import argparse
import importlib
import os
import platform
import subprocess
import sys
from datetime import date
from pathlib import Path

from enrollcheck import sqlite

README = Path(__file__).resolve().parents[2] / "README.md"
BEGIN, END = "<!-- figures -->", "<!-- /figures -->"
HEAD = "| measured by | what | figure | target | |\n|---|---|---|---|---|\n"
# In the table's order: a module of this folder and its arguments.
RUNS = (
    "journey",
    "journey --postgresql",
    "deadline_day",
    "deadline_day --postgresql",
    "dashboard",
    "scaling",
    "import_roster",
    "print_forms",
    "export_status",
    "witness",
)


def main() -> int:
    """Run what is asked for; return the exit code: 1 where a benchmark failed, whose rows then say so."""
    options = argparse.ArgumentParser(description=__doc__)
    names = sorted({run.split()[0] for run in RUNS})
    options.add_argument("--only", nargs="+", choices=names, default=names, metavar="NAME")
    options.add_argument("--print", action="store_true", help="print the table; leave the README as it is")
    chosen = options.parse_args()
    wanted = [run for run in RUNS if run.split()[0] in chosen.only]
    found = {run: rows_of(run) for run in wanted}
    text = README.read_text()
    table = machine() + "\n\n" + HEAD + merged(rows_in(text), found)
    if chosen.print:
        print(table, end="")
    else:
        README.write_text(replaced(text, table))
    return 1 if any("**failed**" in row for rows in found.values() for row in rows) else 0


def rows_of(run: str) -> list[str]:
    """Run a benchmark and return its rows, its name in the first cell. Notes go to standard error."""
    print(f"{run} …", file=sys.stderr, flush=True)
    module, *arguments = run.split()
    process = subprocess.run(
        [sys.executable, "-m", f"tests.benchmarks.{module}", *arguments],
        cwd=README.parent,
        stdout=subprocess.PIPE,
        text=True,
    )
    rows = [line for line in process.stdout.splitlines() if line.startswith("| ")]
    if process.returncode:
        rows.append("| it did not end | | | **failed** |")
    for row in rows:
        print(row, file=sys.stderr)
    return [f"| `{run}` {row}" for row in rows]


def rows_in(readme: str) -> dict[str, list[str]]:
    """Return the rows of the README's table by the run in their first cell."""
    rows: dict[str, list[str]] = {}
    for line in _parts(readme)[1].splitlines():
        if line.startswith("| `"):
            rows.setdefault(line.split("`")[1], []).append(line)
    return rows


def merged(before: dict[str, list[str]], found: dict[str, list[str]]) -> str:
    """Return the table's rows in order: those found now, and those of before for what did not run."""
    return "".join(f"{row}\n" for run in RUNS for row in found.get(run, before.get(run, [])))


def machine() -> str:
    """Return the line that says where and when it was measured."""
    sqlite.install()  # `sqlite3` is then the product's
    version = importlib.import_module("sqlite3").sqlite_version
    today = date.today()
    return (
        f"Measured on {today.day} {today:%B %Y} on {os.cpu_count()} cores, load generator included, with "
        f"Python {platform.python_version()} and SQLite {version}:"
    )


def replaced(readme: str, table: str) -> str:
    """Return the README with this table between its two markers. Raise ValueError where they are missing."""
    before, _, after = _parts(readme)
    return f"{before}{BEGIN}\n{table}{END}{after}"


def _parts(readme: str) -> tuple[str, str, str]:
    """Return what stands before, between and after the markers. Raise ValueError where they are missing."""
    if (readme.count(BEGIN), readme.count(END)) != (1, 1):
        raise ValueError(f"README.md needs {BEGIN} and {END}, once each")
    before, _, rest = readme.partition(BEGIN)
    between, _, after = rest.partition(END)
    return before, between, after


if __name__ == "__main__":
    sys.exit(main())
