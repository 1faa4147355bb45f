"""Performance reports on a real platform: each day its record, its rows by model and its checks."""

from datetime import timedelta
from uuid import uuid4

import dagster as dg
import numpy as np
import pytest
from uuid_utils.compat import uuid7

from credit_assets.performance import PERFORMANCE_REPORT
from credit_assets.performance_metadata import COST_ESTIMATED, MATURITY, MODEL_VERSION, N_DECIDED, N_OUTCOMES
from credit_risk.business_cost import business_cost
from credit_risk.evaluation import auc
from resources import schema
from resources.history import import_history
from resources.outcomes import Outcome, record_outcomes
from resources.prediction_log import DecisionRecord, FeatureNames, day_bounds, insert_decisions

RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
NAMES = FeatureNames(("AMT_CREDIT",), ())
N = 400

KNOWN, WAITING, EMPTY, IMPORTED, WORSE = range(5)


def decide(platform, day, probabilities, threshold, *, model_version="1"):
    """Store a decision for each probability, one a second from midnight; returns their ids in order."""
    records = [
        DecisionRecord(
            prediction_id=uuid7(),
            created_at=day_bounds(day)[0] + timedelta(seconds=number),
            sk_id_curr=100_001 + number,
            probability=float(probability),
            prediction=int(probability >= threshold),
            decision="REFUSED" if probability >= threshold else "APPROVED",
            threshold=threshold,
            model_version=model_version,
            inference_time_ms=0.3,
            n_features_missing=0,
            features={"AMT_CREDIT": 1.0},
            feature_names=NAMES,
        )
        for number, probability in enumerate(probabilities)
    ]
    with platform.database.connect() as connection:
        schema.ensure_partitions(connection, day, day)
        insert_decisions(connection, records)
    return [record.prediction_id for record in records]


def deliver(platform, ids, targets, observed_at):
    """Record outcomes of decisions."""
    with platform.database.connect() as connection:
        return record_outcomes(
            connection, [Outcome(each, int(target), observed_at) for each, target in zip(ids, targets, strict=True)]
        )


def report(platform, first, last):
    return platform.run("performance_job", tags={RANGE_START: str(first), RANGE_END: str(last)})


def row_of(platform, day):
    (row,) = platform.clients.performance_reports.between(day, day)
    return row


@pytest.fixture(scope="module")
def threshold(shared_platform):
    return shared_platform.clients.registry.manifest("1").threshold


@pytest.fixture(scope="module")
def probabilities(threshold):
    """Of applicants, two thirds of whom the live model would approve."""
    return np.random.default_rng(0).uniform(0.2, 1.4, N) * threshold


@pytest.fixture(scope="module")
def approved(probabilities, threshold):
    return probabilities < threshold


@pytest.fixture(scope="module")
def targets(probabilities):
    """True to the probabilities."""
    return (np.random.default_rng(1).random(N) < probabilities).astype(float)


@pytest.fixture(scope="module")
def days(shared_platform, threshold, probabilities, approved, targets, tmp_path_factory):
    first = shared_platform.today - timedelta(days=20)
    days = [first + timedelta(days=number) for number in range(5)]
    ids = np.array(decide(shared_platform, days[KNOWN], probabilities, threshold))
    deliver(shared_platform, ids[approved], targets[approved], day_bounds(days[KNOWN])[1])
    decide(shared_platform, days[WAITING], probabilities[:60], threshold)
    ids = np.array(decide(shared_platform, days[WORSE], probabilities, threshold))
    deliver(shared_platform, ids[approved], np.arange(approved.sum()) % 2, day_bounds(days[WORSE])[1])
    file = tmp_path_factory.mktemp("history") / "older.parquet"
    shared_platform.history_of(days[IMPORTED], shared_platform.features().head(40)).assign(target=0).to_parquet(file)
    import_history(shared_platform.database, file, "older")
    return days


@pytest.fixture(scope="module", autouse=True)
def week(shared_platform, days):
    """The run over all days."""
    return report(shared_platform, days[0], days[-1])


@pytest.fixture(scope="module")
def metadata(shared_platform, week, days):
    """Plain metadata by number of the day."""
    records = {
        r.partition_key: r for r in shared_platform.materializations(PERFORMANCE_REPORT) if r.run_id == week.run_id
    }
    return [{k: v.value for k, v in records[str(day)].asset_materialization.metadata.items()} for day in days]


