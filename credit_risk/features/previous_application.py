"""Features of the client's earlier applications at this lender.

Here: specifications over previous_application, one row an application. Add a summary to
SPECIFICATIONS. Keep out: how the credits that came of them were repaid (`pos_cash_balance`,
`installments_payments`, `credit_card_balance`), and what a row says
(`previous_application_columns`).
"""

import ibis.expr.types as ir

from credit_risk.features.feature_table import FeatureTable
from credit_risk.features.grammar import aggregate, aggregates, count, share
from credit_risk.features.previous_application_columns import (
    AGENT,
    ALL_ANNUITIES,
    ALONE,
    ANNUITIES_AHEAD,
    ANNUITY,
    ANNUITY_TO_PAYMENTS,
    APPROVED,
    ASKED,
    ASKED_TO_GRANTED,
    BY_FRAUD,
    BY_LIMIT,
    BY_POLICY,
    BY_SCORE,
    CANCELED,
    CARD_STREET,
    CASH,
    CASH_LOW,
    CONSUMER,
    CONTACT_CENTER,
    CROSS_SELL,
    DECIDED,
    DECISION,
    DOWN_PAYMENT,
    DOWN_PAYMENT_RATE,
    EXTRA,
    FIRST_DRAWING,
    FIRST_DUE,
    GOODS_TO_ANNUITIES,
    GRANTED,
    GRANTED_TO_ANNUITIES,
    GRANTED_TO_ANNUITY,
    HIGH_YIELD,
    HOME,
    HOUR,
    INDUSTRIAL,
    INSURED,
    INTEREST,
    LAST_DUE_PLANNED,
    LAST_QUARTER,
    LAST_TWO_YEARS,
    LAST_YEAR,
    LOW_YIELD,
    MOBILE,
    NEW_CLIENT,
    OUTCOME,
    PAYMENTS,
    PAYMENTS_AHEAD,
    PRODUCT_GRADE,
    PROMOTION,
    REFUSED,
    REVOLVING,
    RUNNING,
    SELLER_AREA,
    SHORTENED,
    SOURCE,
    TERMINATION,
    UNUSED,
    WALK_IN,
    WITH_PURPOSE,
    YEAR_AHEAD,
    YIELD_GRADE,
)
from credit_risk.features.rendering import input_columns, summarize
from credit_risk.features.terms import Term, difference, named, ratio

NUMBER = count(SOURCE)
FIRST_DECISION = aggregate(SOURCE, DECISION, "MIN")
LAST_APPROVAL = aggregate(SOURCE, DECISION, "MAX", APPROVED)
LAST_REFUSAL = aggregate(SOURCE, DECISION, "MAX", REFUSED)
REFUSED_ASKED = aggregate(SOURCE, ASKED, "MEAN", REFUSED)
APPROVED_ANNUITY = aggregate(SOURCE, ANNUITY, "MEAN", APPROVED)
APPROVED_ANNUITY_MAX = aggregate(SOURCE, ANNUITY, "MAX", APPROVED)
APPROVED_CREDIT = aggregate(SOURCE, GRANTED, "MAX", APPROVED)
APPROVED_CREDIT_MEAN = aggregate(SOURCE, GRANTED, "MEAN", APPROVED)
APPROVED_TERM = aggregate(SOURCE, PAYMENTS, "MEAN", APPROVED)
APPROVED_INTEREST = aggregate(SOURCE, INTEREST, "MEAN", APPROVED)
LATEST_INTEREST = aggregate(SOURCE, INTEREST, "LATEST", APPROVED)
LATEST_CREDIT = aggregate(SOURCE, GRANTED, "LATEST", APPROVED)
FIRST_CREDIT = aggregate(SOURCE, GRANTED, "FIRST", APPROVED)
RUNNING_ANNUITY = aggregate(SOURCE, ANNUITY, "SUM", RUNNING)
RUNNING_ANNUITY_IN_A_YEAR = aggregate(SOURCE, ANNUITY, "SUM", RUNNING, YEAR_AHEAD)
RUNNING_DEBT = aggregate(SOURCE, ANNUITIES_AHEAD, "SUM", RUNNING)

