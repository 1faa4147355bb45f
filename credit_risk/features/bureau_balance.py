"""Features of the monthly states of credits at other lenders.

Here: specifications over the spells of bureau_balance, the months that a credit spent in one state,
and over the credits that these make up. The table is the largest, and spells have a twelfth of its
rows: one pass makes them, and everything else reads them. Add a summary to SPECIFICATIONS, a window
to WINDOWS. Keep out: the credits themselves (`bureau`).
"""

import ibis
import ibis.expr.types as ir

from credit_risk.features.conditions import above, at_least, last_months
from credit_risk.features.feature_table import FeatureTable
from credit_risk.features.grammar import Source, aggregate, aggregates, count, grouped, of_group, share
from credit_risk.features.rendering import CLIENT, summarize
from credit_risk.features.terms import Term, category, coded, column, difference, named, product, ratio
from credit_risk.features.units import COUNT, FLAG, GRADE, MONTHS

CREDIT_KEY = "SK_ID_BUREAU"
# Ages in months that no spell of arrears crosses: its last month tells in which windows all of it lies.
WINDOWS = (3, 12, 24)

LAST_MONTH = column("MONTHS_BALANCE", MONTHS, "last month of the spell")
LENGTH = column("MONTHS", MONTHS, "months of the spell")
FIRST_MONTH = named(
    "FIRST_MONTH",
    difference(LAST_MONTH, column("SPAN", MONTHS, "months from the first to the last of the spell")),
    "first month of the spell",
)
STATUS = category("STATUS", "state in the months")
SOURCE = Source("bureau_balance", "BUREAU_MONTHS", "spells of credits at other lenders", dates=(LAST_MONTH,))

# 0: paid in time; 1 to 5: up to 30, 60, 90, 120 and more days past due, 5 also sold or written
# off; C (closed) and X (unknown) are no step of severity.
GRADES = ("0", "1", "2", "3", "4", "5")
STATES = (*GRADES, "C", "X")
SEVERITY = coded(
    "SEVERITY",
    STATUS,
    {grade: int(grade) for grade in GRADES},
    GRADE,
    "arrears from 0 (none) to 5 (over 120 days)",
)


def _months(name: str, states: tuple[str, ...], meaning: str) -> Term:
    """The months of a spell in one of these states; none of a spell in another."""
    among = coded(f"IS_{name}", STATUS, {state: int(state in states) for state in STATES}, FLAG, f"state: {meaning}")
    return named(name, product(LENGTH, among), f"months {meaning}")


KNOWN = _months("KNOWN", STATES, "in any state")
GRADED = _months("GRADED", GRADES, "with a payment due")
PAID = _months("PAID", GRADES[:1], "paid in time")
LATE = _months("LATE", GRADES[1:], "in arrears")
SERIOUS = _months("SERIOUS", GRADES[2:], "over 30 days in arrears")
CLOSED = _months("CLOSED", ("C",), "after the close")
UNKNOWN = _months("UNKNOWN", ("X",), "of an unknown state")
ARREARS = named("ARREARS", product(LENGTH, SEVERITY), "months times their arrears")

IN_ARREARS = at_least("IN_ARREARS", SEVERITY, 1, "are in arrears")
LAST_QUARTER, LAST_YEAR, LAST_TWO_YEARS = (last_months(LAST_MONTH, months) for months in WINDOWS)

CREDITS = grouped(SOURCE, "BUREAU_HISTORIES", "credits with monthly states", column(CREDIT_KEY, COUNT, "key"))
HISTORY = named("MONTHS_KNOWN", of_group(aggregate(SOURCE, KNOWN, "SUM")), "months known")
WORST = named("WORST", of_group(aggregate(SOURCE, SEVERITY, "MAX")), "worst arrears")
LATEST = named("LATEST", of_group(aggregate(SOURCE, SEVERITY, "LATEST")), "latest arrears")
EVER_LATE = at_least("EVER_LATE", WORST, 1, "were ever in arrears")
EVER_CLOSED = above("CLOSED", of_group(aggregate(SOURCE, CLOSED, "SUM")), 0, "were closed")

ALL_LATE = aggregate(SOURCE, LATE, "SUM")
ALL_CREDITS = count(CREDITS)


def _part(term: Term, base: Term) -> Term:
    return ratio(aggregate(SOURCE, term, "SUM"), aggregate(SOURCE, base, "SUM"))


SPECIFICATIONS: tuple[Term, ...] = (
    *(aggregate(SOURCE, months, "SUM") for months in (KNOWN, SERIOUS, ARREARS)),
    ALL_LATE,
    *(_part(months, KNOWN) for months in (LATE, PAID, CLOSED, UNKNOWN)),
    *(aggregate(SOURCE, LATE, "SUM", window) for window in (LAST_QUARTER, LAST_YEAR, LAST_TWO_YEARS)),
    aggregate(SOURCE, ARREARS, "SUM", LAST_YEAR),
    _part(ARREARS, GRADED),
    aggregate(SOURCE, SEVERITY, "MAX"),
    *(aggregate(SOURCE, SEVERITY, "MAX", window) for window in (LAST_YEAR, LAST_TWO_YEARS)),
    aggregate(SOURCE, FIRST_MONTH, "MIN"),
    aggregate(SOURCE, LAST_MONTH, "MAX", IN_ARREARS),
    ALL_CREDITS,
    ratio(ALL_LATE, ALL_CREDITS),
    count(CREDITS, EVER_LATE),
    *(share(CREDITS, state) for state in (EVER_LATE, EVER_CLOSED)),
    *aggregates(CREDITS, HISTORY, ("MEAN", "MIN", "MAX")),
    *(aggregate(CREDITS, arrears, "MEAN") for arrears in (WORST, LATEST)),
)

INPUTS = {
    "bureau_balance": {CREDIT_KEY: "int64", LAST_MONTH.name: "float64", STATUS.name: "string"},
    # The months know their credit; bureau knows whose it is.
    "bureau": {CREDIT_KEY: "int64", CLIENT: "int64"},
}


def features(bureau_balance: ir.Table, bureau: ir.Table) -> ir.Table:
    """One row a client with monthly states; states of a credit that nobody holds are left out."""
    owned = spells(bureau_balance).inner_join(bureau.select(CREDIT_KEY, CLIENT), CREDIT_KEY)
    return summarize(owned, SOURCE, SPECIFICATIONS)


def spells(bureau_balance: ir.Table) -> ir.Table:
    """One row a credit and state, and for arrears also a window, of the months before the application.

    Columns: the key of the credit, STATUS, MONTHS_BALANCE (its last month), MONTHS (how many), and
    SPAN (months from its first to its last).
    """
    # Before anything else: in a spell, a month after the application would hide those before it.
    known = bureau_balance.filter((bureau_balance.MONTHS_BALANCE <= 0) | bureau_balance.MONTHS_BALANCE.isnull())
    month = known.MONTHS_BALANCE
    window = ibis.cases(*((month >= -months, months) for months in WINDOWS))
    of_arrears = ibis.ifelse(known.STATUS.isin(GRADES[1:]), window, ibis.null(window.type()))
    return known.group_by(CREDIT_KEY, STATUS.name, WINDOW=of_arrears).aggregate(
        **{LAST_MONTH.name: month.max(), LENGTH.name: known.count(), "SPAN": month.max() - month.min()}
    )


TABLE = FeatureTable("bureau_balance", SPECIFICATIONS, INPUTS, features)
