"""Features of the payments on earlier credits: how late, and how much of what was due.

Here: specifications over installments_payments, one row a payment of an instalment, or an
instalment that was missed. Add a summary to SPECIFICATIONS. Keep out: monthly balances.
"""

import ibis.expr.types as ir

from credit_risk.features.conditions import above, last_days
from credit_risk.features.feature_table import FeatureTable
from credit_risk.features.grammar import Source, aggregate, aggregates, count, distinct, share
from credit_risk.features.rendering import input_columns, summarize
from credit_risk.features.terms import Term, column, difference, named, positive, ratio
from credit_risk.features.units import COUNT, CURRENCY, DAYS

DUE_DAY = column("DAYS_INSTALMENT", DAYS, "day the instalment was due")
PAYMENT_DAY = column("DAYS_ENTRY_PAYMENT", DAYS, "day of the payment")
SOURCE = Source("installments_payments", "INSTALMENTS", "payments of instalments", dates=(DUE_DAY, PAYMENT_DAY))

LOAN = column("SK_ID_PREV", COUNT, "credit")
VERSION = column("NUM_INSTALMENT_VERSION", COUNT, "version of the payment plan")
DUE = column("AMT_INSTALMENT", CURRENCY, "instalment")
PAID = column("AMT_PAYMENT", CURRENCY, "payment")
DAYS_LATE = named("DAYS_LATE", positive(difference(PAYMENT_DAY, DUE_DAY)), "days of delay")
DAYS_EARLY = named("DAYS_EARLY", positive(difference(DUE_DAY, PAYMENT_DAY)), "days paid ahead")
UNDERPAID = named("UNDERPAID", difference(DUE, PAID), "amount short of the instalment")
PAID_SHARE = named("PAID_SHARE", ratio(PAID, DUE), "payment to instalment")

LATE = above("LATE", DAYS_LATE, 0, "were late")
VERY_LATE = above("LATE30D", DAYS_LATE, 30, "were over 30 days late")
# The files give amounts to a thousandth; half of one is nothing owed.
SHORT = above("SHORT", UNDERPAID, 0.0005, "were short of the instalment")
LAST_QUARTER = last_days(DUE_DAY, 90)
LAST_YEAR = last_days(DUE_DAY, 365)

MEAN_DELAY = aggregate(SOURCE, DAYS_LATE, "MEAN")
RECENT_DELAY = aggregate(SOURCE, DAYS_LATE, "MEAN", LAST_YEAR)
ALL_DUE = aggregate(SOURCE, DUE, "SUM")
ALL_PAID = aggregate(SOURCE, PAID, "SUM")
RECENT_PAID = aggregate(SOURCE, PAID, "SUM", LAST_YEAR)

SPECIFICATIONS: tuple[Term, ...] = (
    count(SOURCE),
    distinct(SOURCE, LOAN),
    share(SOURCE, LATE),
    share(SOURCE, LATE, among=(LAST_YEAR,)),
    share(SOURCE, LATE, among=(LAST_QUARTER,)),
    count(SOURCE, VERY_LATE),
    share(SOURCE, SHORT),
    share(SOURCE, SHORT, among=(LAST_YEAR,)),
    *aggregates(SOURCE, DAYS_LATE, ("MAX", "STD")),
    MEAN_DELAY,
    RECENT_DELAY,
    aggregate(SOURCE, DAYS_LATE, "MAX", LAST_YEAR),
    difference(RECENT_DELAY, MEAN_DELAY),
    aggregate(SOURCE, DAYS_EARLY, "MEAN"),
    aggregate(SOURCE, DAYS_EARLY, "MEAN", LAST_YEAR),
    aggregate(SOURCE, UNDERPAID, "MAX"),
    aggregate(SOURCE, UNDERPAID, "SUM", LAST_YEAR),
    *aggregates(SOURCE, PAID_SHARE, ("MEAN", "MIN")),
    ratio(ALL_PAID, ALL_DUE),
    RECENT_PAID,
    aggregate(SOURCE, VERSION, "MAX"),
    aggregate(SOURCE, PAYMENT_DAY, "MAX"),
)

INPUTS = {"installments_payments": input_columns(SPECIFICATIONS)}


def features(installments_payments: ir.Table) -> ir.Table:
    """One row a client with an instalment that fell due."""
    return summarize(installments_payments, SOURCE, SPECIFICATIONS)


TABLE = FeatureTable("installments_payments", SPECIFICATIONS, INPUTS, features)
