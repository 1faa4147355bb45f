"""The levels that features name, by the raw column that must have them."""

from credit_risk.features import bureau, bureau_balance
from credit_risk.features.client import FEATURE_TABLES, raw_inputs
from credit_risk.features.conditions import above, at_least, one_of
from credit_risk.features.contract_levels import column_uses, levels_read
from credit_risk.features.grammar import aggregate, count, share
from credit_risk.features.terms import category
from credit_risk.tables.catalogue import TABLES
from credit_risk.tables.columns import one_of as closed

STATE = category("CREDIT_ACTIVE", "state")
ACTIVE = one_of("ACTIVE", STATE, ("Active",), "are active")
SOLD = one_of("SOLD", STATE, ("Sold", "Bad debt"), "are sold")


def test_filters_name_levels():
    assert levels_read([count(bureau.SOURCE, ACTIVE)]) == {"CREDIT_ACTIVE": {"Active"}}


def test_the_levels_of_all_features_of_a_column_are_added_up():
    features = [count(bureau.SOURCE, ACTIVE), share(bureau.SOURCE, SOLD, among=(ACTIVE,))]
    assert levels_read(features) == {"CREDIT_ACTIVE": {"Active", "Sold", "Bad debt"}}


def test_codes_name_levels_in_measures_and_in_filters():
    severity = bureau_balance.SEVERITY
    late = at_least("LATE", severity, 1, "are late")
    for feature in (aggregate(bureau_balance.SOURCE, severity, "MAX"), count(bureau_balance.SOURCE, late)):
        assert levels_read([feature])["STATUS"] == set(severity.levels)


def test_conditions_on_numbers_name_none():
    assert levels_read([count(bureau.SOURCE, above("LATE", bureau.DAYS_OVERDUE, 0, "are late"))]) == {}


def test_every_column_that_features_read_is_used_and_no_other():
    uses = column_uses(FEATURE_TABLES)
    assert {table: set(columns) for table, columns in uses.items()} == {
        table: set(columns) for table, columns in raw_inputs().items()
    }
    assert all(use.read for columns in uses.values() for use in columns.values())


def test_levels_that_features_name_are_allowed_by_the_schemas():
    for table, columns in column_uses(FEATURE_TABLES).items():
        for name, use in columns.items():
            for check in TABLES[table].schema.columns[name].checks:
                if use.named and check.name == closed().name:
                    assert use.named <= set(check.statistics["values"]), f"{table}.{name}"
