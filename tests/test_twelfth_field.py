"""One fact, one place: a twelfth key field is a row of the table, a column of the model, and a migration.

In a copy of the repository the row is added, and tests/twelfth_field.py sees the field arrive everywhere.
"""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

from rosters import key_fields
from rosters.models import Student

REPOSITORY = Path(__file__).resolve().parent.parent
COPIED = ("enrollcheck", "rosters", "signoffs", "templates", "static", "locale", "tests")
ROW = """    KeyField(
        name="study_mode",
        label="学习形式",
        gloss=_("mode of study"),
        headings=("XXXS",),
        chsi=("学习形式",),
        cleaner=cleaning.clean_words,
        longest=12,
        shared=True,
        filled_down=True,
        owner=SCHOOL,
        meaning=meanings.words,
    ),
"""
COLUMN = (
    '    study_mode = models.CharField(_("mode of study"), max_length=_longest("study_mode"), blank=True)\n'
)
# Of a list that names this many key fields somebody would have to think when the twelfth comes.
MANY = 5
# The table, the model beside it, and the invented university, whose rows are an office's file.
MAY_NAME_MANY = ("rosters/key_fields.py", "rosters/models.py", "enrollcheck/demo/university.py")


def put_before(path: Path, mark: str, text: str) -> None:
    content = path.read_text()
    assert content.count(mark) == 1
    path.write_text(content.replace(mark, text + mark))


def run(folder: Path, *arguments: str) -> None:
    done = subprocess.run([sys.executable, *arguments], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_row_and_a_column_are_all_that_a_twelfth_field_needs(tmp_path):
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
    for name in COPIED:
        shutil.copytree(REPOSITORY / name, tmp_path / name, ignore=ignored)
    for name in ("manage.py", "pyproject.toml"):
        shutil.copy(REPOSITORY / name, tmp_path)

    put_before(tmp_path / "rosters/key_fields.py", ")\n# What rosters say besides", ROW)
    put_before(tmp_path / "rosters/models.py", "\n    # Not unique: the same ID number twice", COLUMN)
    run(tmp_path, "manage.py", "makemigrations", "rosters", "--settings", "tests.settings")

    run(tmp_path, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider", "tests/twelfth_field.py")


def named_fields(node: ast.AST) -> set[str]:
    """Return the key fields that a list, a table or a call's arguments name, by name or label."""
    if isinstance(node, ast.Dict):
        texts = [key for key in node.keys if key is not None]
    elif isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        texts = [part for one in node.elts for part in (one, *getattr(one, "elts", ())[:1])]
    else:
        return set()
    words = {text.value for text in texts if isinstance(text, ast.Constant)}
    return {field.name for field in key_fields.KEY_FIELDS if {field.name, field.label} & words}


def test_no_other_list_names_the_key_fields():
    found = [
        f"{path.relative_to(REPOSITORY)}:{node.lineno}"
        for app in ("enrollcheck", "rosters", "signoffs")
        for path in sorted((REPOSITORY / app).rglob("*.py"))
        if "migrations" not in path.parts and str(path.relative_to(REPOSITORY)) not in MAY_NAME_MANY
        for node in ast.walk(ast.parse(path.read_text()))
        if len(named_fields(node)) >= MANY
    ]
    assert found == []


def test_the_database_holds_as_much_of_a_text_as_the_table_says():
    columns = {column.name: column.longest for column in key_fields.COLUMNS.values()}
    del columns["id_number"]  # encrypted, of whatever length
    assert columns == {name: Student._meta.get_field(name).max_length for name in columns}
