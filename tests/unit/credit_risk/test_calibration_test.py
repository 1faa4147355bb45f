"""Outcomes against probabilities: how often the test speaks for nothing, and that it speaks."""

import numpy as np
import pytest
from scipy.stats import binomtest

from credit_risk.calibration import expected_calibration_error
from credit_risk.calibration_test import calibration_p_value, count_p_value, judge_calibration


def approved(rng, n):
    """Probabilities as those of approved applicants are: below a threshold, 4 to 5 % in the mean."""
    p = rng.beta(1.2, 14, 3 * n)
    return p[p < 0.1][:n]


@pytest.mark.parametrize("n", [30, 100, 400])
def test_true_probabilities_are_hardly_ever_contradicted(n):
    rng = np.random.default_rng(n)
    found = []
    for _ in range(2_000):
        p = approved(rng, n)
        found.append(calibration_p_value((rng.random(len(p)) < p).astype(float), p))
    # Promised: 5 % and 0.1 %. Five of 2,000 by chance at 0.1 % are one in sixty.
    assert np.mean(np.array(found) < 0.05) < 0.06
    assert np.sum(np.array(found) < 0.001) <= 6


@pytest.mark.parametrize("factor", [0.4, 2.0])
def test_defaults_that_are_too_few_or_too_many_are_seen(factor):
    rng = np.random.default_rng(0)
    p = approved(rng, 2_000)
    y = (rng.random(len(p)) < factor * p).astype(float)
    assert calibration_p_value(y, p) < 1e-6


def test_a_spread_that_is_wrong_is_seen_though_the_number_is_right():
    rng = np.random.default_rng(1)
    p = rng.uniform(0.01, 0.3, 4_000)
    y = (rng.random(4_000) < p[::-1][rng.permutation(4_000)]).astype(float)
    assert count_p_value(int(y.sum()), p) > 0.01
    assert calibration_p_value(y, p) < 1e-6


def test_with_equal_probabilities_the_count_is_the_exact_binomial_one():
    for defaults in (0, 3, 10, 25):
        tails = [binomtest(defaults, 200, 0.05, alternative=side).pvalue for side in ("less", "greater")]
        assert count_p_value(defaults, np.full(200, 0.05)) == pytest.approx(min(1, 2 * min(tails)))


def test_unequal_probabilities_never_get_a_smaller_chance_than_their_own():
    rng = np.random.default_rng(2)
    p = rng.beta(0.5, 9, 120)
    counts = (rng.random((40_000, 120)) < p).sum(axis=1)
    for defaults in (1, 2, 12, 15):
        own = 2 * min(np.mean(counts >= defaults), np.mean(counts <= defaults))
        assert count_p_value(defaults, p) >= own - 0.005


def test_the_error_by_chance_is_what_a_perfect_model_shows():
    rng = np.random.default_rng(3)
    p = approved(rng, 3_000)
    errors = [expected_calibration_error((rng.random(len(p)) < p).astype(float), p) for _ in range(50)]
    y = (rng.random(len(p)) < p).astype(float)
    assert judge_calibration(y, p).error_by_chance == pytest.approx(np.mean(errors), rel=0.1)


def test_the_error_is_the_expected_calibration_error():
    rng = np.random.default_rng(5)
    p = approved(rng, 3_000)
    y = (rng.random(len(p)) < p).astype(float)
    assert judge_calibration(y, p).error == pytest.approx(expected_calibration_error(y, p))


def test_bins_hold_enough_outcomes_and_intervals_around_what_was_observed():
    rng = np.random.default_rng(4)
    p = approved(rng, 100)
    found = judge_calibration((rng.random(len(p)) < p).astype(float), p)
    assert len(found.bins) == 3
    assert sum(bin_["n"] for bin_ in found.bins) == len(p)
    assert all(bin_["low"] <= bin_["observed"] <= bin_["high"] for bin_ in found.bins)


def test_one_outcome_is_one_bin_and_no_verdict():
    found = judge_calibration(np.array([0.0]), np.array([0.2]))
    assert (found.observed, found.predicted, len(found.bins), found.p_value) == (0.0, 0.2, 1, 1.0)
