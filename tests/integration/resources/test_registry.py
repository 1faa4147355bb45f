"""The registry: real MLflow, its tables in real PostgreSQL, its files in a lake.

MLflow makes its tables for seconds: the tests share one registry, and each registers what it needs.
"""

import time
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from credit_risk.canaries import Canaries, Canary
from credit_risk.errors import ModelError, UnavailableError
from resources.database import Database
from resources.lake import Lake
from resources.registry import EXPERIMENT, open_registry
from resources.stored_model import StoredModel

# MLflow by itself would go on trying for minutes.
SECONDS = 5


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    # A space, as in many a home folder: addresses of model files must survive it.
    return Lake(str(tmp_path_factory.mktemp("the lake")))


@pytest.fixture(scope="module")
def registry(postgres_module, lake):
    """A registry without a model; MLflow's own address points at it, as in a training run."""
    import mlflow

    registry = open_registry(postgres_module, lake)
    mlflow.set_tracking_uri(registry.tracking_uri)
    yield registry
    mlflow.set_tracking_uri(None)


@pytest.fixture
def register(registry, tiny_model):
    """`register(seed=)`: register a model within a run. Returns it as it must come back."""
    import mlflow

    def register(*, seed=0, canaries=None):
        model = tiny_model("unregistered", seed=seed)
        experiment = registry.client.get_experiment_by_name(EXPERIMENT)
        with mlflow.start_run(experiment_id=experiment.experiment_id) as run:
            manifest = replace(model.manifest, mlflow_run_id=run.info.run_id)
            version = registry.register(model.booster_text, manifest, canaries)
            return StoredModel(version, model.booster_text, manifest, canaries)

    return register


def test_an_empty_registry_has_no_versions(registry):
    assert registry.production_version() is None
    assert registry.staging_version() is None
    assert registry.versions() == []


def test_a_registered_model_is_the_candidate_and_comes_back_as_it_was(registry, register):
    model = register(seed=1)
    assert registry.staging_version() == model.version
    assert registry.load(model.version) == model
    assert registry.manifest(model.version) == model.manifest


def test_canaries_come_back_with_their_model_and_without_them_there_are_none(registry, register):
    canaries = Canaries((Canary({"AMT_CREDIT": 406_597.5, "ORGANIZATION_TYPE": "Trade"}, 0.1234567890123456),))
    assert registry.load(register(canaries=canaries).version).canaries == canaries
    assert registry.load(register().version).canaries is None


def test_a_promoted_model_is_production_and_the_log_says_why(registry, register):
    first, second = register(seed=1), register(seed=2)
    for model in (first, second):
        registry.promote(model.version, cause=f"because of {model.version}", author="somebody")
        assert registry.production_version() == model.version
    *_, before, now = registry.live_models.history()
    assert (before.model_version, before.live_to) == (first.version, now.live_from)
    assert (now.cause, now.author) == (f"because of {second.version}", "somebody")
    # A candidate that is not promoted stays one.
    third = register(seed=1)
    assert (registry.production_version(), registry.staging_version()) == (second.version, third.version)


def test_a_promotion_that_broke_off_is_mended_by_promoting_again(registry, register):
    model = register()
    registry.live_models.append(model.version, cause="first try", author="a")
    registry.promote(model.version, cause="second try", author="a")
    assert registry.production_version() == model.version
    stays = [stay for stay in registry.live_models.history() if stay.model_version == model.version]
    assert [stay.cause for stay in stays] == ["first try"]


def test_a_promotion_that_somebody_forestalled_changes_nothing(registry, register):
    compared_with, by_hand, challenger = register(seed=1), register(seed=2), register(seed=1)
    for model in (compared_with, by_hand):
        registry.promote(model.version, cause="c", author="a person")
    history = registry.live_models.history()
    with pytest.raises(
        ModelError, match=f"version {by_hand.version} in production, .*to replace {compared_with.version}"
    ):
        registry.promote(challenger.version, cause="c", author="the gate", instead_of=compared_with.version)
    assert (registry.production_version(), registry.live_models.history()) == (by_hand.version, history)
    for _ in range(2):
        registry.promote(challenger.version, cause="c", author="the gate", instead_of=by_hand.version)
    assert registry.production_version() == challenger.version


