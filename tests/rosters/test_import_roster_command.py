"""Exit codes and the JSON object that outsiders rely on, to the letter of docs/architecture.md."""

import json

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from rosters.models import Campaign, Student
from signoffs.models import Event
from tests import factories

from . import files


@pytest.fixture
def file(tmp_path):
    """Write a roster of these rows and return its path."""

    def write(*rows, name="roster.xlsx"):
        path = tmp_path / name
        path.write_bytes(files.roster(*rows))
        return str(path)

    return write


def run(capsys, *arguments) -> tuple[int, dict]:
    """Run the command with --json; return its exit code and its object."""
    code = 0
    try:
        call_command("import_roster", *arguments, "--json")
    except SystemExit as error:
        code = error.code
    return code, json.loads(capsys.readouterr().out)


def test_a_good_file_is_applied(campaign, file, capsys):
    assert run(capsys, file(files.row(1), files.row(2))) == (
        0,
        {
            "applied": True,
            "rows": 2,
            "departments": 1,
            "classes": 1,
            "created": 2,
            "updated": 0,
            "unchanged": 0,
            "skipped": 0,
            "refused": 0,
            "missing": 0,
            "emptied": 0,
            "undone": 0,
            "without_number": 0,
            "problems": [],
        },
    )
    assert Student.objects.count() == 2


def test_a_dry_run_changes_nothing_and_makes_no_campaign(db, file, capsys):
    code, result = run(capsys, file(files.row(1)), "--campaign", "2027", "--dry-run")

    assert (code, result["applied"], result["created"], result["problems"]) == (0, False, 1, [])
    assert Campaign.objects.count() == Student.objects.count() == 0


def test_a_refused_file_exits_1_and_names_the_cell(db, file, capsys):
    number = int(files.row(2)["身份证号"][:17] + "0")
    code, result = run(capsys, file(files.row(1), files.row(2, 身份证号=number)), "--campaign", "2027")

    (problem,) = result["problems"]
    message = problem.pop("message")
    assert code == 1
    assert problem == {
        "sheet": "名册",
        "row": 3,
        "column": "id_number",
        "level": "error",
        "code": "numeric_id",
    }
    assert not any(part in message for part in (str(number), str(number)[:15]))
    assert (result["applied"], result["refused"]) == (False, 1)
    assert Campaign.objects.count() == Student.objects.count() == 0


def test_a_refused_file_is_refused_under_dry_run_too(campaign, file, capsys):
    assert run(capsys, file(files.row(1, 学号="")), "--dry-run")[0] == 1


def test_an_unreadable_file_exits_1(campaign, tmp_path, capsys):
    (tmp_path / "roster.xlsx").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\xff")
    code, result = run(capsys, str(tmp_path / "roster.xlsx"))

    assert (code, result["applied"], result["rows"]) == (1, False, 0)
    assert [one["code"] for one in result["problems"]] == ["a_picture"]


def test_a_new_campaign_is_made_for_its_year_and_opened(db, file, capsys):
    assert run(capsys, file(files.row(1)), "--campaign", "2027")[0] == 0

    campaign = Campaign.objects.get()
    assert (campaign.slug, campaign.state, str(campaign.student_deadline)) == ("2027", "open", "2027-12-22")
    events = Event.objects.filter(chain__campaign=campaign, chain__class_group=None).order_by("pk")
    assert [(event.verb, event.payload["by"]) for event in events] == [
        ("create_campaign", "import_roster"),
        ("import_roster", "import_roster"),
    ]


def test_a_roster_that_changes_between_the_check_and_the_applying_exits_1(own_class, file, capsys):
    asked = []

    def another_import(execute, sql, *rest):
        """Come in before the roster is looked at for the second time, under the locks."""
        if "record_digest" in sql and sql.startswith("SELECT") and "withdrawn_at" in sql:
            asked.append(sql)
            if len(asked) == 2:
                factories.student(own_class, 9)
        return execute(sql, *rest)

    with connection.execute_wrapper(another_import):
        code, result = run(capsys, file(files.row(990)))

    assert (code, result["applied"], [one["code"] for one in result["problems"]]) == (1, False, ["stale"])
    assert not Student.objects.filter(student_number=files.row(990)["学号"]).exists()


@pytest.mark.parametrize(
    "arguments",
    [("no-such-file.xlsx", "--campaign", "2027"), ("FILE", "--campaign", "spring"), ("FILE",)],
    ids=["no file", "no year", "no open campaign"],
)
def test_wrong_usage_exits_2(db, file, arguments):
    path = file(files.row(1))
    with pytest.raises(CommandError) as error:
        call_command("import_roster", *(path if one == "FILE" else one for one in arguments))
    assert error.value.returncode == 2


def test_without_json_the_problems_go_to_the_error_stream(campaign, file, capsys):
    with pytest.raises(SystemExit):
        call_command("import_roster", file(files.row(1), files.row(2, 出生日期="01/02/05")))

    out, err = capsys.readouterr()
    assert "error: 名册 3 birth_date: " in err
    assert out.startswith("rows 2, departments 1, classes 1, created 1, ")
