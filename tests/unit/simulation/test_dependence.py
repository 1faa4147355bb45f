"""Scores, mixtures and shares."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from simulation.dependence import blend, centred, copula_scores, ranked, top_share


def test_the_copula_has_the_profiles_rank_correlations(profile):
    scores = copula_scores(profile, np.random.default_rng(1), 20_000)
    found = spearmanr(np.column_stack([scores[name] for name in profile.correlated])).statistic
    assert np.abs(found - profile.spearman).max() < 0.03


@given(st.floats(-0.9, 0.9))
def test_a_blend_keeps_unit_variance_and_correlates_as_told(weight):
    rng = np.random.default_rng(1)
    score = rng.standard_normal(20_000)
    mixed = blend(rng, len(score), (weight, score))
    assert mixed.std() == pytest.approx(1, abs=0.03)
    assert np.corrcoef(mixed, score)[0, 1] == pytest.approx(weight, abs=0.03)


@given(st.integers(0, 200), st.floats(0, 1))
def test_the_top_share_has_the_right_size_and_nothing_above_it_is_left_out(n, share):
    score = np.random.default_rng(2).standard_normal(n)
    top = top_share(score, share)
    assert abs(top.sum() - share * n) <= 1
    assert not top.any() or top.all() or score[top].min() > score[~top].max()


def test_ranks_lie_evenly_between_zero_and_one():
    assert ranked(np.array([30.0, 10.0, 20.0, 40.0])).tolist() == [0.625, 0.125, 0.375, 0.875]


def test_a_flag_becomes_a_score_of_mean_zero():
    flag = np.array([True, False, False, False])
    assert centred(flag, 0.25).mean() == pytest.approx(0)
    assert centred(flag, 0.25).std() == pytest.approx(1)
