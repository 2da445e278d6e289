"""`export_form`: what docs/architecture.md promises about names, files and exit codes."""

import io

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from rosters.encryption import CannotDecrypt
from signoffs.models import Declaration, Event
from tests import factories, printed, stories


@pytest.fixture
def classes(campaign):
    """Two classes of one department; a third, of the same name as the first, of another."""
    return [
        factories.class_group("软件2601班", students=2),
        factories.class_group("软件2602班", students=2),
        factories.class_group("软件2601班", students=2, department_name="软件学院"),
    ]


def run(tmp_path, *arguments: str) -> list[str]:
    """Run the command; return the text of each page."""
    file = tmp_path / "form.pdf"
    call_command("export_form", *arguments, output=file, stdout=io.StringIO())
    return printed.pypdf_pages(file.read_bytes())


@pytest.mark.parametrize(
    "arguments, pages",
    [
        (["--class", "软件2602班"], 1),
        (["--department", "信息工程系"], 2),
        (["--all"], 3),
        (["--all", "--blank"], 3),
        (["--all", "--campaign", "2026"], 3),
    ],
)
def test_a_class_a_department_or_all(classes, tmp_path, arguments, pages):
    assert len(run(tmp_path, *arguments)) == pages


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["--class", "软件2601班"], "信息工程系"),  # of which of the two?
        (["--class", "没有这个班"], "No class is called so"),
        (["--department", "没有这个系"], "No class is called so"),
        (["--all", "--campaign", "1999"], "There is no campaign 1999"),
    ],
)
def test_what_is_not_one_thing_exits_2_and_writes_nothing(classes, tmp_path, arguments, said):
    with pytest.raises(CommandError) as error:
        run(tmp_path, *arguments)
    assert error.value.returncode == 2
    assert said in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_exits_2(classes, tmp_path):
    with pytest.raises(CommandError) as error:
        call_command("export_form", "--all", output=tmp_path / "none" / "form.pdf")
    assert error.value.returncode == 2


def test_without_an_open_campaign_one_is_to_be_named(db, tmp_path):
    with pytest.raises(CommandError, match="No campaign is open"):
        run(tmp_path, "--all")


def test_an_export_is_an_event(classes, tmp_path):
    run(tmp_path, "--all")
    assert Event.objects.get(verb="export").payload["by"] == "export_form"


def test_a_print_that_breaks_off_leaves_the_file_as_it_was(classes, tmp_path):
    declaration = stories.confirm(classes[2].students.get(seat=1))
    stored = Declaration.objects.filter(pk=declaration.pk)
    [sealed] = stored.values_list("signature", flat=True)
    stored.update(signature=type(sealed)(bytes(sealed)[:-1] + bytes([sealed[-1] ^ 1])))
    file = tmp_path / "form.pdf"
    file.write_bytes(b"before")
    with pytest.raises(CannotDecrypt):
        run(tmp_path, "--all")
    assert [one.name for one in tmp_path.iterdir()] == ["form.pdf"]
    assert file.read_bytes() == b"before"


def test_the_events_say_that_it_was_printed_even_if_it_breaks_off(classes, tmp_path):
    with pytest.raises(CommandError):
        run(tmp_path / "no such folder", "--all")
    assert Event.objects.filter(verb="export").count() == 1
