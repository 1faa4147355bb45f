"""The drift report: verdicts, rows, statuses and errors."""

import json
from dataclasses import FrozenInstanceError

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from credit_risk.drift import (
    RULES,
    UNTESTABLE,
    PreparedReference,
    compute_drift_report,
    sampled,
)
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


def test_only_the_features_named_are_compared(reference, window):
    report = compute_drift_report(reference, window, features=["x4", "gender", "x4"])
    assert set(report.details["feature"]) == {"x4", "gender"}
    assert report.n_features_analyzed == 2


def test_columns_of_one_frame_only_are_left_out(reference, window):
    window["new"] = 1.0
    report = compute_drift_report(reference, window.drop(columns="x0"))
    assert report.n_features_analyzed == 11


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
    with pytest.raises(DriftError, match=r"reference: GHOST, x0; window: GHOST\)") as caught:
        compute_drift_report(reference.drop(columns="x0"), window, features=["GHOST", "x1", "x0"])
    assert caught.value.fields["reference"] == ["GHOST", "x0"]


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


def test_a_monitored_feature_that_the_window_lacks_is_missing_in_all_its_rows(reference, window):
    report = compute_drift_report(reference, window.drop(columns=["x0", "gender"]), features=["x0", "x1", "gender"])
    assert report.absent_features == ("x0", "gender")
    for feature, kind in (("x0", "numeric"), ("gender", "categorical")):
        found = row(report, feature)
        assert (found["kind"], found["test"], found["missing_current"]) == (kind, "missingness", 1.0)
        assert found["drifted"]
    assert not row(report, "x1")["drifted"]


def test_columns_that_only_one_frame_has_are_named_in_the_report(reference, window):
    report = compute_drift_report(reference, window.assign(new=1.0).drop(columns="x0"))
    assert (report.absent_features, report.new_columns) == (("x0",), ("new",))
    watched = compute_drift_report(reference, window.assign(new=1.0), features=["x1"])
    assert (watched.absent_features, watched.new_columns) == ((), ("new",))


def test_a_day_without_predictions_and_without_columns_has_a_report(reference):
    report = compute_drift_report(reference, pd.DataFrame())
    assert (report.status, report.n_features_analyzed) == ("insufficient", 12)


def test_a_new_level_of_a_category_is_seen(reference, window):
    window.loc[:79, "housing"] = "houseboat"
    found = row(compute_drift_report(reference, window), "housing")
    assert (found["test"], found["drifted"]) == ("chi_squared", True)
    assert found["size"] == pytest.approx(0.2, abs=0.05)


def test_a_new_level_in_one_row_is_no_drift(reference, window):
    window.loc[0, "housing"] = "houseboat"
    assert not row(compute_drift_report(reference, window), "housing")["drifted"]


def test_a_prepared_reference_gives_the_same_report_window_after_window(reference, window):
    prepared = PreparedReference.of(reference)
    for current in (window, window.head(50), window.assign(x0=np.nan), window.head(0)):
        afresh = compute_drift_report(reference, current, features=["x0", "housing", "x7"])
        again = compute_drift_report(prepared, current, features=["x0", "housing", "x7"])
        pd.testing.assert_frame_equal(afresh.details, again.details)
        assert afresh.by_rule == again.by_rule


def test_a_prepared_reference_does_not_follow_its_frame(reference, window):
    frame = reference.copy()
    prepared = PreparedReference.of(frame)
    frame["x0"] = 5.0
    pd.testing.assert_frame_equal(
        compute_drift_report(prepared, window).details, compute_drift_report(reference, window).details
    )


def test_a_prepared_reference_knows_only_the_features_it_was_prepared_with(reference, window):
    prepared = PreparedReference.of(reference, ["x0", "gender"])
    assert compute_drift_report(prepared, window).n_features_analyzed == 2
    with pytest.raises(DriftError, match=r"\(reference: x1\)"):
        compute_drift_report(prepared, window, features=["x0", "x1"])


def test_long_columns_compared_by_two_threads_give_the_same_report():
    reference, window = population(21_000, seed=3), population(25_000, seed=4)
    one, two = (compute_drift_report(reference, window, threads=threads) for threads in (1, 2))
    pd.testing.assert_frame_equal(one.details, two.details)


def test_a_small_window_is_not_sampled(window):
    rows, n_before = sampled(window, day_seed=739_000, limit=400)
    assert rows is window
    assert n_before == 400


def test_a_sample_is_the_same_whenever_its_day_is_asked_for(window):
    rows, n_before = sampled(window, day_seed=739_000, limit=100)
    assert (len(rows), n_before) == (100, 400)
    assert rows.index.is_monotonic_increasing
    pd.testing.assert_frame_equal(rows, sampled(window, day_seed=739_000, limit=100)[0])
    assert not rows.index.equals(sampled(window, day_seed=739_001, limit=100)[0].index)


def test_a_report_of_a_sample_says_how_many_predictions_the_window_had(reference, window):
    rows, n_before = sampled(window, day_seed=1, limit=29)
    report = compute_drift_report(reference, rows, n_predictions=n_before)
    assert (report.n_predictions, report.n_compared, report.status) == (400, 29, "ok")


def test_a_sample_of_nothing_is_refused(window):
    with pytest.raises(DriftError, match="a limit of 0 rows"):
        sampled(window, day_seed=1, limit=0)
