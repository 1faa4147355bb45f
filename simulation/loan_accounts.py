"""What happened to approved loans: monthly balances, and instalments with their payments.

Here: the table POS_CASH_balance, the loans' part of installments_payments, and how late a client
pays. Numbers without a source of their own are fitted to the profile's quantiles. Keep out: cards
(card_accounts) and what was applied for (previous_applications).
"""

from dataclasses import dataclass

import numpy as np

from simulation.columns import Floats, Ints, Labels, Table, cents, missing_where, places, whole
from simulation.dependence import chance
from simulation.previous_applications import DAYS_PER_MONTH, Loans

# The lender's tables reach back eight years.
OLDEST_MONTH = -96
MONTH_DAYS = 365.25 / 12

POS_STATES = (
    "Active",
    "Completed",
    "Signed",
    "Demand",
    "Returned to the store",
    "Approved",
    "Amortized debt",
    "Canceled",
)

# The number of instalments paid before a loan was given up, where it never was.
NEVER_GIVEN_UP = 10_000

# Days past due beyond which a loan is no longer a slip, and mostly out of the tolerant count.
LONG_OVERDUE = 90

# Four loans in a thousand are given up and stay on the books with days past due that only grow:
# one percent of all rows, as the 99th percentile of SK_DPD.
GIVEN_UP_SHARE = 0.004


@dataclass(frozen=True)
class Lateness:
    """How each loan is paid: the chance that an instalment is late, and the month it was given up.

    `given_up` is the number of instalments paid before, or NEVER_GIVEN_UP.
    """

    late: Floats
    given_up: Ints


@dataclass(frozen=True)
class Rows:
    """Rows of an account table without keys; `account` is the loan's or card's position."""

    table: Table
    account: Ints


def lateness(loans: Loans, quality: Floats, rng: np.random.Generator) -> Lateness:
    """Draw how each loan is paid from its client's quality."""
    n = len(loans.row)
    own = quality[loans.client]
    # One instalment in twelve is late; a client one standard deviation worse pays late 1.7 times as often.
    late = np.minimum(np.exp(-0.55 * own - 3.05 + 0.8 * rng.standard_normal(n)), 0.9)
    lost = chance(rng, n, GIVEN_UP_SHARE * np.exp(-0.7 * own - 0.25))
    paid = whole(rng.random(n) * np.maximum(loans.instalments - 1, 1))
    return Lateness(late=late, given_up=np.where(lost, paid, NEVER_GIVEN_UP))


def pos_cash_balance(loans: Loans, habits: Lateness, missing: float, rng: np.random.Generator) -> Rows:
    """One row a month from the first after the decision to the loan's end, or to now."""
    first = np.maximum(np.floor(loans.decided / MONTH_DAYS).astype(np.int64) + 1, OLDEST_MONTH)
    lost = habits.given_up < NEVER_GIVEN_UP
    end = np.where(lost, -1, np.floor(loans.decided / MONTH_DAYS).astype(np.int64) + 1 + loans.instalments)
    loan, place = places(np.maximum(np.minimum(end, -1) - first + 1, 0))
    n = len(loan)
    month = first[loan] + place
    completed = (month == end[loan]) & ~lost[loan]
    terms = loans.terms[loan]
    future = np.where(completed, 0, np.maximum(terms - np.minimum(place, habits.given_up[loan]), 0))
    # Rows missing both counts are a few strays.
    stray = chance(rng, n, missing)
    dpd, tolerated = _days_past_due(rng, habits, loan, place)
    rest = np.searchsorted([0.9978, 0.9987, 0.9994, 0.9998], rng.random(n), side="right")
    state = np.where(rest > 0, rest + 2, 0)
    state = np.where((place == 0) & chance(rng, n, 0.095), 2, state)
    state = np.where(completed, 1, state).astype(np.int16)
    return Rows(
        {
            "MONTHS_BALANCE": month,
            "CNT_INSTALMENT": missing_where(np.where(completed, loans.instalments[loan], terms), stray),
            "CNT_INSTALMENT_FUTURE": missing_where(future, stray),
            "NAME_CONTRACT_STATUS": Labels(state, POS_STATES),
            "SK_DPD": dpd,
            "SK_DPD_DEF": tolerated,
        },
        loan,
    )


def _days_past_due(rng: np.random.Generator, habits: Lateness, loan: Ints, place: Ints) -> tuple[Ints, Ints]:
    """Days past due at the end of the month, and those beyond what the lender tolerates."""
    n = len(loan)
    # A late instalment is still open at the month's end one time in five.
    short = chance(rng, n, 0.2 * habits.late[loan])
    dpd = np.where(short, 1 + whole(rng.exponential(7, n)), 0)
    dpd = np.where(place > habits.given_up[loan], 30 * (place - habits.given_up[loan]), dpd)
    beyond = chance(rng, n, np.where(dpd > LONG_OVERDUE, 0.1, 0.6))
    return dpd, np.where(beyond, dpd, 0)


def loan_instalments(loans: Loans, habits: Lateness, rng: np.random.Generator) -> Rows:
    """Instalments that fell due, and the payments made on them: one in fourteen in two parts."""
    due = np.minimum(loans.instalments, habits.given_up)
    due = np.minimum(due, np.maximum((-1 - loans.first_due) // DAYS_PER_MONTH + 1, 0))
    loan, place = places(due)
    again = chance(rng, len(loan), 0.07)
    part = np.repeat(np.arange(len(loan)), 1 + again)
    second = np.concatenate([[False], part[1:] == part[:-1]]) if len(part) else np.zeros(0, np.bool_)
    split = again[part]
    loan, place = loan[part], place[part]
    n = len(loan)
    early_end = (place == loans.instalments[loan] - 1) & (loans.instalments[loan] < loans.terms[loan])
    # Repaying early means paying what is left: one large instalment in a new version of the plan.
    left = np.maximum(loans.terms - loans.instalments, 1)[loan] * 0.85
    amount = cents(loans.annuity[loan] * np.where(early_end, left, 1.0))
    amount = np.maximum(amount, 0.045)
    share = rng.uniform(0.1, 0.9, len(again))[part]
    paid = cents(np.where(split, np.where(second, 1 - share, share), 1.0) * amount)
    changes = chance(rng, len(loans.row), 0.14) * rng.geometric(0.45, len(loans.row))
    version = 1 + early_end + np.minimum(changes[loan], place)
    when = loans.first_due[loan] + DAYS_PER_MONTH * place
    shift = _days_late(rng, habits.late[loan]) + second * rng.integers(1, 9, n)
    return Rows(
        {
            "NUM_INSTALMENT_VERSION": version.astype(np.float64),
            "NUM_INSTALMENT_NUMBER": place + 1,
            "DAYS_INSTALMENT": when.astype(np.float64),
            "DAYS_ENTRY_PAYMENT": np.minimum(when + shift, -1).astype(np.float64),
            "AMT_INSTALMENT": amount,
            "AMT_PAYMENT": paid,
        },
        loan,
    )


def _days_late(rng: np.random.Generator, late: Floats) -> Ints:
    """Days from due to paid: mostly days before, sometimes weeks after."""
    n = len(late)
    after = 1 + whole(np.exp(rng.normal(1.7, 1.0, n)))
    before = -whole(rng.gamma(0.9, 12.5, n))
    return np.where(chance(rng, n, late), np.minimum(after, 700), before)
