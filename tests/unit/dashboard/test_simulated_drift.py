import numpy as np
import pandas as pd
import pytest

from credit_risk.drift import PreparedReference
from dashboard.simulated_drift import halves, simulated_report

NAMES = [f"feature_{i}" for i in range(12)]


@pytest.fixture
def sample():
    return pd.DataFrame(np.random.default_rng(0).normal(size=(2_000, 12)), columns=NAMES)


@pytest.fixture
def report(sample):
    def report(kind, intensity, size=300):
        rng = np.random.default_rng(1)
        reference, population = halves(sample, rng)
        prepared = PreparedReference.of(reference, NAMES)
        return simulated_report(prepared, population, kind, intensity, size, monitored=NAMES, rng=rng)

    return report


def test_the_halves_share_nobody(sample):
    one, other = halves(sample, np.random.default_rng(1))
    assert not set(one.index) & set(other.index)
    assert len(one) + len(other) == len(sample)


def test_a_population_that_stays_is_no_drift(report):
    assert report("none", 0.0).status == "ok"


def test_a_sudden_move_is_an_alert(report):
    assert report("sudden", 0.7).status == "alert"


def test_a_shift_of_single_features_moves_these(report):
    found = report("feature_shift", 1.0).details
    assert found["drifted"].sum() == 1


def test_a_small_window_says_that_it_is_too_small(report):
    assert report("sudden", 1.0, size=20).status == "insufficient"
