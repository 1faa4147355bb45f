"""The whole graph as it stands: a change of a name, an arrow or a default is made here on purpose, too."""

import os
import subprocess
import sys

import dagster as dg
import pytest

from definitions import defs
from resources.settings import ENV_FILE, REPOSITORY, Settings

# Key, group, partitions, owner, and what it is made from.
ASSETS = """
champion_model                  model       -      team:credit-models  credit_model model_comparison online_features training_reference
client_features                 features    -      team:credit-data    features/application features/bureau features/bureau_balance features/credit_card_balance features/installments_payments features/pos_cash_balance features/previous_application
credit_model                    model       -      team:credit-models  client_features raw/application_train
drift_report                    monitoring  daily  team:credit-risk    predictions training_reference
features/application            features    -      team:credit-data    raw/application_test raw/application_train
features/bureau                 features    -      team:credit-data    raw/bureau
features/bureau_balance         features    -      team:credit-data    raw/bureau raw/bureau_balance
features/credit_card_balance    features    -      team:credit-data    raw/credit_card_balance
features/installments_payments  features    -      team:credit-data    raw/installments_payments
features/pos_cash_balance       features    -      team:credit-data    raw/POS_CASH_balance
features/previous_application   features    -      team:credit-data    raw/previous_application
log_retention                   production  -      team:credit-data
model_comparison                model       -      team:credit-models  credit_model
online_features                 production  -      team:credit-data    client_features
outcomes                        production  daily  team:credit-risk    predictions
performance_report              monitoring  daily  team:credit-risk    credit_model outcomes predictions
prediction_partitions           production  -      team:credit-data
prediction_retention            production  -      team:credit-data    predictions_archive
predictions                     production  daily  team:credit-risk
predictions_archive             production  daily  team:credit-data    predictions
raw/POS_CASH_balance            raw         -      team:credit-data
raw/application_test            raw         -      team:credit-data
raw/application_train           raw         -      team:credit-data
raw/bureau                      raw         -      team:credit-data
raw/bureau_balance              raw         -      team:credit-data
raw/credit_card_balance         raw         -      team:credit-data
raw/installments_payments       raw         -      team:credit-data
raw/previous_application        raw         -      team:credit-data
training_reference              reference   -      team:credit-risk    credit_model
"""  # noqa: E501  # one line an asset reads as a table

# Check, and whether its failure stops what is downstream.
CHECKS = """
client_features:completeness                           blocks
client_features:contract                               blocks
client_features:informative                            warns
drift_report:population_is_stable                      warns
features/application:completeness                      blocks
features/application:contract                          blocks
features/bureau:completeness                           blocks
features/bureau:contract                               blocks
features/bureau_balance:completeness                   blocks
features/bureau_balance:contract                       blocks
features/credit_card_balance:completeness              blocks
features/credit_card_balance:contract                  blocks
features/installments_payments:completeness            blocks
features/installments_payments:contract                blocks
features/pos_cash_balance:completeness                 blocks
features/pos_cash_balance:contract                     blocks
features/previous_application:completeness             blocks
features/previous_application:contract                 blocks
model_comparison:approval_by_age                       warns
model_comparison:approval_by_gender                    warns
model_comparison:auc                                   warns
model_comparison:business_cost                         warns
model_comparison:calibration                           warns
model_comparison:decision_stability                    warns
model_comparison:false_refusals_by_age                 warns
model_comparison:false_refusals_by_gender              warns
model_comparison:improvement                           warns
model_comparison:latency                               warns
model_comparison:outcomes_auc                          warns
model_comparison:outcomes_calibration                  warns
model_comparison:outcomes_cost                         warns
model_comparison:plausible_auc                         warns
model_comparison:plausible_jump                        warns
model_comparison:score_stability                       warns
model_comparison:single_feature                        warns
performance_report:calibrated_among_the_approved       warns
performance_report:cost_within_estimate                warns
raw/POS_CASH_balance:completeness                      blocks
raw/POS_CASH_balance:levels                            blocks
raw/POS_CASH_balance:schema                            blocks
raw/POS_CASH_balance:sk_id_curr_points_somewhere       warns
raw/POS_CASH_balance:sk_id_prev_points_somewhere       warns
raw/application_test:completeness                      blocks
raw/application_test:levels                            blocks
raw/application_test:schema                            blocks
raw/application_train:completeness                     blocks
raw/application_train:levels                           blocks
raw/application_train:schema                           blocks
raw/bureau:completeness                                blocks
raw/bureau:levels                                      blocks
raw/bureau:schema                                      blocks
raw/bureau:sk_id_curr_points_somewhere                 warns
raw/bureau_balance:completeness                        blocks
raw/bureau_balance:levels                              blocks
raw/bureau_balance:schema                              blocks
raw/bureau_balance:sk_id_bureau_points_somewhere       warns
raw/credit_card_balance:completeness                   blocks
raw/credit_card_balance:levels                         blocks
raw/credit_card_balance:schema                         blocks
raw/credit_card_balance:sk_id_curr_points_somewhere    warns
raw/credit_card_balance:sk_id_prev_points_somewhere    warns
raw/installments_payments:completeness                 blocks
raw/installments_payments:levels                       blocks
raw/installments_payments:schema                       blocks
raw/installments_payments:sk_id_curr_points_somewhere  warns
raw/installments_payments:sk_id_prev_points_somewhere  warns
raw/previous_application:completeness                  blocks
raw/previous_application:levels                        blocks
raw/previous_application:schema                        blocks
raw/previous_application:sk_id_curr_points_somewhere   warns
"""