DECISIONS: tuple[Term, ...] = (
    NUMBER,
    count(SOURCE, APPROVED),
    count(SOURCE, REFUSED),
    count(SOURCE, RUNNING),
    count(SOURCE, LAST_QUARTER),
    count(SOURCE, LAST_YEAR),
    count(SOURCE, LAST_YEAR, REFUSED),
    count(SOURCE, BY_POLICY),
    count(SOURCE, BY_LIMIT),
    count(SOURCE, BY_SCORE),
    count(SOURCE, BY_FRAUD),
    share(SOURCE, APPROVED),
    share(SOURCE, REFUSED),
    share(SOURCE, CANCELED),
    share(SOURCE, UNUSED),
    share(SOURCE, APPROVED, among=(DECIDED,)),
    share(SOURCE, REFUSED, among=(LAST_TWO_YEARS,)),
    share(SOURCE, REFUSED, among=(CASH,)),
    share(SOURCE, REFUSED, among=(CONSUMER,)),
    aggregate(SOURCE, OUTCOME, "LATEST"),
)
"""What was decided, how often, and how lately."""

KINDS: tuple[Term, ...] = (
    share(SOURCE, CASH),
    share(SOURCE, REVOLVING),
    share(SOURCE, HIGH_YIELD),
    share(SOURCE, LOW_YIELD),
    share(SOURCE, PROMOTION),
    share(SOURCE, WALK_IN),
    share(SOURCE, CROSS_SELL),
    share(SOURCE, NEW_CLIENT),
    share(SOURCE, AGENT),
    share(SOURCE, CONTACT_CENTER),
    share(SOURCE, CARD_STREET),
    share(SOURCE, CASH_LOW),
    share(SOURCE, MOBILE),
    share(SOURCE, INDUSTRIAL),
    share(SOURCE, HOME),
    share(SOURCE, WITH_PURPOSE),
    share(SOURCE, ALONE),
    aggregate(SOURCE, YIELD_GRADE, "LATEST"),
    aggregate(SOURCE, PRODUCT_GRADE, "LATEST"),
    aggregate(SOURCE, PRODUCT_GRADE, "LATEST", APPROVED),
    aggregate(SOURCE, INSURED, "MEAN"),
    aggregate(SOURCE, HOUR, "MEAN", APPROVED),
    aggregate(SOURCE, SELLER_AREA, "MEAN", APPROVED),
)
"""What was applied for, where and how."""

DAYS_OF_CREDITS: tuple[Term, ...] = (
    FIRST_DECISION,
    *aggregates(SOURCE, DECISION, ("MAX", "MEAN")),
    LAST_APPROVAL,
    LAST_REFUSAL,
    named(
        "PREVIOUS_LAST_REFUSAL_AFTER_APPROVAL",
        difference(LAST_REFUSAL, LAST_APPROVAL),
        "days from the last approval to the last refusal",
    ),
    ratio(NUMBER, FIRST_DECISION),
    aggregate(SOURCE, FIRST_DRAWING, "MAX"),
    aggregate(SOURCE, FIRST_DUE, "MIN", APPROVED),
    *aggregates(SOURCE, LAST_DUE_PLANNED, ("MAX", "MEAN", "MIN"), APPROVED),
    aggregate(SOURCE, LAST_DUE_PLANNED, "MEAN", RUNNING),
    *aggregates(SOURCE, TERMINATION, ("MAX", "MIN")),
    *aggregates(SOURCE, SHORTENED, ("MEAN", "MAX")),
)
"""When was applied and decided, and when the credits were to end and ended."""

