"""The house's one direction (docs/architecture.md): who may import whom, and who may write what."""

import ast
import importlib
from pathlib import Path
from types import ModuleType

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
APPS = ("enrollcheck", "rosters", "signoffs")
SOURCES = sorted(
    path.relative_to(REPOSITORY)
    for app in APPS
    for path in (REPOSITORY / app).rglob("*.py")
    if "migrations" not in path.parts
)

# From the top of the house to its ground, one row a floor: a file imports from its own floor and those below.
FLOORS = (
    ("enrollcheck", "enrollcheck.demo", "enrollcheck.management", "enrollcheck.postgresql"),
    ("signoffs.urls",),
    ("signoffs.views", "signoffs.management", "signoffs.admin"),
    ("signoffs.forms", "signoffs.access", "signoffs.templatetags"),
    ("signoffs.outputs",),
    ("signoffs.flow",),
    ("signoffs.queries", "signoffs.upkeep"),
    ("signoffs.entrance",),
    ("signoffs.models",),
    ("signoffs.process", "signoffs"),
    ("rosters.admin", "rosters.resources", "rosters.rotation"),
    ("rosters.importing", "rosters.planning", "rosters.seats", "rosters.hand_made", "rosters.student_rows"),
    ("rosters.models",),
    ("rosters", "rosters.child"),
)
LEAF_FORBIDS = ("django.db", "django.http", "django.shortcuts")
MAY_KNOW_A_REQUEST = (
    "signoffs/views/",
    "signoffs/access/",
    "enrollcheck/",
    "rosters/admin.py",
    "signoffs/admin.py",
)

STORES = ("store", "insert_if_new")
WRITES = {
    "create",
    "bulk_create",
    "bulk_update",
    "update_or_create",
    "get_or_create",
    "delete",
    "save",
    "update",
}
ROSTER_MODELS = {"Campaign", "Department", "ClassGroup", "Student", "RosterImport", "RosterChange"}


