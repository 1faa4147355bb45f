"""Features of the credits that other lenders reported to the credit bureau.

Here: specifications over bureau, one row a credit. Add a summary to the family that it belongs to.
Keep out: the monthly states of these credits (`bureau_balance`).
"""

import ibis.expr.types as ir

from credit_risk.features.conditions import above, at_least, at_most, last_days, one_of
from credit_risk.features.feature_table import FeatureTable
from credit_risk.features.grammar import Source, aggregate, aggregates, count, share
from credit_risk.features.rendering import input_columns, summarize
from credit_risk.features.terms import Term, category, column, difference, named, ratio
from credit_risk.features.units import COUNT, CURRENCY, DAYS

DAYS_CREDIT = column("DAYS_CREDIT", DAYS, "day of the credit")
SOURCE = Source("bureau", "BUREAU", "credits at other lenders", dates=(DAYS_CREDIT,))

ACTIVE_STATE = category("CREDIT_ACTIVE", "state of the credit")
CREDIT_TYPE = category("CREDIT_TYPE", "type of credit")
# A plan known at the application: it may lie after it. Open-ended credits have one 85 years ahead.
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
DURATION = named("DURATION", difference(ACTUAL_END, DAYS_CREDIT), "days from credit to actual end")
CLOSING_DELAY = named("CLOSING_DELAY", difference(ACTUAL_END, PLANNED_END), "days closed past the planned end")
REPORT_PAST_END = named("REPORT_PAST_END", difference(UPDATE, PLANNED_END), "days of the last report past planned end")
REPORT_AGE = named("REPORT_AGE", difference(UPDATE, DAYS_CREDIT), "days from credit to last report")
UTILIZATION = named("UTILIZATION", ratio(DEBT, CREDIT), "current debt as a part of the credit")
REPAID = named("REPAID", difference(CREDIT, DEBT), "amount less current debt")

ACTIVE = one_of("ACTIVE", ACTIVE_STATE, ("Active",), "are active")
CLOSED = one_of("CLOSED", ACTIVE_STATE, ("Closed",), "are closed")
# Two in a thousand clients have bad debt by that name; sold debts are of the same kind.
SOLD = one_of("SOLD", ACTIVE_STATE, ("Sold", "Bad debt"), "were sold or given up")
CARD = one_of("CARD", CREDIT_TYPE, ("Credit card",), "are credit cards")
CONSUMER = one_of("CONSUMER", CREDIT_TYPE, ("Consumer credit",), "are consumer credits")
MICROLOAN = one_of("MICROLOAN", CREDIT_TYPE, ("Microloan",), "are microloans")
SECURED = one_of("SECURED", CREDIT_TYPE, ("Mortgage", "Car loan"), "are mortgages or car loans")
EVER_LATE = above("EVER_LATE", MAX_OVERDUE, 0, "were ever overdue")
RUNNING = above("RUNNING", PLANNED_END, 0, "end after the application as planned")
PAST_END = at_most("PAST_END", PLANNED_END, 0, "should have ended before the application")
OWED = above("OWED", DEBT, 0, "have debt left")
CLOSED_LATELY = at_least("CLOSED365D", ACTUAL_END, -365, "ended in the last 365 days")

HALF_A_YEAR = last_days(DAYS_CREDIT, 182)
ONE_YEAR = last_days(DAYS_CREDIT, 365)
TWO_YEARS = last_days(DAYS_CREDIT, 730)

ALL_COUNT = count(SOURCE)

COUNTS: tuple[Term, ...] = (
    ALL_COUNT,
    *(count(SOURCE, window) for window in (HALF_A_YEAR, ONE_YEAR, TWO_YEARS)),
    count(SOURCE, ACTIVE),
    *(count(SOURCE, ACTIVE, kind) for kind in (CARD, CONSUMER)),
    count(SOURCE, ACTIVE, PAST_END),
    count(SOURCE, ACTIVE, OWED),
    count(SOURCE, RUNNING),
    count(SOURCE, CLOSED_LATELY),
    count(SOURCE, SOLD),
    count(SOURCE, SECURED),
    count(SOURCE, EVER_LATE),
    share(SOURCE, ACTIVE),
    *(share(SOURCE, kind) for kind in (CARD, CONSUMER, MICROLOAN)),
    share(SOURCE, CONSUMER, among=(ACTIVE,)),
    share(SOURCE, MICROLOAN, among=(ONE_YEAR,)),
    share(SOURCE, ONE_YEAR),
)

NEWEST = aggregate(SOURCE, DAYS_CREDIT, "MAX")
OLDEST = aggregate(SOURCE, DAYS_CREDIT, "MIN")

