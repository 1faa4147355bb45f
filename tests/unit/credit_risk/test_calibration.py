import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from credit_risk.calibration import Calibration, expected_calibration_error, fit_calibration, reliability
from credit_risk.errors import PortfolioError


def drawn(n=20_000, slope=0.7, intercept=-0.4, seed=0):
    rng = np.random.default_rng(seed)
    raw = rng.normal(-2, 1, n)
    target = (rng.random(n) < Calibration(slope, intercept).probability(raw)).astype(float)
    return raw, target


def test_it_finds_the_slope_and_intercept_that_made_the_outcomes():
    fitted = fit_calibration(*drawn(100_000))
    assert fitted.slope == pytest.approx(0.7, abs=0.04)
    assert fitted.intercept == pytest.approx(-0.4, abs=0.08)


def test_it_agrees_with_an_unpenalized_logistic_regression():
    raw, target = drawn()
    weights = np.random.default_rng(1).uniform(0.5, 2, len(raw))
    peer = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000)
    peer.fit(raw[:, None], target, sample_weight=weights)
    fitted = fit_calibration(raw, target, weights=weights)
    # Platt's targets move both by about one part in the number of defaults.
    assert fitted.slope == pytest.approx(peer.coef_[0, 0], abs=2e-3)
    assert fitted.intercept == pytest.approx(peer.intercept_[0], abs=4e-3)


def test_the_mean_probability_is_the_default_rate():
    raw, target = drawn()
    assert fit_calibration(raw, target).probability(raw).mean() == pytest.approx(target.mean(), abs=1e-4)


def test_scores_that_separate_the_outcomes_keep_a_finite_slope():
    raw = np.linspace(-3, 3, 100)
    fitted = fit_calibration(raw, (raw > 0).astype(float))
    assert 0 < fitted.slope < 100
    assert 0 < fitted.probability(raw).min() < fitted.probability(raw).max() < 1


@pytest.mark.parametrize("raw", [np.zeros(100), -np.linspace(0, 1, 100)])
def test_scores_no_better_than_chance_get_the_base_rate(raw):
    target = (np.arange(100) >= 90).astype(float)
    assert fit_calibration(raw, target).probability(raw) == pytest.approx(np.full(100, 0.1))


def test_one_outcome_cannot_be_calibrated():
    with pytest.raises(PortfolioError, match="0 defaults and 5 repaid"):
        fit_calibration(np.arange(5.0), np.zeros(5))


@given(st.lists(st.floats(-1e308, 1e308), min_size=2, max_size=20))
def test_probabilities_keep_the_order_of_scores(raw):
    probabilities = Calibration(1.2, -0.3).probability(np.sort(np.array(raw)))
    assert (np.diff(probabilities) >= 0).all()
    assert ((probabilities >= 0) & (probabilities <= 1)).all()


def test_bins_hold_equal_numbers_and_add_up():
    raw, target = drawn()
    probability = Calibration(0.7, -0.4).probability(raw)
    table = reliability(target, probability)
    assert table["n"].tolist() == [2000] * 10
    assert np.average(table["observed"], weights=table["weight"]) == pytest.approx(target.mean())
    assert table["predicted"].is_monotonic_increasing


def test_equal_predictions_share_a_bin():
    target = np.array([0.0, 1.0, 0.0, 1.0, 1.0, 0.0])
    table = reliability(target, np.array([0.1, 0.1, 0.1, 0.1, 0.1, 0.9]))
    assert table["n"].tolist() == [5, 1]
    assert table["observed"].tolist() == pytest.approx([0.6, 0.0])


def test_the_error_of_true_probabilities_is_small_and_of_doubled_ones_large():
    raw, target = drawn()
    probability = Calibration(0.7, -0.4).probability(raw)
    assert expected_calibration_error(target, probability) < 0.01
    assert expected_calibration_error(target, 2 * probability) == pytest.approx(probability.mean(), abs=0.01)


def test_the_error_known_by_hand_is_weighted():
    target, probability = np.array([0.0, 1.0]), np.array([0.1, 0.6])
    assert expected_calibration_error(target, probability) == pytest.approx(0.25)
    assert expected_calibration_error(target, probability, weights=[3, 1]) == pytest.approx(0.175)