def test_every_day_has_a_record_and_its_rows_agree(shared_platform, week, days, metadata):
    assert week.success
    assert [figures[N_DECIDED] for figures in metadata] == [N, 60, 0, 40, N]
    rows = shared_platform.clients.performance_reports.between(days[0], days[-1])
    assert [(row["report_date"], row["model_version"], row["n_decided"]) for row in rows] == [
        (days[KNOWN], "1", N), (days[WAITING], "1", 60), (days[IMPORTED], "import:older", 40), (days[WORSE], "1", N),
    ]  # fmt: skip
    for number in (KNOWN, WAITING, IMPORTED, WORSE):
        row = row_of(shared_platform, days[number])
        assert metadata[number][N_OUTCOMES] == row["n_outcomes"]
        assert metadata[number][MATURITY] == row["maturity"]
        assert metadata[number][COST_ESTIMATED] == row["cost_estimated"]
        assert metadata[number][MODEL_VERSION] == row["model_version"]


def test_realised_figures_are_among_the_approved(shared_platform, days, probabilities, approved, targets):
    row = row_of(shared_platform, days[KNOWN])
    t, p = targets[approved], probabilities[approved]
    assert (row["n_approved"], row["n_outcomes"], row["n_defaults"]) == (len(t), len(t), t.sum())
    assert row["auc_approved"] == pytest.approx(auc(t, p))
    assert row["cost_realised_approved"] == pytest.approx(10 * t.mean())
    assert row["calibration"]["observed"] == pytest.approx(t.mean())
    assert row["cost_estimated_known_low"] < row["cost_realised_approved"] < row["cost_estimated_known_high"]


def test_they_stand_beside_the_out_of_fold_figures_restricted_the_same_way(shared_platform, days, threshold):
    rows = shared_platform.clients.lake.read_frame("models/1/out_of_fold.parquet")
    target, probability, weight = (rows[name].to_numpy(float) for name in ("target", "probability", "weight"))
    among = probability < threshold
    row = row_of(shared_platform, days[KNOWN])
    assert row["auc_reference"] == pytest.approx(auc(target[among], probability[among], weights=weight[among]))
    assert row["cost_reference_approved"] == pytest.approx(10 * np.average(target[among], weights=weight[among]))
    assert row["cost_reference"] == pytest.approx(business_cost(target, probability, threshold, weights=weight))


def test_a_day_without_labels_has_its_estimate_and_says_why_the_rest_is_absent(shared_platform, days):
    row = row_of(shared_platform, days[WAITING])
    assert row["maturity"] == 0
    assert row["cost_estimated"] is not None
    assert row["auc_approved"] is row["cost_realised_approved"] is row["calibration"] is None
    assert row["absent"]["auc_approved"].startswith("0 outcomes of ")


def test_decisions_of_an_older_system_have_no_reference_and_say_so(shared_platform, days):
    row = row_of(shared_platform, days[IMPORTED])
    assert (row["n_outcomes"], row["n_defaults"], row["auc_reference"]) == (40, 0, None)
    assert row["absent"]["reference"].startswith("no out-of-fold predictions of this model")


def test_a_check_warns_with_numbers_where_outcomes_contradict_the_probabilities(week, days):
    found = {(check.partition, check.check_name): check for check in week.get_asset_check_evaluations()}
    assert len(found) == 10
    failed = {key for key, check in found.items() if not check.passed}
    assert failed == {
        (str(days[WORSE]), "calibrated_among_the_approved"),
        (str(days[WORSE]), "cost_within_estimate"),
    }
    check = found[str(days[WORSE]), "cost_within_estimate"]
    assert check.severity == dg.AssetCheckSeverity.WARN
    assert "model 1: 4.979 realised" in check.metadata["reason"].value
    assert found[str(days[EMPTY]), "cost_within_estimate"].metadata["reason"].value == "not judged: no decisions"


def test_a_check_is_about_the_record_of_its_day(shared_platform, week):
    records = {r.partition_key: r.storage_id for r in shared_platform.materializations(PERFORMANCE_REPORT)
               if r.run_id == week.run_id}  # fmt: skip
    for check in week.get_asset_check_evaluations():
        assert check.target_materialization_data.storage_id == records[check.partition]


