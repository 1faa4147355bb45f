"""Confidence-based estimates: what comes true of calibrated probabilities, in its interval as often as it says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk.business_cost import business_cost
from credit_risk.evaluation import auc
from credit_risk.performance_estimate import estimate, estimate_decided, expected_auc, expected_cost

THRESHOLD = 0.1


def brute_force_auc(p):
    """Over all pairs of two rows."""
    wins = total = 0.0
    for i, one in enumerate(p):
        for j, other in enumerate(p):
            if i != j:
                chance = one * (1 - other)
                total += chance
                wins += chance * ((one > other) + 0.5 * (one == other))
    return wins / total


@given(st.lists(st.sampled_from([0.05, 0.2, 0.21, 0.5, 0.8, 0.95]), min_size=40, max_size=60))
@settings(max_examples=30, deadline=None)
def test_the_expected_auc_counts_every_pair_with_its_chance(chosen):
    # Enough of both outcomes, whatever was chosen.
    p = np.array([*chosen, *[0.5] * 20])
    assert expected_auc(p).value == pytest.approx(brute_force_auc(p))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n", [300, 3_000])
def test_what_comes_true_lies_in_the_interval_about_95_times_of_100(n, seed):
    rng = np.random.default_rng([seed, n])
    p = rng.beta(1.2, 8, n)
    found = estimate_decided(p, np.ones(n, dtype=bool))
    decided = estimate(p, THRESHOLD)
    inside = np.zeros(2)
    for _ in range(200):
        y = (rng.random(n) < p).astype(float)
        inside += [
            found.auc_approved.low <= auc(y, p) <= found.auc_approved.high,
            decided.cost.low <= business_cost(y, p, THRESHOLD) <= decided.cost.high,
        ]
    # Four standard errors of a share of 200 around 95 %.
    assert ((inside / 200 > 0.88) & (inside / 200 <= 1.0)).all()


def test_over_many_draws_the_realised_mean_is_the_estimate():
    rng = np.random.default_rng(7)
    p = rng.beta(1.2, 8, 500)
    draws = [(rng.random(500) < p).astype(float) for _ in range(400)]
    area = [auc(y, p) for y in draws]
    found = expected_auc(p)
    assert np.mean(area) == pytest.approx(found.value, abs=4 * np.std(area) / 20)
    assert np.std(area) == pytest.approx((found.high - found.low) / 2 / 1.96, rel=0.2)


def test_the_cost_of_the_approved_is_ten_times_their_mean_probability():
    p = np.linspace(0.01, 0.3, 100)
    found = estimate(p, THRESHOLD)
    assert found.cost_approved.value == pytest.approx(10 * p[p < THRESHOLD].mean())
    assert found.cost.value == pytest.approx(np.mean(np.where(p < THRESHOLD, 10 * p, 1 - p)))


@given(st.floats(0.1, 100), st.floats(0.1, 100), st.floats(0.1, 10))
def test_costs_scale_with_their_prices(loss, margin, factor):
    p = np.linspace(0.01, 0.3, 50)
    approved = p < THRESHOLD
    once = expected_cost(p, approved, cost_fn=loss, cost_fp=margin)
    scaled = expected_cost(p, approved, cost_fn=factor * loss, cost_fp=factor * margin)
    assert [scaled.value, scaled.high] == pytest.approx([factor * once.value, factor * once.high])


def test_few_decisions_have_no_estimate():
    assert expected_cost(np.full(29, 0.5), np.ones(29, dtype=bool)) is None
    assert expected_auc(np.full(500, 0.01)) is None
    empty = estimate(np.array([]), THRESHOLD)
    assert (empty.auc_approved, empty.cost, empty.cost_approved) == (None, None, None)


def test_certain_probabilities_leave_nothing_open():
    p = np.repeat([0.0, 1.0], 50)
    assert expected_auc(p).value == 1.0
    found = expected_cost(p, p < THRESHOLD)
    assert (found.value, found.low, found.high) == (0.0, 0.0, 0.0)
