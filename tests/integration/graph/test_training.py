"""What one run of `training_job` leaves behind: tables, features, a model, its reference, a champion."""

import pandas as pd
import pytest

from credit_assets.champion import CHAMPION_MODEL
from credit_assets.features import CLIENT_FEATURES, feature_key
from credit_assets.model import CREDIT_MODEL
from credit_assets.raw import raw_file, raw_key
from credit_assets.reference import TRAINING_REFERENCE
from credit_risk.canaries import N_CANARIES, check_canaries
from credit_risk.features.client import FEATURE_TABLES
from credit_risk.manifest import Manifest
from credit_risk.scoring import Scorer
from credit_risk.tables.catalogue import TABLES
from resources.feature_store import FeatureStore
from resources.live_references import out_of_fold_file

PICTURE = "](data:image/png;base64,"


@pytest.fixture(scope="module")
def training_run(shared_platform):
    (run,) = shared_platform.instance.get_runs()
    return run


@pytest.fixture(scope="module")
def model(shared_platform):
    """Metadata of the model asset."""
    return shared_platform.metadata(CREDIT_MODEL)


@pytest.fixture(scope="module")
def first_model(shared_platform):
    return shared_platform.clients.registry.load("1")


def test_every_asset_of_the_job_is_materialized_once(shared_platform, training_run):
    keys = shared_platform.defs.resolve_job_def("training_job").asset_layer.selected_asset_keys
    for key in keys:
        assert [record.run_id for record in shared_platform.materializations(key)] == [training_run.run_id], key


def test_every_check_of_the_job_passed(shared_platform):
    graph = shared_platform.defs.resolve_asset_graph()
    of_the_job = shared_platform.defs.resolve_job_def("training_job").asset_layer.selected_asset_keys
    for key in [k for k in graph.asset_check_keys if k.asset_key in of_the_job]:
        (record,) = shared_platform.instance.event_log_storage.get_asset_check_execution_history(key, limit=5)
        evaluation = record.event.dagster_event.asset_check_evaluation_data
        assert evaluation.passed, (key, evaluation.metadata)


@pytest.mark.parametrize("table", TABLES)
def test_a_raw_table_tells_its_rows_columns_and_digest(shared_platform, table):
    metadata = shared_platform.metadata(raw_key(table))
    stored = shared_platform.clients.lake.read_frame(raw_file(table))
    csv = shared_platform.raw_dir / TABLES[table].file_name
    assert metadata["dagster/row_count"] == len(stored) > 0
    assert [column.name for column in metadata["dagster/column_schema"].columns] == list(stored.columns)
    assert metadata["bytes"] == csv.stat().st_size
    assert len(metadata["sha256"]) == 64
    assert metadata["preview"].startswith("| SK_ID")


def test_orphans_are_counted(shared_platform):
    graph = shared_platform.defs.resolve_asset_graph()
    (key,) = [k for k in graph.asset_check_keys if k.to_user_string() == "raw/bureau:sk_id_curr_points_somewhere"]
    (record,) = shared_platform.instance.event_log_storage.get_asset_check_execution_history(key, limit=1)
    metadata = record.event.dagster_event.asset_check_evaluation_data.metadata
    lake = shared_platform.clients.lake
    clients = pd.concat([lake.read_frame(raw_file(f"application_{part}"))["SK_ID_CURR"] for part in ("train", "test")])
    bureau = lake.read_frame(raw_file("bureau"))["SK_ID_CURR"]
    assert metadata["rows"].value == (~bureau.isin(clients)).sum()
    assert metadata["of_rows"].value == len(bureau)


@pytest.mark.parametrize("table", FEATURE_TABLES, ids=lambda table: table.name)
def test_a_feature_table_tells_its_version_and_describes_every_column(shared_platform, table):
    metadata = shared_platform.metadata(feature_key(table.name))
    assert metadata["features/version"] == FeatureStore(shared_platform.clients.lake).newest(table.name).version
    columns = metadata["dagster/column_schema"].columns
    assert len(columns) == metadata["n_features"] == len(table.specifications)
    assert all(column.description for column in columns)


def test_client_features_hold_every_applicant_once(shared_platform):
    metadata, features = shared_platform.metadata(CLIENT_FEATURES), shared_platform.features()
    applications = sum(
        shared_platform.metadata(raw_key(f"application_{part}"))["dagster/row_count"] for part in ("train", "test")
    )
    assert metadata["dagster/row_count"] == len(features) == features["SK_ID_CURR"].nunique() == applications
    described = [column.name for column in metadata["dagster/column_schema"].columns]
    assert [name for name in features.columns if name != "SK_ID_CURR"] == described
    assert metadata["n_features"] == len(described) >= 120


