"""Features of the monthly states of credits at other lenders.

Here: specifications over bureau_balance, one row a month of a credit; `bureau` says whose credit
it is. Add a summary to SPECIFICATIONS. Keep out: the credits themselves (`bureau`).
"""

import ibis.expr.types as ir

from credit_risk.features.conditions import at_least, last_months, one_of
from credit_risk.features.feature_table import FeatureTable
from credit_risk.features.grammar import Source, aggregate, aggregates, count, share
from credit_risk.features.rendering import CLIENT, input_columns, summarize
from credit_risk.features.terms import Term, category, coded, column
from credit_risk.features.units import GRADE, MONTHS

CREDIT_KEY = "SK_ID_BUREAU"

MONTH = column("MONTHS_BALANCE", MONTHS, "month of the state")
SOURCE = Source("bureau_balance", "BUREAU_MONTHS", "months of credits at other lenders", dates=(MONTH,))

STATUS = category("STATUS", "state in the month")
# 0: paid in time; 1 to 5: up to 30, 60, 90, 120 and more days past due, 5 also sold or written
# off; C (closed) and X (unknown) are no step of severity.
SEVERITY = coded(
    "SEVERITY",
    STATUS,
    {str(step): float(step) for step in range(6)},
    GRADE,
    "arrears from 0 (none) to 5 (over 120 days)",
)

LATE = at_least("LATE", SEVERITY, 1, "are in arrears")
SERIOUS = at_least("SERIOUS", SEVERITY, 2, "are over 30 days in arrears")
CLOSED = one_of("CLOSED", STATUS, ("C",), "follow the close")
LAST_YEAR = last_months(MONTH, 12)

SPECIFICATIONS: tuple[Term, ...] = (
    count(SOURCE),
    count(SOURCE, SERIOUS),
    share(SOURCE, LATE),
    share(SOURCE, LATE, among=(LAST_YEAR,)),
    share(SOURCE, CLOSED),
    *aggregates(SOURCE, SEVERITY, ("MAX", "MEAN")),
    aggregate(SOURCE, SEVERITY, "MAX", LAST_YEAR),
    aggregate(SOURCE, MONTH, "MIN"),
    aggregate(SOURCE, MONTH, "MAX", LATE),
)

INPUTS = {
    "bureau_balance": input_columns(SPECIFICATIONS, key=CREDIT_KEY),
    # The months know their credit; bureau knows whose it is.
    "bureau": {CREDIT_KEY: "int64", CLIENT: "int64"},
}


def features(bureau_balance: ir.Table, bureau: ir.Table) -> ir.Table:
    """One row a client with monthly states; states of a credit that nobody holds are left out."""
    # Joined before the one group-by: grouping by credit first costs a second, larger group-by.
    owned = bureau_balance.inner_join(bureau.select(CREDIT_KEY, CLIENT), CREDIT_KEY)
    return summarize(owned, SOURCE, SPECIFICATIONS)


TABLE = FeatureTable("bureau_balance", SPECIFICATIONS, INPUTS, features)
