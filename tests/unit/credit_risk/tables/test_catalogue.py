"""The catalogue: the eight tables as the published files have them."""

import json
from pathlib import Path

import pytest

from credit_risk.tables.catalogue import TABLES

PROFILE = Path(__file__).parents[4] / "simulation" / "home_credit_profile.json"
TYPES = {"int": "int64", "float": "float64", "string": "string"}


@pytest.fixture(scope="module")
def published():
    """Column names and types of the published files, in their order."""
    tables = json.loads(PROFILE.read_text())["tables"]
    return {
        name: {column: TYPES[facts["type"]] for column, facts in table["columns"].items()}
        for name, table in tables.items()
    }


def test_all_eight_tables_are_there(published):
    assert set(TABLES) == set(published)


@pytest.mark.parametrize("table", TABLES)
def test_columns_stand_in_the_order_and_with_the_types_of_the_file(table, published):
    columns = TABLES[table].schema.columns
    assert [(name, str(column.dtype)) for name, column in columns.items()] == list(published[table].items())


@pytest.mark.parametrize("table", TABLES)
def test_every_column_says_what_it_means(table):
    unexplained = [name for name, column in TABLES[table].schema.columns.items() if not column.description]
    assert unexplained == []


@pytest.mark.parametrize("table", TABLES)
def test_a_key_is_unique_and_never_missing(table):
    raw = TABLES[table]
    assert raw.schema.unique == ([raw.key] if raw.key else None)
    assert not any(raw.schema.columns[foreign.column].nullable for foreign in raw.parents)


@pytest.mark.parametrize("table", TABLES)
def test_a_history_points_to_the_key_of_its_parents(table):
    for foreign in TABLES[table].parents:
        assert {TABLES[parent].key for parent in foreign.tables} == {foreign.column}


def test_an_application_without_outcome_differs_in_the_target_alone():
    train, test = TABLES["application_train"], TABLES["application_test"]
    assert [name for name in train.columns if name != "TARGET"] == list(test.columns)


@pytest.mark.parametrize("table", TABLES)
def test_no_check_contradicts_the_published_quantiles_and_categories(table):
    columns = json.loads(PROFILE.read_text())["tables"][table]["columns"]
    for name, column in TABLES[table].schema.columns.items():
        for check in column.checks:
            facts, limits = columns[name], check.statistics
            if check.name == "one_of" and "shares" in facts:
                assert set(facts["shares"]) <= set(limits["values"]), name
            elif check.name == "one_of":
                assert {facts["quantiles"][0], facts["quantiles"][-1]} <= set(limits["values"]), name
            elif check.name == "between":
                assert limits["low"] is None or limits["low"] <= facts["quantiles"][0], name
                assert limits["high"] is None or facts["quantiles"][-1] <= limits["high"], name
