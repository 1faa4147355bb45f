"""Features of the monthly balances of earlier point-of-sale and cash loans.

Here: specifications over POS_CASH_balance, one row a month of a loan. Add a summary to
SPECIFICATIONS. Keep out: single payments (`installments_payments`), the features of whole loans
(`pos_cash_balance_loans`), and what a row says (`pos_cash_balance_columns`).
"""

import ibis.expr.types as ir

from credit_risk.features.feature_table import FeatureTable
from credit_risk.features.grammar import aggregate, aggregates, count, share
from credit_risk.features.pos_cash_balance_columns import (
    CALLED,
    COMPLETED,
    LAST_YEAR,
    LATE,
    MATERIALLY_LATE,
    MONTH,
    PAST_DUE,
    PAST_DUE_MATERIAL,
    REMAINING,
    REMAINING_SHARE,
    RETURNED,
    SIGNED,
    SOURCE,
    TERM,
)
from credit_risk.features.pos_cash_balance_loans import LOAN_FEATURES
from credit_risk.features.rendering import input_columns, summarize
from credit_risk.features.terms import Term, difference

FIRST_MONTH = aggregate(SOURCE, MONTH, "MIN")
LAST_MONTH = aggregate(SOURCE, MONTH, "MAX")
LATE_SHARE = share(SOURCE, LATE)
LATE_SHARE_OF_YEAR = share(SOURCE, LATE, among=(LAST_YEAR,))

MONTH_FEATURES: tuple[Term, ...] = (
    count(SOURCE),
    count(SOURCE, RETURNED),
    count(SOURCE, CALLED),
    share(SOURCE, SIGNED),
    LATE_SHARE,
    LATE_SHARE_OF_YEAR,
    difference(LATE_SHARE_OF_YEAR, LATE_SHARE),
    share(SOURCE, MATERIALLY_LATE),
    *aggregates(SOURCE, PAST_DUE, ("MAX", "MEAN")),
    *aggregates(SOURCE, PAST_DUE_MATERIAL, ("MAX", "MEAN")),
    aggregate(SOURCE, PAST_DUE_MATERIAL, "MEAN", LAST_YEAR),
    FIRST_MONTH,
    LAST_MONTH,
    aggregate(SOURCE, MONTH, "MEAN"),
    difference(LAST_MONTH, FIRST_MONTH),
    aggregate(SOURCE, MONTH, "MAX", LATE),
    aggregate(SOURCE, MONTH, "MAX", COMPLETED),
    *aggregates(SOURCE, TERM, ("MEAN", "MAX")),
    aggregate(SOURCE, REMAINING, "MEAN"),
    *aggregates(SOURCE, REMAINING_SHARE, ("MEAN", "STD")),
    aggregate(SOURCE, REMAINING_SHARE, "MEAN", LAST_YEAR),
)

SPECIFICATIONS: tuple[Term, ...] = (*MONTH_FEATURES, *LOAN_FEATURES)

INPUTS = {"POS_CASH_balance": input_columns(SPECIFICATIONS)}


def features(pos_cash_balance: ir.Table) -> ir.Table:
    """One row a client with an earlier point-of-sale or cash loan."""
    return summarize(pos_cash_balance, SOURCE, SPECIFICATIONS)


TABLE = FeatureTable("pos_cash_balance", SPECIFICATIONS, INPUTS, features)
