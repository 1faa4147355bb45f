"""False alarms and power of the default rule, in small: enough to notice when a change breaks either."""

import numpy as np
import pandas as pd
import pytest

from credit_risk.drift import compute_drift_report

N_FEATURES = 30


def correlated(rng, n):
    """Features that share three factors, some rounded, some with missing values, two categories."""
    loadings = np.random.default_rng(0).normal(size=(3, N_FEATURES))
    matrix = rng.normal(size=(n, 3)) @ loadings + rng.normal(size=(n, N_FEATURES))
    matrix[:, ::6] = np.round(matrix[:, ::6])
    no_history = rng.random(n) < 0.3
    matrix[no_history, 5:11] = np.nan
    frame = pd.DataFrame(matrix, columns=[f"x{i}" for i in range(N_FEATURES)])
    frame["x28"] = np.where(frame["x28"] > 0, "yes", "no")
    frame["x29"] = rng.choice([f"branch {i}" for i in range(40)], size=n)
    return frame


@pytest.fixture(scope="module")
def reference():
    return correlated(np.random.default_rng(1), 5_000)


@pytest.mark.parametrize(("n", "windows"), [(50, 30), (400, 25), (3_000, 6)])
def test_clean_windows_of_correlated_features_are_ok(reference, n, windows):
    rng = np.random.default_rng(n)
    statuses = {compute_drift_report(reference, correlated(rng, n)).status for _ in range(windows)}
    assert statuses == {"ok"}


def test_twelve_of_thirty_features_moved_by_half_a_deviation_are_an_alert_at_400_predictions(reference):
    rng = np.random.default_rng(7)
    moved = [f"x{i}" for i in range(12)]
    for _ in range(20):
        window = correlated(rng, 400)
        window[moved] += 0.5 * reference[moved].std()
        assert compute_drift_report(reference, window).status == "alert"


def test_a_harmless_share_of_another_population_is_ok_however_large_the_window(reference):
    rng = np.random.default_rng(9)
    window = correlated(rng, 50_000)
    numeric = window.select_dtypes("number").columns
    window.loc[: 0.03 * len(window), numeric] += reference[numeric].std()
    report = compute_drift_report(reference, window)
    assert report.status == "ok"
    assert report.details["size"].max() < 0.05
