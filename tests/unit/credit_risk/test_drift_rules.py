"""The rules: what each calls drift, what they say side by side, and the status of a window."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from credit_risk.drift import NOT_IN_RULE, RULES, DriftRule, compute_drift_report, window_status
from credit_risk.errors import DriftError


def population(n, seed, n_numeric=10):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(n, n_numeric)), columns=[f"x{i}" for i in range(n_numeric)])
    frame["gender"] = rng.choice(["F", "M"], size=n, p=[0.65, 0.35])
    return frame


@pytest.fixture(scope="module")
def reference():
    return population(3_000, seed=1)


@pytest.fixture
def window():
    return population(400, seed=2)


def row(report, feature):
    return report.details.set_index("feature").loc[feature]


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


@pytest.mark.parametrize(
    ("n_drifted", "status"), [(0, "ok"), (2, "ok"), (3, "warning"), (9, "warning"), (10, "alert"), (30, "alert")]
)
def test_the_status_follows_the_share_of_thirty_features(n_drifted, status):
    assert window_status(n_drifted, 30, 100) == status


def test_both_rules_judge_the_same_window(reference, window):
    window["x1"] += 1.0
    window["x2"] += 0.18
    window["gender"] = "F"
    corrected, classic = (compute_drift_report(reference, window, rule=rule) for rule in ("corrected", "classic"))
    assert corrected.by_rule == classic.by_rule
    assert set(corrected.by_rule) == {"classic", "corrected"}
    for report in (corrected, classic):
        assert report.by_rule[report.rule].status == report.status
        assert report.by_rule[report.rule].drift_percentage == report.drift_percentage
        assert report.by_rule[report.rule].n_features_drifted == report.n_features_drifted
        assert (report.details["drifted"] == report.details[f"drifted_{report.rule}"]).all()
    found = corrected.details.set_index("feature")[["drifted_classic", "drifted_corrected"]]
    assert found.loc["x1"].tolist() == [True, True]
    assert found.loc["x2"].tolist() == [True, False]
    assert found.loc["gender"].tolist() == [False, True]


def test_a_rule_of_ones_own_stands_beside_the_two(reference, window):
    strict = DriftRule("strict", alpha=1e-12, min_size=0.5, corrected=True, tests=RULES["corrected"].tests)
    assert set(compute_drift_report(reference, window, rule=strict).by_rule) == {"classic", "corrected", "strict"}


def test_an_unknown_rule_is_refused_with_the_known_ones(reference, window):
    with pytest.raises(DriftError, match="rule 'strict'; expected one of classic, corrected"):
        compute_drift_report(reference, window, rule="strict")


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


def test_fewer_than_thirty_predictions_are_insufficient(reference, window):
    window[[f"x{i}" for i in range(10)]] += 5.0
    assert compute_drift_report(reference, window.head(29)).status == "insufficient"
    assert compute_drift_report(reference, window.head(30)).status == "alert"
    assert compute_drift_report(reference, window, min_predictions=401).status == "insufficient"
