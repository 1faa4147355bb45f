"""The retraining sensor on a real instance: from alerts that drift reports stored to the run that answers them."""

from datetime import timedelta

import dagster as dg
import numpy as np
import pytest

from credit_assets.champion import CHAMPION_MODEL
from credit_assets.drift import ALL_DRIFTED, DRIFT_REPORT, DRIFTED
from credit_assets.jobs import RETRAINED
from credit_assets.model import CREDIT_MODEL
from credit_assets.reference import TRAINING_REFERENCE
from resources.drift_reports import RetrainingCauses
from simulation.traffic import simulate_drift

SENSOR = "drift_retraining_sensor"


def moved(platform, n=120, seed=0):
    """Applicants whose numbers have all moved."""
    rng, population = np.random.default_rng(seed), platform.features()
    rows = population.iloc[rng.choice(len(population), n, replace=False)].reset_index(drop=True)
    return simulate_drift(rows, "sudden", 0.7, rng, spread_of=population)


@pytest.fixture(scope="module")
def alerted_template(templates):
    """Today's report is an alert, and no sensor has looked yet."""
    with templates.copy("trained") as platform:
        platform.decide(platform.today, moved(platform))
        assert platform.report_drift(platform.today, platform.today).success
        (report,) = platform.clients.drift_reports.between(platform.today, platform.today)
        assert report.status == "alert"
        return templates.keep(platform, "alerted")


@pytest.fixture
def alerted(templates, alerted_template):
    with templates.copy(alerted_template) as platform:
        yield platform


@pytest.fixture(scope="module")
def answered(templates, alerted_template):
    """Yesterday was in alert as well; the sensor looked, and the run that it asked for is done."""
    with templates.copy(alerted_template) as platform:
        platform.settings["CREDIT_DRIFT_FEATURES"] = "3"
        yesterday = platform.today - timedelta(days=1)
        platform.decide(yesterday, moved(platform, seed=2))
        assert platform.report_drift(yesterday, yesterday).success
        (request,) = platform.tick(SENSOR).run_requests
        assert platform.launch("training_job", request).success
        yield platform


def features_of_alert(platform, name):
    return platform.metadata(DRIFT_REPORT)[name]


def test_an_alert_of_today_asks_for_one_retraining_of_the_model_alone(alerted):
    (request,) = alerted.tick(SENSOR).run_requests
    n_drifted = len(features_of_alert(alerted, DRIFTED))
    reason = f"drift: {alerted.today} (model 1, {n_drifted} features drifted)"
    assert request.tags["credit/cause"] == reason
    assert request.asset_selection == RETRAINED
    assert request.run_config == {
        "ops": {
            "credit_model": {
                "config": {
                    "cause": reason,
                    "answers": {alerted.today.isoformat(): features_of_alert(alerted, ALL_DRIFTED)},
                    "alerted_model": "1",
                }
            }
        }
    }
    newest = alerted.materializations(DRIFT_REPORT)[0].storage_id
    assert (request.run_key, alerted.cursors[SENSOR]) == (f"drift:{newest}", str(newest))


def test_no_report_since_the_last_look_asks_for_nothing(alerted):
    alerted.tick(SENSOR)
    seen = alerted.tick(SENSOR)
    assert (seen.run_requests, seen.skip_message) == ([], "no new drift report")


def test_the_retraining_is_weighted_towards_the_alerted_days(answered):
    model = answered.metadata(CREDIT_MODEL)
    assert model["model/version"] == "2"
    assert model["weights/towards_live"] is True
    assert model["weights/classifier_auc"] > 0.6
    assert model["weights/effective_sample_size"] < model["n_train"]


def test_the_retraining_runs_what_hangs_on_the_model_and_nothing_else(answered):
    retraining, _ = answered.instance.get_runs(dg.RunsFilter(job_name="training_job"))
    assert retraining.tags["credit/cause"].startswith("drift: ")
    graph = answered.defs.resolve_asset_graph()
    ran = {
        key
        for key in graph.get_all_asset_keys()
        if any(record.run_id == retraining.run_id for record in answered.materializations(key))
    }
    assert ran == set(RETRAINED)


def test_the_retraining_writes_down_what_it_answers(answered):
    yesterday = answered.today - timedelta(days=1)
    retraining, _ = answered.instance.get_runs(dg.RunsFilter(job_name="training_job"))
    asked = retraining.run_config["ops"]["credit_model"]["config"]["answers"]
    assert asked.keys() == {yesterday.isoformat(), answered.today.isoformat()}
    causes = answered.clients.retraining_causes.answered(yesterday)
    assert {day.isoformat(): sorted(features) for day, features in causes.items()} == asked


