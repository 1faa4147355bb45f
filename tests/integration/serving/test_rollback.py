"""Promotion and rollback on the platform's own registry, under load: `credit model` as people run it.

One registry and one service for the file, because MLflow takes seconds: the tests build on each
other in their order.
"""

import threading
import time
from itertools import groupby
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from cli.main import app
from credit_risk.canaries import Canaries, Canary
from credit_risk.scoring import Scorer
from resources.lake import Lake
from resources.registry import EXPERIMENT, open_registry
from serving.registry_source import RegistrySource

# MLflow and what it imports warn about themselves; that is not what these tests are about.
pytestmark = pytest.mark.filterwarnings("ignore")

# What the platform promises from a promotion to the last answer of the model before.
FOLLOWED_S = 5.0

N_CLIENTS = 6


def canaries_of(model, features, off=0.0):
    probability = Scorer(model.booster_text, model.manifest).score(features).probability
    return Canaries((Canary(features, probability + off),))


@pytest.fixture(scope="module")
def registry(postgres_server_module, tmp_path_factory, tiny_model):
    """Versions 1, 2 and 3, trained with these seeds; 1 is in production, 3 does not score its canaries."""
    import mlflow

    registry = open_registry(postgres_server_module.database(), Lake(str(tmp_path_factory.mktemp("lake"))))
    experiment = registry.client.get_experiment_by_name(EXPERIMENT)
    mlflow.set_tracking_uri(registry.tracking_uri)
    for seed, off in ((1, 0.0), (2, 0.0), (3, 1e-6)):
        model = tiny_model("unregistered", seed=seed)
        canaries = canaries_of(model, {"AMT_CREDIT": 500_000.0, "ORGANIZATION_TYPE": "Trade"}, off)
        with mlflow.start_run(experiment_id=experiment.experiment_id):
            registry.register(model.booster_text, model.manifest, canaries)
    registry.promote("1", cause="first model", author="tests")
    yield registry
    mlflow.set_tracking_uri(None)


@pytest.fixture(scope="module")
def environment(registry, tmp_path_factory):
    """The settings that service and commands share."""
    return {
        "DATABASE_URL": registry.database.url,
        "CREDIT_HOME": str(tmp_path_factory.mktemp("home")),
        "CREDIT_LAKE": registry.artifact_root.removesuffix("/mlflow"),
    }


@pytest.fixture(scope="module")
def service(serve_settings, environment):
    with serve_settings(**environment) as service:
        yield service


@pytest.fixture
def credit(environment, monkeypatch):
    """`credit("history", port=...)`: run `credit model ...`; exit code and output."""

    def run(*arguments, port=9):
        for name, value in {**environment, "CREDIT_API_PORT": str(port), "COLUMNS": "200"}.items():
            monkeypatch.setenv(name, value)
        return CliRunner().invoke(app, ["model", *arguments])

    return run


class Load:
    """Clients that ask one after the other and note when, and what they were told."""

    def __init__(self, url, application):
        self.answers = [[] for _ in range(N_CLIENTS)]
        self._url, self._application = url, application
        self._stop = threading.Event()

    def _ask(self, noted):
        with httpx.Client(base_url=self._url, timeout=15) as client:
            while not self._stop.is_set():
                answer = client.post("/predict", json=self._application)
                noted.append((time.monotonic(), answer.status_code, answer.json()))

    def __enter__(self):
        self._threads = [threading.Thread(target=self._ask, args=(noted,)) for noted in self.answers]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def newest(self):
        """The versions that the clients were told last."""
        return {noted[-1][2].get("model_version") if noted else None for noted in self.answers}

    def last_of(self, version):
        """When a client was last told of a version."""
        return max(at for noted in self.answers for at, _, told in noted if told["model_version"] == version)


def test_a_promotion_and_a_rollback_reach_everybody_and_no_request_fails(
    service, registry, credit, application, tiny_model, eventually
):
    with Load(service.url, application) as load:
        eventually(lambda: load.newest() == {"1"})
        registry.promote("2", cause="better", author="tests")
        promoted = time.monotonic()
        eventually(lambda: load.newest() == {"2"})
        done = credit("rollback", "--reason", "refuses everybody", "--author", "Ada", port=httpx.URL(service.url).port)
        rolled_back = time.monotonic()
        eventually(lambda: load.newest() == {"1"})
    assert done.exit_code == 0, done.output
    assert "version 1 is production again, by Ada; before: 2" in done.output
    assert "the service answers with version 1 after" in done.output
    assert load.last_of("2") < rolled_back + FOLLOWED_S
    expected = {}
    for version in ("1", "2"):
        model = tiny_model(version, seed=int(version))
        expected[version] = Scorer(model.booster_text, model.manifest).score(application["features"]).probability
    for noted in load.answers:
        assert {status for _, status, _ in noted} == {200}
        assert [version for version, _ in groupby(told["model_version"] for _, _, told in noted)] == ["1", "2", "1"]
        assert all(told["probability"] == expected[told["model_version"]] for _, _, told in noted)
        first_of_2 = next(at for at, _, told in noted if told["model_version"] == "2")
        assert first_of_2 < promoted + FOLLOWED_S


