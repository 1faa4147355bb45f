"""The profile of a raw table: taken in the engine, and compared with that of the last accepted version."""

import ibis
import pyarrow as pa
import pytest

from credit_risk.tables.catalogue import TABLES
from credit_risk.tables.levels import Use
from credit_risk.tables.profile import Profile, changes, count_units, take_profile

BUREAU = TABLES["bureau"]
USES = {"CREDIT_ACTIVE": Use(read=True, named=frozenset({"Active"})), "AMT_CREDIT_SUM_DEBT": Use(read=True)}
BEFORE = Profile(
    10_000,
    {"CREDIT_ACTIVE": 0.0, "AMT_CREDIT_SUM_DEBT": 0.1, "AMT_ANNUITY": 0.1},
    {"CREDIT_ACTIVE": {"Active": 6000, "Closed": 4000}, "CREDIT_TYPE": {"Mortgage": 10_000}},
)


def after(**changed):
    return Profile(**({"rows": BEFORE.rows, "missing": BEFORE.missing, "levels": BEFORE.levels} | changed))


def found(profile, before=BEFORE):
    changed = changes(BUREAU, before, profile, USES, lambda: 5000)
    return [
        [(finding.check, finding.column, finding.blocking) for finding in findings]
        for findings in (changed.rows, changed.missing, changed.levels)
    ]


def test_the_same_profile_is_no_change():
    assert found(BEFORE) == [[], [], []]


def test_rows_missing_shares_and_levels_are_each_told():
    now = after(
        rows=8000,
        missing=BEFORE.missing | {"AMT_CREDIT_SUM_DEBT": 1.0, "AMT_ANNUITY": 1.0},
        levels={"CREDIT_ACTIVE": {"Closed": 8000}, "CREDIT_TYPE": {"Mortgage": 7990, "Car loan": 10}},
    )
    assert found(now) == [
        [("lost_rows", None, True)],
        # Only of columns that features read is nothing left to learn from.
        [("missing_share", "AMT_CREDIT_SUM_DEBT", True), ("missing_share", "AMT_ANNUITY", False)],
        [
            ("level_gone", "CREDIT_ACTIVE", True),
            ("levels_shifted", "CREDIT_ACTIVE", True),
            ("level_new", "CREDIT_TYPE", False),
        ],
    ]


def test_a_first_version_is_held_to_the_levels_that_features_name():
    assert found(BEFORE, before=None) == [[], [], []]
    renamed = after(levels={"CREDIT_ACTIVE": {"Open": 10_000}})
    assert found(renamed, before=None) == [[], [], [("level_gone", "CREDIT_ACTIVE", True)]]


def test_a_column_that_was_empty_is_as_one_of_a_first_version():
    empty = after(levels={"CREDIT_ACTIVE": {}})
    assert found(BEFORE, before=empty) == [[], [], []]


def typed(table, rows):
    kinds = {"int64": pa.int64(), "float64": pa.float64(), "string": pa.string()}
    schema = pa.schema([(name, kinds[str(column.dtype)]) for name, column in TABLES[table].schema.columns.items()])
    return ibis.memtable(pa.Table.from_pylist(rows, schema=schema))


def test_a_profile_holds_the_levels_of_every_text_column():
    rows = [{"CREDIT_ACTIVE": "Active"}, {"CREDIT_ACTIVE": "Active", "CREDIT_TYPE": "Mortgage"}]
    profile = take_profile(typed("bureau", rows), BUREAU, 2, {"AMT_ANNUITY": 1.0})
    assert profile == Profile(
        2, {"AMT_ANNUITY": 1.0}, {"CREDIT_ACTIVE": {"Active": 2}, "CREDIT_CURRENCY": {}, "CREDIT_TYPE": {"Mortgage": 1}}
    )


@pytest.mark.parametrize(
    ("table", "rows", "units"),
    [
        ("application_train", [{"SK_ID_CURR": 1}, {"SK_ID_CURR": 2}], 2),
        ("bureau", [{"SK_ID_CURR": 1}, {"SK_ID_CURR": 1}, {"SK_ID_CURR": 2}], 2),
        # Its months do not say whose they are.
        ("bureau_balance", [{"SK_ID_BUREAU": 7}, {"SK_ID_BUREAU": 7}, {"SK_ID_BUREAU": 7}], 1),
    ],
)
def test_rows_belong_to_clients_or_to_credits(table, rows, units):
    assert count_units(typed(table, rows), TABLES[table]) == units
