import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.business_cost import business_cost, business_cost_estimate, cost_curve

# Coarse on purpose: ties are where thresholds go wrong. Both certain ends are among them.
ROWS = st.lists(
    st.tuples(st.sampled_from([0.0, 1.0]), st.integers(0, 20).map(lambda i: i / 20), st.integers(1, 3)),
    min_size=1,
    max_size=40,
).map(lambda rows: [np.array(column, dtype=np.float64) for column in zip(*rows, strict=True)])


def by_hand(target, probability, weights, threshold):
    cost = 0.0
    for y, p, w in zip(target, probability, weights, strict=True):
        refuse = p >= threshold
        cost += w * (10 * (y == 1 and not refuse) + (y == 0 and refuse))
    return cost / weights.sum()


@given(ROWS)
def test_no_threshold_costs_less_than_the_best(rows):
    target, probability, weights = rows
    curve = cost_curve(target, probability, weights=weights)
    least = min(by_hand(target, probability, weights, t) for t in [*probability, 0.0, 1.5])
    assert curve.best_cost == pytest.approx(least)
    assert by_hand(target, probability, weights, curve.best_threshold) == pytest.approx(least)


@given(ROWS)
def test_the_curve_says_what_each_threshold_costs(rows):
    target, probability, weights = rows
    curve = cost_curve(target, probability, weights=weights)
    each = [business_cost(target, probability, t, weights=weights) for t in curve.thresholds]
    assert curve.costs == pytest.approx(np.array(each))
    assert (np.diff(curve.thresholds) < 0).all()


def test_equal_costs_are_settled_for_the_fewest_refusals():
    # Refusing all (ten good applicants) costs what approving all does (one missed default).
    target, probability = np.array([0.0] * 10 + [1.0]), np.array([0.9] * 10 + [0.5])
    curve = cost_curve(target, probability)
    assert curve.costs * 11 == pytest.approx(np.array([10.0, 20.0, 10.0]))
    assert curve.best_threshold == 1.0


def test_a_cost_known_by_hand():
    target, probability = np.array([1.0, 1.0, 0.0, 0.0, 0.0]), np.array([0.9, 0.1, 0.5, 0.2, 0.1])
    # One missed default and one good applicant refused among five.
    assert business_cost(target, probability, 0.3) == pytest.approx(11 / 5)


def test_without_a_default_everyone_is_approved():
    curve = cost_curve(np.zeros(4), np.array([0.1, 0.2, 0.3, 0.4]))
    assert (curve.best_threshold, curve.best_cost) == (1.0, 0.0)


def test_with_defaults_only_everyone_is_refused():
    curve = cost_curve(np.ones(4), np.array([0.1, 0.2, 0.3, 0.4]))
    assert (curve.best_threshold, curve.best_cost) == (0.0, 0.0)


def test_a_certain_default_can_still_be_approved():
    curve = cost_curve(np.zeros(2), np.array([1.0, 0.5]))
    assert business_cost(np.zeros(2), np.array([1.0, 0.5]), curve.best_threshold) == 0.0


def test_calibrated_probabilities_are_cut_near_the_ratio_of_prices():
    rng = np.random.default_rng(0)
    probability = rng.beta(1, 11, 200_000)
    target = (rng.random(200_000) < probability).astype(float)
    # Refusing pays where 10 p > 1 - p: from 1/11.
    assert cost_curve(target, probability).best_threshold == pytest.approx(1 / 11, abs=0.015)


def test_the_interval_holds_the_cost():
    rng = np.random.default_rng(0)
    probability = rng.beta(1, 11, 2000)
    target = (rng.random(2000) < probability).astype(float)
    estimate = business_cost_estimate(target, probability, 0.09, rng=rng, replicates=300)
    assert estimate.value == pytest.approx(business_cost(target, probability, 0.09))
    assert estimate.low < estimate.value < estimate.high