def test_a_version_that_does_not_score_its_canaries_is_refused_and_the_old_one_goes_on(
    service, registry, application, eventually
):
    registry.promote("3", cause="by hand", author="tests")
    eventually(lambda: service.health()["status"] == "degraded")
    assert "1 of 1 canary applications" in service.health()["problems"][0]
    answer = service.client.post("/predict", json=application)
    assert (answer.status_code, answer.json()["model_version"]) == (200, "1")
    assert "credit_model_refused 1.0" in service.client.get("/metrics").text
    registry.promote("1", cause="back", author="tests")
    eventually(lambda: service.health()["status"] == "healthy")
    assert "credit_model_refused 0.0" in service.client.get("/metrics").text


def test_a_rollback_to_a_version_that_the_service_would_refuse_is_not_made(registry, credit):
    done = credit("rollback", "--to", "3", "--reason", "r")
    assert done.exit_code == 1
    assert "1 of 1 canary applications" in str(done.exception)
    assert registry.production_version() == "1"


def test_the_history_says_who_and_why(credit):
    shown = credit("history").output
    rows = [line for line in shown.splitlines() if "│" in line]
    assert ["live" in row for row in rows] == [True, *[False] * (len(rows) - 1)]
    assert any("rollback from 2: refuses everybody" in row and "Ada" in row for row in rows)
    assert any("first model" in row and "tests" in row for row in rows)


def test_the_list_names_versions_and_aliases(credit):
    shown = credit("list").output
    assert [row.split("│")[1].strip() for row in shown.splitlines() if "│" in row] == ["3", "2", "1"]
    assert "production" in next(row for row in shown.splitlines() if row.startswith("│ 1"))


def test_without_a_running_service_the_rollback_says_so(registry, credit):
    done = credit("rollback", "--to", "2", "--reason", "r", "--author", "a")
    assert done.exit_code == 0, done.output
    assert "the service does not run here" in done.output
    assert registry.production_version() == "2"


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["--to", "2", "--reason", "r"], "found version 2 live already"),
        (["--to", "99", "--reason", "r"], "found model 99 unknown"),
        (["--to", "1", "--reason", " "], "found no reason for a rollback"),
    ],
)
def test_a_rollback_that_makes_no_sense_is_refused(registry, credit, arguments, found):
    before = registry.live_models.history()
    done = credit("rollback", *arguments)
    assert done.exit_code == 1
    assert str(done.exception).startswith(found)
    assert (registry.live_models.history(), registry.production_version()) == (before, "2")


def test_a_user_without_a_name_must_say_who_it_is(credit, monkeypatch):
    def nobody():
        raise OSError("no user name")

    monkeypatch.setattr("getpass.getuser", nobody)
    done = credit("rollback", "--to", "1", "--reason", "r")
    assert "say who you are with --author" in str(done.exception)


def test_the_copy_for_the_next_start_knows_since_when_its_version_is_live(service, registry, environment, eventually):
    copies = Path(environment["CREDIT_HOME"]) / "serving" / "last_good_model"
    eventually(lambda: service.health()["model_version"] == registry.production_version() == "2")
    source = RegistrySource(lambda: registry.database, environment["CREDIT_LAKE"])
    eventually((copies / "2" / "live_since").exists)
    assert (copies / "2" / "live_since").read_text() == source.live_since("2")
    assert source.live_since("1") is None


@pytest.mark.usefixtures("empty_history")
def test_nothing_to_go_back_to_is_said(credit):
    done = credit("rollback", "--reason", "r")
    assert "found no version to go back to: live is 2" in str(done.exception)


@pytest.fixture
def empty_history(registry):
    """A history that begins with the version that is live."""
    with registry.database.connect() as connection:
        connection.execute("ALTER TABLE credit.live_model_log DISABLE TRIGGER append_only")
        connection.execute(
            "DELETE FROM credit.live_model_log WHERE entry_id < (SELECT max(entry_id) FROM credit.live_model_log)"
        )
        connection.execute("ALTER TABLE credit.live_model_log ENABLE TRIGGER append_only")
