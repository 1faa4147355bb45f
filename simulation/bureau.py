"""What other lenders reported to the credit bureau: credits, and their monthly states.

Here: the tables bureau and bureau_balance. Add a column with the link that makes it plausible;
numbers without a source of their own are fitted to the profile's quantiles. Keep out: credits of
the lender itself (previous_applications).
"""

from dataclasses import dataclass

import numpy as np

from simulation.columns import Floats, Ints, Labels, Mask, Table, cents, floats, missing_where, places, whole
from simulation.dependence import Scores, blend, chance, ranked, top_share, uniform
from simulation.profile import Profile, TableProfile

# Most credits of one client in the published table.
MOST_CREDITS = 116

DAYS_PER_MONTH = 365.25 / 12

# By type: how much larger than usual the sum is (in standard deviations), how much likelier the
# credit is still open, and the usual terms in months.
CARD, CAR, MORTGAGE, MICRO = "Credit card", "Car loan", "Mortgage", "Microloan"
SIZE = {CARD: -0.15, CAR: 1.7, MORTGAGE: 2.6, MICRO: -1.6, "Loan for business development": 1.6}
OPEN = {CARD: 1.15, CAR: 0.3, MORTGAGE: 1.2, MICRO: -0.3}
CONSUMER_TERMS = np.array([6, 6, 10, 12, 12, 12, 18, 24, 24, 36, 36, 48, 60, 60])
TERMS = {
    CARD: np.array([12, 24, 36, 36, 48, 60, 60, 120, 240]),
    CAR: np.array([36, 48, 60, 60, 84]),
    MORTGAGE: np.array([120, 180, 240, 300]),
    MICRO: np.array([1, 1, 2, 3, 6]),
}

# Cards without an agreed end run to the far edge of the profile, 85 years on: one open card in
# five, which puts the 99th percentile of all end dates there, and their mean at the profile's.
ENDLESS_DAYS, ENDLESS_SHARE = 31_198, 0.19

# Typing errors of the lenders that report: one date in so many credits is a century off.
MISTYPED, CENTURY = 1 / 25_000, 42_023


@dataclass(frozen=True)
class BureauCredits:
    """Rows of the table bureau without keys, and the client (position in the chunk) of each."""

    table: Table
    client: Ints


def bureau_credits(
    profile: Profile, g: Scores, known: Mask, quality: Floats, rng: np.random.Generator
) -> BureauCredits:
    """Credits at other lenders of the clients that the bureau knows.

    Args:
        profile: the real tables.
        g: normal scores of the clients' application columns.
        known: which clients the bureau knows; each of them has at least one credit.
        quality: how well each client repays, standard normal; nothing else ties the rows to default.
        rng: source of randomness.
    """
    t = profile["bureau"]
    counts = np.where(known, t.rows(rng.random(len(known)), MOST_CREDITS), 0)
    client, _ = places(counts)
    n, quality = len(client), quality[client]
    kind, states = t["CREDIT_TYPE"].label(rng.random(n)), t["CREDIT_ACTIVE"]
    # Those in trouble borrowed lately and still owe.
    recency = blend(rng, n, (-0.22, quality))
    opened = whole(t["DAYS_CREDIT"].quantile(uniform(recency)))
    still_open = top_share(
        blend(rng, n, (0.88, recency), (-0.12, quality)) + _by_kind(kind, OPEN), 1 - states.share("Closed")
    )
    sold = still_open & chance(rng, n, states.share("Sold") / (1 - states.share("Closed")))
    size = blend(rng, n, (0.3, g["AMT_CREDIT"][client]), (0.1, g["AMT_INCOME_TOTAL"][client]))
    # Ranked: the types' shifts make the score lopsided, the profile's sums have their own shape.
    amount = cents(t["AMT_CREDIT_SUM"].quantile(ranked(size + _by_kind(kind, SIZE) + 0.55 * still_open)))
    state = np.where(still_open, np.where(sold, 2, 1), 0).astype(np.int16)
    table: Table = {
        "CREDIT_ACTIVE": Labels(state, ("Closed", "Active", "Sold")),
        "CREDIT_CURRENCY": t["CREDIT_CURRENCY"].label(rng.random(n)),
        "CREDIT_TYPE": kind,
        "DAYS_CREDIT": opened,
        "CNT_CREDIT_PROLONG": t["CNT_CREDIT_PROLONG"].count(rng.random(n)),
        "AMT_CREDIT_SUM": missing_where(amount, chance(rng, n, t["AMT_CREDIT_SUM"].missing)),
        **_dates(t, rng, kind, opened, still_open),
        **_owed(t, rng, kind, still_open, amount, quality),
        **_overdue(t, rng, still_open, quality),
    }
    return BureauCredits(table, client)


