"""Features that tell nothing: constants and copies are found, look-alikes are not."""

import ibis
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.features.contract_duplicates import JUDGED_FROM, duplicates, uninformative_findings
from credit_risk.features.contract_extents import measured_extents
from credit_risk.tables.violations import Extent


def table(**columns):
    return ibis.memtable(pa.table(columns))


def copies(**columns):
    made = table(**columns)
    return duplicates(made, measured_extents(made, list(columns)))


def test_a_copy_is_found_and_named_after_its_original():
    assert copies(A=[1.0, 2.0, None], B=[2.0, 1.0, None], C=[1.0, 2.0, None]) == [("A", "C")]


def test_each_copy_is_named_once():
    same = [1.0, 2.0, None]
    assert copies(A=same, B=same, C=same) == [("A", "B"), ("A", "C")]


def test_equal_count_range_and_sum_are_not_yet_a_copy():
    assert copies(A=[0.0, 1.0, 2.0, 3.0], B=[3.0, 2.0, 1.0, 0.0]) == []


def test_values_missing_for_other_clients_are_no_copy():
    assert copies(A=[1.0, 2.0, 2.0, None], B=[1.0, 2.0, None, 2.0]) == []


def test_text_is_compared_with_text():
    assert copies(A=["x", "y"], B=["x", "y"], C=["y", "x"], D=[1.0, 2.0]) == [("A", "B")]


def test_nothing_to_compare_asks_nothing():
    assert copies(A=[1.0, 2.0]) == []


@given(st.lists(st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), min_size=5, max_size=5), min_size=2, max_size=5))
def test_copies_are_those_that_comparing_every_pair_finds(columns):
    named = {f"C{i}": pa.array(values, pa.float64()) for i, values in enumerate(columns)}
    plain = {name: values.to_pylist() for name, values in named.items()}
    second = {later for i, later in enumerate(plain) for earlier in list(plain)[:i] if plain[earlier] == plain[later]}
    made = table(**named)
    assert {copy for _, copy in duplicates(made, measured_extents(made, list(named)))} == second


@pytest.fixture
def found():
    rng = np.random.default_rng(0)
    made = table(A=rng.random(50), B=rng.random(50), C=[0.0] * 50, D=pa.nulls(50, pa.float64()))
    made = made.mutate(E=made.A, F=ibis.literal("level"))

    def judge(rows=JUDGED_FROM):
        return uninformative_findings("client_features", made, measured_extents(made, made.columns), rows=rows)

    return judge


def test_constant_and_copied_features_are_warnings_by_name(found):
    assert [(finding.column, finding.check, finding.blocking) for finding in found()] == [
        ("C", "constant", False),
        ("D", "constant", False),
        ("F", "constant", False),
        ("E", "duplicate", False),
    ]
    assert [finding.found for finding in found()] == [
        "C the same wherever it is present",
        "D missing for every client",
        "F the same wherever it is present",
        "E equal to A in every row",
    ]


def test_a_small_portfolio_is_not_judged(found):
    assert found(rows=JUDGED_FROM - 1) == []


def test_a_table_without_features_says_nothing():
    assert uninformative_findings("client_features", table(A=[1]), {"A": Extent(1, 0, 1.0, 1.0)}, rows=10) == []