def test_versions_are_listed_with_their_tags_and_aliases(registry, register):
    model = register()
    registry.annotate(model.version, verdict="refused", reason="cost 0.1 above")
    versions = registry.versions()
    assert [int(row["version"]) for row in versions] == list(range(1, len(versions) + 1))
    assert versions[-1]["tags"] == {"verdict": "refused", "reason": "cost 0.1 above"}
    assert versions[-1]["run_id"] == model.manifest.mlflow_run_id
    assert versions[-1]["aliases"] == ["staging"]
    assert [row["version"] for row in versions if "production" in row["aliases"]] == [registry.production_version()]


@pytest.mark.parametrize("version", ["999", "no number"])
def test_an_unknown_version_is_named(registry, version):
    history = registry.live_models.history()
    for request in (
        registry.load,
        registry.manifest,
        lambda version: registry.promote(version, cause="c", author="a"),
        lambda version: registry.annotate(version, verdict="v"),
    ):
        with pytest.raises(ModelError, match=f"model {version} unknown, or without all of its files"):
            request(version)
    assert registry.live_models.history() == history


def test_a_version_without_its_files_is_named(registry, register, lake):
    model = register()
    (booster,) = (path for path in lake.local_path("mlflow").rglob("model.lgb") if _newest(path, lake))
    booster.unlink()
    with pytest.raises(ModelError, match=f"model {model.version} unknown, or without all of its files"):
        registry.load(model.version)
    assert registry.manifest(model.version) == model.manifest


def _newest(path, lake):
    return path == max(lake.local_path("mlflow").rglob("model.lgb"), key=lambda found: found.stat().st_mtime_ns)


def test_registering_outside_a_run_of_this_registry_is_refused(registry, tiny_model, monkeypatch):
    import mlflow

    model = tiny_model("1")
    with pytest.raises(ModelError, match="no active MLflow run in the platform's registry"):
        registry.register(model.booster_text, model.manifest)
    experiment = registry.client.get_experiment_by_name(EXPERIMENT)
    with mlflow.start_run(experiment_id=experiment.experiment_id):
        monkeypatch.setattr(mlflow, "get_tracking_uri", lambda: "sqlite:///elsewhere.db")
        with pytest.raises(ModelError, match="no active MLflow run in the platform's registry"):
            registry.register(model.booster_text, model.manifest)


def test_files_are_in_the_lake_and_tables_in_the_schema_mlflow(register, lake, postgres_module):
    register()
    assert list(lake.local_path("mlflow").rglob("manifest.json")) != []
    query = "SELECT DISTINCT schemaname FROM pg_tables WHERE tablename IN ('registered_models', 'experiments')"
    with postgres_module.connect() as connection:
        assert connection.execute(query).fetchall() == [("mlflow",)]


def test_a_process_that_only_loads_leaves_nothing_in_its_folder(registry, register, lake, monkeypatch, tmp_path):
    import mlflow

    model = register()
    # As in the service: MLflow's own address points nowhere in particular.
    monkeypatch.chdir(tmp_path)
    mlflow.set_tracking_uri(None)
    try:
        assert open_registry(registry.database, lake).load(model.version) == model
    finally:
        mlflow.set_tracking_uri(registry.tracking_uri)
    assert list(tmp_path.iterdir()) == []


def test_a_registry_whose_database_is_away_says_so_within_seconds(postgres_server, lake):
    away = open_registry(postgres_server.database(), lake)
    postgres_server.stop()
    began = time.monotonic()
    for request in (away.production_version, away.versions, lambda: away.load("1")):
        with pytest.raises(UnavailableError, match="no answer from PostgreSQL"):
            request()
    assert time.monotonic() - began < SECONDS


def test_a_database_that_goes_away_is_told_within_seconds_and_the_registry_comes_back(registry, postgres_module):
    versions = registry.versions()
    name = urlsplit(postgres_module.url).path.removeprefix("/")
    maintenance = Database(postgres_module.url.replace(f"/{name}?", "/postgres?"))
    with maintenance.connect(autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        began = time.monotonic()
        try:
            for request in (registry.production_version, registry.versions, lambda: registry.load("1")):
                with pytest.raises(UnavailableError, match="no answer from the model registry"):
                    request()
        finally:
            connection.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")
    assert time.monotonic() - began < SECONDS
    assert registry.versions() == versions
