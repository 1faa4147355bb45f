"""Adjusted p-values against SciPy's."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from credit_risk.two_sample.false_discovery import benjamini_hochberg


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_equals_scipy(p_values):
    expected = stats.false_discovery_control(p_values)
    np.testing.assert_allclose(benjamini_hochberg(np.array(p_values)), expected, atol=1e-15)


def test_what_was_not_tested_does_not_count_as_a_test():
    with_gaps = benjamini_hochberg(np.array([[0.01, np.nan], [np.nan, 0.04]]))
    np.testing.assert_allclose(with_gaps, [[0.02, np.nan], [np.nan, 0.04]])


def test_no_test_at_all_is_no_error():
    assert np.isnan(benjamini_hochberg(np.full(3, np.nan))).all()