GRAPH = defs.resolve_asset_graph()
REPOSITORY_DEF = defs.get_repository_def()


def rows(text):
    return [line.split() for line in text.strip().splitlines()]


def named(key):
    return key.to_user_string()


def test_every_asset_is_in_its_group_with_its_owner_and_its_sources():
    found = [
        [
            named(key),
            node.group_name,
            "daily" if node.partitions_def == dg.DailyPartitionsDefinition("2020-01-01", end_offset=1) else "-",
            *node.owners,
            *sorted(named(parent) for parent in node.parent_keys),
        ]
        for key in sorted(GRAPH.get_all_asset_keys(), key=named)
        for node in [GRAPH.get(key)]
    ]
    assert found == rows(ASSETS)


def test_only_predictions_and_outcomes_are_written_from_outside():
    assert sorted(named(key) for key in GRAPH.external_asset_keys) == ["outcomes", "predictions"]


@pytest.mark.parametrize("key", sorted(GRAPH.get_all_asset_keys(), key=named), ids=named)
def test_an_asset_is_described_in_a_sentence(key):
    assert GRAPH.get(key).description.rstrip().endswith(".")


def test_every_check_blocks_or_warns_as_it_should():
    found = [
        [named(key), "blocks" if GRAPH.get(key).blocking else "warns"]
        for key in sorted(GRAPH.asset_check_keys, key=named)
    ]
    assert found == rows(CHECKS)


def test_every_check_is_described():
    assert [named(key) for key in GRAPH.asset_check_keys if not GRAPH.get(key).description] == []


def test_jobs_have_the_names_that_others_call_them_by():
    jobs = {job.name for job in REPOSITORY_DEF.get_all_jobs() if not job.name.startswith("__")}
    assert jobs == {"training_job", "drift_job", "performance_job", "partitions_job", "archive_job", "retention_job"}


def test_the_training_job_is_everything_up_to_the_champion():
    selected = {named(key) for key in defs.resolve_job_def("training_job").asset_layer.selected_asset_keys}
    production = {"prediction_partitions", "predictions", "outcomes", "drift_report", "performance_report"}
    production |= {"predictions_archive", "prediction_retention", "log_retention"}
    assert selected == {named(key) for key in GRAPH.get_all_asset_keys()} - production


def test_schedules_run_by_default_in_utc():
    found = {(s.name, s.job_name, s.cron_schedule, s.execution_timezone) for s in REPOSITORY_DEF.schedule_defs}
    assert found == {
        ("monthly_training", "training_job", "0 3 1 * *", "UTC"),
        ("daily_closing", "drift_job", "15 0 * * *", "UTC"),
        ("daily_performance", "performance_job", "20 0 * * *", "UTC"),
        ("daily_partitions", "partitions_job", "30 0 * * *", "UTC"),
        ("daily_archive", "archive_job", "0 1 * * *", "UTC"),
        ("daily_retention", "retention_job", "0 2 * * *", "UTC"),
    }
    assert {s.default_status for s in REPOSITORY_DEF.schedule_defs} == {dg.DefaultScheduleStatus.RUNNING}


def test_sensors_run_by_default():
    found = {sensor.name: sensor.default_status for sensor in REPOSITORY_DEF.sensor_defs}
    assert found == dict.fromkeys(
        ["prediction_volume_sensor", "outcome_volume_sensor", "drift_retraining_sensor", "run_failure_alert_sensor"],
        dg.DefaultSensorStatus.RUNNING,
    )


# Each takes seconds to import, in every process that loads the graph.
HEAVY = ["lightgbm", "mlflow", "dagster_mlflow", "evidently", "sklearn", "matplotlib", "scipy.stats"]

IMPORT = f"""
import sys
import definitions
print(*(name for name in {HEAVY} if name in sys.modules))
"""


def test_importing_the_graph_reads_no_settings_opens_nothing_and_stays_light(tmp_path):
    # Every setting is nonsense: reading one is an error.
    nonsense = {str(field.validation_alias): "nonsense" for field in Settings.model_fields.values()}
    home = tmp_path / "home"
    environment = os.environ | nonsense | {ENV_FILE: str(tmp_path / "none"), "CREDIT_HOME": str(home)}
    environment |= {"PYTHONPATH": str(REPOSITORY), "DAGSTER_HOME": ""}
    done = subprocess.run(
        [sys.executable, "-c", IMPORT], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []
    assert list(tmp_path.iterdir()) == []
