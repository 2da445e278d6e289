"""Templates that one can review: an element a line, no long line, and none that the formatter passes over."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "templates"
TEMPLATES = sorted(FOLDER.rglob("*.html"))
LONGEST = 120
# What begins a line of its own: everything that a page draws as a block, and what is sent with a form.
BLOCKS = (
    "article aside button caption col colgroup dd details div dl dt fieldset figure footer form h1 h2 h3 "
    "header legend li main nav ol option p section select summary table tbody td tfoot th thead tr ul"
).split()
OPENED = re.compile(rf"<(?:{'|'.join(BLOCKS)})\b")
MOST_IFS = 2


def _lines() -> list[tuple[str, str]]:
    """Return every line of every template, with where it stands."""
    return [
        (f"{path.relative_to(ROOT)}:{number}", line)
        for path in TEMPLATES
        for number, line in enumerate(path.read_text().splitlines(), 1)
    ]


def test_no_line_is_longer_than_one_can_read():
    assert [where for where, line in _lines() if len(line) > LONGEST] == []


def test_no_line_opens_two_blocks():
    assert [where for where, line in _lines() if len(OPENED.findall(line)) > 1] == []


def test_no_line_decides_more_than_two_things():
    assert [where for where, line in _lines() if line.count("{% if ") > MOST_IFS] == []


def test_the_formatter_changes_nothing_and_passes_over_no_template():
    """Counted: djlint skips what git ignores, and what its settings exclude."""
    command = [sys.executable, "-m", "djlint", "--check", "templates"]
    checked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout
    assert re.findall(r"(\d+)/(\d+) files", checked.stderr)[-1:] == [(str(len(TEMPLATES)),) * 2]


@pytest.mark.parametrize("mark", ["djlint:off", "djlint: off", "beautify ignore"])
def test_no_template_switches_the_formatter_off(mark):
    assert [where for where, line in _lines() if mark in line] == []


def test_every_template_stands_in_the_folder_that_is_checked():
    code = (ROOT / name for name in ("enrollcheck", "rosters", "signoffs"))
    assert [path for folder in code for path in folder.rglob("*.html")] == []