AMOUNTS: tuple[Term, ...] = (
    aggregate(SOURCE, ASKED, "MEAN"),
    REFUSED_ASKED,
    named(
        "PREVIOUS_REFUSED_TO_APPROVED",
        ratio(REFUSED_ASKED, APPROVED_CREDIT_MEAN),
        "mean amount refused to mean amount granted",
    ),
    APPROVED_CREDIT,
    APPROVED_CREDIT_MEAN,
    aggregate(SOURCE, GRANTED, "MIN", APPROVED),
    LATEST_CREDIT,
    named(
        "PREVIOUS_LATEST_TO_FIRST", ratio(LATEST_CREDIT, FIRST_CREDIT), "amount granted last to amount granted first"
    ),
    APPROVED_ANNUITY,
    APPROVED_ANNUITY_MAX,
    aggregate(SOURCE, DOWN_PAYMENT, "MAX", APPROVED),
    *aggregates(SOURCE, DOWN_PAYMENT_RATE, ("MEAN", "MAX")),
    *aggregates(SOURCE, ASKED_TO_GRANTED, ("MEAN", "MIN")),
    *aggregates(SOURCE, ASKED_TO_GRANTED, ("MAX", "STD"), APPROVED),
    aggregate(SOURCE, EXTRA, "MAX", APPROVED),
)
"""How much was asked for and granted."""

PRICES: tuple[Term, ...] = (
    APPROVED_TERM,
    *aggregates(SOURCE, PAYMENTS, ("MAX", "STD", "LATEST"), APPROVED),
    aggregate(SOURCE, GRANTED_TO_ANNUITY, "MEAN", APPROVED),
    aggregate(SOURCE, ANNUITY_TO_PAYMENTS, "MEAN", APPROVED),
    *aggregates(SOURCE, GOODS_TO_ANNUITIES, ("MEAN", "MAX"), APPROVED),
    aggregate(SOURCE, GOODS_TO_ANNUITIES, "MEAN", RUNNING),
    *aggregates(SOURCE, GRANTED_TO_ANNUITIES, ("MEAN", "STD"), APPROVED),
    aggregate(SOURCE, GRANTED_TO_ANNUITIES, "MEAN", REFUSED),
    APPROVED_INTEREST,
    aggregate(SOURCE, INTEREST, "MAX", APPROVED),
    aggregate(SOURCE, INTEREST, "MEAN", CASH),
    aggregate(SOURCE, INTEREST, "MAX", LAST_TWO_YEARS),
    LATEST_INTEREST,
    difference(LATEST_INTEREST, APPROVED_INTEREST),
)
"""For how long and at what price."""

BURDEN: tuple[Term, ...] = (
    RUNNING_ANNUITY,
    RUNNING_ANNUITY_IN_A_YEAR,
    named(
        "PREVIOUS_ANNUITY_IN_A_YEAR_TO_NOW",
        ratio(RUNNING_ANNUITY_IN_A_YEAR, RUNNING_ANNUITY),
        "share of the annuities under repayment that are due in a year still",
    ),
    RUNNING_DEBT,
    named(
        "PREVIOUS_RUNNING_SHARE_AHEAD",
        ratio(RUNNING_DEBT, aggregate(SOURCE, ALL_ANNUITIES, "SUM", RUNNING)),
        "share of all annuities of credits under repayment that lies ahead",
    ),
    *aggregates(SOURCE, PAYMENTS_AHEAD, ("MEAN", "STD"), APPROVED),
    aggregate(SOURCE, PAYMENTS_AHEAD, "SUM", RUNNING),
)
"""What the client still has to pay on earlier credits."""

SPECIFICATIONS: tuple[Term, ...] = (*DECISIONS, *KINDS, *DAYS_OF_CREDITS, *AMOUNTS, *PRICES, *BURDEN)

INPUTS = {"previous_application": input_columns(SPECIFICATIONS)}


def features(previous_application: ir.Table) -> ir.Table:
    """One row a client who applied before."""
    return summarize(previous_application, SOURCE, SPECIFICATIONS)


TABLE = FeatureTable("previous_application", SPECIFICATIONS, INPUTS, features)
