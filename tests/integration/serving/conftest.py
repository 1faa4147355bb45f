"""The service over real HTTP, on a real PostgreSQL, with models that a test promotes."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
import uvicorn

from credit_risk.errors import UnavailableError
from resources.database import Database
from resources.settings import REPOSITORY, Settings
from resources.stored_model import StoredModel
from serving.app import create_app
from serving.live_model import LOOK_INTERVAL_S

# Between two looks at a registry in memory.
SOON_S = 0.1

# A write of a busy test machine is not an outage; tests of outages choose a deadline of their own.
PATIENT_S = 2.0

APPLICATION = {
    "SK_ID_CURR": 100_001,
    "features": {"AMT_CREDIT": 406_597.5, "EXT_SOURCE_1": 0.31, "ORGANIZATION_TYPE": "Trade", "CODE_GENDER": "F"},
}


@dataclass
class Shelf:
    """A registry in memory: what a test puts there is what the service may serve."""

    models: dict[str, StoredModel] = field(default_factory=dict)
    production: str | None = None
    away: bool = False

    def promote(self, model: StoredModel) -> None:
        self.models[model.version] = model
        self.production = model.version

    def production_version(self) -> str | None:
        self._answer()
        return self.production

    def load(self, version: str) -> StoredModel:
        self._answer()
        return self.models[version]

    def _answer(self) -> None:
        if self.away:
            raise UnavailableError("no answer from the shelf", expected="one", remedy="put it back")


@dataclass
class Service:
    """A running service and a client of it."""

    url: str
    client: httpx.Client
    settings: Settings

    def predict(self, **changes: object) -> httpx.Response:
        return self.client.post("/predict", json=APPLICATION | changes)

    def health(self) -> dict[str, object]:
        return dict(self.client.get("/health").json())


@pytest.fixture
def shelf(tiny_model: Callable[..., StoredModel]) -> Shelf:
    """A registry with version 1 in production."""
    shelf = Shelf()
    shelf.promote(tiny_model("1", seed=1))
    return shelf


def make_settings(database: Database, home: Path) -> Settings:
    return Settings(_env_file=None, DATABASE_URL=database.url, CREDIT_HOME=home)


@contextmanager
def running_service(settings: Settings, source: Shelf | None, **arguments: float) -> Iterator[Service]:
    """The service on a free port of this machine, or on `port`, in a thread of this process."""
    listener = socket.create_server(("127.0.0.1", int(arguments.pop("port", 0))))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    arguments = {"look_interval_s": SOON_S, "write_deadline_s": PATIENT_S} | arguments
    app = create_app(settings, source=source, **arguments)
    config = uvicorn.Config(app, log_config=None, access_log=False, http="httptools")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the service did not start"
            time.sleep(0.01)
        with httpx.Client(base_url=url, timeout=15) as client:
            yield Service(url, client, settings)
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@pytest.fixture
def start_service(tmp_path: Path) -> Callable[..., AbstractContextManager[Service]]:
    """`with start_service(database, source) as service:`; the home folder is the test's own."""

    def start(database: Database, source: Shelf, **arguments: float) -> AbstractContextManager[Service]:
        return running_service(make_settings(database, tmp_path / "home"), source, **arguments)

    return start


@pytest.fixture(scope="session")
def make_service() -> Callable[..., AbstractContextManager[Service]]:
    """`with make_service(database, model, home) as service:` for services that outlive a test."""

    def make(database: Database, model: StoredModel, home: Path) -> AbstractContextManager[Service]:
        shelf = Shelf()
        shelf.promote(model)
        return running_service(make_settings(database, home), shelf)

    return make


@pytest.fixture
def serve_with(tmp_path: Path) -> Callable[..., AbstractContextManager[Service]]:
    """`with serve_with(database, source, CREDIT_...=...) as service:`, with settings beside the usual ones."""

    def serve(database: Database, source: Shelf, **variables: str) -> AbstractContextManager[Service]:
        home = tmp_path / "home"
        return running_service(
            Settings(_env_file=None, DATABASE_URL=database.url, CREDIT_HOME=home, **variables), source
        )

    return serve


@pytest.fixture(scope="session")
def serve_settings() -> Callable[..., AbstractContextManager[Service]]:
    """`with serve_settings(DATABASE_URL=..., ...) as service:` on the platform's own registry."""

    def serve(**variables: str) -> AbstractContextManager[Service]:
        return running_service(Settings(_env_file=None, **variables), None, look_interval_s=LOOK_INTERVAL_S)

    return serve


@pytest.fixture
def service(
    postgres: Database, shelf: Shelf, start_service: Callable[..., AbstractContextManager[Service]]
) -> Iterator[Service]:
    """A healthy service with version 1 in production."""
    with start_service(postgres, shelf) as service:
        yield service


