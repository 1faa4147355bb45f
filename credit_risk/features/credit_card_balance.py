"""Features of the monthly balances of earlier credit cards.

Here: specifications over credit_card_balance, one row a month of a card. Add a summary to
SPECIFICATIONS. Keep out: cards of other lenders (`bureau`).
"""

import ibis.expr.types as ir

from credit_risk.features.conditions import above, last_months
from credit_risk.features.feature_table import FeatureTable
from credit_risk.features.grammar import Source, aggregate, aggregates, count, share
from credit_risk.features.rendering import input_columns, summarize
from credit_risk.features.terms import Term, column, difference, named, ratio
from credit_risk.features.units import COUNT, CURRENCY, DAYS, MONTHS

MONTH = column("MONTHS_BALANCE", MONTHS, "month of the balance")
SOURCE = Source("credit_card_balance", "CARD", "months of earlier cards", dates=(MONTH,))

BALANCE = column("AMT_BALANCE", CURRENCY, "balance")
LIMIT = column("AMT_CREDIT_LIMIT_ACTUAL", CURRENCY, "limit")
DRAWN = column("AMT_DRAWINGS_CURRENT", CURRENCY, "drawings")
DRAWN_CASH = column("AMT_DRAWINGS_ATM_CURRENT", CURRENCY, "cash drawings")
CASH_DRAWINGS = column("CNT_DRAWINGS_ATM_CURRENT", COUNT, "number of cash drawings")
MINIMUM = column("AMT_INST_MIN_REGULARITY", CURRENCY, "smallest payment asked for")
PAID = column("AMT_PAYMENT_TOTAL_CURRENT", CURRENCY, "payments")
MATURE = column("CNT_INSTALMENT_MATURE_CUM", COUNT, "instalments paid so far")
PAST_DUE = column("SK_DPD", DAYS, "days past due")
PAST_DUE_MATERIAL = column("SK_DPD_DEF", DAYS, "days past due, small debts ignored")

UTILIZATION = named("UTILIZATION", ratio(BALANCE, LIMIT), "utilization")
PAID_TO_MINIMUM = named("PAID_TO_MINIMUM", ratio(PAID, MINIMUM), "payment against the minimum")
SHORTFALL = named("SHORTFALL", difference(MINIMUM, PAID), "payment missing to the minimum")

LATE = above("LATE", PAST_DUE, 0, "are past due")
# Half a thousandth is nothing owed.
SHORT = above("SHORT", SHORTFALL, 0.0005, "were paid less than the minimum")
IN_USE = above("IN_USE", BALANCE, 0, "carry a balance")
DRAWS_CASH = above("CASH", DRAWN_CASH, 0, "draw cash")
LAST_QUARTER = last_months(MONTH, 3)
LAST_YEAR = last_months(MONTH, 12)

MEAN_UTILIZATION = aggregate(SOURCE, UTILIZATION, "MEAN")
RECENT_UTILIZATION = aggregate(SOURCE, UTILIZATION, "MEAN", LAST_QUARTER)
ALL_DRAWN = aggregate(SOURCE, DRAWN, "SUM")
ALL_DRAWN_CASH = aggregate(SOURCE, DRAWN_CASH, "SUM")

SPECIFICATIONS: tuple[Term, ...] = (
    count(SOURCE),
    MEAN_UTILIZATION,
    RECENT_UTILIZATION,
    difference(RECENT_UTILIZATION, MEAN_UTILIZATION),
    aggregate(SOURCE, UTILIZATION, "STD"),
    aggregate(SOURCE, BALANCE, "MAX"),
    aggregate(SOURCE, BALANCE, "MEAN", LAST_QUARTER),
    aggregate(SOURCE, LIMIT, "MAX"),
    share(SOURCE, IN_USE),
    share(SOURCE, DRAWS_CASH),
    ratio(ALL_DRAWN_CASH, ALL_DRAWN),
    aggregate(SOURCE, DRAWN, "MEAN", LAST_QUARTER),
    aggregate(SOURCE, CASH_DRAWINGS, "MEAN"),
    aggregate(SOURCE, CASH_DRAWINGS, "MEAN", LAST_QUARTER),
    aggregate(SOURCE, PAID_TO_MINIMUM, "MEAN"),
    share(SOURCE, SHORT, among=(LAST_YEAR,)),
    aggregate(SOURCE, MATURE, "MAX"),
    share(SOURCE, LATE),
    aggregate(SOURCE, PAST_DUE, "MAX"),
    *aggregates(SOURCE, PAST_DUE_MATERIAL, ("MAX", "MEAN")),
    aggregate(SOURCE, MONTH, "MIN"),
)

INPUTS = {"credit_card_balance": input_columns(SPECIFICATIONS)}


def features(credit_card_balance: ir.Table) -> ir.Table:
    """One row a client with an earlier credit card."""
    return summarize(credit_card_balance, SOURCE, SPECIFICATIONS)


TABLE = FeatureTable("credit_card_balance", SPECIFICATIONS, INPUTS, features)