def test_the_new_model_is_judged_and_the_aliases_and_the_history_agree(answered):
    registry, champion = answered.clients.registry, answered.metadata(CHAMPION_MODEL)
    version = registry.versions()[-1]
    promoted = champion["promotion/promoted"]
    assert registry.staging_version() == "2"
    assert version["tags"]["verdict"] == ("promoted" if promoted else "refused")
    assert version["tags"]["reason"] == champion["promotion/reason"]
    assert champion["promotion/reason"].startswith("version 2 against 1 on ")
    assert "business cost" in champion["promotion/criteria"]
    live = ["1", "2"] if promoted else ["1"]
    assert [stay.model_version for stay in answered.clients.live_models.history()] == live
    assert registry.production_version() == champion["promotion/production_version"] == live[-1]


def test_the_reference_of_the_first_model_stays_beside_that_of_the_second(answered, shared_platform):
    first, before = (p.clients.training_reference.sample("1") for p in (answered, shared_platform))
    assert first.equals(before)
    assert len(answered.clients.training_reference.sample("2")) == answered.metadata(TRAINING_REFERENCE)["n_samples"]


def test_an_answered_alert_is_no_cause_again(answered):
    answered.decide(answered.today, moved(answered, seed=1))
    day = answered.today
    assert answered.report_drift(day, day).success
    seen = answered.tick(SENSOR)
    assert seen.run_requests == []
    assert seen.skip_message == "1 drift reports, 1 answered already: no cause"


def test_alerts_of_two_days_are_one_retraining_that_names_both(alerted):
    yesterday = alerted.today - timedelta(days=1)
    alerted.settings["CREDIT_DRIFT_FEATURES"] = "3"
    alerted.decide(yesterday, moved(alerted, seed=2))
    assert alerted.report_drift(yesterday, yesterday).success
    (request,) = alerted.tick(SENSOR).run_requests
    config = request.run_config["ops"]["credit_model"]["config"]
    assert list(config["answers"]) == [yesterday.isoformat(), alerted.today.isoformat()]
    for day in config["answers"]:
        assert day in request.tags["credit/cause"]


def test_two_alerts_of_one_day_are_answered_with_all_that_had_moved(alerted):
    alerted.settings["CREDIT_DRIFT_FEATURES"] = "3"
    # Applicants who did not move thin the first move out, and bring one of their own.
    alerted.decide(alerted.today, alerted.features().head(90).assign(NAME_CONTRACT_TYPE="Revolving loans"))
    assert alerted.report_drift(alerted.today, alerted.today).success
    later, earlier = (
        set(record.asset_materialization.metadata[ALL_DRIFTED].value)
        for record in alerted.materializations(DRIFT_REPORT)
    )
    assert earlier - later
    assert later - earlier
    (request,) = alerted.tick(SENSOR).run_requests
    answers = request.run_config["ops"]["credit_model"]["config"]["answers"]
    assert answers == {alerted.today.isoformat(): sorted(earlier | later)}


def test_an_alert_of_an_old_day_is_history(platform):
    day = platform.today - timedelta(days=2)
    platform.settings["CREDIT_DRIFT_FEATURES"] = "3"
    platform.decide(day, moved(platform))
    assert platform.report_drift(day, day).success
    seen = platform.tick(SENSOR)
    assert seen.run_requests == []
    assert seen.skip_message == (
        f"1 drift reports, 1 of days other than {day + timedelta(days=1)} and {platform.today}: no cause"
    )
    assert platform.cursors[SENSOR] == str(platform.materializations(DRIFT_REPORT)[0].storage_id)


def test_within_the_cool_down_the_alert_waits_unread(alerted):
    causes: RetrainingCauses = alerted.clients.retraining_causes
    causes.record(alerted.today - timedelta(days=3), model_version="1", features=["AMT_CREDIT"], run_id="an hour ago")
    seen = alerted.tick(SENSOR)
    assert seen.run_requests == []
    assert seen.skip_message.startswith("cool-down of 24.0 h, 24.0 h of it left; waiting: ")
    assert seen.cursor is None
    alerted.settings["CREDIT_RETRAIN_COOLDOWN_HOURS"] = "0"
    assert len(alerted.tick(SENSOR).run_requests) == 1


def test_while_a_training_is_queued_the_alert_waits_unread(alerted):
    queued = alerted.instance.create_run_for_job(alerted.defs.resolve_job_def("training_job"))
    seen = alerted.tick(SENSOR)
    assert (seen.run_requests, seen.cursor) == ([], None)
    assert seen.skip_message.startswith("1 retrainings queued or running; waiting: ")
    alerted.instance.report_run_canceled(queued)
    assert len(alerted.tick(SENSOR).run_requests) == 1


def test_a_report_told_by_hand_is_no_cause_and_stops_nothing(alerted):
    alerted.instance.report_runless_asset_event(dg.AssetMaterialization(DRIFT_REPORT))
    alerted.instance.report_runless_asset_event(
        dg.AssetMaterialization(DRIFT_REPORT, partition=(alerted.today - timedelta(days=1)).isoformat())
    )
    assert len(alerted.tick(SENSOR).run_requests) == 1
    assert alerted.tick(SENSOR).skip_message == "no new drift report"
