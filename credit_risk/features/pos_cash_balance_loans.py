"""What the months of each earlier point-of-sale or cash loan come to, and features of these loans.

Here: loans as groups of the rows of POS_CASH_balance, and the specifications over them. Add a
summary to LOAN_FEATURES. Keep out: features of the months (`pos_cash_balance`).
"""

from credit_risk.features.conditions import above, at_least
from credit_risk.features.grammar import aggregate, count, grouped, of_group, share
from credit_risk.features.pos_cash_balance_columns import (
    COMPLETED,
    LATE,
    LOAN,
    MONTH,
    PAST_DUE,
    REMAINING,
    SOURCE,
    TERM,
)
from credit_risk.features.terms import Term, difference, named, ratio

LAST_REPORT = of_group(aggregate(SOURCE, MONTH, "MAX"))
LOANS = grouped(SOURCE, "POS_LOANS", "earlier loans", LOAN, dates=(LAST_REPORT,))

# Instalments left only fall, and a term is only cut: the fewest are the last, the most the first, and plain
# extremes cost an engine less than what stands on a date.
LEFT = of_group(aggregate(SOURCE, REMAINING, "MIN"))
AGREED = of_group(aggregate(SOURCE, TERM, "MAX"))
FINAL = of_group(aggregate(SOURCE, TERM, "MIN"))
WORST = of_group(aggregate(SOURCE, PAST_DUE, "MAX"))
LATE_MONTHS = of_group(share(SOURCE, LATE))

ENDED = above("ENDED", of_group(count(SOURCE, COMPLETED)), 0, "were completed")
SHORTENED = above("SHORTENED", difference(AGREED, FINAL), 0, "took fewer instalments than agreed")
EVER_LATE = above("LATE", WORST, 0, "were ever past due")
OPEN = above("OPEN", LEFT, 0, "have instalments left")
# The month before the application is often not closed yet, nor the one before it.
REPORTED = at_least("REPORTED", LAST_REPORT, -3, "were reported in the last 3 months")

NUMBER_OPEN = count(LOANS, OPEN)
NUMBER_RUNNING = count(LOANS, OPEN, REPORTED)
LEFT_RUNNING = aggregate(LOANS, LEFT, "SUM", REPORTED)

LOAN_FEATURES: tuple[Term, ...] = (
    count(LOANS),
    NUMBER_RUNNING,
    named(
        "POS_LOANS_ABANDONED_COUNT",
        difference(NUMBER_OPEN, NUMBER_RUNNING),
        "number of loans with instalments left that are reported no more",
    ),
    share(LOANS, ENDED),
    share(LOANS, ENDED, SHORTENED),
    share(LOANS, EVER_LATE),
    aggregate(LOANS, LATE_MONTHS, "LATEST"),
    aggregate(LOANS, LATE_MONTHS, "MAX"),
    aggregate(LOANS, WORST, "LATEST"),
    LEFT_RUNNING,
    aggregate(LOANS, LEFT, "MAX", REPORTED),
    named(
        "POS_LOANS_LEFT_SHARE",
        ratio(LEFT_RUNNING, aggregate(LOANS, AGREED, "SUM", REPORTED)),
        "share of the instalments of running loans that is left",
    ),
    aggregate(LOANS, AGREED, "LATEST"),
)
