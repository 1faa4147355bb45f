"""Features of the client's earlier applications at this lender.

Here: specifications over previous_application, one row an application. Add a summary to
SPECIFICATIONS. Keep out: how the credits that came of them were repaid (`pos_cash_balance`,
`installments_payments`, `credit_card_balance`).
"""

import ibis.expr.types as ir

from credit_risk.features.conditions import last_days, one_of
from credit_risk.features.feature_table import FeatureTable
from credit_risk.features.grammar import Source, aggregate, aggregates, count, distinct, share
from credit_risk.features.rendering import input_columns, summarize
from credit_risk.features.terms import Term, category, column, difference, named, product, ratio
from credit_risk.features.units import CURRENCY, DAYS, MONTHS, RATIO

# Stands for "not yet" and "never" in the planned and actual days of this table.
NOT_YET = 365243

DECISION = column("DAYS_DECISION", DAYS, "day of the decision")
SOURCE = Source("previous_application", "PREVIOUS", "earlier applications", dates=(DECISION,))

STATUS = category("NAME_CONTRACT_STATUS", "decision")
CONTRACT_TYPE = category("NAME_CONTRACT_TYPE", "contract type")
REJECT_REASON = category("CODE_REJECT_REASON", "reason of refusal")
YIELD_GROUP = category("NAME_YIELD_GROUP", "group of interest rates")
PRODUCT = category("PRODUCT_COMBINATION", "product")

ASKED = column("AMT_APPLICATION", CURRENCY, "amount asked for")
GRANTED = column("AMT_CREDIT", CURRENCY, "amount granted")
ANNUITY = column("AMT_ANNUITY", CURRENCY, "annuity")
DOWN_PAYMENT_RATE = column("RATE_DOWN_PAYMENT", RATIO, "down payment, normalized")
PAYMENTS = column("CNT_PAYMENT", MONTHS, "term")
FIRST_DRAWING = column("DAYS_FIRST_DRAWING", DAYS, "first drawing", sentinel=NOT_YET, fact=True)
LAST_DUE_PLANNED = column("DAYS_LAST_DUE_1ST_VERSION", DAYS, "last instalment due by plan", sentinel=NOT_YET)
TERMINATION = column("DAYS_TERMINATION", DAYS, "end of the contract", sentinel=NOT_YET, fact=True)

ASKED_TO_GRANTED = ratio(ASKED, GRANTED)
REPAID = named("REPAID_TO_GRANTED", ratio(product(ANNUITY, PAYMENTS), GRANTED), "all annuities to the amount granted")
SHORTENED = named("DAYS_EARLY", difference(LAST_DUE_PLANNED, TERMINATION), "days ended before plan")

APPROVED = one_of("APPROVED", STATUS, ("Approved",), "were approved")
REFUSED = one_of("REFUSED", STATUS, ("Refused",), "were refused")
CANCELED = one_of("CANCELED", STATUS, ("Canceled", "Unused offer"), "were canceled or not used")
CONSUMER = one_of("CONSUMER", CONTRACT_TYPE, ("Consumer loans",), "were for consumer loans")
REVOLVING = one_of("REVOLVING", CONTRACT_TYPE, ("Revolving loans",), "were for revolving loans")
BY_POLICY = one_of("REJECT_POLICY", REJECT_REASON, ("HC",), "were refused by policy (HC)")
BY_SCORE = one_of("REJECT_SCORE", REJECT_REASON, ("SCO", "SCOFR"), "were refused by score")
HIGH_YIELD = one_of("YIELD_HIGH", YIELD_GROUP, ("high",), "bore high interest")
LOW_YIELD = one_of("YIELD_LOW", YIELD_GROUP, ("low_action", "low_normal"), "bore low interest")
LAST_YEAR = last_days(DECISION, 365)
LAST_QUARTER = last_days(DECISION, 90)

APPROVED_ANNUITY = aggregate(SOURCE, ANNUITY, "MEAN", APPROVED)
APPROVED_CREDIT = aggregate(SOURCE, GRANTED, "MAX", APPROVED)

SPECIFICATIONS: tuple[Term, ...] = (
    count(SOURCE),
    count(SOURCE, REFUSED),
    count(SOURCE, LAST_QUARTER),
    count(SOURCE, LAST_YEAR, REFUSED),
    count(SOURCE, BY_POLICY),
    count(SOURCE, BY_SCORE),
    share(SOURCE, APPROVED),
    share(SOURCE, REFUSED),
    share(SOURCE, CANCELED),
    share(SOURCE, REVOLVING),
    share(SOURCE, HIGH_YIELD),
    share(SOURCE, LOW_YIELD),
    distinct(SOURCE, PRODUCT),
    *aggregates(SOURCE, DECISION, ("MIN", "MAX", "MEAN")),
    aggregate(SOURCE, DECISION, "MAX", REFUSED),
    aggregate(SOURCE, DECISION, "MAX", APPROVED),
    aggregate(SOURCE, ASKED, "MEAN"),
    aggregate(SOURCE, GRANTED, "MEAN", APPROVED),
    APPROVED_CREDIT,
    APPROVED_ANNUITY,
    *aggregates(SOURCE, ASKED_TO_GRANTED, ("MEAN", "MIN")),
    aggregate(SOURCE, REPAID, "MEAN", APPROVED),
    aggregate(SOURCE, DOWN_PAYMENT_RATE, "MEAN", CONSUMER),
    *aggregates(SOURCE, PAYMENTS, ("MEAN", "MAX"), APPROVED),
    aggregate(SOURCE, FIRST_DRAWING, "MAX"),
    aggregate(SOURCE, LAST_DUE_PLANNED, "MAX", APPROVED),
    aggregate(SOURCE, TERMINATION, "MAX"),
    aggregate(SOURCE, SHORTENED, "MEAN"),
)

INPUTS = {"previous_application": input_columns(SPECIFICATIONS)}


def features(previous_application: ir.Table) -> ir.Table:
    """One row a client who applied before."""
    return summarize(previous_application, SOURCE, SPECIFICATIONS)


TABLE = FeatureTable("previous_application", SPECIFICATIONS, INPUTS, features)
