"""The house's one direction: who may import whom, and who may write what (DESIGN.md's layers, as tables)."""

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

# From the top of the house to its ground: a file may import from its own layer and from those after it.
LAYERS = {
    "enrollcheck": "wiring",
    "signoffs.urls": "urls",
    "signoffs.views": "views",
    "signoffs.management": "views",
    "signoffs.admin": "views",
    "signoffs.forms": "forms",
    "signoffs.access": "forms",
    "signoffs.templatetags": "forms",
    "signoffs.outputs": "outputs",
    "signoffs.upkeep": "queries",
    "signoffs.flow": "flow",
    "signoffs.queries": "queries",
    "signoffs.entrance": "entrance",
    "signoffs.models": "models",
    "signoffs.process": "leaves",
    "signoffs": "leaves",
    "rosters.admin": "roster writers",
    "rosters.resources": "roster writers",
    "rosters.importing": "roster writers",
    "rosters.planning": "roster writers",
    "rosters.rotation": "roster writers",
    "rosters.student_rows": "roster writers",
    "rosters.models": "roster models",
    "rosters": "leaves",
}
ORDER = (
    "wiring",
    "urls",
    "views",
    "forms",
    "outputs",
    "flow",
    "queries",
    "entrance",
    "models",
    "roster writers",
    "roster models",
    "leaves",
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


def layer_of(module: str) -> str:
    """Return the layer of the longest prefix that the table names."""
    while module not in LAYERS:
        module = module.rpartition(".")[0]
    return LAYERS[module]


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


def test_every_import_runs_down_the_layers():
    breaches = [
        f"{path} ({layer_of(module_of(path))}) imports {module} ({layer_of(module)})"
        for path in SOURCES
        for module, _ in imports_of(path)
        if module.split(".")[0] in APPS
        and ORDER.index(layer_of(module)) < ORDER.index(layer_of(module_of(path)))
    ]
    assert breaches == []


def test_leaves_know_no_request_and_no_table():
    breaches = [
        (str(path), module)
        for path in SOURCES
        if layer_of(module_of(path)) == "leaves" and path.name not in ("encryption.py", "apps.py")
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
    if where == "rosters/importing.py":
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
