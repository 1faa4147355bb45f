"""What every test may ask for: a real PostgreSQL, a database of its own in it, a small real model.

Here: what tests of several folders need. Ask for `postgres` (a fresh database
with the platform's tables, for one test), `postgres_module` (the same, shared by a file) or
`postgres_server` (one that may be killed, paused and started again; start-up costs half a
second); `tiny_model` makes models, `decision` decisions. Keep out: services and graphs; they belong to their folders.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import psycopg
import pytest
from filelock import FileLock
from uuid_utils.compat import uuid7

from credit_risk.training import TrainedModel, train
from credit_risk.training_parameters import TrainingParameters
from resources import embedded_postgres, schema
from resources.database import Database
from resources.prediction_log import DecisionRecord, FeatureNames
from resources.stored_model import StoredModel

TEMPLATE = "credit_template"

# A crashed server's workers go within milliseconds; its data folder is locked until they do.
CRASH_TIMEOUT_S = 10.0

# Tests kill processes, not machines: what was written outlives its process without being flushed
# to disk, and a fresh database takes 30 ms instead of 300.
FAST = ("fsync = off", "full_page_writes = off")

# A developer's `.env` is not the tests'.
os.environ["CREDIT_ENV_FILE"] = ""
# Nor is the width of a terminal, of which every process of a test run has another idea.
os.environ["COLUMNS"] = "200"


# The folder that all processes of a test run share.
SHARED_FOLDER = "CREDIT_TEST_RUN_FOLDER"


def pytest_configure(config: pytest.Config) -> None:
    """Make the shared folder, which workers inherit, and take signals as a terminal gives them."""
    # A shell lets what it runs in the background ignore Ctrl-C; servers that tests start would inherit that.
    for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGTERM, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, usual)
    if not hasattr(config, "workerinput"):
        os.environ[SHARED_FOLDER] = tempfile.mkdtemp(prefix="credit-test-run-")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove it, when the workers are gone."""
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ[SHARED_FOLDER], ignore_errors=True)


def make_once(name: str, make: Callable[[Path], None]) -> Path:
    """A folder that one process of the run fills, and all of them read.

    Args:
        name: of the folder.
        make: fills it; what it writes may hold the folder's address.
    """
    folder = Path(os.environ[SHARED_FOLDER]) / name
    done = folder.with_suffix(".done")
    with FileLock(folder.with_suffix(".lock")):
        if not done.exists():
            folder.mkdir()
            make(folder)
            done.touch()
    return folder


@pytest.fixture(scope="session")
def made_once() -> Callable[[str, Callable[[Path], None]], Path]:
    """`made_once(name, make)`: a folder that one process of the run fills by `make(folder)`, and all of them read."""
    return make_once


class PostgresServer:
    """An embedded PostgreSQL of the tests' own, which they may treat badly."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.url = embedded_postgres.attach(data_dir)

    def database(self, name: str = embedded_postgres.DATABASE) -> Database:
        """A database of this server by name."""
        return Database(self.url.replace(f"/{embedded_postgres.DATABASE}?", f"/{name}?"))

    def execute(self, statement: str) -> None:
        """Run a statement that cannot be in a transaction, such as CREATE DATABASE."""
        with self.database("postgres").connect(autocommit=True) as connection:
            connection.execute(statement)

    @property
    def pid(self) -> int:
        """The postmaster's process id."""
        return int((self.data_dir / "postmaster.pid").read_text().splitlines()[0])

    def kill(self) -> None:
        """SIGKILL the postmaster, and wait until its workers have noticed."""
        family = self._family()
        family[0].kill()
        _, alive = psutil.wait_procs(family, timeout=CRASH_TIMEOUT_S)
        assert not alive, f"PostgreSQL processes outlived their postmaster: {alive}"

    def pause(self) -> None:
        """SIGSTOP every process of the server: connections are accepted and never answered."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT after `pause`."""
        self._signal(signal.SIGCONT)

    def start(self) -> None:
        """Start the server again, or attach to it when it runs."""
        self.url = embedded_postgres.attach(self.data_dir)

    def stop(self) -> None:
        """Stop it in good order, whoever uses it."""
        embedded_postgres.stop(self.data_dir)

    def _signal(self, number: signal.Signals) -> None:
        # The postmaster first: a stopped one starts no worker that we would miss.
        for process in self._family():
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def _family(self) -> list[psutil.Process]:
        postmaster = psutil.Process(self.pid)
        return [postmaster, *postmaster.children(recursive=True)]


