"""Both READMEs say the same: pictures, commands, settings, benchmarks; and these are all that there are."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands
from PIL import Image

from enrollcheck import env
from tests import pictures

REPOSITORY = Path(__file__).resolve().parent.parent
ENGLISH, CHINESE = (REPOSITORY / name for name in ("README.md", "README.zh-CN.md"))
OURS = ("enrollcheck", "rosters", "signoffs")
LARGEST = 60_000  # bytes of a picture

_CODE = re.compile(r"`([^`]+)`")
_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
_PICTURE = re.compile(r'<img src="([^"]+)" height="(\d+)" alt="([^"]+)">')
_READ = re.compile(r'(?:_env\.\w+|_required)\(\s*"([A-Z_]+)"')


def first_cells(text: str) -> list[list[str]]:
    """Return the code in the first cell of each row of every table."""
    rows = [line.replace(r"\|", "") for line in text.splitlines() if line.startswith("| `")]
    return [_CODE.findall(row.split("|")[1]) for row in rows]


def cells_without_repeats(path: Path) -> list[list[str]]:
    """Return the first cells, of a benchmark with several rows once."""
    found = first_cells(path.read_text())
    return [cell for position, cell in enumerate(found) if position == 0 or cell != found[position - 1]]


def test_both_list_the_same_commands_settings_and_benchmarks():
    assert cells_without_repeats(CHINESE) == cells_without_repeats(ENGLISH)


def test_both_say_the_same_lines_to_type():
    assert _BLOCK.findall(CHINESE.read_text()) == _BLOCK.findall(ENGLISH.read_text())


def test_both_have_the_same_sections():
    levels = [re.findall(r"^(#+) ", path.read_text(), re.MULTILINE) for path in (CHINESE, ENGLISH)]
    assert levels[0] == levels[1]


@pytest.mark.parametrize("path", [ENGLISH, CHINESE], ids=lambda path: path.name)
def test_every_command_of_ours_is_listed(path):
    ours = {name for name, app in get_commands().items() if app in OURS}
    assert ours - set(re.findall(r"manage\.py (\w+)", path.read_text())) == set()


@pytest.mark.parametrize("path", [ENGLISH, CHINESE], ids=lambda path: path.name)
def test_the_settings_listed_are_those_that_are_read(path):
    listed = {
        name for cell in first_cells(path.read_text()) for name in cell if re.fullmatch("[A-Z_]+", name)
    }
    assert listed == {*_READ.findall(Path(env.__file__).read_text()), "BACKUP_KEY"}


@pytest.mark.parametrize("path, other", [(ENGLISH, CHINESE), (CHINESE, ENGLISH)], ids=["english", "chinese"])
def test_each_links_the_other_and_begins_with_words_and_pictures(path, other):
    beginning = path.read_text().split("```")[0]
    assert f"]({other.name})" in beginning
    assert [Path(source).name for source, _, _ in _PICTURE.findall(beginning)] == [
        "student.png",
        "monitor.png",
        "dashboard.png",
        "form.png",
    ]


@pytest.mark.parametrize(
    "name, size",
    [
        ("student", pictures.PHONE),
        ("monitor", pictures.PHONE),
        ("dashboard", pictures.DESK),
        ("form", pictures.FORM),
    ],
)
def test_a_picture_has_its_size_and_is_small(name, size):
    path = pictures.FOLDER / f"{name}.png"
    with Image.open(path) as picture:
        assert picture.size == size
    assert path.stat().st_size < LARGEST
