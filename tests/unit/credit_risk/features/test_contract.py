"""The contract of a feature table: what it must be is generated from its specifications, and held in the engine."""

from math import inf, isfinite, nan

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pandera import errors

from credit_risk.features import bureau
from credit_risk.features.client import FEATURE_TABLES, FEATURES
from credit_risk.features.contract import contract_findings, feature_schema, out_of_order, within
from credit_risk.features.contract_extents import measured_extents
from credit_risk.features.grammar import aggregate, count, share
from credit_risk.features.terms import category, column, difference
from credit_risk.features.units import CURRENCY

INCOME = column("AMT_INCOME_TOTAL", CURRENCY, "yearly income")
SPECIFICATIONS = (
    count(bureau.SOURCE),
    share(bureau.SOURCE, bureau.ACTIVE),
    aggregate(bureau.SOURCE, bureau.DAYS_CREDIT, "MAX"),
    difference(INCOME, column("AMT_CREDIT", CURRENCY, "credit")),
    category("NAME_CONTRACT_TYPE", "contract type"),
)
COUNT, SHARE, DAY, DIFFERENCE, TYPE = (term.name for term in SPECIFICATIONS)
SCHEMA = feature_schema("loans", SPECIFICATIONS)


def loans(**columns):
    rows = {
        "SK_ID_CURR": [1, 2, 3],
        COUNT: [0.0, 7.0, None],
        SHARE: [0.0, 1.0, None],
        DAY: [0.0, -2922.0, None],
        DIFFERENCE: [-1e9, 0.001, None],
        TYPE: ["Cash loans", "", None],
    }
    types = [pa.int64(), *[pa.float64()] * 4, pa.string()]
    # Arrow keeps NaN and missing apart, as Parquet does.
    return ibis.memtable(pa.table(rows | columns, schema=pa.schema(list(zip(rows, types, strict=True)))))


def findings(table, known=None, *, rows=3, clients=None):
    return contract_findings(table, SCHEMA, {} if known is None else known, rows=rows, clients=clients)


def test_a_valid_table_has_no_finding():
    assert findings(loans(), clients=3) == []


def test_a_table_without_rows_breaks_nothing():
    assert findings(loans().limit(0), rows=0) == []


@pytest.mark.parametrize(
    ("name", "value", "check"),
    [
        (COUNT, -1.0, "between"),
        (COUNT, 0.5, "whole"),
        (COUNT, inf, "between"),
        (COUNT, nan, "between"),
        (SHARE, 1.0000001, "between"),
        (SHARE, nan, "between"),
        (DAY, 1.0, "between"),
        (DAY, -0.5, "whole"),
        (DAY, -inf, "between"),
        (DIFFERENCE, inf, "between"),
        (DIFFERENCE, nan, "between"),
    ],
)
def test_a_value_outside_its_bounds_blocks_and_is_shown_by_client(name, value, check):
    found = findings(loans(**{name: [value, 0.0, None]}))
    assert check in {finding.check for finding in found}
    for finding in found:
        assert (finding.column, finding.n_rows, finding.blocking) == (name, 1, True)
        assert finding.examples == (f"SK_ID_CURR 1: {value}",)


def test_nan_is_found_in_a_file_whose_statistics_pass_over_it(tmp_path):
    file = tmp_path / "loans.parquet"
    pq.write_table(loans(**{COUNT: [1.0, 2.0, nan]}).to_pyarrow(), file)
    (finding,) = findings(ibis.duckdb.connect().read_parquet(file))
    assert finding.examples == ("SK_ID_CURR 3: nan",)


def test_examples_are_the_first_clients_wherever_they_stand():
    table = ibis.union(*(loans(SK_ID_CURR=[i, 100 + i, 200 + i], **{COUNT: [-1.0] * 3}) for i in (30, 20, 10)))
    (finding,) = findings(table, rows=9)
    assert finding.n_rows == 9
    assert [example.split(":")[0] for example in finding.examples] == [f"SK_ID_CURR {i}" for i in (10, 20, 30)]


def test_a_doubled_client_is_named():
    (finding,) = findings(loans(SK_ID_CURR=[2, 2, 3]))
    assert (finding.column, finding.check, finding.n_rows, finding.blocking) == ("SK_ID_CURR", "unique", 2, True)
    assert finding.examples == ("2 in 2 rows",)


