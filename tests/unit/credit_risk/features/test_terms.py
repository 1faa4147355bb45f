import math

import ibis
import pyarrow as pa
import pytest

from credit_risk.features.terms import (
    category,
    coded,
    column,
    difference,
    named,
    on_grid,
    plus,
    positive,
    product,
    ratio,
)
from credit_risk.features.units import CURRENCY, DAYS, GRADE, RATIO

A = column("A", CURRENCY, "the first")
B = column("B", CURRENCY, "the second")
DAY = column("DAY", DAYS, "a day", fact=True)
EMPLOYED = column("EMPLOYED", DAYS, "employment", sentinel=365243)


def cleaned(rows_of, term, values, kind=None):
    table = ibis.memtable(pa.table({term.name: pa.array(values, kind or pa.float64())}))
    return [row["value"] for row in rows_of(table.select(value=term.cleaned(table)))]


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf, 1e300, -2e12])
def test_a_number_that_cannot_be_is_missing(rows_of, wrong):
    assert cleaned(rows_of, A, [wrong, 1.5]) == [None, 1.5]


def test_a_sentinel_is_missing(rows_of):
    assert cleaned(rows_of, EMPLOYED, [365243, -10], pa.int64()) == [None, -10.0]


def test_a_fact_after_the_application_was_not_known(rows_of):
    assert cleaned(rows_of, DAY, [1.0, 0.0, -1.0]) == [None, 0.0, -1.0]


def test_a_whole_number_that_cannot_be_is_missing(rows_of):
    assert cleaned(rows_of, A, [2**63 - 1, 1], pa.int64()) == [None, 1.0]


def test_whole_numbers_become_floats(rows_of):
    assert [type(number) for number in cleaned(rows_of, A, [7], pa.int32())] == [float]


def test_a_word_for_missing_stays_a_level(rows_of):
    assert cleaned(rows_of, category("C", "kind"), ["XNA", None], pa.string()) == ["XNA", None]


def test_dividing_by_zero_is_missing(value_of):
    assert value_of(ratio(A, B), {"A": [1.0, 3.0, 0.0], "B": [0.0, 2.0, 0.0]}) == [None, 1.5, None]


def test_a_ratio_to_almost_nothing_is_missing_and_never_infinite(value_of):
    assert value_of(ratio(A, B), {"A": [1e12], "B": [1e-300]}) == [None]


def test_a_product_beyond_reason_is_missing(value_of):
    assert value_of(product(A, B), {"A": [1e9, 2.0], "B": [1e9, 3.0]}) == [None, 6.0]


def test_of_two_together_one_may_be_missing(value_of):
    both = plus(A, B)
    assert value_of(both, {"A": [5.0, 5.0, None, None], "B": [2.0, None, 2.0, None]}) == [7.0, 5.0, 2.0, None]


def test_a_difference_needs_both(value_of):
    assert value_of(difference(A, B), {"A": [5.0, 5.0], "B": [2.0, None]}) == [3.0, None]


def test_the_positive_part_of_a_missing_number_is_missing(value_of):
    assert value_of(positive(A), {"A": [-2.0, 3.0, None]}) == [0.0, 3.0, None]


def test_a_level_without_a_code_is_missing(value_of):
    severity = coded("SEVERITY", category("STATUS", "state"), {"0": 0, "2": 2}, GRADE, "severity")
    assert value_of(severity, {"STATUS": ["2", "0", "X", None]}) == [2.0, 0.0, None, None]


def test_amounts_are_summed_in_thousandths(rows_of):
    table = ibis.memtable(pa.table({"A": [0.045, 22212.3451, None]}))
    assert [row["steps"] for row in rows_of(table.select(steps=on_grid(A, table)))] == [45, 22212345, None]


@pytest.mark.parametrize(
    ("term", "name", "unit"),
    [
        (ratio(A, B), "A_TO_B", RATIO),
        (plus(A, B), "A_PLUS_B", CURRENCY),
        (difference(A, B), "A_MINUS_B", CURRENCY),
        (product(A, B), "A_TIMES_B", CURRENCY),
        (named("DEBT", ratio(A, B), "debt"), "DEBT", RATIO),
    ],
)
def test_a_name_says_what_is_computed(term, name, unit):
    assert (term.name, term.unit) == (name, unit)


def test_a_name_of_its_own_says_what_it_stands_for():
    assert named("DEBT", ratio(A, B), "debt").definition == "the first (A) divided by the second (B)"
