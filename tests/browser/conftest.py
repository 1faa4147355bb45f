"""A platform to look at: a model in a real registry, a service, a hundred thousand decisions, the dashboard, a browser.

Made once for the file of tests. The model is small and of features that the application form has, so that applicants
can be scored by key and by hand.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Browser, sync_playwright

from credit_risk.drift import PreparedReference, compute_drift_report
from credit_risk.reference import reference_statistics
from credit_risk.training import train
from credit_risk.training_parameters import TrainingParameters
from resources.database import Database
from resources.drift_reports import DayReport, DriftReports
from resources.feature_store import FeatureStore
from resources.lake import Lake
from resources.live_references import out_of_fold_file
from resources.online_features_load import load_online_features
from resources.registry import EXPERIMENT, open_registry
from resources.schema import ensure_partitions
from resources.settings import REPOSITORY
from resources.training_reference import TrainingReference

CHROMIUM = os.environ.get("CREDIT_CHROMIUM", "/usr/bin/chromium")
N_CLIENTS = 1_500
N_DECISIONS = 100_000
START_TIMEOUT_S = 120.0
FIRST_CLIENT = 100_001


@dataclass(frozen=True)
class Platform:
    """What a test may ask.

    Attributes:
        url: of the dashboard.
        refused: a client whom the model refuses.
        database: for looking behind the page.
        stop_service: ends the service.
    """

    url: str
    refused: int
    database: Database
    stop_service: Callable[[], None]


def portfolio(rng: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray]:
    """Clients by features of the form; who pays much of the income, and whom agencies score low, defaults more."""
    n = N_CLIENTS
    income, credit = rng.lognormal(12, 0.4, n).round(), rng.lognormal(13, 0.5, n).round()
    annuity = (credit * rng.uniform(0.05, 0.2, n)).round()
    score = rng.beta(4, 3, n)
    frame = pd.DataFrame(
        {
            "SK_ID_CURR": np.arange(FIRST_CLIENT, FIRST_CLIENT + n),
            "AMT_INCOME_TOTAL": income,
            "AMT_CREDIT": credit,
            "AMT_ANNUITY": annuity,
            "AMT_GOODS_PRICE": (credit * 0.9).round(),
            "ANNUITY_BURDEN": annuity / income,
            "EXT_SOURCE_2": score,
            "DAYS_BIRTH": -rng.uniform(8_000, 24_000, n).round(),
            "DAYS_EMPLOYED": -rng.uniform(100, 8_000, n).round(),
            "NAME_INCOME_TYPE": rng.choice(["Working", "Pensioner", "State servant"], n),
            "CODE_GENDER": rng.choice(["F", "M"], n),
        }
    )
    logit = -1.2 + 4 * (frame["ANNUITY_BURDEN"] - 0.35) - 5 * (score - 0.5)
    return frame, (rng.random(n) < 1 / (1 + np.exp(-logit))).astype(int)


@contextmanager
def running(module: str, url: str, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the platform that answers at an address, and is gone afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-m", module],
        cwd=REPOSITORY,
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        end = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < end:
            assert process.poll() is None, f"{module} ended"
            with suppress(httpx.TransportError):
                if httpx.get(url, timeout=5).status_code == httpx.codes.OK:
                    break
            time.sleep(0.2)
        else:
            pytest.fail(f"{module} does not answer")
        yield process
    finally:
        process.terminate()
        process.wait(30)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def version(postgres_module: Database, home: Path) -> str:
    """Of the model in production, with all that belongs to it; its features are online."""
    import mlflow

    frame, target = portfolio(np.random.default_rng(0))
    parameters = TrainingParameters(learning_rate=0.2, num_leaves=8, min_data_in_leaf=20, max_rounds=40, num_threads=1)
    model = train(frame, target, parameters=parameters)
    lake = Lake(str(home / "lake"))
    store = FeatureStore(lake)
    lake.write_frame(store.file("client_features", "v1"), frame)
    store.publish("client_features", "v1", {"application_train": "0" * 64})
    load_online_features(postgres_module, store, store.newest())
    registry = open_registry(postgres_module, lake)
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(registry.tracking_uri)
    experiment = registry.client.get_experiment_by_name(EXPERIMENT)
    with mlflow.start_run(experiment_id=experiment.experiment_id) as run:
        manifest = model.manifest(
            feature_version="v1", raw_sha256={}, code_version="test", trained_at=datetime.now(UTC).isoformat(),
            mlflow_run_id=run.info.run_id, cause="test",
        )  # fmt: skip
        version = registry.register(model.booster_text, replace(manifest, mlflow_run_id=run.info.run_id))
    mlflow.set_tracking_uri(before)
    registry.promote(version, cause="test", author="test")
    sample = frame.drop(columns="SK_ID_CURR")
    TrainingReference(postgres_module, lake).store(version, reference_statistics(sample), sample)
    lake.write_frame(out_of_fold_file(version), model.out_of_fold)
    return version


def store_drift(database: Database, version: str) -> None:
    """A drift report of today, in which half of the features moved."""
    frame, _ = portfolio(np.random.default_rng(0))
    sample = frame.drop(columns="SK_ID_CURR")
    moved = sample.head(300).assign(EXT_SOURCE_2=sample["EXT_SOURCE_2"] - 0.3, AMT_CREDIT=sample["AMT_CREDIT"] * 3)
    report = compute_drift_report(PreparedReference.of(sample), moved)
    assert DriftReports(database).store(DayReport(datetime.now(UTC).date(), report, version))


@pytest.fixture(scope="module")
def service(postgres_module: Database, home: Path, version: str) -> Iterator[tuple[str, Callable[[], None]]]:
    """The scoring service: its address, and what ends it."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {"DATABASE_URL": postgres_module.url, "CREDIT_HOME": str(home), "CREDIT_API_PORT": str(port)}
    with running("serving", f"{url}/health", environment) as process:
        assert httpx.get(f"{url}/health").json()["model_version"] == version
        yield url, lambda: (process.terminate(), process.wait(30))


