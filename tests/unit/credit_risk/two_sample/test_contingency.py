"""Tests of counts against SciPy, and the clean distance against dealing the values out at random."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from credit_risk.two_sample.contingency import clean_distance, compare_mixes, compare_shares


def share_p_value(reference_hits, n_reference, current_hits, n_current):
    arguments = (np.array([number]) for number in (reference_hits, n_reference, current_hits, n_current))
    return compare_shares(*arguments)[0]


def test_common_levels_get_the_chi_squared_test_of_scipy():
    reference, current = np.array([2_600, 1_500, 900]), np.array([230, 110, 60])
    expected = stats.chi2_contingency([reference, current], correction=False).pvalue
    assert compare_mixes(reference, current).p_value == pytest.approx(expected, abs=1e-12)


def test_rare_levels_share_one_cell():
    reference, current = np.array([3_000, 1_930, 40, 30]), np.array([250, 140, 6, 4])
    pooled = stats.chi2_contingency([[3_000, 1_930, 70], [250, 140, 10]], correction=False).pvalue
    assert compare_mixes(reference, current).p_value == pytest.approx(pooled, abs=1e-12)


def test_a_new_level_too_rare_for_a_cell_is_seen_by_the_exact_test():
    # Five per cent of the window, never in the reference: expected in the window 1.5 times.
    test = compare_mixes(np.array([2_500, 2_500, 0]), np.array([190, 190, 20]))
    assert test.p_value == pytest.approx(2 * stats.fisher_exact([[0, 5_000], [20, 380]])[1], rel=1e-6)


def test_a_single_new_row_is_neither_unlikely_nor_large():
    test = compare_mixes(np.array([5_000, 0]), np.array([399, 1]))
    assert test.p_value > 0.05
    assert test.size < 0.01


def test_a_window_of_one_new_level_is_seen_among_sixty_rare_ones():
    reference = np.append(np.full(60, 83), 0)
    current = np.append(np.zeros(60, dtype=np.int64), 50)
    test = compare_mixes(reference, current)
    assert test.p_value < 1e-6
    assert test.size > 0.5


def test_the_order_of_common_levels_does_not_matter():
    reference, current = np.array([900, 60, 2_000, 3]), np.array([80, 9, 150, 1])
    turned = compare_mixes(reference[::-1], current[::-1])
    assert compare_mixes(reference, current).p_value == pytest.approx(turned.p_value, abs=1e-12)


def test_an_empty_sample_has_neither_p_value_nor_size():
    test = compare_mixes(np.array([10, 5]), np.array([0, 0]))
    assert np.isnan(test.p_value)
    assert np.isnan(test.size)


def test_the_same_single_level_cannot_be_tested_and_has_not_moved():
    test = compare_mixes(np.array([10, 0]), np.array([5, 0]))
    assert np.isnan(test.p_value)
    assert test.size == 0.0


@pytest.mark.parametrize("n_current", [30, 400])
def test_the_clean_distance_is_the_mean_of_random_deals(n_current):
    rng = np.random.default_rng(n_current)
    shares = [0.5, 0.3, 0.1, 0.05, 0.03, 0.01, 0.005, 0.005]
    pool = np.repeat(np.arange(8), rng.multinomial(2_000 + n_current, shares))
    distances = []
    for _ in range(2_000):
        rng.shuffle(pool)
        counts = [np.bincount(part, minlength=8) for part in (pool[n_current:], pool[:n_current])]
        distances.append(np.abs(counts[0] / 2_000 - counts[1] / n_current).sum() / 2)
    error = np.std(distances) / np.sqrt(len(distances))
    assert clean_distance(*counts) == pytest.approx(np.mean(distances), abs=4 * error)


def test_the_size_is_the_distance_less_that_of_a_clean_window():
    reference, current = np.array([600, 400]), np.array([30, 70])
    expected = 0.3 - clean_distance(reference, current)
    assert compare_mixes(reference, current).size == pytest.approx(expected, abs=1e-12)


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 60)), min_size=1, max_size=12))
@settings(max_examples=150, deadline=None)
def test_a_mix_has_a_probability_and_a_size_between_zero_and_one(counts):
    test = compare_mixes(*np.array(counts).T)
    assert np.isnan(test.p_value) or 0.0 <= test.p_value <= 1.0
    assert np.isnan(test.size) or 0.0 <= test.size <= 1.0


@given(st.integers(1, 3_000), st.integers(1, 400), st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=200, deadline=None)
def test_shares_get_the_test_of_scipy_that_their_counts_allow(n_reference, n_current, one, other):
    reference_hits, current_hits = round(one * n_reference), round(other * n_current)
    table = [[reference_hits, n_reference - reference_hits], [current_hits, n_current - current_hits]]
    found = share_p_value(reference_hits, n_reference, current_hits, n_current)
    if 0 in np.sum(table, axis=0):
        assert np.isnan(found)
    elif stats.contingency.expected_freq(table).min() >= 5:
        assert found == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue, abs=1e-10)
    else:
        assert found == pytest.approx(stats.fisher_exact(table)[1], abs=1e-9)
