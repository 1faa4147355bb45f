"""Quantiles, means and shares of the profile become distributions that have them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.profile import PROBABILITIES, bend_amounts, bend_counts

CENTRES = (np.arange(20_000) + 0.5) / 20_000

quantiles = st.lists(st.floats(0, 1e6), min_size=9, max_size=9).map(lambda values: np.array(sorted(values)))
counts = st.lists(st.integers(0, 40), min_size=9, max_size=9).map(lambda values: np.array(sorted(values), dtype=float))


@given(quantiles, st.floats(0, 1e6))
def test_amounts_rise_and_pass_through_every_quantile(known, mean):
    probabilities, values = bend_amounts(known, mean)
    assert (np.diff(values) >= -1e-6 * known[-1]).all()
    at_the_quantiles = np.interp(PROBABILITIES, probabilities, values)
    assert at_the_quantiles == pytest.approx(known, rel=1e-6, abs=1e-6)


@given(counts)
def test_counts_stay_within_their_quantiles(known):
    probabilities, values = bend_counts(known, float(known.mean()))
    drawn = np.interp(CENTRES, probabilities, values)
    assert drawn.min() >= known[0] - 1e-9
    assert drawn.max() <= known[-1] + 1e-9


@pytest.mark.parametrize("column", ["AMT_INCOME_TOTAL", "AMT_CREDIT", "EXT_SOURCE_2", "LIVINGAREA_AVG"])
def test_amounts_have_the_profiles_mean(profile, column):
    entry = profile["application_train"][column]
    assert entry.quantile(CENTRES).mean() == pytest.approx(entry.mean, rel=0.02)


@pytest.mark.parametrize("column", ["CNT_CHILDREN", "REGION_RATING_CLIENT", "AMT_REQ_CREDIT_BUREAU_YEAR"])
def test_counts_have_the_profiles_mean(profile, column):
    entry = profile["application_train"][column]
    assert entry.count(CENTRES).mean() == pytest.approx(entry.mean, rel=0.02)


def test_categories_have_the_profiles_shares_in_any_order(profile):
    column = profile["application_train"]["NAME_EDUCATION_TYPE"]
    drawn = column.label(CENTRES, order=("Higher education",))
    for level, share in zip(column.levels, column.shares, strict=True):
        assert drawn.among(level).mean() == pytest.approx(share, abs=1e-3)
    assert drawn.levels[drawn.codes[0]] == "Higher education"


def test_dates_before_never_end_today(profile):
    employed = profile["application_train"]["DAYS_EMPLOYED"]
    drawn = employed.before_never(CENTRES)
    assert drawn.max() <= 0
    assert drawn.min() == pytest.approx(employed.quantiles[0], rel=0.01)


def test_rows_per_client_meet_their_mean(profile):
    rows = profile["bureau"].rows(CENTRES, 116)
    assert rows.min() == 1
    assert rows.mean() == pytest.approx(profile["bureau"].rows_per_key["mean"], rel=0.01)