def test_a_row_without_a_client_is_counted():
    (finding,) = findings(loans(SK_ID_CURR=[1, None, 3]))
    assert (finding.check, finding.n_rows) == ("not_null", 1)


@pytest.mark.parametrize("clients", [2, 4])
def test_more_or_fewer_rows_than_applications_block(clients):
    (finding,) = findings(loans(), clients=clients)
    assert (finding.check, finding.n_rows, finding.blocking) == ("rows", 1, True)
    assert finding.found == f"3 rows of loans for {clients} applications"


def test_the_target_among_the_features_is_named():
    (finding,) = findings(loans().mutate(TARGET=1.0))
    assert (finding.check, finding.blocking) == ("columns", True)
    assert "unexpected: TARGET" in finding.found


def test_a_deleted_column_is_named():
    (finding,) = findings(loans().drop(SHARE))
    assert f"absent: {SHARE}" in finding.found


def test_a_column_of_another_type_is_named():
    (finding,) = findings(loans().cast({COUNT: "decimal(18, 1)"}))
    assert (finding.column, finding.check, finding.expected) == (COUNT, "column_type", "float64")


def test_what_the_extents_prove_is_not_asked_of_the_engine():
    # Extents that are not those of this table: who is believed shows who was asked.
    sound = measured_extents(loans(), loans().columns)
    assert findings(loans(**{SHARE: [2.0, 0.0, None], DIFFERENCE: [inf, 0.0, None]}), sound) == []


def test_what_the_extents_leave_open_is_followed_up():
    wrong = loans(**{SHARE: [2.0, nan, None], DIFFERENCE: [nan, 0.0, None]})
    found = findings(wrong, measured_extents(wrong, wrong.columns))
    assert {(finding.column, finding.n_rows) for finding in found} == {(SHARE, 2), (DIFFERENCE, 1)}


def test_a_whole_number_that_was_checked_at_its_source_is_not_asked_for_again():
    table = loans(**{COUNT: [0.5, -1.0, None]})
    schema = feature_schema("loans", SPECIFICATIONS, copied={COUNT})
    assert [finding.check for finding in contract_findings(table, schema, {}, rows=3)] == ["between"]


@pytest.mark.parametrize(
    "columns",
    [
        {},
        {"SK_ID_CURR": [1, 1, 2]},
        {"SK_ID_CURR": [1, None, 2]},
        {COUNT: [-1.0, 0.5, None]},
        {SHARE: [-0.1, nan, 2.0]},
        {DAY: [1.0, -0.5, inf], DIFFERENCE: [inf, -inf, nan], COUNT: [None, None, None]},
    ],
)
def test_the_verdict_is_that_of_pandera(columns):
    table = loans(**columns)
    assert {(finding.column, finding.check) for finding in findings(table)} == pandera_verdict(table)


def pandera_verdict(table):
    try:
        SCHEMA.validate(table, lazy=True)
    except errors.SchemaErrors as refusal:
        names = {"not_nullable": "not_null"}
        return {
            ("SK_ID_CURR", "unique")
            if error.reason_code is errors.SchemaErrorReason.DUPLICATES
            else (error.schema.name, names.get(error.check, getattr(error.check, "name", error.check)))
            for error in refusal.schema_errors
        }
    return set()


@pytest.mark.parametrize(
    ("name", "specifications"), [(table.name, table.specifications) for table in FEATURE_TABLES] + [("all", FEATURES)]
)
def test_every_feature_has_its_column_type_and_description_in_the_schema(name, specifications):
    schema = feature_schema(name, specifications)
    assert list(schema.columns) == ["SK_ID_CURR", *(term.name for term in specifications)]
    assert all(column.description for column in schema.columns.values())
    assert {str(column.dtype) for column in schema.columns.values()} <= {"int64", "float64", "string"}


def test_every_number_is_held_to_be_finite():
    for name, feature in feature_schema("all", FEATURES).columns.items():
        if str(feature.dtype) == "float64":
            (bounds,) = [check.statistics for check in feature.checks if check.name == "between"]
            assert isfinite(bounds["low"]), name
            assert isfinite(bounds["high"]), name


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (None, None, "a finite number"),
        (0, None, "a finite number, at least 0"),
        (None, 0, "a finite number, at most 0"),
        (0, 1, "0 to 1"),
    ],
)
def test_a_bound_is_said_in_words(low, high, words):
    assert within(low, high).error == words


def test_a_table_out_of_order_is_a_warning():
    assert not out_of_order("client_features").blocking
