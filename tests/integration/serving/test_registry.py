"""The service on the platform's registry: `python -m serving` follows MLflow's alias `production`.

One process for the whole file, because MLflow takes ten seconds to import: the tests build on
each other in their order.
"""

from uuid import UUID

import httpx
import pytest

from credit_risk.scoring import Scorer
from resources.lake import Lake
from resources.prediction_log import PredictionLog
from resources.registry import EXPERIMENT, open_registry

# MLflow and what it imports warn about themselves; in the service that is nobody's concern.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def registry(postgres_server_module, tmp_path_factory, tiny_model):
    """Versions 1 and 2, trained with these seeds; 1 is in production."""
    import mlflow

    lake = Lake(str(tmp_path_factory.mktemp("lake")))
    registry = open_registry(postgres_server_module.database(), lake)
    experiment = registry.client.get_experiment_by_name(EXPERIMENT)
    mlflow.set_tracking_uri(registry.tracking_uri)
    for seed in (1, 2):
        model = tiny_model("unregistered", seed=seed)
        with mlflow.start_run(experiment_id=experiment.experiment_id):
            registry.register(model.booster_text, model.manifest)
    registry.promote("1", cause="test", author="test")
    return registry


@pytest.fixture(scope="module")
def service(registry, postgres_server_module, tmp_path_factory, serving_process):
    url = postgres_server_module.database().url
    lake = registry.artifact_root.removesuffix("/mlflow")
    home = tmp_path_factory.mktemp("home")
    with serving_process(("-m", "serving"), url, home, CREDIT_LAKE=lake) as service:
        yield service


@pytest.fixture
def expected(tiny_model, application):
    """`expected(version)`: the probability that this version gives the application."""

    def probability(version):
        model = tiny_model(version, seed=int(version))
        return Scorer(model.booster_text, model.manifest).score(application["features"]).probability

    return probability


def test_the_production_model_answers(service, expected, application):
    service.wait_for(lambda health: health["status"] == "healthy")
    answer = httpx.post(f"{service.url}/predict", json=application).json()
    assert (answer["model_version"], answer["probability"]) == ("1", expected("1"))


def test_a_promotion_is_followed(service, registry, expected, application):
    registry.promote("2", cause="test", author="test")
    service.wait_for(lambda health: health["model_version"] == "2")
    answer = httpx.post(f"{service.url}/predict", json=application).json()
    assert (answer["model_version"], answer["probability"]) == ("2", expected("2"))


def test_an_outage_of_database_and_registry_is_survived(
    service, registry, postgres_server_module, application, eventually
):
    postgres_server_module.kill()
    service.wait_for(lambda health: health["status"] == "degraded")
    answer = httpx.post(f"{service.url}/predict", json=application)
    assert answer.status_code == 200
    postgres_server_module.start()
    service.wait_for(lambda health: health["status"] == "healthy")
    log = PredictionLog(postgres_server_module.database())
    eventually(lambda: log.get(UUID(answer.json()["prediction_id"])) is not None)
    registry.promote("1", cause="test", author="test")
    service.wait_for(lambda health: health["model_version"] == "1")


def test_it_ends_in_good_order(service):
    assert service.end() == (0, "")