def _by_kind(kind: Labels, values: dict[str, float]) -> Floats:
    """The value of each row's level, 0 for levels that are not named."""
    return np.array([values.get(level, 0.0) for level in kind.levels])[kind.codes]


def _dates(t: TableProfile, rng: np.random.Generator, kind: Labels, opened: Ints, still_open: Mask) -> Table:
    """Agreed end, true end (closed credits only), last report."""
    n = len(opened)
    months = rng.choice(CONSUMER_TERMS, n)
    for level, terms in TERMS.items():
        months = np.where(kind.among(level), rng.choice(terms, n), months)
    # Short credits are the ones that have closed by now.
    months = np.where(still_open | chance(rng, n, 0.45), months, np.maximum(months * 0.5, 3))
    agreed = opened + whole(months * DAYS_PER_MONTH + rng.normal(0, 4, n))
    # An open credit is rarely past its end: those that would be run on for part of their term.
    overrun = still_open & (agreed < 0) & chance(rng, n, 0.8)
    agreed = np.where(overrun, whole(months * DAYS_PER_MONTH * rng.random(n)), agreed)
    endless = kind.among(CARD) & still_open & chance(rng, n, ENDLESS_SHARE)
    agreed = np.where(endless, ENDLESS_DAYS - rng.integers(0, 400, n), agreed)
    # Four in ten are repaid before their time.
    early = np.where(chance(rng, n, 0.4), rng.beta(2.0, 1.6, n), 1.0)
    ended = opened + whole((agreed - opened) * early + rng.exponential(12, n))
    ended = np.minimum(ended, -1 - whole(rng.random(n) * np.minimum(-opened, 240) * 0.5))
    ended = np.maximum(ended, opened)
    silent = np.where(still_open, rng.exponential(1, n) ** 1.6 * 60, rng.exponential(1, n) ** 2 * 14)
    reported = np.where(still_open, -whole(silent), ended + whole(silent))
    reported = np.clip(reported, opened, -rng.integers(0, 8, n))
    mistyped = chance(rng, n, MISTYPED), chance(rng, n, MISTYPED)
    no_end = top_share(rng.random(n) + kind.among(CARD) * 0.5, t["DAYS_CREDIT_ENDDATE"].missing)
    return {
        "DAYS_CREDIT_ENDDATE": missing_where(np.where(mistyped[0], opened - CENTURY + 3_000, agreed), no_end),
        "DAYS_ENDDATE_FACT": missing_where(np.where(mistyped[1], -CENTURY, ended), still_open),
        "DAYS_CREDIT_UPDATE": reported,
    }


def _owed(
    t: TableProfile,
    rng: np.random.Generator,
    kind: Labels,
    still_open: Mask,
    amount: Floats,
    quality: Floats,
) -> Table:
    """Debt (open credits only), card limit, annuity."""
    n = len(amount)
    left = uniform(blend(rng, n, (-0.25, quality)))
    # A tenth of the open credits is reported without debt; a card is seldom drawn to its limit.
    drawn = chance(rng, n, 0.9) * np.where(kind.among(CARD), left**1.3, left**0.5)
    debt = np.where(still_open, cents(amount * drawn), 0.0)
    # Overpaid cards: a negative debt, as in a few real credits of a thousand.
    card = kind.among(CARD) & still_open
    overpaid = card & chance(rng, n, 0.02)
    debt = np.where(overpaid, -cents(rng.exponential(1_500, n)), debt)
    # Four open cards in ten report the rest of their limit, one in two hundred a limit below zero.
    limit = np.where(card & chance(rng, n, 0.4), cents(np.maximum(amount - debt, 0) * rng.random(n) ** 1.5), 0.0)
    limit = np.where(card & chance(rng, n, 0.005), -cents(rng.exponential(600, n)), limit)
    annuity = t["AMT_ANNUITY"].quantile(ranked(blend(rng, n) + 0.5 * np.log1p(amount)))
    return {
        # Reported less often once the credit is closed.
        "AMT_CREDIT_SUM_DEBT": missing_where(
            debt, top_share(rng.random(n) - 0.4 * still_open, t["AMT_CREDIT_SUM_DEBT"].missing)
        ),
        "AMT_CREDIT_SUM_LIMIT": missing_where(limit, chance(rng, n, t["AMT_CREDIT_SUM_LIMIT"].missing)),
        "AMT_ANNUITY": missing_where(cents(annuity), chance(rng, n, t["AMT_ANNUITY"].missing)),
    }


