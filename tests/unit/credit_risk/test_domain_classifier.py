"""Telling samples apart: chance stays chance, broken dependence is seen, and its features are named."""

import numpy as np
import pandas as pd
import pytest

from credit_risk.domain_classifier import LEAST_ROWS, tell_apart
from credit_risk.errors import DriftError

FEATURES = [f"x{i}" for i in range(8)] + ["job"]


def population(n, seed):
    """Features that share a factor, one with missing values, one category."""
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=(n, 1))
    frame = pd.DataFrame(0.8 * factor + rng.normal(size=(n, 8)), columns=FEATURES[:8])
    frame["x0"] = np.round(np.exp(frame["x0"]), 1)
    frame.loc[rng.random(n) < 0.3, "x7"] = np.nan
    frame["job"] = np.where(factor[:, 0] > 0.5, "manager", rng.choice(["driver", "cook"], n))
    return frame


def told(current, *, features=FEATURES, seed=0, **options):
    return tell_apart(population(1_500, 1), current, features=features, rng=np.random.default_rng(seed), **options)


def test_a_clean_window_is_told_apart_no_better_than_by_chance():
    found = told(population(600, 2))
    assert found.null_low <= found.auc <= found.null_high
    assert found.p_value > 0.05
    assert found.strongest == ()


def test_p_values_of_clean_windows_are_spread_evenly():
    p_values = [
        tell_apart(
            population(150, 2 * seed),
            population(60, 2 * seed + 1),
            features=FEATURES[:4],
            rng=np.random.default_rng(seed),
            permutations=39,
        ).p_value
        for seed in range(80)
    ]
    # Under a uniform distribution the mean of 80 is within 0.1 of a half 999 times of 1,000.
    assert np.mean(p_values) == pytest.approx(0.51, abs=0.11)
    assert 0 < np.sum(np.array(p_values) <= 0.2) < 32


def test_broken_dependence_is_seen_though_every_feature_looks_as_ever():
    window = population(600, 2)
    window["x3"] = np.random.default_rng(5).permutation(window["x3"])
    found = told(window)
    assert found.auc > found.null_high
    assert found.p_value <= 0.01
    assert found.strongest[0] == "x3"


def test_a_category_that_no_longer_goes_with_the_others_is_seen():
    window = population(600, 2)
    window["job"] = np.random.default_rng(5).permutation(window["job"])
    found = told(window)
    assert found.p_value <= 0.01
    assert found.strongest[0] == "job"


@pytest.mark.parametrize("feature", ["x2", "x5"])
def test_the_feature_that_moved_is_named_first(feature):
    window = population(600, 2)
    window[feature] += 0.6
    found = told(window)
    assert found.p_value <= 0.01
    assert found.strongest[0] == feature


def test_a_feature_that_the_window_lacks_tells_everything():
    found = told(population(600, 2).drop(columns="x2"))
    assert found.auc == pytest.approx(1.0)
    assert found.strongest[0] == "x2"


def test_a_new_level_tells():
    found = told(population(600, 2).assign(job=lambda frame: np.where(frame.index < 200, "astronaut", frame["job"])))
    assert found.p_value <= 0.01
    assert found.strongest[0] == "job"


def test_constant_and_empty_features_are_no_obstacle():
    features = ["x1", "constant", "empty"]
    reference, window = (population(n, n).assign(constant=1.0, empty=np.nan) for n in (300, 200))
    found = tell_apart(reference, window, features=features, rng=np.random.default_rng(0))
    assert found.p_value > 0.01


def test_the_generator_decides_everything():
    window = population(300, 2)
    assert told(window, seed=3) == told(window, seed=3)
    assert told(window, seed=3) != told(window, seed=4)


def test_large_samples_are_bounded():
    found = told(population(600, 2), most_rows=250, permutations=19)
    assert (found.n_reference, found.n_window) == (250, 250)


def test_the_order_of_columns_and_their_storage_do_not_matter():
    window = population(300, 2)
    stored = window[window.columns[::-1]].astype({"job": "category", "x1": "Float64", "x2": object})
    assert told(window) == told(stored)


def test_samples_too_small_and_unknown_features_are_refused_at_once():
    with pytest.raises(DriftError, match=r"1500 reference rows, 9 window rows, 2 features, 1 .* \(GHOST\)"):
        told(population(LEAST_ROWS - 1, 2), features=["x1", "GHOST"])
