"""The two-sample test against SciPy's: ties, missing values, both kinds of p-value."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk.two_sample.kolmogorov_smirnov import kolmogorov_smirnov
from credit_risk.two_sample.sorted_columns import SortedColumns

# Few different values make ties; the rest are any doubles, infinities included.
values = st.one_of(st.integers(-3, 3).map(float), st.floats(allow_nan=False), st.just(np.nan))
samples = st.lists(values, min_size=1, max_size=40).map(np.array)


def compare(reference, current):
    result = kolmogorov_smirnov(SortedColumns.of([reference]), [current])
    return result.statistic[0], result.p_value[0]


@settings(max_examples=120, deadline=None)
@given(samples, samples)
def test_equals_scipy_on_any_small_samples(ks_by_scipy, reference, current):
    present = [sample[~np.isnan(sample)] for sample in (reference, current)]
    statistic, p_value = compare(reference, current)
    if not all(len(sample) for sample in present):
        assert np.isnan(statistic)
        assert np.isnan(p_value)
        return
    expected = ks_by_scipy(reference, current, "exact")
    assert statistic == pytest.approx(expected[0], abs=1e-12)
    if len(np.unique(np.concatenate(present))) == 1:
        assert np.isnan(p_value)
    else:
        assert p_value == pytest.approx(expected[1], abs=1e-12)


@pytest.mark.parametrize(("n_reference", "n_current"), [(5_000, 400), (1_000, 1_000), (999, 5_000), (3_000, 1_000)])
def test_up_to_a_thousand_values_the_p_value_is_exact(ks_by_scipy, n_reference, n_current):
    rng = np.random.default_rng(n_current)
    reference, current = rng.normal(size=n_reference), rng.normal(0.08, size=n_current)
    expected = ks_by_scipy(reference, current, "exact")
    assert compare(reference, current) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("shift", [0.0, 0.01, 0.05, 0.3, 3.0])
@pytest.mark.parametrize("decimals", [0, 1, 8])
def test_above_a_thousand_values_the_p_value_is_the_limiting_one(ks_by_scipy, shift, decimals):
    rng = np.random.default_rng(decimals)
    reference = np.round(rng.normal(size=5_000), decimals)
    current = np.round(rng.normal(shift, size=1_001), decimals)
    expected = ks_by_scipy(reference, current, "asymp")
    assert compare(reference, current) == pytest.approx(expected, abs=1e-12)


def test_many_columns_at_once_are_the_same_as_one_by_one():
    rng = np.random.default_rng(3)
    reference = [np.where(rng.random(2_000) < share, np.nan, rng.normal(size=2_000)) for share in np.linspace(0, 1, 25)]
    current = [np.where(rng.random(300) < share, np.nan, rng.gamma(2, size=300)) for share in np.linspace(1, 0, 25)]
    together = kolmogorov_smirnov(SortedColumns.of(reference), current, threads=2)
    for index in range(25):
        alone = compare(reference[index], current[index])
        np.testing.assert_allclose((together.statistic[index], together.p_value[index]), alone, atol=1e-13)


def test_a_constant_that_changed_is_seen():
    statistic, p_value = compare(np.zeros(500), np.ones(60))
    assert statistic == 1.0
    assert p_value < 1e-12


def test_the_same_constant_cannot_be_tested():
    statistic, p_value = compare(np.full(500, 7.0), np.full(60, 7.0))
    assert statistic == 0.0
    assert np.isnan(p_value)


def test_samples_do_not_change_places():
    rng = np.random.default_rng(8)
    one, other = np.round(rng.normal(size=700), 1), np.round(rng.normal(0.2, size=90), 1)
    assert compare(one, other) == pytest.approx(compare(other, one), abs=1e-13)


def test_the_columns_given_are_left_as_they_were():
    column = np.array([3.0, np.nan, 1.0])
    assert kolmogorov_smirnov(SortedColumns.of([column]), [column]).n_current.tolist() == [2]
    np.testing.assert_array_equal(column, [3.0, np.nan, 1.0])


def test_no_columns_are_no_error():
    assert kolmogorov_smirnov(SortedColumns.of([]), []).statistic.shape == (0,)
