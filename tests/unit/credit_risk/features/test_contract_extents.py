"""Extents that the engine states where a file does not."""

from math import inf, nan

import ibis
import pyarrow as pa
import pytest

from credit_risk.features.contract_extents import constant, measured_extents
from credit_risk.tables.violations import Extent


def test_extents_are_those_of_the_values_that_are_present():
    table = ibis.memtable(
        pa.table({"A": [3.0, None, -1.0], "B": ["b", "a", None], "C": pa.nulls(3, pa.float64()), "D": [1, 2, 3]})
    )
    assert measured_extents(table, table.columns) == {
        "A": Extent(3, 1, -1.0, 3.0),
        "B": Extent(3, 1),
        "C": Extent(3, 3),
        "D": Extent(3, 0, 1, 3),
    }


@pytest.mark.parametrize("value", [nan, -nan])
def test_nan_hides_the_bounds(value):
    table = ibis.memtable(pa.table({"A": [value, 1.0], "B": [value, value]}))
    assert measured_extents(table, ["A", "B"]) == {"A": Extent(2, 0), "B": Extent(2, 0)}


def test_infinity_is_a_bound():
    table = ibis.memtable(pa.table({"A": [inf, 1.0]}))
    assert measured_extents(table, ["A"]) == {"A": Extent(2, 0, 1.0, inf)}


def test_no_column_is_no_question():
    assert measured_extents(ibis.memtable(pa.table({"A": [1.0]})), []) == {}


@pytest.mark.parametrize(
    ("extent", "same"),
    [(Extent(3, 1, 1.0, 1.0), True), (Extent(3, 3), True), (Extent(3, 0, 0.0, 1.0), False), (Extent(3, 0), False)],
)
def test_a_column_of_one_value_is_constant(extent, same):
    assert constant(extent) is same
