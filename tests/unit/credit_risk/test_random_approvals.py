"""The lot, and figures over all applicants that follow from it."""

from uuid import UUID

import numpy as np
import pytest

from credit_risk.business_cost import business_cost
from credit_risk.random_approvals import drawn, unbiased_performance

IDS = [UUID(int=number) for number in range(20_000)]


def test_the_lot_draws_its_share():
    assert len(drawn(IDS, 0.05)) == pytest.approx(1_000, abs=4 * np.sqrt(950))


def test_the_lot_is_the_same_whoever_asks_and_a_larger_share_keeps_those_of_a_smaller():
    few, many = drawn(IDS, 0.02), drawn(list(reversed(IDS)), 0.1)
    assert set(few) < set(many)
    assert drawn(IDS, 0) == []
    assert drawn(IDS, 1) == IDS


def test_intervals_hold_the_cost_of_everybody_about_95_times_of_100():
    rng = np.random.default_rng(0)
    p = rng.beta(1.2, 8, 4_000)
    approved = p < 0.1
    inside = 0
    for _ in range(200):
        y = (rng.random(4_000) < p).astype(float)
        lot = ~approved & (rng.random(4_000) < 0.2)
        known = approved & (rng.random(4_000) < 0.7)
        found = unbiased_performance(
            y[known], p[known], y[lot], p[lot],
            refused_share=np.full(lot.sum(), 0.2), numbers=(approved.sum(), (~approved).sum()),
        )  # fmt: skip
        inside += found.cost.low <= business_cost(y, p, 0.1) <= found.cost.high
    assert 0.89 < inside / 200 <= 1


def test_those_drawn_with_a_smaller_share_stand_for_more():
    y = np.array([0.0] * 30 + [1.0] * 30)
    found = unbiased_performance(
        np.zeros(30), np.full(30, 0.05), y, np.full(60, 0.2), refused_share=np.repeat([0.5, 0.1], 30), numbers=(0, 100)
    )
    # Of the refused one in six is like those drawn by half, who all repaid.
    assert found.cost.value == pytest.approx(1 / 6)


def test_a_few_outcomes_do_not_stand_for_hundreds():
    found = unbiased_performance(
        np.zeros(500), np.full(500, 0.05), np.zeros(29), np.full(29, 0.2),
        refused_share=np.full(29, 0.05), numbers=(500, 600),
    )  # fmt: skip
    assert (found.auc, found.cost) == (None, None)
