"""Proportions with Wilson's interval."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.proportion import proportion


def test_nothing_has_no_proportion():
    assert proportion(0, 0) is None


def test_the_interval_is_that_of_the_literature():
    # Newcombe (1998), Two-sided confidence intervals for the single proportion, table I: 81 of 263.
    found = proportion(81, 263)
    assert (round(found.low, 4), round(found.high, 4)) == (0.2553, 0.3662)


@given(st.integers(1, 100_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_it_holds_the_share_and_stays_between_0_and_1(counts):
    found = proportion(*counts)
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert found.low < found.high


def test_none_of_thirty_is_not_certain():
    found = proportion(0, 30)
    assert found.low == 0
    assert found.high == pytest.approx(0.1135, abs=1e-4)
