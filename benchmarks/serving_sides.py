"""The sides of the service benchmark: how each is started, what it is asked, and what it must answer.

Here: one entry a side in SIDES. Keep out: measuring (`serving_load`), and what a side does where that takes a
program of its own (`serving_floor`, `serving_tutorial`, `serving_bentoml`).
"""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import serving_bentoml
from benchmarks.memory import python
from benchmarks.portfolios import CACHE
from benchmarks.serving_files import Bench
from benchmarks.serving_platform import Platform
from benchmarks.serving_process import Command, ServerError
from resources.settings import REPOSITORY, Settings

OURS, FLOOR, TUTORIAL, MLFLOW, BENTOML = "ours", "floor", "tutorial", "mlflow", "bentoml"
CALIBRATED, UNCALIBRATED = "probability", "uncalibrated"


@dataclass(frozen=True)
class Site:
    """What a side may use to start."""

    bench: Bench
    platform: Platform
    port: int


@dataclass(frozen=True)
class Side:
    """One server and one kind of request.

    Attributes:
        what: one line for the table.
        start: the command; raises ServerError when the side cannot be measured here.
        path: where requests go.
        bodies: kind of the request bodies.
        ready: path that answers 200 once requests are answered.
        probability: the probability in an answer.
        expected: which figure of the model that must be; None where the side has a model of its own.
        keyed: whether requests carry an API key of the platform.
        records: whether its decisions must be on record in PostgreSQL.
    """

    what: str
    start: Callable[[Site], Command]
    path: str = "/predict"
    bodies: str = "features"
    ready: str = "/docs"
    probability: Callable[[Any], float] = field(default=lambda answer: float(answer["probability"]))
    expected: str | None = CALIBRATED
    keyed: bool = False
    records: bool = False

    def headers(self, site: Site) -> dict[str, str]:
        """What requests carry beside their body."""
        return {"X-API-Key": site.platform.api_key} if self.keyed else {}


def ours(**changes: str) -> Callable[[Site], Command]:
    """The service as it is shipped, with these settings changed."""

    def start(site: Site) -> Command:
        known = {str(field.validation_alias) for field in Settings.model_fields.values()}
        if unknown := sorted(changes.keys() - known):
            raise ServerError(f"this version of the service has no setting {', '.join(unknown)}")
        return Command(python("serving"), {**site.platform.environment(site.port), **changes}, REPOSITORY)

    return start


def _floor(site: Site) -> Command:
    return Command(
        python("benchmarks.serving_floor", str(site.port)), {"BENCH_FOLDER": str(site.bench.folder)}, REPOSITORY
    )


def _tutorial(site: Site) -> Command:
    environment = {
        "BENCH_CLASSIFIER": str(site.bench.classifier),
        "BENCH_DATABASE": site.platform.database.schema_url("public", driver="psycopg2"),
    }
    # As tutorials start it, logs included.
    command = [sys.executable, "-m", "uvicorn", "benchmarks.serving_tutorial:app", "--port", str(site.port)]
    return Command(command, environment, REPOSITORY)


def _mlflow(site: Site) -> Command:
    command = [sys.executable, "-m", "mlflow", "models", "serve", "--model-uri", str(site.bench.mlflow_model)]
    command += ["--port", str(site.port), "--env-manager", "local", "--workers", "1"]
    # It starts its server by name.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return Command(command, {"PATH": path, "MLFLOW_DISABLE_TELEMETRY": "true"}, site.platform.settings.home)


def _bentoml(site: Site) -> Command:
    try:
        interpreter = serving_bentoml.environment(CACHE)
    except (OSError, subprocess.CalledProcessError) as error:
        # Of all that an installer says, its last line is the verdict.
        said = (getattr(error, "output", None) or str(error)).strip().splitlines()
        raise ServerError(f"{serving_bentoml.PACKAGE} cannot be installed here: {said[-1]}") from None
    module = Path(serving_bentoml.__file__)
    command = [str(interpreter), "-m", "bentoml", "serve", f"{module.stem}:Credit", "--port", str(site.port)]
    environment = {
        "BENCH_BOOSTER": str(site.bench.booster),
        "BENTOML_DO_NOT_TRACK": "True",
        "BENTOML_HOME": str(site.platform.settings.home / "bentoml"),
    }
    return Command(command, environment, module.parent)


def _first(answer: Any) -> float:  # noqa: ANN401  # a peer's JSON
    return float(answer[0])


def _of_ours(what: str, bodies: str = "features", **changes: str) -> Side:
    return Side(what, ours(**changes), bodies=bodies, ready="/health", keyed=True, records=True)


SIDES: Mapping[str, Side] = {
    OURS: _of_ours("ours: every decision durable in PostgreSQL, reasons for the 30 % refused"),
    "ours-no-reasons": _of_ours("ours with reasons off", CREDIT_REASONS_LIMIT="0"),
    "ours-2-workers": _of_ours("ours with two workers", CREDIT_API_WORKERS="2"),
    "ours-client": _of_ours("ours by client: features looked up", "client"),
    "ours-form": _of_ours("ours from the application form", "form"),
    FLOOR: Side("floor: same framework, server and model; nothing checked, nothing recorded", _floor),
    TUTORIAL: Side(
        "the tutorial way: pydantic, pandas, joblib, a commit a request",
        _tutorial,
        bodies="flat",
        expected=None,
    ),
    BENTOML: Side(
        "BentoML; records nothing",
        _bentoml,
        bodies="row",
        ready="/readyz",
        probability=_first,
        expected=UNCALIBRATED,
    ),
    MLFLOW: Side(
        "`mlflow models serve`; records nothing",
        _mlflow,
        path="/invocations",
        bodies="dataframe",
        ready="/ping",
        probability=lambda answer: _first(answer["predictions"]),
        expected=UNCALIBRATED,
    ),
}
