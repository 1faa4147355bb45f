"""Bins of then and now: nothing lost, nothing pressed flat."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.report_page.distribution import BINS, MOST_LEVELS, REST, distribution

NUMBERS = st.lists(st.floats(-1e9, 1e9) | st.integers(-30, 30) | st.none(), min_size=0, max_size=60)


def numbers(values):
    return pd.Series(values, dtype="float64")


@given(reference=NUMBERS, window=NUMBERS)
def test_every_known_value_is_in_one_bin(reference, window):
    shape = distribution("X", numbers(reference), numbers(window))
    for shares, values in ((shape.reference, reference), (shape.window, window)):
        known = any(value is not None for value in values)
        assert sum(shares) == pytest.approx(1.0 if known else 0.0)
    assert len(shape.reference) == len(shape.window) == (len(shape.labels) or max(len(shape.edges) - 1, 0))


def test_an_outlier_does_not_press_the_others_into_one_bin():
    values = numbers([*np.linspace(0, 1, 999), 1e12])
    shape = distribution("X", values, values)
    assert max(shape.reference) < 0.1
    assert shape.edges[-1] < 2


def test_whole_numbers_do_not_look_like_a_comb():
    values = numbers(np.repeat(np.arange(60), 10))
    shape = distribution("X", values, values)
    assert len(shape.reference) <= BINS
    assert min(shape.reference[:-1]) > 0.04


def test_few_values_are_counted_one_by_one():
    shape = distribution("CHILDREN", numbers([0, 0, 1, None]), numbers([1, 2.5]))
    assert shape.labels == ("0", "1", "2.5")
    assert shape.reference == pytest.approx((2 / 3, 1 / 3, 0.0))
    assert shape.window == (0.0, 0.5, 0.5)
    assert (shape.missing_reference, shape.missing_window) == (0.25, 0.0)


def test_a_level_that_is_new_is_named_and_small_ones_are_put_together():
    reference = pd.Series([f"level {number}" for number in range(20)] * 5, dtype=object)
    shape = distribution("KIND", reference, pd.Series(["new"] * 50, dtype=object))
    assert shape.labels[0] == "new"
    assert shape.labels[-1] == REST
    assert len(shape.labels) == MOST_LEVELS
    assert sum(shape.reference) == pytest.approx(1.0)


def test_a_window_without_values_has_a_shape():
    shape = distribution("X", numbers(range(100)), numbers([]))
    assert set(shape.window) == {0.0}
    assert shape.missing_window == 0.0
