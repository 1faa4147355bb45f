"""The chart as Helm renders it, once a session and a set of values. Run by deploy/helm/check.sh."""

import os
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

HELM_FOLDER = Path(__file__).resolve().parent.parent
OWN = HELM_FOLDER / "check-values.yaml"

Manifest = dict[str, Any]


def run_helm(*arguments: str) -> subprocess.CompletedProcess[str]:
    chart, helm = os.environ.get("CREDIT_CHART"), os.environ.get("CREDIT_HELM")
    if not chart or not helm:
        pytest.fail("found no CREDIT_CHART and CREDIT_HELM; expected those of the check; run deploy/helm/check.sh")
    command = [
        helm,
        "template",
        "credit",
        chart,
        "--namespace",
        "credit",
        "--kube-version",
        os.environ["CREDIT_KUBERNETES"],
    ]
    return subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)


def of_ones_own() -> tuple[str, ...]:
    return "-f", str(OWN), "-f", os.environ["CREDIT_IMAGES"]


@cache
def rendered(*files: str) -> tuple[Manifest, ...]:
    named = [str(HELM_FOLDER / "credit" / f"values-{name}.yaml") for name in files]
    found = run_helm(*(part for file in named for part in ("-f", file)), *of_ones_own())
    assert found.returncode == 0, found.stderr
    return tuple(one for one in yaml.load_all(found.stdout, Loader=yaml.CSafeLoader) if one)


@pytest.fixture
def helm() -> Callable[..., subprocess.CompletedProcess[str]]:
    return run_helm


@pytest.fixture
def own() -> tuple[str, ...]:
    return of_ones_own()


@pytest.fixture(params=[(), ("small",), ("production", "external-database", "external-monitoring")], ids=str)
def manifests(request: pytest.FixtureRequest) -> tuple[Manifest, ...]:
    return rendered(*request.param)


@pytest.fixture
def default() -> tuple[Manifest, ...]:
    return rendered()


@pytest.fixture
def external() -> tuple[Manifest, ...]:
    return rendered("external-database", "external-monitoring")
