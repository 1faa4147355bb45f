"""Features that need two sources: what the client asks for, against what the histories say.

Here: specifications over stored features of several sources, computed while these are joined. Add one to
SPECIFICATIONS; what it is composed of must be a feature of its source. Keep out: features of one source.
"""

from credit_risk.features import (
    application,
    bureau,
    credit_card_balance,
    installments_payments,
    previous_application,
)
from credit_risk.features.grammar import aggregate
from credit_risk.features.installments_payments_columns import PAID
from credit_risk.features.installments_payments_columns import SOURCE as PAYMENTS
from credit_risk.features.terms import Term, difference, named, plus, product, ratio

INCOME, CREDIT, ANNUITY = application.INCOME, application.CREDIT, application.ANNUITY

# An annuity is paid on the new credit and on those under repayment here.
ALL_ANNUITIES = named(
    "ALL_ANNUITIES",
    plus(ANNUITY, previous_application.RUNNING_ANNUITY),
    "annuity with those of credits under repayment",
)
OWN_DEBT = named(
    "OWN_DEBT", plus(CREDIT, previous_application.RUNNING_DEBT), "credit with what is left of earlier ones"
)
ALL_DEBT = named("ALL_DEBT", plus(OWN_DEBT, bureau.ACTIVE_DEBT), "debt here and elsewhere with the credit asked for")

BURDEN: tuple[Term, ...] = (
    ratio(ALL_ANNUITIES, INCOME),
    ratio(ALL_ANNUITIES, CREDIT),
    ratio(OWN_DEBT, INCOME),
    ratio(ALL_DEBT, INCOME),
    ratio(ALL_DEBT, ALL_ANNUITIES),
    ratio(bureau.ACTIVE_DEBT, INCOME),
    ratio(bureau.ACTIVE_DEBT, CREDIT),
    ratio(bureau.ALL_DEBT, INCOME),
    ratio(bureau.ACTIVE_CREDIT, INCOME),
    ratio(bureau.ALL_CREDIT, INCOME),
    ratio(bureau.ACTIVE_ANNUITY, INCOME),
    ratio(aggregate(bureau.SOURCE, bureau.CREDIT, "SUM", bureau.ONE_YEAR), INCOME),
    ratio(installments_payments.RECENT_PAID, INCOME),
    ratio(aggregate(PAYMENTS, PAID, "MEAN"), ANNUITY),
    ratio(installments_payments.PAID_ON_TIME, CREDIT),
)

# A credit larger or dearer than what the client was used to and was trusted with.
AGAINST_EARLIER: tuple[Term, ...] = (
    ratio(ANNUITY, previous_application.APPROVED_ANNUITY),
    ratio(ANNUITY, previous_application.APPROVED_ANNUITY_MAX),
    difference(ANNUITY, previous_application.APPROVED_ANNUITY),
    ratio(CREDIT, previous_application.APPROVED_CREDIT),
    ratio(CREDIT, previous_application.APPROVED_CREDIT_MEAN),
    ratio(CREDIT, previous_application.LATEST_CREDIT),
    ratio(CREDIT, previous_application.REFUSED_ASKED),
    ratio(application.CREDIT_TERM, previous_application.APPROVED_TERM),
    named(
        "PRICE_AT_EARLIER_TERM",
        ratio(product(ANNUITY, previous_application.APPROVED_TERM), CREDIT),
        "all annuities of the credit, were its term that of earlier ones, to the credit",
    ),
    ratio(CREDIT, aggregate(bureau.SOURCE, bureau.CREDIT, "MAX")),
    ratio(aggregate(bureau.SOURCE, bureau.CREDIT, "MEAN"), ANNUITY),
)

DATES: tuple[Term, ...] = (
    difference(bureau.OLDEST, application.BIRTH),
    difference(previous_application.FIRST_DECISION, application.BIRTH),
    difference(bureau.NEWEST, application.PHONE_CHANGE),
    difference(bureau.NEWEST, application.ID_PUBLISH),
    difference(aggregate(bureau.SOURCE, bureau.DAYS_CREDIT, "MEAN"), application.REGISTRATION),
    named(
        "BUREAU_ACTIVE_AGE_TO_EMPLOYED",
        ratio(aggregate(bureau.SOURCE, bureau.DAYS_CREDIT, "MEAN", bureau.ACTIVE), application.EMPLOYED),
        "age of active credits elsewhere to time employed",
    ),
)

# Debt and arrears weigh more where the external scores are low.
AGAINST_SCORES: tuple[Term, ...] = (
    *(
        ratio(aggregate(bureau.SOURCE, bureau.UTILIZATION, statistic), application.MEAN_SCORE)
        for statistic in ("MAX", "MEAN")
    ),
    ratio(installments_payments.LATE_SHARE, application.MEAN_SCORE),
    ratio(credit_card_balance.MEAN_UTILIZATION, application.MEAN_SCORE),
    ratio(application.YEAR_ENQUIRIES, bureau.ALL_COUNT),
)

SPECIFICATIONS: tuple[Term, ...] = (*BURDEN, *AGAINST_EARLIER, *DATES, *AGAINST_SCORES)
