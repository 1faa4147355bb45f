"""The search for the largest gap against looking everywhere."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk.two_sample.largest_gap import largest_gap


def by_looking_everywhere(one, other):
    points = np.concatenate([one, other])
    at = one.searchsorted(points, "right") * len(other) - other.searchsorted(points, "right") * len(one)
    return np.abs(at).max()


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    sizes=st.tuples(st.integers(1, 6_000), st.integers(1, 6_000)),
    shift=st.sampled_from([0.0, 0.02, 0.3, 5.0]),
    decimals=st.sampled_from([0, 1, 2, 12]),
)
def test_equals_looking_everywhere(seed, sizes, shift, decimals):
    rng = np.random.default_rng(seed)
    one = np.sort(np.round(rng.standard_t(3, size=sizes[0]), decimals))
    other = np.sort(np.round(rng.standard_t(3, size=sizes[1]) + shift, decimals))
    assert largest_gap(one, other) == by_looking_everywhere(one, other)


@pytest.mark.parametrize("where", [0, 17, 2_500, 4_960])
def test_a_gap_that_a_single_value_makes_is_not_stepped_over(where):
    one = np.arange(5_000.0)
    other = one.copy()
    # Forty values in one spot: between two places of the grid, wherever it is.
    other[where : where + 40] = one[where]
    other.sort()
    assert largest_gap(one, other) == by_looking_everywhere(one, other) > 0


def test_equal_samples_have_no_gap():
    assert largest_gap(np.arange(5_000.0), np.arange(5_000.0)) == 0
