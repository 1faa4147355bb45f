"""What is told of a feature in two versions."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.errors import ModelError
from credit_risk.features.comparison import FeatureChange, compare_feature, match_clients, most_changed_first

NUMBERS = st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False, width=32))
TEXTS = st.one_of(st.none(), st.sampled_from(["a", "b", "c"]))


def compare(before, after, clients=None, others=None) -> FeatureChange:
    clients = range(len(before)) if clients is None else clients
    matched = match_clients(np.array(clients, np.int64), np.array(others or clients, np.int64))
    return compare_feature(pd.Series(before, name="F"), pd.Series(after, name="F"), matched)


def test_a_number_that_moved_and_one_that_went_missing_differ():
    change = compare([1.0, 2.0, 3.0, np.nan], [1.0, 2.5, np.nan, np.nan])
    assert change.differing == 0.5
    assert (change.missing_before, change.missing_after) == (0.25, 0.5)
    assert (change.mean_before, change.mean_after) == (2.0, 1.75)
    assert change.changed


def test_a_category_has_no_mean():
    change = compare(["a", None, "b"], ["a", None, "a"])
    assert change.differing == pytest.approx(1 / 3)
    assert (change.mean_before, change.mean_after) == (None, None)


def test_a_number_and_its_text_are_different_values():
    change = compare([1.0, np.nan], ["1.0", None])
    assert change.differing == 0.5
    assert (change.mean_before, change.mean_after) == (1.0, None)


def test_clients_are_matched_whatever_their_order():
    change = compare([1.0, 2.0, 3.0], [3.0, 2.0, 9.0], clients=[7, 8, 9], others=[9, 8, 10])
    assert change.differing == 0.0
    assert not change.changed
    # Of all clients of each version, not of those of both alone.
    assert (change.mean_before, change.mean_after) == (2.0, pytest.approx(14 / 3))


def test_without_clients_in_common_nothing_is_known_to_be_the_same():
    change = compare([1.0], [1.0], clients=[1], others=[2])
    assert change.differing is None
    assert change.changed


def test_clients_of_one_version_are_named():
    matched = match_clients(np.array([5, 1, 3]), np.array([3, 4, 2]))
    assert matched.only_before.tolist() == [1, 5]
    assert matched.only_after.tolist() == [2, 4]
    assert (matched.before.tolist(), matched.after.tolist()) == ([2], [0])


def test_a_client_that_is_there_twice_is_refused():
    with pytest.raises(ModelError, match="2 rows of clients seen before in the second version; expected one row"):
        match_clients(np.array([1, 2]), np.array([1, 1, 2, 2]))


def test_the_most_changed_feature_comes_first():
    changes = [
        FeatureChange("little", 0.1, 0.0, 0.0, 1.0, 1.0),
        FeatureChange("b", 0.5, 0.2, 0.2, 1.0, 1.0),
        FeatureChange("a", 0.5, 0.2, 0.2, 1.0, 1.0),
        FeatureChange("gone missing", 0.5, 0.1, 0.6, 1.0, 1.0),
        FeatureChange("unknown", None, 0.0, 0.0, 1.0, 1.0),
    ]
    assert [c.feature for c in most_changed_first(changes)] == ["unknown", "gone missing", "a", "b", "little"]


@given(st.one_of(st.lists(NUMBERS), st.lists(TEXTS)))
def test_a_version_does_not_differ_from_itself(values):
    change = compare(values, list(values))
    assert change.differing in {0.0, None}
    assert change.missing_before == change.missing_after


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1))
def test_what_differs_differs_both_ways(pairs):
    before, after = (pd.Series(list(side), dtype=float).tolist() for side in zip(*pairs, strict=True))
    there, back = compare(before, after), compare(after, before)
    assert there.differing == back.differing
    assert (there.missing_before, there.missing_after) == (back.missing_after, back.missing_before)
    unequal = [not (a == b or (math.isnan(a) and math.isnan(b))) for a, b in zip(before, after, strict=True)]
    assert there.differing == pytest.approx(sum(unequal) / len(pairs))