def module_of(path: Path) -> str:
    """Return the dotted name of a source file."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def floor_of(module: str) -> int:
    """Return the number of the floor, counted from the top. Raise LookupError for a folder that no row names.

    An app's own name stands for the files that lie in it, not for folders below.
    """
    room = module
    while room:
        for number, rooms in enumerate(FLOORS):
            if room in rooms and (room not in APPS or module.count(".") <= 1):
                return number
        room = room.rpartition(".")[0]
    raise LookupError(f"{module}: no floor for it, name its folder in FLOORS")


def imports_of(path: Path) -> list[tuple[str, ast.stmt]]:
    """Return every module that the file imports from, absolute, and the statement."""
    package = module_of(path) if path.name == "__init__.py" else module_of(path).rpartition(".")[0]
    found = []
    for node in ast.walk(ast.parse((REPOSITORY / path).read_text())):
        if isinstance(node, ast.Import):
            found += [(alias.name, node) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")
            base = ".".join(base[: len(base) - node.level + 1]) if node.level else ""
            origin = ".".join(filter(None, [base, node.module]))
            found += [(f"{origin}.{alias.name}", node) for alias in node.names]
    return found


def test_rosters_never_imports_signoffs_and_neither_imports_the_wiring():
    breaches = [
        (str(path), module)
        for path in SOURCES
        for module, _ in imports_of(path)
        if (path.parts[0] == "rosters" and module.startswith(("signoffs", "enrollcheck")))
        or (path.parts[0] == "signoffs" and module.startswith("enrollcheck"))
    ]
    assert breaches == []


def named(origin: str) -> str:
    """Return the module of what an import names: a module, or a name that one holds."""
    return origin if is_module(origin) else origin.rpartition(".")[0]


def is_module(dotted: str) -> bool:
    """Say whether a dotted name is a module or a folder of ours."""
    path = REPOSITORY.joinpath(*dotted.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()


def test_every_import_runs_down_the_floors():
    breaches = [
        f"{path} imports {module} from a floor above"
        for path in SOURCES
        for module, _ in imports_of(path)
        if module.split(".")[0] in APPS and floor_of(named(module)) < floor_of(module_of(path))
    ]
    assert breaches == []


def test_an_unknown_folder_has_no_floor():
    assert len(FLOORS) <= 14
    for unknown in ("signoffs.attic.box", "rosters.cellar.wine", "enrollcheck.garage.car"):
        with pytest.raises(LookupError):
            floor_of(unknown)


def is_leaf_of_rosters(path: Path) -> bool:
    """Say whether a file of rosters lies on its lowest floor. encryption.py holds fields of tables."""
    lowest = floor_of(module_of(path)) == len(FLOORS) - 1
    return lowest and path.name not in ("encryption.py", "apps.py")


def test_leaves_know_no_request_and_no_table():
    breaches = [
        (str(path), module)
        for path in SOURCES
        if module_of(path).startswith("signoffs.process") or is_leaf_of_rosters(path)
        for module, _ in imports_of(path)
        if module.startswith(LEAF_FORBIDS)
    ]
    assert breaches == []


def test_only_views_and_access_know_a_request():
    breaches = [
        str(path)
        for path in SOURCES
        if not str(path).startswith(MAY_KNOW_A_REQUEST) and "HttpRequest" in (REPOSITORY / path).read_text()
    ]
    assert breaches == []


def test_no_import_hides_in_a_function():
    breaches = [
        f"{path}:{inner.lineno}"
        for path in SOURCES
        for outer in ast.walk(ast.parse((REPOSITORY / path).read_text()))
        if isinstance(outer, (ast.FunctionDef, ast.AsyncFunctionDef))
        for inner in ast.walk(outer)
        if isinstance(inner, (ast.Import, ast.ImportFrom))
    ]
    assert breaches == []


def test_every_name_that_is_taken_from_a_module_is_there():
    """A sentence that a rule no longer had was found only when a student was refused: a 500."""
    breaches = []
    for path in SOURCES:
        if path.name == "wsgi.py":
            continue
        known = vars(importlib.import_module(module_of(path)))
        for node in ast.walk(ast.parse((REPOSITORY / path).read_text())):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                module = known.get(node.value.id)
                if isinstance(module, ModuleType) and not hasattr(module, node.attr):
                    breaches.append(f"{path}:{node.lineno} {node.value.id}.{node.attr}")
    assert breaches == []


def written_models(path: Path) -> set[str]:
    """Return the models on which the file calls a writing method of a manager: `Model.objects….create(…)`.

    And those of which it stores an object: `store(Model(…))`.
    """
    found = set()
    for node in ast.walk(ast.parse((REPOSITORY / path).read_text())):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in STORES:
            found |= {getattr(one.func, "id", "") for one in node.args if isinstance(one, ast.Call)}
        if not (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITES
        ):
            continue
        step = node.func.value
        while isinstance(step, (ast.Call, ast.Attribute)):
            if (
                isinstance(step, ast.Attribute)
                and step.attr == "objects"
                and isinstance(step.value, ast.Name)
            ):
                found.add(step.value.id)
            step = step.func if isinstance(step, ast.Call) else step.value
    return found


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_only_the_writers_write(path):
    """Rosters: importing.py. The process: flow, links and throttle; the access log: access/desks.py."""
    where = str(path)
    written = written_models(path)
    allowed = set()
    if where in ("rosters/importing.py", "rosters/seats.py"):
        allowed = ROSTER_MODELS
    elif where == "rosters/rotation.py":
        allowed = {"RetiredDigestKey"}
    elif where.startswith("signoffs/flow/"):
        allowed = written - ROSTER_MODELS
    elif where in ("signoffs/entrance/links.py", "signoffs/entrance/throttle.py"):
        allowed = {"ClassLink", "Invitation", "OneTimeCode", "Throttle"}
    elif where == "signoffs/entrance/identifications.py":
        allowed = {"Identification"}
    elif where == "signoffs/access/desks.py":
        allowed = {"AccessRecord"}
    elif where.startswith("enrollcheck/management/commands/demo"):
        allowed = {"User", "Membership"}
    assert written - allowed == set()


def test_only_the_writers_store_without_a_queryset():
    writers = ("signoffs/flow/", "signoffs/entrance/throttle.py", "signoffs/entrance/identifications.py")
    stores = {
        "signoffs.models.prepared",
        *(f"signoffs.models.prepared.{name}" for name in (*STORES, "update")),
    }
    breaches = [
        (str(path), module)
        for path in SOURCES
        if not str(path).startswith(writers)
        for module, _ in imports_of(path)
        if module in stores
    ]
    assert breaches == []


def test_nothing_happens_by_a_signal_or_in_a_save():
    """A step of the process stands in its move: no model saves in a way of its own, no receiver listens."""
    listening = [
        (str(path), module)
        for path in SOURCES
        for module, _ in imports_of(path)
        if "signals" in module.split(".")
    ]
    assert sorted(listening) == [
        ("enrollcheck/apps.py", "django.contrib.auth.signals.user_logged_in"),
        ("enrollcheck/sqlite.py", "django.db.backends.signals.connection_created"),
    ]
    own = [
        f"{path}:{node.lineno}"
        for path in SOURCES
        if "models" in path.parts or path.name == "models.py"
        for node in ast.walk(ast.parse((REPOSITORY / path).read_text()))
        if isinstance(node, ast.FunctionDef) and node.name in ("save", "delete", "bulk_create")
    ]
    assert own == []


def test_nothing_of_ours_asks_another_site():
    """CHSI above all, which forbids it: a student looks, and pastes. The campus is asked by allauth."""
    clients = ("requests", "httpx", "aiohttp", "urllib.request", "http.client")
    named = {module for path in SOURCES for module, _ in imports_of(path) if module.startswith(clients)}
    assert named == {"requests.RequestException"}  # how allauth's own asking fails
