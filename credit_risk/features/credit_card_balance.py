"""Features of the monthly balances of earlier credit cards.

Here: specifications over credit_card_balance, one row a month of a card. Add a summary to
SPECIFICATIONS. Keep out: cards of other lenders (`bureau`), and what a row says
(`credit_card_balance_columns`).
"""

import ibis.expr.types as ir

from credit_risk.features.credit_card_balance_columns import (
    BALANCE,
    CASH_DRAWINGS,
    COMPLETED,
    DRAWINGS,
    DRAWN,
    DRAWN_CASH,
    DRAWN_GOODS,
    DRAWN_OF_LIMIT,
    DRAWS,
    DRAWS_CASH,
    IN_USE,
    INTEREST,
    LAST_QUARTER,
    LAST_YEAR,
    LATE,
    LIMIT,
    MATURE,
    MINIMUM,
    MONTH,
    OVER_LIMIT,
    OWED,
    PAID,
    PAID_TO_MINIMUM,
    PAID_TO_OWED,
    PAST_DUE,
    PAST_DUE_MATERIAL,
    SHORT,
    SOURCE,
    UTILIZATION,
)
from credit_risk.features.feature_table import FeatureTable
from credit_risk.features.grammar import aggregate, aggregates, share
from credit_risk.features.rendering import input_columns, summarize
from credit_risk.features.terms import Term, difference, named, ratio

MEAN_UTILIZATION = aggregate(SOURCE, UTILIZATION, "MEAN")
RECENT_UTILIZATION = aggregate(SOURCE, UTILIZATION, "MEAN", LAST_QUARTER)
ALL_DRAWN = aggregate(SOURCE, DRAWN, "SUM")
RECENT_DRAWN = aggregate(SOURCE, DRAWN, "SUM", LAST_YEAR)
ALL_DRAWN_CASH = aggregate(SOURCE, DRAWN_CASH, "SUM")
ALL_PAID = aggregate(SOURCE, PAID, "SUM")
RECENT_PAID = aggregate(SOURCE, PAID, "SUM", LAST_YEAR)

USE: tuple[Term, ...] = (
    MEAN_UTILIZATION,
    RECENT_UTILIZATION,
    *aggregates(SOURCE, UTILIZATION, ("MEAN", "MAX"), LAST_YEAR),
    difference(RECENT_UTILIZATION, MEAN_UTILIZATION),
    *aggregates(SOURCE, UTILIZATION, ("MAX", "STD", "LATEST", "TREND")),
    *aggregates(SOURCE, BALANCE, ("MEAN", "MAX")),
    aggregate(SOURCE, BALANCE, "MEAN", LAST_QUARTER),
    aggregate(SOURCE, LIMIT, "MAX"),
    share(SOURCE, IN_USE),
    share(SOURCE, OVER_LIMIT),
)
"""How much of the limit is used."""

DRAWN_ON: tuple[Term, ...] = (
    share(SOURCE, DRAWS),
    share(SOURCE, DRAWS, among=(LAST_YEAR,)),
    share(SOURCE, DRAWS_CASH),
    aggregate(SOURCE, MONTH, "MAX", DRAWS),
    ALL_DRAWN,
    RECENT_DRAWN,
    ALL_DRAWN_CASH,
    aggregate(SOURCE, DRAWN_CASH, "SUM", LAST_YEAR),
    ratio(ALL_DRAWN_CASH, ALL_DRAWN),
    aggregate(SOURCE, DRAWN, "MAX"),
    aggregate(SOURCE, DRAWN_GOODS, "MEAN"),
    aggregate(SOURCE, DRAWN_OF_LIMIT, "MEAN"),
    *aggregates(SOURCE, DRAWINGS, ("MEAN", "STD")),
    aggregate(SOURCE, DRAWINGS, "STD", LAST_YEAR),
    *aggregates(SOURCE, CASH_DRAWINGS, ("MEAN", "STD")),
    aggregate(SOURCE, CASH_DRAWINGS, "MEAN", LAST_YEAR),
)
"""How much is drawn, how often, in cash or not."""

REPAYMENT: tuple[Term, ...] = (
    ALL_PAID,
    named("CARD_DRAWN_MINUS_PAID", difference(ALL_DRAWN, ALL_PAID), "drawings less payments"),
    named(
        "CARD_LAST12M_DRAWN_MINUS_PAID",
        difference(RECENT_DRAWN, RECENT_PAID),
        "drawings less payments of the last 12 months",
    ),
    aggregate(SOURCE, MINIMUM, "MEAN"),
    named(
        "CARD_PAID_TO_ALL_MINIMUM",
        ratio(ALL_PAID, aggregate(SOURCE, MINIMUM, "SUM")),
        "all payments against all minimums",
    ),
    aggregate(SOURCE, PAID_TO_MINIMUM, "MEAN"),
    aggregate(SOURCE, PAID_TO_OWED, "MEAN"),
    share(SOURCE, SHORT),
    share(SOURCE, SHORT, among=(LAST_YEAR,)),
    named(
        "CARD_INTEREST_SHARE",
        ratio(aggregate(SOURCE, INTEREST, "SUM"), aggregate(SOURCE, OWED, "SUM")),
        "interest and fees among all that was owed",
    ),
    aggregate(SOURCE, MATURE, "MAX"),
    share(SOURCE, LATE),
    share(SOURCE, LATE, among=(LAST_YEAR,)),
    *aggregates(SOURCE, PAST_DUE, ("MAX", "MEAN")),
    *aggregates(SOURCE, PAST_DUE_MATERIAL, ("MAX", "MEAN")),
)
"""How much is paid back, and how late."""

AGE: tuple[Term, ...] = (
    *aggregates(SOURCE, MONTH, ("MIN", "MAX")),
    share(SOURCE, COMPLETED),
)
"""How old the cards are, and whether they ended."""

SPECIFICATIONS: tuple[Term, ...] = (*USE, *DRAWN_ON, *REPAYMENT, *AGE)

INPUTS = {"credit_card_balance": input_columns(SPECIFICATIONS)}


def features(credit_card_balance: ir.Table) -> ir.Table:
    """One row a client with an earlier credit card."""
    return summarize(credit_card_balance, SOURCE, SPECIFICATIONS)


TABLE = FeatureTable("credit_card_balance", SPECIFICATIONS, INPUTS, features)
