"""What the payments on each earlier credit come to, and features of these credits.

Here: credits as groups of the rows of installments_payments, and the specifications over them. Add
a summary to LOAN_FEATURES. Keep out: features of single payments (`installments_payments`).
"""

from dataclasses import replace

from credit_risk.features.conditions import above
from credit_risk.features.grammar import aggregate, aggregates, count, grouped, of_group, share
from credit_risk.features.installments_payments_columns import (
    DAYS_LATE,
    DUE_DAY,
    LATE,
    LOAN,
    NUMBER,
    PARTS_OF_DAYS,
    SOURCE,
)
from credit_risk.features.terms import Term, named, ratio

LAST_DUE = of_group(aggregate(SOURCE, DUE_DAY, "MAX"))
LOANS = grouped(SOURCE, "INSTALMENTS_LOANS", "credits with instalments", LOAN, dates=(LAST_DUE,))

PAYMENTS = of_group(count(SOURCE))
INSTALMENTS = of_group(aggregate(SOURCE, NUMBER, "MAX"))
# Not the mean itself: days are summed whole, and a mean of days is none.
MEAN_DELAY = replace(
    named(
        "MEAN_DELAY",
        ratio(of_group(aggregate(SOURCE, DAYS_LATE, "SUM")), PAYMENTS),
        "mean days of delay of its payments",
    ),
    unit=PARTS_OF_DAYS,
)
WORST = of_group(aggregate(SOURCE, DAYS_LATE, "MAX"))
LATE_SHARE = of_group(share(SOURCE, LATE))

EVER_LATE = above("LATE", WORST, 0, "were ever paid late")

LOAN_FEATURES: tuple[Term, ...] = (
    count(LOANS),
    share(LOANS, EVER_LATE),
    aggregate(LOANS, WORST, "LATEST"),
    *aggregates(LOANS, MEAN_DELAY, ("MAX", "LATEST")),
    *aggregates(LOANS, LATE_SHARE, ("MAX", "LATEST")),
    named(
        "INSTALMENTS_LOANS_PAYMENTS_OF_INSTALMENT",
        ratio(aggregate(LOANS, PAYMENTS, "SUM"), aggregate(LOANS, INSTALMENTS, "SUM")),
        "payments to instalments: above 1 where they are split",
    ),
)
