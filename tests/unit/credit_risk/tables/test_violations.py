"""Holding a table against its schema: what is wrong is counted and shown, what is odd but valid passes."""

import math

import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandera import errors

from credit_risk.tables.catalogue import TABLES
from credit_risk.tables.columns import between, flag, key, number, table_schema
from credit_risk.tables.violations import SHOWN_CHARACTERS, Extent, conforms, counted, schema_violations, shown

BALANCE = TABLES["bureau_balance"].schema
LOANS = table_schema(
    "loans",
    {
        "ID": key("the loan"),
        "DEFAULT": flag("whether it defaulted"),
        "RATE": number("rate", low=0, high=1),
        "DEBT": number("debt"),
    },
    unique="ID",
)


def balance(**columns):
    rows = {"SK_ID_BUREAU": [1, 2, 3], "MONTHS_BALANCE": [-1, -2, 0], "STATUS": ["0", "C", "X"]}
    types = {"SK_ID_BUREAU": pa.int64(), "MONTHS_BALANCE": pa.int64(), "STATUS": pa.string()}
    return ibis.memtable(pa.table(rows | columns, schema=pa.schema(types)))


def loans(**columns):
    rows = {"ID": [1, 2, 3], "DEFAULT": [0, 1, None], "RATE": [0.0, 1.0, None], "DEBT": [-5.0, 1e-05, None]}
    whole, decimal = pa.int64(), pa.float64()
    types = {"ID": whole, "DEFAULT": whole, "RATE": decimal, "DEBT": decimal}
    # Arrow keeps NaN and missing apart, as Parquet does; a pandas frame would not.
    return ibis.memtable(pa.table(rows | columns, schema=pa.schema(types)))


def test_a_valid_table_has_no_violation():
    assert schema_violations(balance(), BALANCE) == []


def test_missing_and_negative_values_are_valid():
    assert schema_violations(loans(), LOANS) == []


def test_a_table_without_rows_violates_nothing():
    assert schema_violations(loans().limit(0), LOANS) == []


def test_a_code_outside_its_list_is_counted_and_shown_with_its_row():
    (violation,) = schema_violations(balance(STATUS=["9", "C", "c"]), BALANCE)
    assert (violation.table, violation.column, violation.check) == ("bureau_balance", "STATUS", "one_of")
    assert violation.n_rows == 2
    assert violation.examples == ("row 1: '9'", "row 3: 'c'")
    assert violation.expected == "one of 0, 1, 2, 3, 4, 5, C, X"


def test_a_missing_key_is_counted():
    (violation,) = schema_violations(balance(SK_ID_BUREAU=[1, None, 3]), BALANCE)
    assert (violation.column, violation.check, violation.examples) == ("SK_ID_BUREAU", "not_null", ("row 2",))


@pytest.mark.parametrize("rate", [-0.1, 1.5, float("nan"), float("inf")])
def test_a_share_outside_0_to_1_is_refused(rate):
    (violation,) = schema_violations(loans(RATE=[rate, 0.5, None]), LOANS)
    assert (violation.column, violation.check, violation.n_rows) == ("RATE", "between", 1)


@pytest.mark.parametrize("debt", [float("nan"), float("inf"), float("-inf")])
def test_nan_and_infinity_are_no_numbers(debt):
    (violation,) = schema_violations(loans(DEBT=[debt, 1.0, None]), LOANS)
    assert (violation.column, violation.check) == ("DEBT", "finite")


def test_a_repeated_key_counts_all_its_rows():
    (violation,) = schema_violations(loans(ID=[7, 7, 3]), LOANS)
    assert (violation.check, violation.n_rows, violation.examples) == ("unique", 2, ("7 in 2 rows",))


def test_every_violation_is_named_at_once():
    violations = schema_violations(loans(ID=[7, 7, None], DEFAULT=[2, 0, 1], RATE=[2.0, 0.0, 0.0]), LOANS)
    assert [violation.check for violation in violations] == ["not_null", "one_of", "between", "unique"]


def test_absent_and_unexpected_columns_are_listed():
    (violation,) = schema_violations(balance().rename(STATE="STATUS"), BALANCE)
    assert violation.check == "columns"
    assert "absent: STATUS; unexpected: STATE" in violation.found


def test_columns_in_another_order_are_told():
    (violation,) = schema_violations(balance().select("STATUS", "SK_ID_BUREAU", "MONTHS_BALANCE"), BALANCE)
    assert "in another order" in violation.found