def many_decisions(database: Database, url: str) -> int:
    """Score every tenth client, and repeat what was stored over the last weeks. Returns a client who is refused."""
    answers = [
        httpx.post(f"{url}/predict", json={"SK_ID_CURR": client}, timeout=10).json()
        for client in range(FIRST_CLIENT, FIRST_CLIENT + N_CLIENTS, 10)
    ]
    today = datetime.now(UTC).date()
    with database.connect() as connection:
        ensure_partitions(connection, today - pd.Timedelta(days=45), today)
    with database.connect() as connection:
        connection.execute(
            "INSERT INTO credit.decisions SELECT gen_random_uuid(), d.created_at - random() * interval '40 days',"
            " d.sk_id_curr, d.probability, d.prediction, d.decision, d.threshold, d.model_version, random(),"
            " d.n_features_missing, d.feature_set_id, d.numbers, d.texts, d.reasons"
            " FROM credit.decisions d, generate_series(1, %s)",
            [N_DECISIONS // len(answers)],
        )
    return next(answer["SK_ID_CURR"] for answer in answers if answer["decision"] == "REFUSED")


@pytest.fixture(scope="module")
def platform(
    postgres_module: Database, home: Path, version: str, service: tuple[str, Callable[[], None]]
) -> Iterator[Platform]:
    """All of it, running."""
    url, stop = service
    store_drift(postgres_module, version)
    refused = many_decisions(postgres_module, url)
    port = free_port()
    environment = {
        "DATABASE_URL": postgres_module.url, "CREDIT_HOME": str(home), "CREDIT_API_URL": url,
        "CREDIT_DASHBOARD_PORT": str(port),
    }  # fmt: skip
    page = f"http://127.0.0.1:{port}"
    with running("dashboard", f"{page}/_stcore/health", environment):
        yield Platform(page, refused, postgres_module, stop)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no browser at {CHROMIUM}: set CREDIT_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()
