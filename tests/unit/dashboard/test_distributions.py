import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.distributions import BINS, DAY, MISSING, REST, TRAINING, edges_of, of_levels, of_numbers


def of_side(bins, side):
    return bins.loc[bins["side"] == side, "share"].to_numpy()


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=50), st.lists(st.integers(0, BINS + 1), max_size=30))
def test_shares_of_a_side_add_up_to_one_or_to_nothing(values, buckets):
    edges = edges_of(pd.Series(values))
    if edges is None:
        assert len(set(values)) == 1
        return
    counted = pd.DataFrame({"bucket": buckets, "n": 1})
    bins = of_numbers(pd.Series(values), edges, counted)
    assert of_side(bins, TRAINING).sum() == pytest.approx(1)
    assert of_side(bins, DAY).sum() == pytest.approx(1 if buckets else 0)


def test_what_lies_beyond_the_edges_is_in_the_outermost_bins():
    values = pd.Series(np.arange(1_000.0))
    edges = edges_of(values)
    bins = of_numbers(values, edges, pd.DataFrame({"bucket": [0, BINS + 1], "n": [3, 1]}))
    day = of_side(bins, DAY)
    assert (day[0], day[-1]) == (0.75, 0.25)


def test_a_missing_value_of_a_number_is_in_no_bin():
    values = pd.Series([0.0, 1.0, np.nan])
    bins = of_numbers(values, edges_of(values), pd.DataFrame({"bucket": [None, 1], "n": [9, 1]}))
    assert of_side(bins, DAY)[0] == 1.0


@pytest.mark.parametrize("values", [[], [None, None], [3.0, 3.0]])
def test_a_feature_of_one_value_has_no_edges(values):
    assert edges_of(pd.Series(values, dtype=float)) is None


def test_a_level_that_is_new_on_the_day_has_a_share_there():
    bins = of_levels(pd.Series(["a", "a", None]), pd.DataFrame({"level": ["b", None], "n": [3, 1]}))
    day = bins[bins["side"] == DAY].set_index("level")["share"]
    assert day.to_dict() == {"a": 0.0, "b": 0.75, MISSING: 0.25}


def test_rare_levels_are_one():
    names = [f"level {i}" for i in range(20)]
    bins = of_levels(pd.Series(names * 2), pd.DataFrame({"level": names, "n": 1}))
    assert list(bins["level"]).count(REST) == 2
    assert of_side(bins, TRAINING).sum() == pytest.approx(1)
