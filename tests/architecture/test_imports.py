"""The arrows of the design hold: who may import whom, and what must not come along."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]

ROOMS = ("credit_risk", "resources", "credit_assets", "sensors", "serving", "simulation", "dashboard", "cli")

# Dagster resolves the annotations of assets, checks, sensors and configuration when it loads them.
DAGSTER_ROOMS = ("credit_assets", "sensors")


# Streamlit runs it; imported, it would draw the page.
DASHBOARD_PAGE = "dashboard/app.py"

# Each takes seconds to import.
HEAVY = ("dagster", "evidently", "lightgbm", "matplotlib", "mlflow", "sklearn")


def modules(*rooms):
    """Every module of the rooms by its path, parsed."""
    return {path: tree for room in rooms for path, tree in _modules_of(room).items()}


@cache
def _modules_of(room):
    files = sorted((REPOSITORY / room).rglob("*.py"))
    return {str(file.relative_to(REPOSITORY)): ast.parse(file.read_text(encoding="utf-8")) for file in files}


def dotted(path):
    return ".".join(Path(path).with_suffix("").parts).removesuffix(".__init__")


def from_imports(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_is_a_package_that_says_what_it_is_for(room):
    assert ast.get_docstring(ast.parse((REPOSITORY / room / "__init__.py").read_text()))


def test_the_composition_root_stands_beside_the_rooms():
    assert (REPOSITORY / "definitions.py").is_file()


def test_imports_point_one_way():
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_rooms_outside_the_graph_do_not_import_dagster():
    """Nor what else is heavy, in any of their modules: their images stay small and start fast."""
    rooms = {
        room: [dotted(path) for path in modules(room) if "__main__" not in path and path != DASHBOARD_PAGE]
        for room in ("simulation", "serving", "dashboard", "cli")
    }
    program = f"""
import importlib, sys
for room, names in {rooms}.items():
    for name in names:
        importlib.import_module(name)
    print(room, sorted(name for name in {HEAVY} if name in sys.modules))
"""
    command = [sys.executable, "-W", "ignore", "-c", program]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert (done.stdout.splitlines(), done.returncode) == ([f"{room} []" for room in rooms], 0), done.stderr


def test_annotations_of_the_graph_are_resolved_where_they_are_written():
    files = modules(*DAGSTER_ROOMS) | {
        path: tree for path, tree in modules("resources").items() if "dagster" in Path(path).name
    }
    files["definitions.py"] = ast.parse((REPOSITORY / "definitions.py").read_text())
    imported = {path: {node.module for node in from_imports(tree)} for path, tree in files.items()}
    assert [path for path, names in imported.items() if "__future__" in names] == []


def test_no_import_is_relative():
    files = modules(*ROOMS, "tests").items()
    assert [path for path, tree in files if any(node.level for node in from_imports(tree))] == []


def test_nothing_is_re_exported():
    """A room's `__init__` says what the room is for; a name is imported from where it is made."""
    packages = {path: tree for path, tree in modules(*ROOMS).items() if path.endswith("__init__.py")}
    assert [path for path, tree in packages.items() if from_imports(tree)] == []
