"""Features of the credits that other lenders reported to the credit bureau.

Here: specifications over bureau, one row a credit. Add a summary to SPECIFICATIONS. Keep out:
the monthly states of these credits (`bureau_balance`).
"""

import ibis.expr.types as ir

from credit_risk.features.conditions import above, last_days, one_of
from credit_risk.features.feature_table import FeatureTable
from credit_risk.features.grammar import Source, aggregate, aggregates, count, distinct, share
from credit_risk.features.rendering import input_columns, summarize
from credit_risk.features.terms import Term, category, column, difference, named, ratio
from credit_risk.features.units import COUNT, CURRENCY, DAYS

DAYS_CREDIT = column("DAYS_CREDIT", DAYS, "day of the credit")
SOURCE = Source("bureau", "BUREAU", "credits at other lenders", dates=(DAYS_CREDIT,))

ACTIVE_STATE = category("CREDIT_ACTIVE", "state of the credit")
CREDIT_TYPE = category("CREDIT_TYPE", "type of credit")
# A plan known at the application: it may lie after it.
PLANNED_END = column("DAYS_CREDIT_ENDDATE", DAYS, "planned end")
ACTUAL_END = column("DAYS_ENDDATE_FACT", DAYS, "actual end", fact=True)
UPDATE = column("DAYS_CREDIT_UPDATE", DAYS, "last report", fact=True)
DAYS_OVERDUE = column("CREDIT_DAY_OVERDUE", DAYS, "days overdue at the application")
CREDIT = column("AMT_CREDIT_SUM", CURRENCY, "amount of the credit")
DEBT = column("AMT_CREDIT_SUM_DEBT", CURRENCY, "current debt")
LIMIT = column("AMT_CREDIT_SUM_LIMIT", CURRENCY, "card limit")
OVERDUE = column("AMT_CREDIT_SUM_OVERDUE", CURRENCY, "amount overdue")
MAX_OVERDUE = column("AMT_CREDIT_MAX_OVERDUE", CURRENCY, "highest amount ever overdue")
PROLONGED = column("CNT_CREDIT_PROLONG", COUNT, "prolongations")
ANNUITY = column("AMT_ANNUITY", CURRENCY, "annuity")
TERM = named("TERM", difference(PLANNED_END, DAYS_CREDIT), "planned term")

ACTIVE = one_of("ACTIVE", ACTIVE_STATE, ("Active",), "are active")
CARD = one_of("CARD", CREDIT_TYPE, ("Credit card",), "are credit cards")
CONSUMER = one_of("CONSUMER", CREDIT_TYPE, ("Consumer credit",), "are consumer credits")
MICROLOAN = one_of("MICROLOAN", CREDIT_TYPE, ("Microloan",), "are microloans")
SECURED = one_of("SECURED", CREDIT_TYPE, ("Mortgage", "Car loan"), "are mortgages or car loans")
LATE = above("LATE", DAYS_OVERDUE, 0, "are overdue")
LAST_YEAR = last_days(DAYS_CREDIT, 365)

ACTIVE_DEBT = aggregate(SOURCE, DEBT, "SUM", ACTIVE)
ACTIVE_CREDIT = aggregate(SOURCE, CREDIT, "SUM", ACTIVE)
ACTIVE_ANNUITY = aggregate(SOURCE, ANNUITY, "SUM", ACTIVE)
ALL_DEBT = aggregate(SOURCE, DEBT, "SUM")
ALL_CREDIT = aggregate(SOURCE, CREDIT, "SUM")

SPECIFICATIONS: tuple[Term, ...] = (
    count(SOURCE),
    count(SOURCE, ACTIVE),
    count(SOURCE, LAST_YEAR),
    count(SOURCE, ACTIVE, CARD),
    count(SOURCE, MICROLOAN),
    count(SOURCE, SECURED),
    count(SOURCE, LATE),
    share(SOURCE, ACTIVE),
    share(SOURCE, CARD),
    distinct(SOURCE, CREDIT_TYPE),
    *aggregates(SOURCE, DAYS_CREDIT, ("MIN", "MAX", "MEAN", "STD")),
    aggregate(SOURCE, DAYS_CREDIT, "MAX", ACTIVE),
    aggregate(SOURCE, PLANNED_END, "MAX", ACTIVE),
    aggregate(SOURCE, ACTUAL_END, "MAX"),
    aggregate(SOURCE, TERM, "MEAN", CONSUMER),
    aggregate(SOURCE, UPDATE, "MEAN"),
    aggregate(SOURCE, CREDIT, "MAX"),
    ALL_CREDIT,
    ACTIVE_CREDIT,
    ALL_DEBT,
    ACTIVE_DEBT,
    aggregate(SOURCE, DEBT, "MAX", ACTIVE),
    aggregate(SOURCE, DEBT, "SUM", ACTIVE, CARD),
    ratio(ALL_DEBT, ALL_CREDIT),
    named("BUREAU_ACTIVE_DEBT_TO_CREDIT", ratio(ACTIVE_DEBT, ACTIVE_CREDIT), "current debt to amount, if active"),
    aggregate(SOURCE, LIMIT, "SUM", ACTIVE),
    aggregate(SOURCE, OVERDUE, "SUM"),
    aggregate(SOURCE, MAX_OVERDUE, "MAX"),
    aggregate(SOURCE, PROLONGED, "SUM"),
    ACTIVE_ANNUITY,
)

INPUTS = {"bureau": input_columns(SPECIFICATIONS)}


def features(bureau: ir.Table) -> ir.Table:
    """One row a client that the bureau knows."""
    return summarize(bureau, SOURCE, SPECIFICATIONS)


TABLE = FeatureTable("bureau", SPECIFICATIONS, INPUTS, features)
