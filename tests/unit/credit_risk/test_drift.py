"""The drift report: verdicts, rows, statuses and errors."""

import json
from dataclasses import FrozenInstanceError

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from credit_risk.drift import NOT_IN_RULE, RULES, UNTESTABLE, DriftRule, compute_drift_report, window_status
from credit_risk.errors import DriftError

KEYS = ["feature", "kind", "ks_stat", "size", "p_value", "q_value", "drifted"]


def population(n, seed, n_numeric=10):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(n, n_numeric)), columns=[f"x{i}" for i in range(n_numeric)])
    frame["gender"] = rng.choice(["F", "M"], size=n, p=[0.65, 0.35])
    frame["housing"] = np.where(rng.random(n) < 0.1, None, rng.choice(["own", "rent", "parents"], size=n))
    return frame


@pytest.fixture(scope="module")
def reference():
    return population(3_000, seed=1)


@pytest.fixture
def window():
    return population(400, seed=2)


def row(report, feature):
    return report.details.set_index("feature").loc[feature]


def test_a_clean_window_is_ok(reference, window):
    report = compute_drift_report(reference, window)
    assert report.status == "ok"
    assert (report.n_features_drifted, report.drift_percentage) == (0, 0.0)
    assert (report.n_predictions, report.n_features_analyzed) == (400, 12)


def test_details_have_one_row_a_feature_with_the_largest_size_first(reference, window):
    details = compute_drift_report(reference, window).details
    assert list(details.columns[: len(KEYS)]) == KEYS
    assert sorted(details["feature"]) == sorted(reference.columns)
    assert details["size"].is_monotonic_decreasing


def test_a_number_carries_the_statistic_and_p_value_of_scipy(reference, window):
    window["x3"] += 0.5
    found = row(compute_drift_report(reference, window), "x3")
    expected = stats.ks_2samp(reference["x3"], window["x3"], method="exact")
    assert found["ks_stat"] == found["size"] == pytest.approx(expected.statistic, abs=1e-12)
    assert found["p_value"] == pytest.approx(expected.pvalue, abs=1e-12)
    assert found["drifted"]


def test_a_category_has_no_statistic_of_numbers(reference, window):
    window["gender"] = "F"
    found = row(compute_drift_report(reference, window), "gender")
    assert found["kind"] == "categorical"
    assert np.isnan(found["ks_stat"])
    assert found["size"] == pytest.approx(0.34, abs=0.03)
    assert found["drifted"]


def test_missingness_speaks_for_a_feature_when_it_is_the_stronger_evidence(reference, window):
    window.loc[:159, "x1"] = np.nan
    found = row(compute_drift_report(reference, window), "x1")
    assert found["test"] == "missingness"
    assert found["size"] == pytest.approx(0.4)
    assert (found["missing_reference"], found["missing_current"]) == (0.0, 0.4)
    assert found["drifted"]
    assert found["ks_stat"] < 0.1


def test_a_moved_feature_stays_drifted_when_its_missingness_moved_a_little_too(reference, window):
    window["x1"] += 1.0
    window.loc[:19, "x1"] = np.nan
    found = row(compute_drift_report(reference, window), "x1")
    assert found["test"] == "kolmogorov_smirnov"
    assert found["drifted"]


def test_the_row_that_drifted_shows_the_numbers_that_say_so(reference, window):
    window["x1"] += 1.0
    window.loc[:159, "x2"] = np.nan
    window["housing"] = "rent"
    rule = RULES["corrected"]
    details = compute_drift_report(reference, window).details
    said = (details["q_value"] < rule.alpha) & (details["size"] >= rule.min_size)
    assert details["drifted"].tolist() == said.tolist()
    assert set(details.loc[details["drifted"], "feature"]) == {"x1", "x2", "housing"}


def test_p_values_are_corrected_over_all_tests_of_the_window(reference, window):
    window.loc[:9, "x1"] = np.nan
    details = compute_drift_report(reference, window, features=["x1", "x2"]).details
    p_values = [
        stats.ks_2samp(reference["x1"], window["x1"].dropna(), method="exact").pvalue,
        stats.ks_2samp(reference["x2"], window["x2"], method="exact").pvalue,
        stats.fisher_exact([[0, 3_000], [10, 390]])[1],
    ]
    found = details.set_index("feature")["q_value"]
    assert found["x1"] == pytest.approx(stats.false_discovery_control(p_values)[2], rel=1e-6)
    assert found["x2"] == pytest.approx(stats.false_discovery_control(p_values)[1], rel=1e-6)


def test_a_tiny_change_of_a_large_window_is_no_drift():
    rng = np.random.default_rng(4)
    reference = pd.DataFrame({"x": rng.normal(size=20_000)})
    current = pd.DataFrame({"x": rng.normal(0.08, size=20_000)})
    found = row(compute_drift_report(reference, current), "x")
    assert found["p_value"] < 1e-4
    assert not found["drifted"]
    assert row(compute_drift_report(reference, current, rule="classic"), "x")["drifted"]


def test_the_classic_rule_is_uncorrected_and_looks_at_numbers_only(reference, window):
    window["gender"] = "F"
    window["x0"] += 0.17
    report = compute_drift_report(reference, window, rule="classic")
    assert row(report, "gender")["test"] == NOT_IN_RULE
    assert np.isnan(row(report, "gender")["p_value"])
    numeric = report.details[report.details["kind"] == "numeric"]
    assert (numeric["drifted"] == (numeric["p_value"] < 0.05)).all()
    assert row(report, "x0")["drifted"]
    assert report.rule == "classic"


