"""`credit model retrain`: what it asks the running platform for."""

from datetime import date

import dagster as dg
import pytest

from cli import dagster_client, retrain
from cli.author import named_author
from credit_assets import tags
from credit_assets.jobs import RETRAINED, training_job
from credit_assets.partitions import DAILY
from credit_risk.cost_alarm import CostAlarm
from credit_risk.errors import SettingsError, UnavailableError
from credit_risk.retraining import DriftAlert, Verdict
from credit_risk.training_request import by_person, of_verdict, on_schedule
from definitions import defs

DAY = date(2026, 11, 2)
ALERT = DriftAlert(DAY, "3", "alert", frozenset({"x"}), 1)
ALARM = CostAlarm("estimated", "3", DAY, DAY, 900, 0.7, 0.1, 0.5)


def test_the_command_line_names_jobs_assets_and_tags_as_the_graph_does():
    assert DAILY.start.date() == dagster_client.FIRST_DAY
    assert [dg.AssetKey.from_user_string(name) for name in dagster_client.RETRAINED] == RETRAINED
    assert training_job.name == dagster_client.TRAINING_JOB
    assert (tags.CAUSE_TAG, tags.AUTHOR_TAG) == (dagster_client.CAUSE_TAG, dagster_client.AUTHOR_TAG)


@pytest.mark.parametrize(
    "request_",
    [
        by_person("ada", "new prices", [DAY]),
        on_schedule(DAY),
        of_verdict(Verdict(act=True, reason="because", causes=(ALERT, ALARM), consume=False)),
    ],
    ids=["a person", "the calendar", "alerts and costs"],
)
def test_every_request_is_a_configuration_that_the_training_takes(request_):
    job = defs.resolve_job_def("training_job").get_subset(asset_selection=set(RETRAINED))
    assert dg.validate_run_config(job, request_.run_config())


def test_without_a_reason_nothing_is_asked_for():
    with pytest.raises(SettingsError, match="a training asked for without --reason"):
        retrain.launch("  ", [], "ada")


def test_without_a_running_platform_it_says_how_to_start_it(monkeypatch):
    monkeypatch.setenv("CREDIT_DAGSTER_PORT", "9")
    with pytest.raises(UnavailableError, match="no Dagster at port 9; expected the running platform"):
        retrain.launch("new prices", [DAY], "ada")


def test_an_author_is_the_one_named_before_the_user_of_the_machine(monkeypatch):
    monkeypatch.setenv("LOGNAME", "grace")
    assert named_author(" ada ") == "ada"
    assert named_author(" ") == "grace"
