"""Decisions in money: per thousand applications, and while one waits for labels."""

import numpy as np
import pytest

from credit_risk.prices import Prices, price_decisions

APPROVED = np.array([True] * 60 + [False] * 40)
P = np.array([0.05] * 60 + [0.3] * 40)
# Per application: 0.6 x 0.05 defaults approved, 0.4 x 0.7 good ones refused.
MISSED, WRONGLY_REFUSED = 0.03, 0.28


def priced(prices, wrong_shares=(0.02, 0.28)):
    return price_decisions(P, APPROVED, wrong_shares=wrong_shares, prices=prices)


def test_a_thousand_applications_cost_what_their_decisions_cost():
    found = priced(Prices(loss_of_default=4_000, margin_of_good=500, currency="EUR"))
    assert found.estimated_per_thousand.value == pytest.approx(1000 * (4_000 * MISSED + 500 * WRONGLY_REFUSED))
    assert found.reference_per_thousand == pytest.approx(1000 * (4_000 * 0.02 + 500 * 0.28))
    assert found.to_dict()["unit"] == "EUR"


def test_without_amounts_money_is_business_cost_and_says_its_unit():
    found = priced(Prices())
    assert found.estimated_per_thousand.value == pytest.approx(1000 * (10 * MISSED + WRONGLY_REFUSED))
    assert found.to_dict()["unit"] == "margins of a good applicant"


def test_waiting_costs_the_excess_of_all_days_until_labels():
    found = priced(Prices(label_delay_days=90))
    # 0.1 an application more than out of fold, 100 applications a day, 90 days.
    assert found.waiting.value == pytest.approx(0.1 * 100 * 90)
    assert found.waiting.low == 0 < found.waiting.high


def test_waiting_costs_nothing_when_decisions_are_as_good_as_promised():
    assert priced(Prices(), wrong_shares=(0.5, 0.5)).waiting.high == 0


def test_without_a_reference_nobody_knows_what_waiting_costs():
    found = priced(Prices(), wrong_shares=None)
    assert (found.reference_per_thousand, found.waiting) == (None, None)
    assert found.to_dict()["waiting_low"] is None


def test_too_few_decisions_have_a_promise_and_no_estimate():
    found = price_decisions(P[:29], APPROVED[:29], wrong_shares=(0.02, 0.28), prices=Prices())
    assert found.reference_per_thousand == pytest.approx(480)
    assert (found.estimated_per_thousand, found.waiting) == (None, None)