DATES: tuple[Term, ...] = (
    NEWEST,
    OLDEST,
    *aggregates(SOURCE, DAYS_CREDIT, ("MEAN", "STD")),
    named("BUREAU_SPACING", ratio(difference(NEWEST, OLDEST), ALL_COUNT), "days from first to last credit, a credit"),
    *aggregates(SOURCE, DAYS_CREDIT, ("MAX", "MEAN"), ACTIVE),
    aggregate(SOURCE, DAYS_CREDIT, "MAX", CLOSED),
    *(aggregate(SOURCE, DAYS_CREDIT, "MAX", kind) for kind in (CONSUMER, EVER_LATE)),
    aggregate(SOURCE, DAYS_CREDIT, "MEAN", CARD),
    *aggregates(SOURCE, PLANNED_END, ("MAX", "MIN"), ACTIVE),
    *aggregates(SOURCE, PLANNED_END, ("MAX", "MEAN", "SUM"), CONSUMER),
    aggregate(SOURCE, ACTUAL_END, "MAX"),
    *aggregates(SOURCE, UPDATE, ("MEAN", "MAX", "STD")),
    aggregate(SOURCE, UPDATE, "MEAN", ACTIVE),
    aggregate(SOURCE, UPDATE, "MAX", CLOSED),
    aggregate(SOURCE, REPORT_AGE, "MEAN"),
    aggregate(SOURCE, REPORT_PAST_END, "MAX", ACTIVE),
    aggregate(SOURCE, REPORT_PAST_END, "MEAN", ONE_YEAR),
    *aggregates(SOURCE, CLOSING_DELAY, ("MEAN", "MIN", "MAX"), CONSUMER),
    aggregate(SOURCE, DURATION, "MEAN"),
    *aggregates(SOURCE, TERM, ("MEAN", "MIN"), CONSUMER),
    aggregate(SOURCE, TERM, "MIN", ACTIVE),
)

ALL_CREDIT = aggregate(SOURCE, CREDIT, "SUM")
ACTIVE_CREDIT = aggregate(SOURCE, CREDIT, "SUM", ACTIVE)
CARD_CREDIT = aggregate(SOURCE, CREDIT, "SUM", CARD)
CONSUMER_CREDIT = aggregate(SOURCE, CREDIT, "SUM", CONSUMER)
ALL_DEBT = aggregate(SOURCE, DEBT, "SUM")
ACTIVE_DEBT = aggregate(SOURCE, DEBT, "SUM", ACTIVE)
CARD_DEBT = aggregate(SOURCE, DEBT, "SUM", CARD)
CONSUMER_DEBT = aggregate(SOURCE, DEBT, "SUM", CONSUMER)
ACTIVE_LIMIT = aggregate(SOURCE, LIMIT, "SUM", ACTIVE)
ACTIVE_ANNUITY = aggregate(SOURCE, ANNUITY, "SUM", ACTIVE)

AMOUNTS: tuple[Term, ...] = (
    ALL_CREDIT,
    *aggregates(SOURCE, CREDIT, ("MAX", "MEAN", "MIN", "FIRST")),
    ACTIVE_CREDIT,
    CONSUMER_CREDIT,
    CARD_CREDIT,
    aggregate(SOURCE, CREDIT, "SUM", ONE_YEAR),
    aggregate(SOURCE, CREDIT, "MIN", ONE_YEAR),
    ALL_DEBT,
    ACTIVE_DEBT,
    aggregate(SOURCE, DEBT, "MAX", ACTIVE),
    CONSUMER_DEBT,
    CARD_DEBT,
    aggregate(SOURCE, DEBT, "SUM", ONE_YEAR),
    *aggregates(SOURCE, REPAID, ("MEAN", "MIN", "MAX", "SUM", "LATEST")),
    *aggregates(SOURCE, REPAID, ("MEAN", "MIN"), ACTIVE),
    aggregate(SOURCE, REPAID, "MIN", ONE_YEAR),
    ACTIVE_LIMIT,
    ACTIVE_ANNUITY,
    aggregate(SOURCE, ANNUITY, "MAX"),
)

BURDENS: tuple[Term, ...] = (
    *aggregates(SOURCE, UTILIZATION, ("MAX", "MEAN", "STD", "LATEST")),
    *aggregates(SOURCE, UTILIZATION, ("MAX", "MEAN", "MIN"), ACTIVE),
    *aggregates(SOURCE, UTILIZATION, ("MAX", "MEAN"), ONE_YEAR),
    named("BUREAU_DEBT_TO_CREDIT", ratio(ALL_DEBT, ALL_CREDIT), "current debt to amount"),
    named("BUREAU_ACTIVE_DEBT_TO_CREDIT", ratio(ACTIVE_DEBT, ACTIVE_CREDIT), "current debt to amount, if active"),
    named("BUREAU_CARD_DEBT_TO_CREDIT", ratio(CARD_DEBT, CARD_CREDIT), "current debt to amount of cards"),
    named("BUREAU_CONSUMER_DEBT_TO_CREDIT", ratio(CONSUMER_DEBT, CONSUMER_CREDIT), "debt to amount, consumer credits"),
    named("BUREAU_ACTIVE_LIMIT_TO_DEBT", ratio(ACTIVE_LIMIT, ACTIVE_DEBT), "card limits to current debt, if active"),
)

ARREARS: tuple[Term, ...] = (
    aggregate(SOURCE, DAYS_OVERDUE, "MAX"),
    aggregate(SOURCE, OVERDUE, "SUM"),
    *aggregates(SOURCE, MAX_OVERDUE, ("SUM", "MAX", "MEAN", "LATEST")),
    aggregate(SOURCE, MAX_OVERDUE, "SUM", ACTIVE),
    aggregate(SOURCE, MAX_OVERDUE, "MEAN", CLOSED),
    aggregate(SOURCE, PROLONGED, "SUM"),
)

SPECIFICATIONS: tuple[Term, ...] = (*COUNTS, *DATES, *AMOUNTS, *BURDENS, *ARREARS)

INPUTS = {"bureau": input_columns(SPECIFICATIONS)}


def features(bureau: ir.Table) -> ir.Table:
    """One row a client that the bureau knows."""
    return summarize(bureau, SOURCE, SPECIFICATIONS)


TABLE = FeatureTable("bureau", SPECIFICATIONS, INPUTS, features)