def test_the_model_is_registered_as_staging_and_production(shared_platform, model):
    registry = shared_platform.clients.registry
    assert model["model/version"] == registry.staging_version() == registry.production_version() == "1"
    (version,) = registry.versions()
    assert version["tags"]["verdict"] == "promoted"


def test_the_registered_model_scores_an_applicant(shared_platform, first_model):
    scorer = Scorer(first_model.booster_text, first_model.manifest)
    probabilities = scorer.probabilities(shared_platform.features())
    assert ((probabilities > 0) & (probabilities < 1)).all()
    assert probabilities.std() > 0


def test_the_registered_model_scores_its_canaries_to_the_bit(first_model):
    assert len(first_model.canaries.rows) == N_CANARIES
    assert check_canaries(Scorer(first_model.booster_text, first_model.manifest), first_model.canaries) == 0.0


def test_the_manifest_names_what_the_model_was_made_from(shared_platform, first_model, model):
    manifest: Manifest = first_model.manifest
    assert manifest.feature_version == shared_platform.metadata(CLIENT_FEATURES)["features/version"]
    digests = {table: shared_platform.metadata(raw_key(table))["sha256"] for table in TABLES}
    assert manifest.raw_sha256 == digests
    assert manifest.mlflow_run_id == model["mlflow_run_id"]
    assert (
        manifest.n_train
        == model["n_train"]
        == shared_platform.metadata(raw_key("application_train"))["dagster/row_count"]
    )
    assert len(manifest.monitored_features) == 30


@pytest.mark.parametrize("picture", ["roc", "cost", "calibration", "importances"])
def test_the_model_shows_pictures(model, picture):
    assert PICTURE in model[picture]


def test_the_model_tells_its_figures_with_intervals(model):
    for figure in ("auc", "business_cost"):
        low, value, high = (model[f"metric/{figure}{end}"] for end in ("_low", "", "_high"))
        assert low <= value <= high
    assert 0 < model["threshold"] < 1
    assert "REFUSED" in model["confusion"]
    assert model["weights/towards_live"] is False
    assert model["model/cause"] == "a person or the schedule"


def test_the_out_of_fold_predictions_are_kept_for_the_next_judgement(shared_platform, model):
    kept = shared_platform.clients.lake.read_frame(out_of_fold_file("1"))
    assert len(kept) == model["n_train"]
    assert set(kept.columns) == {"SK_ID_CURR", "fold", "target", "probability", "weight"}


def test_the_mlflow_run_is_finished_and_names_the_dagster_run(shared_platform, model, training_run):
    client = shared_platform.clients.registry.client
    run = client.get_run(model["mlflow_run_id"])
    assert run.info.status == "FINISHED"
    assert run.data.tags["dagster_run_id"] == training_run.run_id
    assert run.data.metrics["auc"] == pytest.approx(model["metric/auc"])
    assert run.data.params["cause"] == "a person or the schedule"
    pictures = {artifact.path for artifact in client.list_artifacts(run.info.run_id, "pictures")}
    assert pictures == {f"pictures/{name}.png" for name in ("roc", "cost", "calibration", "importances")}


def test_the_reference_is_stored_for_every_feature_of_the_model(shared_platform, first_model):
    accepted = first_model.manifest.feature_set.accepted
    sample = shared_platform.clients.training_reference.sample("1")
    assert list(sample.columns) == [feature.name for feature in accepted]
    assert len(sample) == shared_platform.metadata(TRAINING_REFERENCE)["n_samples"] == first_model.manifest.n_train
    with shared_platform.database.connect() as connection:
        rows = connection.execute(
            "SELECT feature_name, mean, std, median, q25, q75, n_samples FROM credit.training_reference"
            " WHERE model_version = '1'"
        ).fetchall()
    statistics = {row[0]: row[1:] for row in rows}
    assert statistics.keys() == {feature.name for feature in accepted if feature.kind == "numeric"}
    credit = sample["AMT_CREDIT"]
    expected = [credit.mean(), credit.std(), credit.median(), credit.quantile(0.25), credit.quantile(0.75), len(credit)]
    assert statistics["AMT_CREDIT"] == pytest.approx(expected)


def test_the_first_model_went_live_as_the_first(shared_platform):
    champion = shared_platform.metadata(CHAMPION_MODEL)
    assert champion["promotion/promoted"] is True
    assert champion["promotion/reason"] == "version 1 is the first model"
    (live,) = shared_platform.clients.live_models.history()
    assert (live.model_version, live.live_to, live.author) == ("1", None, "promotion policy")
    assert live.cause == "version 1 is the first model; trained because of a person or the schedule"
