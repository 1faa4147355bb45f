"""Features of the payments on earlier credits: how late, and how much of what was due.

Here: specifications over installments_payments, one row a payment of an instalment, or an
instalment that was missed. Add a summary to SPECIFICATIONS. Keep out: monthly balances, the
features of single credits (`installments_payments_loans`), and what a row says
(`installments_payments_columns`).
"""

import ibis.expr.types as ir

from credit_risk.features.feature_table import FeatureTable
from credit_risk.features.grammar import aggregate, aggregates, count, share
from credit_risk.features.installments_payments_columns import (
    DAYS_EARLY,
    DAYS_LATE,
    DELAY,
    DUE,
    LAST_QUARTER,
    LAST_TWO_YEARS,
    LAST_YEAR,
    LATE,
    MONTH_LATE,
    NUMBER,
    OF_LOANS,
    ON_TIME,
    PAID,
    PAID_SHARE,
    PAYMENT_DAY,
    REVISED,
    SHORT,
    SOURCE,
    UNDERPAID,
    VERSION,
    WEEK_LATE,
)
from credit_risk.features.installments_payments_loans import LOAN_FEATURES
from credit_risk.features.rendering import input_columns, summarize
from credit_risk.features.terms import Term, difference, named, ratio

LATE_SHARE = share(SOURCE, LATE)
LATE_SHARE_OF_YEAR = share(SOURCE, LATE, among=(LAST_YEAR,))
MEAN_DELAY = aggregate(SOURCE, DAYS_LATE, "MEAN")
RECENT_DELAY = aggregate(SOURCE, DAYS_LATE, "MEAN", LAST_YEAR)
ALL_DUE = aggregate(SOURCE, DUE, "SUM")
ALL_PAID = aggregate(SOURCE, PAID, "SUM")
PAID_ON_TIME = aggregate(SOURCE, PAID, "SUM", ON_TIME)
RECENT_DUE = aggregate(SOURCE, DUE, "SUM", LAST_YEAR)
RECENT_PAID = aggregate(SOURCE, PAID, "SUM", LAST_YEAR)
QUARTER_PAID = aggregate(SOURCE, PAID, "SUM", LAST_QUARTER)
NUMBER_OF_YEAR = count(SOURCE, LAST_YEAR)

PUNCTUALITY: tuple[Term, ...] = (
    LATE_SHARE,
    LATE_SHARE_OF_YEAR,
    share(SOURCE, LATE, among=(LAST_TWO_YEARS,)),
    share(SOURCE, LATE, among=(OF_LOANS,)),
    difference(LATE_SHARE_OF_YEAR, LATE_SHARE),
    share(SOURCE, WEEK_LATE),
    count(SOURCE, MONTH_LATE),
    *aggregates(SOURCE, DAYS_LATE, ("MAX", "STD")),
    MEAN_DELAY,
    RECENT_DELAY,
    aggregate(SOURCE, DAYS_LATE, "MEAN", LAST_QUARTER),
    aggregate(SOURCE, DAYS_LATE, "MAX", LAST_YEAR),
    difference(RECENT_DELAY, MEAN_DELAY),
    named("INSTALMENTS_DELAY_IF_LATE", ratio(MEAN_DELAY, LATE_SHARE), "mean days of delay of late payments"),
    *aggregates(SOURCE, DAYS_EARLY, ("MEAN", "MAX")),
    aggregate(SOURCE, DAYS_EARLY, "MEAN", LAST_YEAR),
    aggregate(SOURCE, DELAY, "LATEST"),
)
"""How early and how late."""

DAYS_OF_PAYMENTS: tuple[Term, ...] = (
    *aggregates(SOURCE, PAYMENT_DAY, ("MIN", "MAX", "MEAN")),
    *aggregates(SOURCE, PAYMENT_DAY, ("MEAN", "MAX"), LATE),
)
"""When was paid, and when late."""

AMOUNTS: tuple[Term, ...] = (
    *aggregates(SOURCE, PAID, ("MEAN", "MIN", "MAX")),
    ALL_PAID,
    RECENT_PAID,
    named(
        "INSTALMENTS_PAYMENT_OF_YEAR",
        ratio(RECENT_PAID, NUMBER_OF_YEAR),
        "mean payment of the last year",
    ),
    ratio(RECENT_PAID, ALL_PAID),
    ratio(QUARTER_PAID, RECENT_PAID),
    PAID_ON_TIME,
    ratio(PAID_ON_TIME, ALL_PAID),
)
"""How much was due and paid."""

SHORTFALLS: tuple[Term, ...] = (
    share(SOURCE, SHORT),
    share(SOURCE, SHORT, among=(LAST_YEAR,)),
    aggregate(SOURCE, UNDERPAID, "MAX"),
    difference(ALL_DUE, ALL_PAID),
    ratio(ALL_PAID, ALL_DUE),
    named(
        "INSTALMENTS_UNDERPAID_OF_YEAR",
        difference(RECENT_DUE, RECENT_PAID),
        "amount of the last year due and not paid",
    ),
    named(
        "INSTALMENTS_PAID_OF_YEAR",
        ratio(RECENT_PAID, RECENT_DUE),
        "share of what fell due in the last year that was paid",
    ),
    *aggregates(SOURCE, PAID_SHARE, ("MEAN", "MIN")),
)
"""How much less or more than due."""

PLANS: tuple[Term, ...] = (
    count(SOURCE),
    NUMBER_OF_YEAR,
    share(SOURCE, OF_LOANS),
    share(SOURCE, REVISED),
    aggregate(SOURCE, VERSION, "MAX"),
    *aggregates(SOURCE, NUMBER, ("MEAN", "MAX")),
)
"""How many payments, on what plans."""

PAYMENT_FEATURES: tuple[Term, ...] = (*PUNCTUALITY, *DAYS_OF_PAYMENTS, *AMOUNTS, *SHORTFALLS, *PLANS)

SPECIFICATIONS: tuple[Term, ...] = (*PAYMENT_FEATURES, *LOAN_FEATURES)

INPUTS = {"installments_payments": input_columns(SPECIFICATIONS)}


def features(installments_payments: ir.Table) -> ir.Table:
    """One row a client with an instalment that fell due."""
    return summarize(installments_payments, SOURCE, SPECIFICATIONS)


TABLE = FeatureTable("installments_payments", SPECIFICATIONS, INPUTS, features)
