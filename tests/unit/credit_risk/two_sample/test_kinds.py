"""What a column is, from its dtype or from what it holds."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from credit_risk.errors import DriftError
from credit_risk.two_sample.kinds import agreed_kinds, kinds_of, level_counts, numeric_values, side_by_side


def kind(reference, current=None):
    current = reference if current is None else current
    return kinds(pd.DataFrame({"x": reference}), pd.DataFrame({"x": current}))["x"]


def kinds(reference, current):
    return agreed_kinds(kinds_of(reference, list(reference)), kinds_of(current, list(current)))


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ([1, 2], "numeric"),
        ([1.5, None], "numeric"),
        (pd.array([1, None], dtype="Int64"), "numeric"),
        (pd.array([1.5, None], dtype="Float64"), "numeric"),
        (pd.Series([1, 2.5, None], dtype="object"), "numeric"),
        (pd.Series([Decimal("1.5"), None], dtype="object"), "numeric"),
        ([True, False], "categorical"),
        (pd.array([True, None], dtype="boolean"), "categorical"),
        (pd.Series([True, None], dtype="object"), "categorical"),
        (["F", None], "categorical"),
        (pd.array(["F", None], dtype="string"), "categorical"),
        (pd.Categorical(["F", None]), "categorical"),
    ],
)
def test_a_kind_follows_the_dtype_or_the_values(column, expected):
    assert kind(column) == expected


def test_a_column_without_values_takes_the_kind_of_the_other_frame():
    empty = pd.Series([None, None], dtype="object")
    assert kind([1.0, 2.0], empty) == "numeric"
    assert kind(empty, ["F", "M"]) == "categorical"


def test_every_column_that_cannot_be_compared_is_named():
    reference = pd.DataFrame(
        {"amount": [1.0], "when": pd.to_datetime(["2026-11-01"]), "mixed": pd.Series([1]), "fine": 1}
    )
    current = pd.DataFrame({"amount": ["1"], "when": pd.to_datetime(["2026-11-02"]), "mixed": [["list"]], "fine": 2})
    with pytest.raises(DriftError, match="3 columns that cannot be compared") as caught:
        kinds(reference, current)
    assert set(caught.value.fields["offenders"]) == {"amount", "when", "mixed"}


def test_numbers_of_any_storage_become_doubles():
    column = pd.Series([Decimal("1.5"), None, 2], dtype="object")
    np.testing.assert_array_equal(numeric_values(column), [1.5, np.nan, 2.0])
    np.testing.assert_array_equal(numeric_values(pd.Series([1, None], dtype="Int64")), [1.0, np.nan])


def test_doubles_are_read_where_they_lie():
    column = pd.Series([1.5, np.nan])
    assert np.shares_memory(numeric_values(column), column.to_numpy())


def test_a_feature_that_a_frame_lacks_has_no_kind_of_its_own():
    assert kinds_of(pd.DataFrame({"x": [1.0]}), ["x", "ghost"]) == {"x": "numeric", "ghost": None}


@pytest.mark.parametrize(
    "column",
    [
        pd.Series(["b", "a", None, "b"]),
        pd.Series(pd.Categorical(["b", "a", None, "b"], categories=["z", "b", "a"])),
        pd.Series(["b", "a", None, "b"], dtype="string"),
    ],
)
def test_levels_are_counted_whatever_their_storage(column):
    assert level_counts(column) == {"a": 1, "b": 2}


def test_counts_stand_side_by_side_by_the_names_of_their_levels():
    one, other = side_by_side({"b": 2, "a": 1}, {"c": 1, "b": 4})
    assert one.tolist() == [1, 2, 0]
    assert other.tolist() == [0, 4, 1]
