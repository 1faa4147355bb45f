"""The service is killed again and again at random moments under load, with and without its database.

What holds afterwards: every answered decision is on record once; a request that was repeated
with its key until it was answered was decided once; and no row stands for a request that
nobody sent.
"""

import itertools
import random
import threading
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

N_CLIENTS = 6
FEATURES = {"AMT_CREDIT": 406_597.5, "EXT_SOURCE_1": 0.31, "ORGANIZATION_TYPE": "Trade"}


class Clients:
    """Clients that outlive the service: each application has a client key of its own, which tells its rows.

    Every other application has an idempotency key and is repeated until it is answered; the
    others are sent once.
    """

    def __init__(self, url):
        self.url = url
        self.sent: set[int] = set()
        self.repeated: set[int] = set()
        self.answers: list[tuple[int, str]] = []
        self.failed: list[object] = []
        self._numbers = itertools.count(1)
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._work) for _ in range(N_CLIENTS)]

    @contextmanager
    def running(self):
        for thread in self._threads:
            thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            for thread in self._threads:
                thread.join()

    def wait_for_more(self, n):
        enough, end = len(self.answers) + n, time.monotonic() + 30
        while len(self.answers) < enough:
            assert time.monotonic() < end, f"no {n} answers in 30 s; failed: {self.failed[:3]}"
            time.sleep(0.005)

    def _work(self):
        with httpx.Client(timeout=20) as client:
            while not self._stop.is_set():
                number = next(self._numbers)
                self.sent.add(number)
                if number % 2:
                    self._send(client, number, {})
                    continue
                self.repeated.add(number)
                headers = {"Idempotency-Key": str(uuid4())}
                while not self._send(client, number, headers):
                    time.sleep(0.02)

    def _send(self, client, number, headers):
        body = {"SK_ID_CURR": number, "features": FEATURES}
        try:
            answer = client.post(f"{self.url}/predict", json=body, headers=headers)
        except httpx.TransportError:
            return False
        if answer.status_code != 200:
            self.failed.append((answer.status_code, answer.text))
            return False
        self.answers.append((number, answer.json()["prediction_id"]))
        return True


@pytest.fixture
def start_serving(start_process, tiny_model, tmp_path):
    """A service process on the given database; all share a home folder and take over from each other."""
    tiny_model("1", seed=1).save(tmp_path / "model")
    command = (str(Path(__file__).with_name("served_folder.py")), str(tmp_path / "model"))
    numbers = itertools.count()

    def start(database):
        log = tmp_path / f"log{next(numbers)}"
        service = start_process(
            command, database.url, log, CREDIT_HOME=str(tmp_path / "home"), CREDIT_RECORD_DEADLINE_MS="150"
        )
        service.wait_for(lambda health: health["model_loaded"])
        return service

    return start


def rows_of(database):
    with database.connect() as connection:
        rows = connection.execute("SELECT sk_id_curr, prediction_id::text FROM credit.predictions").fetchall()
    return Counter(rows)


def kill_at_random(clients, service, postgres_server, rng, kill):
    """Kill the service somewhere in the next answers; in two of three rounds the database is away for it."""
    outage = (None, postgres_server.stop, postgres_server.kill)[kill % 3]
    clients.wait_for_more(20)
    if outage is not None:
        outage()
        clients.wait_for_more(rng.randrange(30))
    time.sleep(rng.random() * 0.2)
    service.process.kill()
    service.process.wait()


@pytest.mark.parametrize("n_kills", [3, pytest.param(50, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])])
def test_a_service_that_is_killed_at_random_moments_answers_for_every_row(n_kills, start_serving, postgres_server):
    database, rng = postgres_server.database(), random.Random(n_kills)  # noqa: S311 - moments, not secrets
    service = start_serving(database)
    clients = Clients(service.url)
    with clients.running():
        for kill in range(n_kills):
            kill_at_random(clients, service, postgres_server, rng, kill)
            service = start_serving(database)
            clients.url = service.url
            if kill % 3:
                # Answered by the new process before it has a database.
                clients.wait_for_more(10)
                postgres_server.start()
            service.wait_for(lambda health: health["database"] == "up")
        clients.wait_for_more(20)
    service.wait_for(lambda health: health["journal_depth"] == 0)
    rows = rows_of(database)
    assert clients.failed == []
    assert set(rows.values()) == {1}
    assert set(clients.answers) <= set(rows)
    assert {number for number, _ in rows} <= clients.sent
    per_request = Counter(number for number, _ in rows)
    assert {number for number, n in per_request.items() if n > 1} == set()
    assert clients.repeated <= set(per_request)
