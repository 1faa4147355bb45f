"""The retraining sensor on a real instance: from alerts that drift reports stored to the run that answers them."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import numpy as np
import pandas as pd
import pytest

from credit_assets.champion import CHAMPION_MODEL
from credit_assets.drift import ALL_DRIFTED, DRIFT_REPORT, DRIFTED
from credit_assets.jobs import RETRAINED
from credit_assets.model import CREDIT_MODEL, out_of_fold_file
from credit_assets.reference import TRAINING_REFERENCE
from credit_assets.training_rows import outcomes_file
from credit_risk.folds import fold_of
from credit_risk.performance import performance_report
from credit_risk.prices import Prices
from resources.decision_record import FeatureNames
from resources.outcomes import Outcome, record_outcomes
from resources.retraining_causes import RetrainingCauses
from simulation.traffic import simulate_drift

SENSOR = "drift_retraining_sensor"


def moved(platform, n=120, seed=0):
    """Applicants whose numbers have all moved."""
    rng, population = np.random.default_rng(seed), platform.features()
    rows = population.iloc[rng.choice(len(population), n, replace=False)].reset_index(drop=True)
    return simulate_drift(rows, "sudden", 0.7, rng, spread_of=population)


def report_cost(platform, day, estimated):
    """A day of 5,000 decisions of the live model: all approved, each likely to cost so much."""
    decisions = pd.DataFrame({"probability": np.full(5000, estimated / 10), "approved": True})
    report = performance_report(decisions.assign(target=np.nan, random_share=np.nan), reference=None, prices=Prices())
    reports = platform.clients.performance_reports
    assert reports.store(day, {"1": report}, read_at=reports.now())


def record_outcomes_of(platform, day, n, **changes):
    """Applicants of a day with all features of the live model, and what became of them: every fifth defaulted."""
    rows = platform.features().head(n)
    names = platform.clients.registry.manifest("1").feature_set.accepted
    feature_names = FeatureNames(
        tuple(f.name for f in names if f.kind == "numeric"), tuple(f.name for f in names if f.kind == "categorical")
    )
    platform.decide(day, rows, feature_names=feature_names, **changes)
    decided = list(platform.clients.prediction_log.decisions_of(day))[-n:]
    outcomes = [
        Outcome(each.prediction_id, int(number % 5 == 0), datetime.now(UTC)) for number, each in enumerate(decided)
    ]
    with platform.database.connect() as connection:
        record_outcomes(connection, outcomes)


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
    """Yesterday was in alert too, decisions were dear, old ones have outcomes; the run that was asked for is done."""
    with templates.copy(alerted_template) as platform:
        platform.settings["CREDIT_DRIFT_FEATURES"] = "3"
        yesterday = platform.today - timedelta(days=1)
        platform.decide(yesterday, moved(platform, seed=2))
        assert platform.report_drift(yesterday, yesterday).success
        report_cost(platform, yesterday, estimated=2.0)
        record_outcomes_of(platform, platform.today - timedelta(days=9), 40)
        record_outcomes_of(platform, platform.today - timedelta(days=8), 7, decision="REFUSED", prediction=1)
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
    assert request.run_key == f"drift:{newest}"
    assert request.tags["credit/cause_keys"] == f"drift:{alerted.today}:1"


def test_an_alert_is_asked_for_under_one_key_until_its_retraining_is_done(alerted):
    first, second = (alerted.tick(SENSOR).run_requests[0] for _ in range(2))
    # Dagster runs a key once.
    assert first.run_key == second.run_key


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


def test_one_run_names_both_alerts_and_the_cost(answered):
    yesterday = answered.today - timedelta(days=1)
    retraining, _ = answered.instance.get_runs(dg.RunsFilter(job_name="training_job"))
    cause = retraining.tags["credit/cause"]
    assert cause.startswith(f"drift: {yesterday} (model 1, ")
    assert f"; {answered.today} (model 1, " in cause
    assert f"; estimated cost: {yesterday} to {yesterday} (model 1, 2.000 over 5000 decisions, " in cause
    assert answered.metadata(CREDIT_MODEL)["model/cause"].startswith(f"{cause}; 40 new outcomes since version 1, rows")


def test_the_retraining_writes_down_what_it_answers(answered):
    yesterday = answered.today - timedelta(days=1)
    retraining, _ = answered.instance.get_runs(dg.RunsFilter(job_name="training_job"))
    asked = retraining.run_config["ops"]["credit_model"]["config"]
    assert asked["answers"].keys() == {yesterday.isoformat(), answered.today.isoformat()}
    causes = answered.clients.retraining_causes
    answers = causes.answered(yesterday)
    assert {day.isoformat(): sorted(features) for day, features in answers.items()} == asked["answers"]
    assert causes.cost_answered_until("1") == {"estimated": yesterday}
    written = causes.since(datetime(2020, 1, 1, tzinfo=UTC))
    assert sorted(cause.kind for cause in written) == ["drift", "drift", "estimated cost"]
    assert {(cause.run_id, cause.detail) for cause in written} == {(retraining.run_id, retraining.tags["credit/cause"])}


def test_matured_outcomes_are_training_rows_by_date_and_those_of_overruled_refusals_are_not(answered):
    model, day = answered.metadata(CREDIT_MODEL), (answered.today - timedelta(days=9)).isoformat()
    assert (model["n_outcomes"], model["n_train"]) == (40, model["n_raw"] + 40)
    assert (model["outcomes/from"], model["outcomes/to"]) == (day, day)
    assert model["outcomes/left_out"] == {"refusals that a person overruled": 7}
    assert "approved applicants alone" in model["outcomes/selection"]


def test_out_of_fold_predictions_of_clients_and_of_outcomes_are_kept_apart(answered):
    lake, model = answered.clients.lake, answered.metadata(CREDIT_MODEL)
    assert lake.read_frame(out_of_fold_file("2"))["SK_ID_CURR"].is_unique
    assert len(lake.read_frame(out_of_fold_file("2"))) == model["n_raw"]
    kept = lake.read_frame(outcomes_file("2"))
    assert kept["target"].sum() == 8
    assert kept["prediction_id"].is_unique
    assert kept["fold"].tolist() == fold_of(kept["SK_ID_CURR"]).tolist()
    assert kept["probability"].between(0, 1).all()


def test_the_reference_is_a_sample_of_the_rows_that_the_model_was_trained_on(answered):
    assert answered.metadata(TRAINING_REFERENCE)["n_samples"] == answered.metadata(CREDIT_MODEL)["n_train"]


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
    assert seen.skip_message.startswith("3 drift reports, 3 answered already: no cause; cost: estimated on 0 of ")
    assert answered.tick(SENSOR).skip_message.startswith("0 drift reports: no cause")
    (report,) = answered.clients.drift_reports.between(day, day)
    assert report.status == "alert"


def test_after_a_promotion_the_open_day_follows_the_new_model_and_yesterday_keeps_the_old_one(answered):
    # Whatever the gate thought of it: a person may.
    answered.clients.registry.promote("2", cause="to see the reports follow", author="ada@example.org")
    (request,) = answered.tick("prediction_volume_sensor").run_requests
    assert request.tags["credit/cause"].startswith(f"another model live: {answered.today}:")
    assert request.tags["dagster/asset_partition_range_start"] == answered.today.isoformat()
    assert answered.launch("drift_job", request).success
    reports = answered.clients.drift_reports.between(answered.today - timedelta(days=1), answered.today)
    assert [report.model_version for report in reports] == ["1", "2"]
    assert answered.tick("prediction_volume_sensor").run_requests == []


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
    assert seen.skip_message.startswith("cool-down of 24.0 h, 24.0 h of it left; waiting: drift: ")
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


def test_above_the_weekly_maximum_an_alert_and_a_cost_wait(alerted):
    alerted.settings |= {"CREDIT_RETRAIN_COOLDOWN_HOURS": "0", "CREDIT_RETRAIN_MAX_PER_WEEK": "2"}
    report_cost(alerted, alerted.today, estimated=2.0)
    causes: RetrainingCauses = alerted.clients.retraining_causes
    for number, kind in enumerate(["person", "schedule"]):
        causes.record(alerted.today, model_version="", features=[], run_id=f"run {number}", kind=kind)
    seen = alerted.tick(SENSOR)
    assert (seen.run_requests, seen.cursor) == ([], None)
    assert seen.skip_message.startswith("2 retrainings in seven days, 2 allowed; waiting: drift: ")
    assert "; estimated cost: " in seen.skip_message


def test_a_killed_retraining_is_asked_for_once_more_and_then_left_to_people(alerted):
    job = alerted.defs.resolve_job_def("training_job")
    for attempt in ("", ":again1"):
        (request,) = alerted.tick(SENSOR).run_requests
        newest = alerted.materializations(DRIFT_REPORT)[0].storage_id
        assert request.run_key == f"drift:{newest}{attempt}"
        alerted.instance.report_run_failed(alerted.instance.create_run_for_job(job, tags=request.tags))
    seen = alerted.tick(SENSOR)
    assert seen.run_requests == []
    assert seen.skip_message == "1 drift reports, 1 whose retraining failed 2 times: no cause"


def test_a_retraining_that_a_person_cancelled_is_not_asked_for_again(alerted):
    (request,) = alerted.tick(SENSOR).run_requests
    run = alerted.instance.create_run_for_job(alerted.defs.resolve_job_def("training_job"), tags=request.tags)
    alerted.instance.report_run_canceled(run)
    assert alerted.tick(SENSOR).run_requests == []


def test_a_cost_alone_is_a_cause_until_it_is_answered(platform):
    report_cost(platform, platform.today, estimated=2.0)
    (request,) = platform.tick(SENSOR).run_requests
    config = request.run_config["ops"]["credit_model"]["config"]
    day = platform.today.isoformat()
    assert config == {
        "cause": request.tags["credit/cause"], "costs": {"estimated": day}, "towards": [day], "alerted_model": "1",
    }  # fmt: skip
    assert request.run_key == f"cost:estimated:{day}:1"
    platform.clients.retraining_causes.record(
        platform.today, model_version="1", features=[], run_id="done", kind="estimated cost"
    )
    seen = platform.tick(SENSOR)
    assert seen.run_requests == []
    assert seen.skip_message.startswith("0 drift reports: no cause; cost: estimated on 0 of at least 400 decisions, ")
