"""Bounds of features, from their specifications and the schemas of what they read."""

import pytest

from credit_risk.features import application, bureau, bureau_balance
from credit_risk.features.client import FEATURES
from credit_risk.features.contract_limits import Limits, limits
from credit_risk.features.grammar import aggregate, count, distinct, grouped, of_group, share
from credit_risk.features.terms import category, column, difference, named, ratio
from credit_risk.features.units import COUNT, CURRENCY, DAYS, FLAG, SCORE

SOURCE = bureau.SOURCE
# Its schema: not negative.
OVERDUE = column("CREDIT_DAY_OVERDUE", DAYS, "days overdue")
# Its schema: nothing.
DEBT = column("AMT_CREDIT_SUM_DEBT", CURRENCY, "debt")
LOANS = grouped(SOURCE, "LOANS", "loans", column("SK_ID_BUREAU", COUNT, "credit"))


def of(term):
    return limits(term, "application_train")


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        (column("CNT_CHILDREN", COUNT, "children"), Limits(low=0, whole=True)),
        (column("FLAG_PHONE", FLAG, "phone"), Limits(0, 1, whole=True)),
        (column("EXT_SOURCE_1", SCORE, "score"), Limits(0, 1)),
        (column("AMT_CREDIT", CURRENCY, "credit"), Limits()),
        (column("DAYS_BIRTH", DAYS, "birth"), Limits(high=-1, whole=True)),
        (column("DAYS_LAST_PHONE_CHANGE", DAYS, "change", fact=True), Limits(high=0)),
        (category("NAME_CONTRACT_TYPE", "type"), Limits()),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_column_lies_where_its_schema_says(term, expected):
    assert of(term) == expected


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        (count(SOURCE), Limits(low=0, whole=True)),
        (distinct(SOURCE, bureau.CREDIT_TYPE), Limits(low=0, whole=True)),
        (share(SOURCE, bureau.ACTIVE), Limits(0, 1)),
        (aggregate(SOURCE, OVERDUE, "MEAN"), Limits(low=0)),
        (aggregate(SOURCE, OVERDUE, "SUM"), Limits(low=0, whole=True)),
        (aggregate(SOURCE, OVERDUE, "MAX", bureau.ACTIVE), Limits(low=0, whole=True)),
        (aggregate(SOURCE, DEBT, "STD"), Limits(low=0)),
        (aggregate(SOURCE, DEBT, "SUM"), Limits()),
        (aggregate(SOURCE, DEBT, "TREND"), Limits()),
        # Rows dated after the application are left out.
        (aggregate(SOURCE, bureau.DAYS_CREDIT, "MEAN"), Limits(high=0)),
        (aggregate(SOURCE, bureau.DAYS_CREDIT, "LATEST"), Limits(high=0, whole=True)),
        (aggregate(LOANS, of_group(count(SOURCE)), "MAX"), Limits(low=0, whole=True)),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_summary_lies_where_its_statistic_and_its_measure_say(term, expected):
    assert of(term) == expected


def test_a_name_for_a_term_changes_none_of_its_bounds():
    assert of(named("ACTIVE_LOANS", share(SOURCE, bureau.ACTIVE), "share of active loans")) == Limits(0, 1)


@pytest.mark.parametrize("combine", [difference, ratio])
def test_of_a_feature_computed_from_others_nothing_is_stated(combine):
    assert of(combine(count(SOURCE), count(SOURCE, bureau.ACTIVE))) == Limits()


def test_a_term_with_one_part_that_computes_something_is_not_its_part():
    assert of(bureau_balance.SEVERITY) == Limits()


def test_every_feature_has_limits_that_hold_together():
    for term in FEATURES:
        bounds = of(term)
        assert bounds.low is None or bounds.high is None or bounds.low <= bounds.high, term.name


def test_the_application_is_read_by_its_own_schema():
    assert application.EXTERNAL_SCORES
    assert all(of(score) == Limits(0, 1) for score in application.EXTERNAL_SCORES)
