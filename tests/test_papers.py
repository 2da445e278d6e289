"""What the papers name exists: files, tests, rules; and every paper that a source names is there."""

import ast
import re
import subprocess
from pathlib import Path

import pytest
from django.apps import apps

REPOSITORY = Path(__file__).resolve().parent.parent
BINARY = {".png", ".mo", ".gz", ".webp", ".ico"}
TRACKED = subprocess.run(
    ["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=True
).stdout.split("\0")
TEXTS = {
    name: (REPOSITORY / name).read_text()
    for name in filter(None, TRACKED)
    if (REPOSITORY / name).is_file() and Path(name).suffix not in BINARY
}
PAPERS = sorted(name for name in TEXTS if name.endswith(".md"))
ARCHITECTURE = TEXTS["docs/architecture.md"]

_PAPER = re.compile(r"[\w./-]*\w\.md\b")
_PATH = re.compile(
    r"`((?:docs|enrollcheck|rosters|signoffs|static|templates|tests|\.ci)/[\w./<>-]*)(?:::(\w+))?`"
)
_LINK = re.compile(r"\]\(([^)#:]+)\)|src=\"([^\":]+)\"")
_RULE = re.compile(r"^### Rule (\d+): ", re.MULTILINE)
_CITED_RULE = re.compile(r"architecture\.md,\s+(?:#\s+)?rule (\d+)")


def test_every_paper_that_is_named_exists():
    """From the root, or beside what names it."""
    missing = [
        (name, paper)
        for name, text in TEXTS.items()
        for paper in _PAPER.findall(text)
        if not (REPOSITORY / paper).is_file() and not (REPOSITORY / name).parent.joinpath(paper).is_file()
    ]
    assert missing == []


@pytest.mark.parametrize("name", PAPERS)
def test_every_file_and_test_that_a_paper_names_exists(name):
    """A test of SECURITY.md stands as file::name under tests/."""
    missing = [
        (path, test)
        for path, test in _PATH.findall(TEXTS[name])
        if not any(_is_there(root / path, test) for root in (REPOSITORY, REPOSITORY / "tests"))
    ]
    assert missing == []


def _is_there(path: Path, test: str) -> bool:
    if not test:
        return path.exists()
    if not path.is_file():
        return False
    found = ast.walk(ast.parse(path.read_text()))
    return test in {node.name for node in found if isinstance(node, (ast.FunctionDef, ast.ClassDef))}


@pytest.mark.parametrize("name", PAPERS)
def test_every_link_and_picture_of_a_paper_is_there(name):
    named = ["".join(found) for found in _LINK.findall(TEXTS[name])]
    folder = (REPOSITORY / name).parent
    assert [target for target in named if not (folder / target).exists()] == []


def test_each_rule_stands_once_and_each_that_is_cited_stands():
    rules = [int(number) for number in _RULE.findall(ARCHITECTURE)]
    assert sorted(rules) == list(range(1, 22))
    cited = {int(number) for text in TEXTS.values() for number in _CITED_RULE.findall(text)}
    assert cited - set(rules) == set()


def test_each_rule_that_is_not_to_come_names_its_test():
    today, to_come = ARCHITECTURE.split("\n## To come\n")
    sections = re.split(r"^##+ ", today.split("\n## Rules that shape the code\n")[1], flags=re.MULTILINE)
    rules = [section for section in sections if section.startswith("Rule ")]
    assert [rule.splitlines()[0] for rule in rules if "`tests/" not in rule] == []
    assert len(rules) + len(_RULE.findall(to_come)) == 21


def test_there_are_ten_decisions_each_with_context_cost_and_figure():
    decisions = sorted(name for name in PAPERS if re.fullmatch(r"docs/adr/\d{4}-[\w-]+\.md", name))
    assert len(decisions) == 10
    heads = ["**Context.**", "**Decision.**", "**What it costs.**", "**Figure.**"]
    assert [name for name in decisions if [TEXTS[name].count(head) for head in heads] != [1] * 4] == []
    listed = re.findall(r"\((\d{4}-[\w-]+\.md)\)", TEXTS["docs/adr/README.md"])
    assert [f"docs/adr/{name}" for name in listed] == decisions


def test_the_glossarys_models_are_those_of_the_code():
    today, to_come = TEXTS["docs/glossary.md"].split("\n## To come\n")
    configs = map(apps.get_app_config, ("rosters", "signoffs"))
    models = {model.__name__ for config in configs for model in config.get_models()}
    named = [set(re.findall(r"`([A-Z]\w+)`", part)) for part in (today, to_come)]
    assert (named[0] - models, named[1] & models) == (set(), set())


def test_the_sixteen_changes_are_all_there():
    table = TEXTS["CONTRIBUTING.md"].split("| change | files |")[1]
    assert re.findall(r"^\| (\d+) ", table, re.MULTILINE) == [str(number) for number in range(1, 17)]


def test_nothing_outside_the_repository_is_cited():
    """No folder beside it, and no machine's own path."""
    outside = re.compile(r"\.\./shared|(?<![\w.])/wor[k]/")
    assert [name for name, text in TEXTS.items() if outside.search(text)] == []
