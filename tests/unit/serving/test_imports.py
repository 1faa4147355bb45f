"""Importing the service stays cheap: its image is small and it starts fast."""

import subprocess
import sys

import pytest

HEAVY = (
    "dagster",
    "evidently",
    "lightgbm",
    "matplotlib",
    "mlflow",
    "scipy",
    "sklearn",
    "sqlalchemy",
    "streamlit",
)


@pytest.mark.parametrize("module", ["serving.app", "serving.server", "cli.serve"])
def test_importing_the_service_imports_nothing_heavy(module):
    code = f"import sys, {module}; print(*(name for name in {HEAVY!r} if name in sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == []
