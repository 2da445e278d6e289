"""The benchmarks' table: every benchmark is in it, and writing it leaves the rest of the README alone."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks import __main__ as runner
from tests.benchmarks.bench import Result
from tests.races.cluster import programs

# Of the plain site's files: a figure of before and one of after are held against the same site.
FROZEN = "e31cf19f062c0085"

BEFORE = "# Title\n\nText | with | bars\n\n"
AFTER = "\n\n## Next\n\n| `journey` | not the table |\n"


def readme(table: str) -> str:
    return f"{BEFORE}{runner.BEGIN}{table}{runner.END}{AFTER}"


def test_every_benchmark_is_run():
    folder = Path(runner.__file__).parent
    own_mains = {path.stem for path in folder.glob("*.py") if '__name__ == "__main__"' in path.read_text()}
    assert {run.split()[0] for run in runner.RUNS} == own_mains - {"__main__"}


def test_exactly_what_stands_between_the_markers_is_replaced():
    assert runner.replaced(readme("\nold\n"), "new\n") == readme("\nnew\n")


@pytest.mark.parametrize("text", ["", runner.BEGIN, runner.END, readme("") + runner.BEGIN])
def test_without_its_two_markers_a_readme_is_refused(text):
    with pytest.raises(ValueError, match="once each"):
        runner.replaced(text, "new\n")


def test_the_readme_has_the_markers():
    assert runner.rows_in(runner.README.read_text())["import_roster"]


def test_what_did_not_run_keeps_its_rows():
    before = runner.rows_in(readme("\n| `journey` | a |\n| `journey` | b |\n| `scaling` | c |\n"))
    found = {"scaling": ["| `scaling` | d |"], "dashboard": ["| `dashboard` | e |"]}
    assert runner.merged(before, found).splitlines() == [
        "| `journey` | a |",
        "| `journey` | b |",
        "| `dashboard` | e |",
        "| `scaling` | d |",
    ]


def test_a_benchmark_that_fails_says_so_in_its_rows():
    assert runner.rows_of("no_such_benchmark") == [
        "| `no_such_benchmark` | it did not end | | | **failed** |"
    ]


@pytest.mark.parametrize(
    "figure, at_least, row",
    [
        (0.5, True, "| a ÷ b | 0.5 × | ≥ 0.5 | met |"),
        (0.499, True, "| a ÷ b | 0.499 × | ≥ 0.5 | **missed** |"),
        (0.5, False, "| a ÷ b | 0.5 × | ≤ 0.5 | met |"),
        (1234.5, False, "| a ÷ b | 1,234 × | ≤ 0.5 | **missed** |"),
    ],
)
def test_a_row_says_whether_the_target_is_met(figure, at_least, row):
    assert Result("a ÷ b", figure, "×", 0.5, at_least=at_least).row == row


def test_the_plain_site_is_the_one_that_all_figures_were_held_against():
    folder = runner.README.parent / "tests/benchmarks/plain"
    files = sorted(path for path in folder.rglob("*") if path.suffix in (".py", ".html"))
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.relative_to(folder)}\0{path.read_text()}\0".encode())
    assert digest.hexdigest()[:16] == FROZEN


@pytest.mark.parametrize(
    "vendor, arguments",
    [
        ("sqlite", []),
        pytest.param(
            "postgresql",
            ["--postgresql"],
            marks=pytest.mark.skipif(programs() is None, reason="Debian's postgresql is not installed"),
        ),
    ],
)
def test_every_journey_of_a_short_run_ends_with_its_receipt_and_is_stored(vendor, arguments):
    command = [sys.executable, "-m", "tests.benchmarks.journey", "--rounds", "1", "--journeys", "3"]
    run = subprocess.run([*command, *arguments], cwd=runner.README.parent, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in run.stdout.splitlines()]
    assert [row[0] for row in rows] == [
        f"{vendor}: journeys a second ÷ a plain Django site's, 32 connections",
        f"{vendor}: the slowest 1 % of journeys ÷ the median, 32 connections",
        f"{vendor}: journeys a second ÷ a plain Django site's, 64 connections",
        f"{vendor}: the slowest 1 % of journeys ÷ the median, 64 connections",
        f"{vendor}: journeys of both that ended without the right receipt",
        f"{vendor}: journeys acknowledged and not stored, or the reverse",
    ]
    assert [row[1] for row in rows[4:]] == ["0", "0"]
