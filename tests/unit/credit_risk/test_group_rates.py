import numpy as np
import pytest

from credit_risk.group_rates import APPROVED, DEFAULTS_APPROVED, GOOD_REFUSED, group_rates

LABELS = np.array(["men", "men", "men", "men", "women", "women", None], dtype=object)
TARGET = np.array([0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0])
PROBABILITY = np.array([0.1, 0.5, 0.1, 0.5, 0.1, 0.1, 0.1])


@pytest.fixture
def rates():
    return group_rates(LABELS, TARGET, PROBABILITY, 0.3).set_index(["group", "rate"])


def test_each_rate_is_of_those_that_it_can_happen_to(rates):
    assert rates.loc[("men", APPROVED), ["value", "n"]].tolist() == [0.5, 4]
    assert rates.loc[("men", GOOD_REFUSED), ["value", "n"]].tolist() == [0.5, 2]
    assert rates.loc[("men", DEFAULTS_APPROVED), ["value", "n"]].tolist() == [0.5, 2]
    assert rates.loc[("women", APPROVED), "value"] == 1.0


def test_a_rate_of_nobody_is_left_out(rates):
    assert ("women", DEFAULTS_APPROVED) not in rates.index


def test_applicants_without_a_group_are_in_none(rates):
    assert rates.xs(APPROVED, level="rate")["n"].sum() == 6


def test_the_interval_holds_the_rate(rates):
    assert ((rates["low"] <= rates["value"]) & (rates["value"] <= rates["high"])).all()