@contextmanager
def server_folder() -> Iterator[Path]:
    # Not below pytest's own folder: a second pytest session takes the rights of other users
    # on it away, and PostgreSQL runs as another user when the tests run as root.
    folder = Path(tempfile.mkdtemp(prefix="credit-test-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def copy_server(data_dir: Path, to: Path) -> None:
    # The owner of the files travels with them, as shutil's copy would not let it.
    subprocess.run(["cp", "-a", str(data_dir), str(to)], check=True)


@contextmanager
def running_server(prepared: Path) -> Iterator[PostgresServer]:
    with server_folder() as folder:
        data_dir = folder / "postgres"
        copy_server(prepared, data_dir)
        try:
            yield (server := PostgresServer(data_dir))
        finally:
            if embedded_postgres.is_running(data_dir):
                server.resume()
                server.stop()


def prepare_server(folder: Path) -> None:
    """A stopped server's data folder with the platform's tables in the database `credit`."""
    with server_folder() as own:
        data_dir = own / "postgres"
        data_dir.mkdir()
        server = PostgresServer(data_dir)
        for setting in FAST:
            server.execute(f"ALTER SYSTEM SET {setting}")
        schema.upgrade(server.database(), datetime.now(UTC).date())
        server.stop()
        copy_server(data_dir, folder / "postgres")


@pytest.fixture(scope="session")
def prepared_data_dir() -> Path:
    """The data folder of a prepared server; copying it takes a tenth of the time of making it."""
    return make_once("prepared", prepare_server) / "postgres"


@pytest.fixture(scope="session")
def shared_server(prepared_data_dir: Path) -> Iterator[PostgresServer]:
    """The one server of the session, with a template of the platform's tables. Do not harm it."""
    with running_server(prepared_data_dir) as server:
        # A template must be a database that nobody is connected to; `credit` holds our handle.
        server.execute(f"CREATE DATABASE {TEMPLATE}")
        schema.upgrade(server.database(TEMPLATE), datetime.now(UTC).date())
        yield server


@pytest.fixture(scope="session")
def server_from() -> Callable[[Path], AbstractContextManager[PostgresServer]]:
    """`with server_from(data_dir) as server:` runs a copy of a stopped server's data folder."""
    return running_server


@pytest.fixture(scope="session")
def keep_server() -> Callable[[Path, Path], None]:
    """`keep_server(data_dir, to)` copies the data folder of a stopped server."""
    return copy_server


@contextmanager
def fresh_database(server: PostgresServer) -> Iterator[Database]:
    name = f"test_{uuid.uuid4().hex[:12]}"
    server.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    try:
        yield server.database(name)
    finally:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def postgres(shared_server: PostgresServer) -> Iterator[Database]:
    """A fresh database with the platform's tables, for this test alone."""
    with fresh_database(shared_server) as database:
        yield database


@pytest.fixture(scope="module")
def postgres_module(shared_server: PostgresServer) -> Iterator[Database]:
    """A fresh database with the platform's tables, shared by the tests of one file."""
    with fresh_database(shared_server) as database:
        yield database


@pytest.fixture
def empty_postgres(shared_server: PostgresServer) -> Iterator[Database]:
    """A fresh database without any table, for tests of the migrations."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    shared_server.execute(f"CREATE DATABASE {name}")
    try:
        yield shared_server.database(name)
    finally:
        shared_server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def postgres_server(prepared_data_dir: Path) -> Iterator[PostgresServer]:
    """A server of this test's own with the platform's tables: kill it, pause it, start it again."""
    with running_server(prepared_data_dir) as server:
        yield server


@pytest.fixture(scope="module")
def postgres_server_module(prepared_data_dir: Path) -> Iterator[PostgresServer]:
    """The same as `postgres_server`, shared by the tests of one file."""
    with running_server(prepared_data_dir) as server:
        yield server


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], None]:
    """Wait until a condition holds; a PostgreSQL that is away means that it does not hold yet."""

    def wait(condition: Callable[[], bool], timeout: float = 15.0) -> None:
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            try:
                if condition():
                    return
            except psycopg.Error:
                pass
            time.sleep(0.05)
        pytest.fail(f"it did not come about within {timeout} s")

    return wait


@pytest.fixture(scope="session")
def tiny_model() -> Callable[..., StoredModel]:
    """`tiny_model(version, seed=, threshold=)`: a small real model of six features, trained in a moment.

    Numeric AMT_CREDIT, AMT_INCOME, EXT_SOURCE_1, DAYS_BIRTH; categorical ORGANIZATION_TYPE;
    protected CODE_GENDER. Models of other seeds give other probabilities.
    """

    @cache
    def trained(seed: int) -> TrainedModel:
        frame, target = tiny_portfolio(np.random.default_rng(seed))
        parameters = TrainingParameters(
            learning_rate=0.3, num_leaves=7, min_data_in_leaf=10, max_rounds=12, patience=4, num_threads=1
        )
        return train(frame, target, parameters=parameters)

    def stored(version: str, *, seed: int = 0, threshold: float | None = None) -> StoredModel:
        model = trained(seed)
        manifest = model.manifest(
            feature_version="tiny",
            raw_sha256={},
            code_version="test",
            trained_at="2026-11-01T00:00:00+00:00",
            mlflow_run_id="none",
            cause="test",
        )
        if threshold is not None:
            manifest = replace(manifest, threshold=threshold)
        return StoredModel(version, model.booster_text, manifest)

    return stored


@pytest.fixture
def decision() -> Callable[..., DecisionRecord]:
    """`decision(**changes)`: a new decision each time; its feature set follows from its features."""

    def make(**changes: object) -> DecisionRecord:
        values = {
            "prediction_id": uuid7(),
            "created_at": datetime.now(UTC),
            "sk_id_curr": 100_001,
            "probability": 0.1234567890123456,
            "prediction": 0,
            "decision": "APPROVED",
            "threshold": 0.2,
            "model_version": "1",
            "inference_time_ms": 0.31,
            "n_features_missing": 2,
            "features": {"AMT_CREDIT": 406_597.5, "ORGANIZATION_TYPE": "Trade"},
            "reasons": [],
        } | changes
        return DecisionRecord(**({"feature_names": FeatureNames.of([values["features"]])} | values))

    return make


def tiny_portfolio(rng: np.random.Generator, n: int = 400) -> tuple[pd.DataFrame, "pd.Series[int]"]:
    frame = pd.DataFrame(
        {
            "SK_ID_CURR": np.arange(100_001, 100_001 + n),
            "AMT_CREDIT": rng.lognormal(13, 0.6, n),
            "AMT_INCOME": rng.lognormal(12, 0.5, n),
            "EXT_SOURCE_1": np.where(rng.random(n) < 0.3, np.nan, rng.random(n)),
            "DAYS_BIRTH": -rng.uniform(7_500, 25_000, n),
            "ORGANIZATION_TYPE": rng.choice(["School", "Trade", "XNA"], n),
            "CODE_GENDER": rng.choice(["F", "M"], n),
        }
    )
    logit = -1.0 - 2.0 * (frame["EXT_SOURCE_1"].fillna(0.5) - 0.5) + 0.5 * (frame["ORGANIZATION_TYPE"] == "Trade")
    return frame, (rng.random(n) < 1 / (1 + np.exp(-logit))).astype(int)