def test_a_column_of_another_type_is_told():
    (violation,) = schema_violations(balance().cast({"MONTHS_BALANCE": "float64"}), BALANCE)
    assert (violation.check, violation.column, violation.expected) == ("column_type", "MONTHS_BALANCE", "int64")


def test_a_long_value_is_cut():
    assert shown("x" * 1000) == repr("x" * SHOWN_CHARACTERS + "...")


def test_a_bound_may_be_open_on_one_side():
    assert (between(high=0).error, between(low=1).error) == ("at most 0", "at least 1")


def test_a_count_has_its_plural():
    assert (counted(1, "row"), counted(2000, "row")) == ("1 row", "2,000 rows")


def test_a_violation_reads_as_a_sentence():
    (violation,) = schema_violations(balance(MONTHS_BALANCE=[-1, 1, 0]), BALANCE)
    assert str(violation).startswith(
        "found 1 row with an unexpected bureau_balance.MONTHS_BALANCE (row 2: 1); expected at most 0; "
    )


@pytest.mark.parametrize(
    "columns",
    [
        {},
        {"ID": [1, None, 2]},
        {"ID": [5, 5, 6]},
        {"DEFAULT": [2, 0, None]},
        {"RATE": [-0.5, 0.5, None]},
        {"ID": [5, 5, None], "DEFAULT": [-1, 3, 0], "RATE": [2.0, None, 1.0], "DEBT": [float("inf"), 0.0, None]},
    ],
)
def test_the_verdict_is_that_of_pandera(columns):
    table = loans(**columns)
    ours = {(violation.column, violation.check) for violation in schema_violations(table, LOANS)}
    assert ours == pandera_verdict(table)


def pandera_verdict(table):
    try:
        LOANS.validate(table, lazy=True)
    except errors.SchemaErrors as refusal:
        names = {"not_nullable": "not_null"}
        return {
            ("ID", "unique")
            if error.reason_code is errors.SchemaErrorReason.DUPLICATES
            else (error.schema.name, names.get(error.check, getattr(error.check, "name", error.check)))
            for error in refusal.schema_errors
        }
    return set()


def known(table):
    """The extents of a table's columns, as the statistics of a file state them: no bounds where there is a NaN."""
    extents = {}
    for name, column in table.to_pyarrow().to_pydict().items():
        present = [value for value in column if value is not None]
        bounded = present and not isinstance(present[0], str) and not any(map(math.isnan, present))
        bounds = (min(present), max(present)) if bounded else ()
        extents[name] = Extent(len(column), len(column) - len(present), *bounds)
    return extents


whole = st.one_of(st.none(), st.integers(-1, 3))
decimal = st.one_of(st.none(), st.sampled_from([-0.5, 0.0, 0.5, 1.0, 2.0, float("nan"), float("inf"), float("-inf")]))
rows = st.lists(st.tuples(whole, whole, decimal, decimal), min_size=1, max_size=4)


@given(rows=rows)
@settings(max_examples=25, deadline=None)
def test_extents_change_the_work_and_not_the_verdict(rows):
    table = loans(**{name: list(values) for name, values in zip(LOANS.columns, zip(*rows, strict=True), strict=True)})
    verdict = schema_violations(table, LOANS) == []
    assert conforms(table, LOANS, known(table)) is verdict
    assert conforms(table, LOANS, {}) is verdict


def test_what_extents_prove_is_not_computed():
    broken, proven = loans(DEFAULT=[2, 0, 1], RATE=[7.0, 0.0, 0.0]), known(loans())
    assert conforms(broken, LOANS, proven)
    assert not conforms(broken, LOANS, proven | {"RATE": Extent(3, 0)})


def test_the_extent_of_decimals_proves_no_list():
    schema = table_schema("loans", {"RATE": number("rate")})
    schema.columns["RATE"].checks = flag("0 or 1").checks
    halves = ibis.memtable(pa.table({"RATE": [0.0, 0.5, 1.0]}))
    assert not conforms(halves, schema, {"RATE": Extent(3, 0, 0.0, 1.0)})


@pytest.mark.parametrize(
    "table",
    [
        balance().rename(STATE="STATUS"),
        balance().cast({"MONTHS_BALANCE": "float64"}),
        balance(STATUS=["9", "C", "X"]),
    ],
)
def test_a_table_of_another_shape_or_with_another_text_does_not_conform(table):
    assert conforms(balance(), BALANCE, known(balance()))
    assert not conforms(table, BALANCE, known(balance()))
