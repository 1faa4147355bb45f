"""Features of the monthly balances of earlier point-of-sale and cash loans.

Here: specifications over POS_CASH_balance, one row a month of a loan. Add a summary to
SPECIFICATIONS. Keep out: single payments (`installments_payments`).
"""

import ibis.expr.types as ir

from credit_risk.features.conditions import above, last_months, one_of
from credit_risk.features.feature_table import FeatureTable
from credit_risk.features.grammar import Source, aggregate, aggregates, count, distinct, share
from credit_risk.features.rendering import input_columns, summarize
from credit_risk.features.terms import Term, category, column, difference
from credit_risk.features.units import COUNT, DAYS, MONTHS

MONTH = column("MONTHS_BALANCE", MONTHS, "month of the balance")
SOURCE = Source("POS_CASH_balance", "POS", "months of earlier loans", dates=(MONTH,))

LOAN = column("SK_ID_PREV", COUNT, "loan")
STATUS = category("NAME_CONTRACT_STATUS", "state of the loan")
TERM = column("CNT_INSTALMENT", COUNT, "instalments in all")
REMAINING = column("CNT_INSTALMENT_FUTURE", COUNT, "instalments left")
PAST_DUE = column("SK_DPD", DAYS, "days past due")
# The file's tolerance: debts of small amounts are not counted as past due.
PAST_DUE_MATERIAL = column("SK_DPD_DEF", DAYS, "days past due, small debts ignored")

LATE = above("LATE", PAST_DUE, 0, "are past due")
MATERIALLY_LATE = above("LATE_DEF", PAST_DUE_MATERIAL, 0, "are past due, small debts ignored")
ACTIVE = one_of("ACTIVE", STATUS, ("Active",), "are active")
COMPLETED = one_of("COMPLETED", STATUS, ("Completed",), "end a loan")
LAST_QUARTER = last_months(MONTH, 3)
LAST_YEAR = last_months(MONTH, 12)

MEAN_PAST_DUE = aggregate(SOURCE, PAST_DUE_MATERIAL, "MEAN")
RECENT_PAST_DUE = aggregate(SOURCE, PAST_DUE_MATERIAL, "MEAN", LAST_YEAR)

SPECIFICATIONS: tuple[Term, ...] = (
    count(SOURCE),
    distinct(SOURCE, LOAN),
    distinct(SOURCE, LOAN, LAST_YEAR, ACTIVE),
    count(SOURCE, COMPLETED),
    share(SOURCE, LATE),
    share(SOURCE, MATERIALLY_LATE),
    share(SOURCE, LATE, among=(LAST_YEAR,)),
    *aggregates(SOURCE, MONTH, ("MIN", "MAX")),
    aggregate(SOURCE, MONTH, "MAX", LATE),
    aggregate(SOURCE, PAST_DUE, "MAX"),
    MEAN_PAST_DUE,
    RECENT_PAST_DUE,
    difference(RECENT_PAST_DUE, MEAN_PAST_DUE),
    aggregate(SOURCE, TERM, "MEAN"),
    aggregate(SOURCE, REMAINING, "MEAN"),
    aggregate(SOURCE, REMAINING, "MAX", LAST_QUARTER),
)

INPUTS = {"POS_CASH_balance": input_columns(SPECIFICATIONS)}


def features(pos_cash_balance: ir.Table) -> ir.Table:
    """One row a client with an earlier point-of-sale or cash loan."""
    return summarize(pos_cash_balance, SOURCE, SPECIFICATIONS)


TABLE = FeatureTable("pos_cash_balance", SPECIFICATIONS, INPUTS, features)