def _overdue(t: TableProfile, rng: np.random.Generator, still_open: Mask, quality: Floats) -> Table:
    """Overdue today (open credits, a quarter percent of all), and the worst there ever was."""
    n = len(quality)
    trouble = blend(rng, n, (-0.35, quality))
    # Days overdue are one of a few days, or the slow climb of a credit that was given up: 310 on average.
    late = top_share(np.where(still_open, trouble, -9.0), 0.0025)
    days = np.where(late, 1 + whole(np.exp(rng.normal(4.4, 1.7, n))), 0)
    worst = t["AMT_CREDIT_MAX_OVERDUE"].quantile(uniform(trouble))
    overdue = np.where(late, cents(np.exp(rng.normal(7.5, 1.8, n))), 0.0)
    unknown = chance(rng, n, t["AMT_CREDIT_MAX_OVERDUE"].missing)
    return {
        "CREDIT_DAY_OVERDUE": np.minimum(days, int(t["CREDIT_DAY_OVERDUE"].quantiles[-1])),
        "AMT_CREDIT_MAX_OVERDUE": missing_where(cents(worst), unknown),
        "AMT_CREDIT_SUM_OVERDUE": overdue,
    }


def bureau_balance(
    recorded: BureauCredits, keys: Ints, quality: Floats, rng: np.random.Generator
) -> tuple[Table, Ints]:
    """Monthly states of the given credits, from the month of opening to now.

    Args:
        recorded: the credits that have a monthly record.
        keys: SK_ID_BUREAU of each.
        quality: of each client in the chunk.
        rng: source of randomness.

    Returns:
        Rows of bureau_balance, newest month first as in the real file, and the credit of each row.
    """
    opened = floats(recorded.table["DAYS_CREDIT"])
    ended = floats(recorded.table["DAYS_ENDDATE_FACT"])
    age = np.minimum(np.floor(-opened / DAYS_PER_MONTH), 96).astype(np.int64)
    # A quarter of the records stop when the credit closes; all others have a state for every month.
    since_end = np.where(np.isnan(ended), 0, np.floor(-ended / DAYS_PER_MONTH)).astype(np.int64)
    stopped = np.where(chance(rng, len(age), 0.27), np.minimum(since_end, age), 0)
    credit, place = places(age - stopped + 1)
    month = -(place + stopped[credit])
    closed = month > np.where(np.isnan(ended), 1.0, ended / DAYS_PER_MONTH)[credit]
    # Some lenders report nothing (X) for years, others every month: the habit is the credit's own.
    silent = chance(rng, len(credit), rng.beta(0.5, 0.6, len(age))[credit])
    # Late months come in few credits: the share is the client's, times the credit's own luck.
    burden = np.exp(-0.55 * quality[recorded.client] + rng.normal(-5.1, 1.5, len(age)))
    late = chance(rng, len(credit), np.minimum(burden, 0.6)[credit])
    # Late months by severity 1 to 5, as the profile's shares of STATUS.
    severity = 1 + np.searchsorted([0.792, 0.848, 0.871, 0.886], rng.random(len(credit)), side="right")
    code = np.where(closed, 6, np.where(late, severity, np.where(silent, 7, 0))).astype(np.int16)
    table: Table = {
        "SK_ID_BUREAU": keys[credit],
        "MONTHS_BALANCE": month,
        "STATUS": Labels(code, ("0", "1", "2", "3", "4", "5", "C", "X")),
    }
    return table, credit
