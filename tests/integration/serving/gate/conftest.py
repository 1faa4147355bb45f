"""The gate and what stands behind it alone, over real HTTP and on real PostgreSQL: keys, outcomes, log lines."""

import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from resources.api_keys import ApiKeys
from resources.database import Database
from resources.settings import Settings
from serving import log_intake, outcomes
from serving.access import Access
from serving.deadline import Watchdog
from serving.decision_database import DecisionDatabase
from serving.key_ring import KeyRing
from serving.keys import AdminKey, Gate, ObserveKey, ScoreKey
from serving.limits import RateLimiter, SecurityHeaders
from serving.metrics import Metrics
from serving.problems import install_problems
from serving.record_reader import RecordReader
from serving.side_write import SideWriter

# Tests do not wait two seconds for a key.
SOON_S = 0.1


@dataclass
class Desk:
    """A running gate, and a client that holds no key."""

    client: httpx.Client
    ring: KeyRing
    gate: Gate
    database: Database

    def make_key(self, *roles: str, rate: int | None = None) -> str:
        """A new key that the gate knows already."""
        key, text = ApiKeys(self.database).create(
            "test", roles or ("admin",), created_by="test", rate_limit_per_minute=rate
        )
        self.wait_for(lambda: key.key_id in (self.ring.verifiers or {}))
        return text

    def revoke(self, text: str) -> None:
        """Revoke a key; the gate need not know it yet."""
        ApiKeys(self.database).revoke(text.split("_")[1])

    @staticmethod
    def wait_for(condition: Callable[[], bool], timeout: float = 5.0) -> None:
        end = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < end, f"it did not come about within {timeout} s"
            time.sleep(0.02)


def gate_app(parts: SimpleNamespace, running: Callable[[FastAPI], object]) -> FastAPI:
    app = FastAPI(lifespan=running)
    app.state.parts = parts
    app.include_router(outcomes.router)
    app.include_router(log_intake.router)

    @app.post("/score")
    async def score(caller: ScoreKey) -> str | None:
        return caller.key_id

    @app.get("/observe")
    async def observe(caller: ObserveKey) -> str | None:
        return caller.key_id

    @app.get("/admin")
    async def admin(caller: AdminKey) -> str | None:
        return caller.key_id

    app.add_middleware(Access, metrics=Metrics())
    app.add_middleware(SecurityHeaders)
    install_problems(app)
    return app


@contextmanager
def running_desk(
    database: Database, home: Path, *, loopback: bool = False, service_url: str | None = None
) -> Iterator[Desk]:
    """The gate on a free port, in a thread of this process."""
    settings = Settings(
        _env_file=None, DATABASE_URL=database.url, CREDIT_HOME=home, CREDIT_SERVICE_DATABASE_URL=service_url
    )
    watchdog = Watchdog()
    decisions = DecisionDatabase(settings, watchdog)
    ring = KeyRing(decisions, watchdog, home / "serving" / "api_keys.json", look_interval_s=SOON_S)
    gate = Gate(ring, RateLimiter(), loopback=loopback)
    records = RecordReader(decisions, watchdog, settings.lake_root)
    parts = SimpleNamespace(gate=gate, side_writer=SideWriter(decisions, watchdog), records=records)

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        watchdog.start()
        ring.start()
        ring.wait_for_first_look(5)
        yield
        ring.stop()
        watchdog.stop()

    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(gate_app(parts, running), log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the gate did not start"
            time.sleep(0.01)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with httpx.Client(base_url=url, timeout=30) as client:
            yield Desk(client, ring, gate, database)
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@pytest.fixture(scope="module")
def shared_desk(postgres_module: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A gate that other machines can reach, with a key on record."""
    with running_desk(postgres_module, tmp_path_factory.mktemp("home")) as desk:
        desk.make_key("admin")
        yield desk


@pytest.fixture
def desk(shared_desk: Desk) -> Desk:
    """The same, with no outcome and no log line in the database."""
    with shared_desk.database.connect() as connection:
        connection.execute("TRUNCATE credit.outcomes, credit.api_logs")
    return shared_desk


@pytest.fixture
def open_desk(tmp_path: Path) -> Callable[..., object]:
    """`with open_desk(database, loopback=...) as desk:`; every time with the same home folder."""

    def start(database: Database, **arguments: object) -> object:
        return running_desk(database, tmp_path / "home", **arguments)

    return start
