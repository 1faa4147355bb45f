"""The service on the platform's registry: `python -m serving` follows MLflow's alias `production`."""

import httpx
import pytest

from credit_risk.scoring import Scorer
from resources.lake import Lake
from resources.registry import EXPERIMENT, open_registry

# MLflow and what it imports warn about themselves; in the service that is nobody's concern.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def registry(postgres_module, tmp_path_factory, tiny_model):
    """Two registered versions, none in production."""
    import mlflow

    lake = Lake(str(tmp_path_factory.mktemp("lake")))
    registry = open_registry(postgres_module, lake)
    experiment = registry.client.get_experiment_by_name(EXPERIMENT)
    mlflow.set_tracking_uri(registry.tracking_uri)
    for seed in (1, 2):
        model = tiny_model("unregistered", seed=seed)
        with mlflow.start_run(experiment_id=experiment.experiment_id):
            registry.register(model.booster_text, model.manifest)
    return registry


def test_the_process_serves_what_the_registry_calls_production(
    registry, postgres_module, tiny_model, start_process, tmp_path, application
):
    lake = registry.artifact_root.removesuffix("/mlflow")
    service = start_process(("-m", "serving"), postgres_module.url, tmp_path, CREDIT_LAKE=lake)
    for version in ("1", "2"):
        registry.promote(version, cause="test", author="test")
        service.wait_for(lambda health, version=version: health["model_version"] == version)
        assert service.health()["status"] == "healthy"
        model = tiny_model(version, seed=int(version))
        expected = Scorer(model.booster_text, model.manifest).score(application["features"]).probability
        assert httpx.post(f"{service.url}/predict", json=application).json()["probability"] == expected
    assert service.end() == (0, "")