def test_a_rule_is_data(reference, window):
    window["x0"] += 0.3
    strict = DriftRule("strict", alpha=1e-12, min_size=0.5, corrected=True, tests=RULES["corrected"].tests)
    report = compute_drift_report(reference, window, rule=strict)
    assert report.n_features_drifted == 0
    assert report.rule == "strict"


def test_only_the_features_named_are_compared(reference, window):
    report = compute_drift_report(reference, window, features=["x4", "gender", "x4"])
    assert set(report.details["feature"]) == {"x4", "gender"}
    assert report.n_features_analyzed == 2


def test_columns_of_one_frame_only_are_left_out(reference, window):
    window["new"] = 1.0
    report = compute_drift_report(reference, window.drop(columns="x0"))
    assert report.n_features_analyzed == 11


@pytest.mark.parametrize(
    ("n_drifted", "status"), [(0, "ok"), (2, "ok"), (3, "warning"), (9, "warning"), (10, "alert"), (30, "alert")]
)
def test_the_status_follows_the_share_of_thirty_features(n_drifted, status):
    assert window_status(n_drifted, 30, 100) == status


def test_fewer_than_thirty_predictions_are_insufficient(reference, window):
    window[[f"x{i}" for i in range(10)]] += 5.0
    assert compute_drift_report(reference, window.head(29)).status == "insufficient"
    assert compute_drift_report(reference, window.head(30)).status == "alert"
    assert compute_drift_report(reference, window, min_predictions=401).status == "insufficient"


def test_a_day_without_predictions_has_a_report(reference):
    report = compute_drift_report(reference, reference.head(0))
    assert (report.status, report.n_predictions, report.n_features_drifted) == ("insufficient", 0, 0)
    assert set(report.details["test"]) == {UNTESTABLE}


def test_what_cannot_be_tested_is_reported_as_such(reference, window):
    reference = reference.assign(constant=1.0, empty=np.nan)
    report = compute_drift_report(reference, window.assign(constant=1.0, empty=np.nan))
    for feature in ("constant", "empty"):
        found = row(report, feature)
        assert found["test"] == UNTESTABLE
        assert np.isnan(found["p_value"])
        assert not found["drifted"]


def test_a_feature_that_vanished_from_the_window_drifted_by_its_missingness(reference, window):
    window["x0"] = pd.Series([None] * len(window), dtype="object")
    found = row(compute_drift_report(reference, window), "x0")
    assert (found["kind"], found["test"], found["size"]) == ("numeric", "missingness", 1.0)
    assert found["drifted"]


def test_numbers_and_categories_of_any_storage_are_compared(reference, window):
    stored = reference.assign(n=np.arange(3_000) % 7, flag=np.arange(3_000) % 2 == 0)
    came = window.assign(n=pd.array(np.arange(400) % 7, dtype="Int64"), flag=pd.array([True] * 400, dtype="boolean"))
    came["gender"] = came["gender"].astype("category")
    came["housing"] = came["housing"].astype("string")
    came["x1"] = came["x1"].astype("object")
    report = compute_drift_report(stored, came)
    assert row(report, "flag")["kind"] == "categorical"
    assert report.details.loc[report.details["drifted"], "feature"].tolist() == ["flag"]


def test_the_order_of_rows_changes_nothing(reference, window):
    turned = compute_drift_report(reference.iloc[::-1], window.iloc[::-1])
    pd.testing.assert_frame_equal(compute_drift_report(reference, window).details, turned.details)


def test_the_frames_are_left_as_they_were(reference, window):
    before = reference.copy(), window.copy()
    compute_drift_report(reference, window)
    pd.testing.assert_frame_equal(reference, before[0])
    pd.testing.assert_frame_equal(window, before[1])


def test_records_are_plain_values_with_none_for_what_there_is_not(reference, window):
    records = compute_drift_report(reference, window.assign(x0=np.nan)).records()
    by_feature = {record["feature"]: record for record in json.loads(json.dumps(records, allow_nan=False))}
    assert by_feature["gender"]["ks_stat"] is None
    assert by_feature["x0"]["ks_stat"] is None
    assert by_feature["x0"]["drifted"] is True
    assert set(KEYS) <= set(by_feature["x0"])


def test_a_report_is_frozen(reference, window):
    report = compute_drift_report(reference, window, features=["x0"])
    with pytest.raises(FrozenInstanceError, match="status"):
        report.status = "ok"


def test_unknown_features_are_all_named_with_the_frame_that_lacks_them(reference, window):
    with pytest.raises(DriftError, match="reference: GHOST, SPOOK; window: GHOST, SPOOK, x0") as caught:
        compute_drift_report(reference, window.drop(columns="x0"), features=["GHOST", "x1", "SPOOK", "x0"])
    assert caught.value.fields["window"] == ["GHOST", "SPOOK", "x0"]


def test_a_doubled_column_is_named(reference, window):
    doubled = pd.concat([window, window[["x0"]]], axis=1)
    with pytest.raises(DriftError, match=r"not exactly one column \(window: x0"):
        compute_drift_report(reference, doubled)


def test_frames_without_a_common_column_are_refused(reference):
    with pytest.raises(DriftError, match="12 columns in the reference, 1 in the window, 0 in both"):
        compute_drift_report(reference, pd.DataFrame({"other": [1.0]}))


def test_an_empty_reference_is_refused(reference, window):
    with pytest.raises(DriftError, match="a reference of 0 rows"):
        compute_drift_report(reference.head(0), window)


def test_an_unknown_rule_is_refused_with_the_known_ones(reference, window):
    with pytest.raises(DriftError, match="rule 'strict'; expected one of classic, corrected"):
        compute_drift_report(reference, window, rule="strict")
