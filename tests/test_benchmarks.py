"""The benchmarks' table: every benchmark is in it, and writing it leaves the rest of the README alone."""

from pathlib import Path

import pytest

from tests.benchmarks import __main__ as runner
from tests.benchmarks.bench import Result

BEFORE = "# Title\n\nText | with | bars\n\n"
AFTER = "\n\n## Next\n\n| `confirm` | not the table |\n"


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
    before = runner.rows_in(readme("\n| `confirm` | a |\n| `confirm` | b |\n| `scaling` | c |\n"))
    found = {"scaling": ["| `scaling` | d |"], "dashboard": ["| `dashboard` | e |"]}
    assert runner.merged(before, found).splitlines() == [
        "| `confirm` | a |",
        "| `confirm` | b |",
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
