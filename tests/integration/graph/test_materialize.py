"""What a person does in the UI: materialize assets one by one, on a fresh instance, without a configuration."""

import dagster as dg
import pytest

from credit_assets.archive import PREDICTIONS_ARCHIVE
from credit_assets.champion import CHAMPION_MODEL
from credit_assets.model import CREDIT_MODEL
from credit_assets.raw import raw_key
from credit_assets.reference import TRAINING_REFERENCE
from credit_risk.tables.catalogue import TABLES


# A training of its own, and a run for each of the assets.
@pytest.mark.slow
def test_every_asset_materializes_one_by_one(untrained):
    graph = untrained.defs.resolve_asset_graph()
    in_order = [key for key in graph.toposorted_asset_keys if graph.get(key).is_executable]
    assert len(in_order) == 26
    for key in in_order:
        day = untrained.today.isoformat() if graph.get(key).is_partitioned else None
        result = untrained.materialize(key, partition_key=day, raise_on_error=True)
        # The open day is not archived.
        made = [] if key == PREDICTIONS_ARCHIVE else [key]
        assert [event.asset_key for event in result.get_asset_materialization_events()] == made
        assert all(check.passed for check in result.get_asset_check_evaluations() if check.blocking)
    registry = untrained.clients.registry
    assert registry.production_version() == registry.staging_version() == "1"


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (CREDIT_MODEL, "materialize the asset of client_features"),
        (TRAINING_REFERENCE, "materialize credit_model first"),
        (CHAMPION_MODEL, "materialize credit_model first"),
    ],
    ids=lambda value: value.to_user_string() if hasattr(value, "to_user_string") else "",
)
def test_an_asset_before_its_sources_says_what_to_do(untrained, key, message):
    (failure,) = untrained.materialize(key).get_step_failure_events()
    assert message in failure.step_failure_data.error.cause.message


def test_a_history_before_its_parents_is_loaded_and_its_orphans_are_not_counted_yet(untrained):
    result = untrained.materialize(raw_key("credit_card_balance"))
    assert result.success
    checks = {check.check_name: check for check in result.get_asset_check_evaluations()}
    assert checks["schema"].passed
    for name, parents in (
        ("sk_id_curr_points_somewhere", "raw/application_train and raw/application_test"),
        ("sk_id_prev_points_somewhere", "raw/previous_application"),
    ):
        assert (checks[name].passed, checks[name].severity) == (False, dg.AssetCheckSeverity.WARN)
        assert checks[name].description.startswith(f"not counted, as {parents} is missing")


def test_a_training_that_never_reaches_its_model_leaves_no_open_mlflow_run(untrained):
    (untrained.raw_dir / TABLES["application_train"].file_name).unlink()
    result = untrained.run("training_job", asset_selection=[raw_key("application_train"), CREDIT_MODEL])
    assert [event.step_key for event in result.get_step_failure_events()] == ["raw__application_train"]
    client = untrained.clients.registry.client
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    assert [run.info.status for run in client.search_runs(experiments)] == ["FAILED"]
