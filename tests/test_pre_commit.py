"""What runs before a commit is what CI runs, word by word, and comes from this repository alone."""

import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
HOOKS = (REPOSITORY / ".pre-commit-config.yaml").read_text()
CI = (REPOSITORY / ".ci" / "run").read_text().replace("$python", ".venv/bin/python").splitlines()

# What CI runs and takes too long, or needs more than a clone, before each commit.
SLOW = {".ci/audit", "manage.py makemigrations", "manage.py check"}


def test_each_hook_is_a_line_of_ci():
    entries = re.findall(r"^ +entry: (.+)$", HOOKS, re.MULTILINE)
    assert [entry for entry in entries if entry not in CI] == []
    assert entries


def test_each_quick_check_of_ci_is_a_hook():
    checks = [line for line in CI if line.startswith((".venv/bin/python ", "bash .ci/"))]
    quick = [line for line in checks if not any(slow in line for slow in SLOW)]
    assert [line for line in quick if f"entry: {line}\n" not in HOOKS] == []


def test_no_hook_comes_from_elsewhere():
    assert set(re.findall(r"repo: (\S+)", HOOKS)) == {"local"}