def test_the_picture_is_made_for_the_newest_day_alone(metadata):
    assert ["performance/chart" in figures for figures in metadata] == [False] * 4 + [True]


def test_late_doubled_and_corrected_outcomes_count_once_as_they_hold(shared_platform, threshold):
    day = shared_platform.today - timedelta(days=40)
    ids = decide(shared_platform, day, np.full(50, threshold / 2), threshold)
    known_from = day_bounds(day)[1]
    deliver(shared_platform, ids[:30], [0] * 30, known_from)
    report(shared_platform, day, day)
    assert (row_of(shared_platform, day)["n_outcomes"], row_of(shared_platform, day)["n_defaults"]) == (30, 0)

    # Late: ten more. Doubled: the first thirty again. Corrected: one of them defaulted after all.
    deliver(shared_platform, ids[30:40], [1] * 10, known_from)
    receipt = deliver(shared_platform, ids[:30], [0] * 30, known_from)
    assert (receipt.recorded, receipt.repeated) == (0, 30)
    deliver(shared_platform, ids[:1], [1], known_from + timedelta(days=1))
    report(shared_platform, day, day)
    row = row_of(shared_platform, day)
    assert (row["n_outcomes"], row["n_defaults"], row["maturity"]) == (40, 11, 0.8)
    assert row["cost_realised_approved"] == pytest.approx(10 * 11 / 40)


def test_an_outcome_of_an_unknown_decision_is_in_no_report(shared_platform, threshold):
    day = shared_platform.today - timedelta(days=45)
    decide(shared_platform, day, np.full(30, threshold / 2), threshold)
    deliver(shared_platform, [uuid4()], [1], day_bounds(day)[1])
    assert report(shared_platform, day, day).success
    assert row_of(shared_platform, day)["n_outcomes"] == 0


def test_refused_applicants_approved_by_lot_give_figures_over_all_and_overruled_ones_do_not(shared_platform, threshold):
    day = shared_platform.today - timedelta(days=50)
    ids = decide(shared_platform, day, [threshold / 2] * 100 + [2 * threshold] * 100, threshold)
    deliver(shared_platform, ids, [0] * 90 + [1] * 10 + [0] * 40 + [1] * 60, day_bounds(day)[1])
    shared_platform.clients.random_approvals.record(ids[100:150], share=0.5, author="tests")
    report(shared_platform, day, day)
    row = row_of(shared_platform, day)
    assert (row["n_outcomes"], row["n_random_approved"], row["n_random_outcomes"]) == (100, 50, 50)
    assert row["n_overruled_outcomes"] == 50
    # Of the approved a tenth defaulted (cost 1), of the fifty by lot forty repaid (cost 0.8).
    assert row["cost_unbiased"] == pytest.approx((1.0 + 0.8) / 2)
    assert row["cost_realised_approved"] == pytest.approx(1.0)


def test_a_day_without_decisions_alone_is_a_record_without_rows(shared_platform):
    day = shared_platform.today - timedelta(days=30)
    assert report(shared_platform, day, day).success
    assert shared_platform.clients.performance_reports.between(day, day) == []
    figures = shared_platform.metadata(PERFORMANCE_REPORT)
    assert (figures[N_DECIDED], figures[N_OUTCOMES], MODEL_VERSION in figures) == (0, 0, False)


def test_models_of_one_day_have_reports_of_their_own(shared_platform, threshold):
    day = shared_platform.today - timedelta(days=55)
    decide(shared_platform, day, np.full(30, threshold / 2), threshold)
    decide(shared_platform, day, np.full(31, threshold / 2), threshold, model_version="import:canary")
    report(shared_platform, day, day)
    rows = shared_platform.clients.performance_reports.between(day, day)
    assert [(row["model_version"], row["n_decided"]) for row in rows] == [("1", 30), ("import:canary", 31)]


def test_a_day_is_reported_from_the_ui_by_its_partition(shared_platform, days):
    before = row_of(shared_platform, days[KNOWN])
    result = shared_platform.materialize(PERFORMANCE_REPORT, partition_key=str(days[KNOWN]))
    assert result.success
    again = row_of(shared_platform, days[KNOWN])
    assert again["created_at"] > before["created_at"]
    assert {k: v for k, v in again.items() if not k.endswith("_at")} == {
        k: v for k, v in before.items() if not k.endswith("_at")
    }
