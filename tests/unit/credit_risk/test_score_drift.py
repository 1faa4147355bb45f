"""The test of the scores: SciPy's numbers, the rule's verdict."""

import numpy as np
import pytest
from scipy import stats

from credit_risk.errors import DriftError
from credit_risk.score_drift import score_drift


def scores(n, seed, shift=0.0):
    return 1.0 / (1.0 + np.exp(2.5 - np.random.default_rng(seed).normal(shift, size=n)))


def test_the_numbers_are_those_of_scipy():
    reference, window = scores(3_000, 1), scores(400, 2, shift=0.2)
    found = score_drift(reference, window)
    expected = stats.ks_2samp(reference, window, method="exact")
    assert found.ks_stat == found.size == pytest.approx(expected.statistic, abs=1e-12)
    assert found.p_value == pytest.approx(expected.pvalue, abs=1e-12)
    assert (found.mean_reference, found.mean_window) == (pytest.approx(reference.mean()), pytest.approx(window.mean()))


def test_scores_of_the_same_clients_have_not_drifted():
    assert not score_drift(scores(3_000, 1), scores(400, 2)).drifted


def test_scores_that_rose_have_drifted():
    found = score_drift(scores(3_000, 1), scores(400, 2, shift=0.6))
    assert found.drifted
    assert found.mean_window > found.mean_reference


def test_a_tiny_move_of_many_scores_is_drift_for_the_classic_rule_alone():
    samples = scores(50_000, 1), scores(50_000, 2, shift=0.05)
    assert not score_drift(*samples).drifted
    assert score_drift(*samples, rule="classic").drifted


def test_missing_scores_are_left_out():
    assert score_drift(np.append(scores(500, 1), np.nan), scores(50, 2)) == score_drift(scores(500, 1), scores(50, 2))


@pytest.mark.parametrize("window", [np.array([]), np.full(3, np.nan)])
def test_a_window_without_scores_has_no_verdict_and_no_numbers(window):
    found = score_drift(scores(500, 1), window)
    assert np.isnan([found.ks_stat, found.p_value, found.mean_window]).all()
    assert not found.drifted


def test_an_unknown_rule_is_refused():
    with pytest.raises(DriftError, match="rule 'strict'"):
        score_drift(scores(50, 1), scores(50, 2), rule="strict")