@pytest.fixture
def application() -> dict[str, object]:
    """An application that the tiny model takes."""
    return APPLICATION


# Importing MLflow and making its tables takes most of this on a busy machine.
START_TIMEOUT_S = 90.0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class ServingProcess:
    """The service in a process of its own, and what it printed."""

    def __init__(self, command: Sequence[str], database_url: str, home: Path, **environment: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        home.mkdir(parents=True, exist_ok=True)
        self._log = home / "stdout"
        variables = {
            "DATABASE_URL": database_url,
            "CREDIT_HOME": str(home),
            "CREDIT_LAKE": str(home / "lake"),
            "CREDIT_API_HOST": "127.0.0.1",
            "CREDIT_API_PORT": str(self.port),
            "CREDIT_RECORD_DEADLINE_MS": str(round(PATIENT_S * 1000)),
        }
        with self._log.open("wb") as stdout:
            self.process = subprocess.Popen(
                [sys.executable, *command],
                cwd=REPOSITORY,
                env=os.environ | {"PYTHONPATH": str(REPOSITORY)} | variables | environment,
                stdout=stdout,
                stderr=subprocess.PIPE,
                text=True,
            )

    def health(self) -> dict[str, object]:
        return dict(httpx.get(f"{self.url}/health", timeout=5).json())

    def wait_for(self, condition: Callable[[dict[str, object]], bool]) -> None:
        end = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < end:
            assert self.process.poll() is None, self.process.stderr.read()
            with suppress(httpx.TransportError):
                if condition(self.health()):
                    return
            time.sleep(0.1)
        pytest.fail(f"not within {START_TIMEOUT_S:.0f} s; its log: {self.log()}")

    def log(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self._log.read_text().splitlines()]

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Send a signal; exit code and standard error."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> tuple[int, str]:
        """Wait for its end; exit code and standard error."""
        _, errors = self.process.communicate(timeout=30)
        return self.process.returncode, errors


@contextmanager
def running_process(
    command: Sequence[str], database_url: str, home: Path, **environment: str
) -> Iterator[ServingProcess]:
    service = ServingProcess(command, database_url, home, **environment)
    try:
        yield service
    finally:
        if service.process.poll() is None:
            service.process.kill()
        service.process.communicate()


@pytest.fixture(scope="session")
def serving_process() -> Callable[..., AbstractContextManager[ServingProcess]]:
    """`with serving_process(command, database_url, home) as service:`"""
    return running_process


@pytest.fixture
def start_process() -> Iterator[Callable[..., ServingProcess]]:
    """`start_process(command, database_url, home)`: a service process that does not outlive its test."""
    with ExitStack() as stack:
        yield lambda *arguments, **environment: stack.enter_context(running_process(*arguments, **environment))


class Traffic:
    """Several clients that send applications one after the other until they are stopped.

    A client whose connection breaks ends; every other answer than 200 is in `failed`.
    """

    def __init__(self, url: str, body: dict[str, object], n_clients: int = 6) -> None:
        self.answered: list[str] = []
        self.failed: list[object] = []
        self.broken: list[httpx.TransportError] = []
        self.slowest_s = 0.0
        self.n_clients = n_clients
        self._url, self._body = url, body
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._send) for _ in range(n_clients)]

    def _send(self) -> None:
        with httpx.Client(base_url=self._url, timeout=20) as client:
            while not self._stop.is_set():
                started = time.monotonic()
                try:
                    answer = client.post("/predict", json=self._body)
                except httpx.TransportError as error:
                    self.broken.append(error)
                    return
                self.slowest_s = max(self.slowest_s, time.monotonic() - started)
                if answer.status_code == 200:
                    self.answered.append(answer.json()["prediction_id"])
                else:
                    self.failed.append((answer.status_code, answer.text))

    @contextmanager
    def running(self) -> Iterator["Traffic"]:
        for thread in self._threads:
            thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            for thread in self._threads:
                thread.join()

    def wait_for_more(self, n: int = 30) -> None:
        """Wait for so many answers from now on."""
        enough, end = len(self.answered) + n, time.monotonic() + 20
        while len(self.answered) < enough:
            assert time.monotonic() < end, f"no {n} answers in 20 s; failed: {self.failed[:3]}"
            time.sleep(0.01)


@pytest.fixture
def traffic_to() -> Callable[[str], Traffic]:
    """`with traffic_to(url).running() as traffic:`"""
    return lambda url: Traffic(url, APPLICATION)


def count_stored(database: Database) -> Counter[str]:
    with database.connect() as connection:
        rows = connection.execute("SELECT prediction_id FROM credit.predictions").fetchall()
    return Counter(str(row[0]) for row in rows)


@pytest.fixture
def stored_ids() -> Callable[[Database], Counter[str]]:
    """How often each prediction_id is on record."""
    return count_stored
