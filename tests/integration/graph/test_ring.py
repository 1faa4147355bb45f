"""The full ring: a trained model served by the real process, applicants over HTTP, sensors, a retraining, the gate."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import httpx
import numpy as np
import pytest

from credit_assets.champion import CHAMPION_MODEL
from credit_assets.model import CREDIT_MODEL
from resources.settings import ENV_FILE, REPOSITORY
from simulation.client import applications, post_applications
from simulation.traffic import SEED_BATCHES, seed_batch

# The sudden batches of the reference scenario.
SUDDEN = [batch.number for batch in SEED_BATCHES if batch.kind == "sudden"]
APPLICANTS_A_BATCH = 60

# The process imports MLflow before it can load its model: most of this on a busy machine.
START_TIMEOUT_S = 60.0
# The service looks at the registry every few seconds.
SWAP_TIMEOUT_S = 20.0


@dataclass
class Service:
    """The running service process."""

    url: str
    process: subprocess.Popen[bytes]

    def version(self) -> str | None:
        """The model that it answers with, None while it does not answer."""
        with suppress(httpx.TransportError):
            return httpx.get(f"{self.url}/health", timeout=5).json().get("model_version")
        return None

    def wait_until_it_serves(self, version: str, timeout: float) -> None:
        end = time.monotonic() + timeout
        while self.version() != version:
            assert self.process.poll() is None, "the service ended"
            assert time.monotonic() < end, f"serves {self.version()} and not {version} after {timeout} s"
            time.sleep(0.2)


@contextmanager
def serving(platform) -> Iterator[Service]:
    """`python -m serving` on the platform, as an operator starts it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    environment = os.environ | platform.settings | {ENV_FILE: "", "CREDIT_API_PORT": str(port)}
    with (platform.folder / "service.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "serving"], cwd=REPOSITORY, env=environment, stdout=log, stderr=log
        )
        try:
            yield Service(f"http://127.0.0.1:{port}", process)
        finally:
            process.terminate()
            assert process.wait(30) == 0


@pytest.fixture
def moved_applicants(platform):
    """Request bodies of applicants who differ from those in training, as the seed scenario has them."""
    rng, population = np.random.default_rng(7), platform.features()
    return [body for number in SUDDEN for body in applications(seed_batch(population, number, APPLICANTS_A_BATCH, rng))]


def test_moved_applicants_lead_to_a_judged_model_and_the_service_serves_what_is_production(platform, moved_applicants):
    registry = platform.clients.registry
    with serving(platform) as service:
        service.wait_until_it_serves("1", START_TIMEOUT_S)
        answers = post_applications(service.url, moved_applicants)
        assert not answers.errors
        assert answers.model_versions == {"1": len(moved_applicants)}
        assert platform.clients.prediction_log.count() == len(moved_applicants)

        (drift_run,) = platform.tick("prediction_volume_sensor").run_requests
        assert platform.launch("drift_job", drift_run).success
        (report,) = platform.clients.drift_reports.between(platform.today, platform.today)
        assert (report.status, report.n_predictions) == ("alert", len(moved_applicants))

        (retraining,) = platform.tick("drift_retraining_sensor").run_requests
        assert platform.launch("training_job", retraining).success
        assert platform.metadata(CREDIT_MODEL)["model/version"] == "2"
        # Applicants of an hour ago have no outcomes: the run says so, and how it answers all the same.
        answered_by = f"no new label since version 1, rows weighted towards {platform.today}"
        assert platform.metadata(CREDIT_MODEL)["model/cause"] == f"{retraining.tags['credit/cause']}; {answered_by}"
        verdict = platform.metadata(CHAMPION_MODEL)
        assert registry.production_version() == ("2" if verdict["promotion/promoted"] else "1")
        service.wait_until_it_serves(registry.production_version(), SWAP_TIMEOUT_S)

        # Whichever the gate chose, a person may choose the other; the service follows.
        other = "1" if verdict["promotion/promoted"] else "2"
        registry.promote(other, cause="to see the service follow", author="ada@example.org")
        service.wait_until_it_serves(other, SWAP_TIMEOUT_S)
        assert post_applications(service.url, moved_applicants[:5]).model_versions == {other: 5}
