"""Exact probabilities against hand counts and against SciPy."""

from math import comb, gcd

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk.two_sample.smirnov import exact_survival


def survival(larger, smaller, gap):
    return exact_survival(np.array([larger]), np.array([smaller]), np.array([gap]))[0]


def samples_with_gap(larger, smaller, share):
    """Two samples without ties whose statistic is about the share: the small one starts early."""
    ahead = max(1, round(share * smaller))
    early = -np.arange(1.0, ahead + 1)
    spread = (np.arange(smaller - ahead) + 0.5) / max(smaller - ahead, 1) * larger
    return np.arange(larger) + 0.25, np.concatenate([early, spread + 1e-3])


def test_one_value_against_one_is_always_as_far_apart_as_can_be():
    assert survival(1, 1, 1) == pytest.approx(1.0)


def test_complete_separation_has_two_of_all_orders():
    assert survival(6, 4, 12) == pytest.approx(2 / comb(10, 4), rel=1e-12)


def test_a_gap_of_one_step_is_certain():
    assert survival(700, 300, 1) == pytest.approx(1.0)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 900), st.integers(1, 900), st.floats(0.01, 1.0))
def test_equals_scipy_for_any_two_sizes(ks_by_scipy, one, other, share):
    larger, smaller = max(one, other), min(one, other)
    many, few = samples_with_gap(larger, smaller, min(share, 6.0 / np.sqrt(smaller)))
    statistic, p_value = ks_by_scipy(many, few, "exact")
    gap = round(statistic * (larger * smaller // gcd(larger, smaller)))
    assert survival(larger, smaller, gap) == pytest.approx(p_value, abs=1e-12)


def test_columns_of_one_pass_do_not_disturb_each_other():
    rng = np.random.default_rng(5)
    larger = rng.integers(200, 5_000, size=150)
    smaller = np.minimum(rng.integers(1, 900, size=150), larger)
    distance = rng.uniform(0.3, 2.0, size=150) * np.sqrt((larger + smaller) / (larger * smaller))
    gap = np.maximum((np.minimum(distance, 1.0) * (larger * smaller // np.gcd(larger, smaller))).astype(np.int64), 1)
    together = exact_survival(larger, smaller, gap)
    for index in range(0, 150, 10):
        assert together[index] == pytest.approx(survival(larger[index], smaller[index], gap[index]), abs=1e-13)


def test_a_reference_of_hundreds_of_thousands_keeps_its_precision(ks_by_scipy):
    many, few = samples_with_gap(60_000, 40, 0.2)
    statistic, p_value = ks_by_scipy(many, few, "exact")
    gap = round(statistic * (60_000 * 40 // gcd(60_000, 40)))
    assert survival(60_000, 40, gap) == pytest.approx(p_value, abs=1e-12)


@given(st.integers(2, 200), st.integers(2, 200))
@settings(max_examples=30, deadline=None)
def test_a_larger_gap_is_never_likelier(one, other):
    larger, smaller = max(one, other), min(one, other)
    gap = np.unique(np.linspace(1, larger * smaller // gcd(larger, smaller), 12).astype(np.int64))
    sizes = np.full(len(gap), larger), np.full(len(gap), smaller)
    assert (np.diff(exact_survival(*sizes, gap)) <= 1e-13).all()
