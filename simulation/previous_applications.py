"""Earlier applications at the lender itself: what was asked for, decided, and when it was due.

Here: the table previous_application without its product labels (previous_offers), and the approved
loans and cards that the account tables hang on. Numbers without a source of their own are fitted to the
profile's quantiles. Keep out: the payments (loan_accounts, card_accounts).
"""

from dataclasses import dataclass

import numpy as np

from simulation.columns import (
    NEVER,
    Floats,
    Ints,
    Labels,
    Mask,
    Table,
    cents,
    floats,
    missing_where,
    places,
    whole,
)
from simulation.credit_terms import REVOLVING_ANNUITY
from simulation.dependence import Scores, blend, chance, ranked, top_share, uniform
from simulation.previous_offers import (
    APPROVED,
    CANCELED,
    CASH,
    CONSUMER,
    REFUSED,
    REVOLVING,
    STATES,
    UNUSED,
    below,
    offers,
)
from simulation.profile import Profile, TableProfile

# Most earlier applications of one client in the published table.
MOST_APPLICATIONS = 77

# Nearly everybody with a history had a first loan granted: nine goods bought on credit to one
# cash loan. Without it the clients with POS rows (93 %) could not be nearly those with earlier
# applications (95 %).
FIRST_CONSUMER, FIRST_GRANTED = 0.9, 0.95

# Of each kind, the shares refused, cancelled and left unused (near the counts of the real table,
# so that their sums over the kinds are the profile's). The rest is approved.
OUTCOMES = {
    CASH: (0.219, 0.38, 0.0007),
    CONSUMER: (0.103, 0.002, 0.036),
    REVOLVING: (0.2483, 0.2456, 0.0),
    "XNA": (0.17, 0.83, 0.0),
}

# Of each kind, the share that never came to terms (amount, annuity, term): portfolio XNA.
WITHOUT_TERMS = {CASH: 0.4036, CONSUMER: 0.0564, REVOLVING: 0.27, "XNA": 1.0}

# Usual terms in months, weighted by repetition.
CONSUMER_TERMS = np.array([4, 6, 6, 6, 6, 8, 10, 10, 10, 12, 12, 12, 12, 12, 12, 18, 24, 24, 24, 36])
CASH_TERMS = np.array([6, 12, 12, 12, 12, 12, 18, 18, 24, 24, 24, 24, 36, 36, 36, 36, 48, 48, 48, 60])

# Instalments fall due every 30 days.
DAYS_PER_MONTH, MONTHS_PER_YEAR = 30, 12

# Down payments below a thousandth of the price are none.
NO_DOWN_PAYMENT = 1e-3


@dataclass(frozen=True)
class Loans:
    """Approved instalment loans: one entry each, in the order of `row`."""

    row: Ints
    client: Ints
    decided: Ints
    first_due: Ints
    terms: Ints
    instalments: Ints  # how many fall due until the loan closes; fewer than `terms` when repaid early
    annuity: Floats


@dataclass(frozen=True)
class PreviousApplications:
    """Rows of previous_application without keys, the client of each, and what was granted."""

    table: Table
    client: Ints
    loans: Loans
    cards: Ints  # rows whose revolving loan was approved, one a client at most


def previous_applications(
    profile: Profile, g: Scores, known: Mask, quality: Floats, rng: np.random.Generator
) -> PreviousApplications:
    """Earlier applications of the `known` clients; poor repayers were refused more often."""
    t = profile["previous_application"]
    counts = np.where(known, t.rows(rng.random(len(known)), MOST_APPLICATIONS), 0)
    client, place = places(counts)
    # Oldest first within a client, so that place 0 is the first application ever.
    recency = rng.standard_normal(len(client))
    recency = recency[np.lexsort((recency, client))]
    kind = _kind(t, rng, place == 0, recency)
    state, cards = _state(rng, kind, client, place == 0, (quality[client], recency))
    card_months = profile["credit_card_balance"].rows(rng.random(len(client)), 96)
    is_card = np.isin(np.arange(len(client)), cards)
    # A card was granted when its monthly record begins.
    decided = whole(t["DAYS_DECISION"].quantile(uniform(recency)))
    decided = np.where(is_card, np.maximum(-(card_months + 2) * 30 - rng.integers(15, 45, len(client)), -2922), decided)
    terms = _with_terms(rng, kind, state)
    amounts = _amounts(t, g, rng, kind, terms, client)
    count, annuity = _plan(rng, kind, terms, amounts, state == APPROVED)
    loan = np.flatnonzero((state == APPROVED) & terms & ~is_card)
    loans = _loans(rng, loan, client, decided, count, annuity)
    table: Table = {
        "NAME_CONTRACT_TYPE": kind,
        "NAME_CONTRACT_STATUS": Labels(state.astype(np.int16), STATES),
        "DAYS_DECISION": decided,
        "AMT_ANNUITY": annuity,
        "CNT_PAYMENT": count,
        **amounts,
        **_due_dates(rng, len(client), loans, cards, decided),
        **offers(t, rng, kind, state, terms, place == 0),
    }
    cash = kind.among(CASH)
    insured = chance(rng, len(client), np.where(cash, 0.5, 0.26)).astype(np.float64)
    table["NFLAG_INSURED_ON_APPROVAL"] = missing_where(insured, np.isnan(floats(table["DAYS_FIRST_DUE"])))
    return PreviousApplications(table, client, loans, cards)


def _kind(t: TableProfile, rng: np.random.Generator, first: Mask, recency: Floats) -> Labels:
    """Kinds of contract: first ones are mostly for goods, late ones for cash; the shares stay."""
    column, n = t["NAME_CONTRACT_TYPE"], len(first)
    order = (CONSUMER, REVOLVING, CASH, "XNA")
    goods = first & chance(rng, n, FIRST_CONSUMER)
    taken = np.array([goods.sum(), 0, (first & ~goods).sum(), 0]) / max(n, 1)
    left = np.maximum([column.share(level) for level in order] - taken, 0.0)
    later = ~first
    # 0.5: so that approved loans are as much older than the other applications as they are.
    u = ranked(blend(rng, int(later.sum()), (0.5, recency[later])))
    codes = np.where(goods, 0, 2).astype(np.int16)
    codes[later] = np.searchsorted(np.cumsum(left)[:-1] / left.sum(), u, side="right")
    return Labels(codes, order)


def _state(
    rng: np.random.Generator, kind: Labels, client: Ints, first: Mask, scores: tuple[Floats, Floats]
) -> tuple[Ints, Ints]:
    """What became of each application, and the rows that became a card: one a client at most."""
    n = len(client)
    quality, recency = scores
    cards = _cards(rng, kind, client)
    safe = first & chance(rng, n, FIRST_GRANTED)
    safe[cards] = True
    # Bad repayers are refused; what failed is younger than what ran its course.
    doubt = blend(rng, n, (-0.4, quality), (0.45, recency))
    whim = blend(rng, n, (0.6, recency))
    state = np.full(n, APPROVED)
    for level, (refused, cancelled, unused) in OUTCOMES.items():
        rows = np.flatnonzero(kind.among(level))
        turned_down = top_share(np.where(safe[rows], -9.0, doubt[rows]), refused)
        state[rows[turned_down]] = REFUSED
        fate = rows[~turned_down & ~safe[rows]]
        fate = fate[np.argsort(-whim[fate], kind="stable")]
        # What is left of revolving loans is no card: it was cancelled.
        n_cancelled = len(fate) if level == REVOLVING else round(cancelled * len(rows))
        n_unused = round(unused * len(rows))
        state[fate[:n_cancelled]] = CANCELED
        state[fate[n_cancelled : n_cancelled + n_unused]] = UNUSED
    return state, cards


def _cards(rng: np.random.Generator, kind: Labels, client: Ints) -> Ints:
    """Approved revolving loans: the oldest of a client, for as many as were approved."""
    revolving = np.flatnonzero(kind.among(REVOLVING))
    _, foremost = np.unique(client[revolving], return_index=True)
    candidates = revolving[foremost]
    granted = (1 - sum(OUTCOMES[REVOLVING])) * len(revolving)
    return candidates[top_share(rng.random(len(candidates)), granted / max(len(candidates), 1))]


def _with_terms(rng: np.random.Generator, kind: Labels, state: Ints) -> Mask:
    """Which applications came to terms: all approved, no cancelled one that can be helped."""
    terms = np.ones(len(state), dtype=np.bool_)
    vagueness = np.array([-9.0, 3.0, 0.0, 1.5])[state] + rng.random(len(state))
    for level, share in WITHOUT_TERMS.items():
        rows = np.flatnonzero(kind.among(level))
        terms[rows[top_share(vagueness[rows], share)]] = False
    return np.asarray(terms | (state == APPROVED))


def _amounts(t: TableProfile, g: Scores, rng: np.random.Generator, kind: Labels, terms: Mask, client: Ints) -> Table:
    """Price, amount asked for and granted, down payment; nothing is asked for without terms."""
    n = len(client)
    cash, consumer = kind.among(CASH), kind.among(CONSUMER)
    size = blend(rng, n, (0.35, g["AMT_CREDIT"][client])) + 1.5 * cash + 0.9 * kind.among(REVOLVING)
    place = np.zeros(n)
    place[terms] = ranked(size[terms])
    price = t["AMT_GOODS_PRICE"].quantile(place)
    # Cash and card limits are round sums, goods cost what they cost.
    price = np.where(consumer, np.round(price, 1), np.maximum(np.round(price / 2250), 1) * 2250)
    price = np.where(terms, price, np.nan)
    # Who pays down at all buys goods; for the rest a rate of zero is on record.
    pays_down = terms & (consumer | chance(rng, n, 0.13))
    rate_place = np.zeros(n)
    rate_place[pays_down] = 1 - below(rng, consumer[pays_down])
    down = t["RATE_DOWN_PAYMENT"].quantile(rate_place)
    down_payment = cents(np.where(down < NO_DOWN_PAYMENT, 0.0, down) * price)
    fees = np.where(cash, rng.choice([1.0, 1.05, 1.1, 1.15, 1.2, 1.26], n), 1 + 0.13 * chance(rng, n, 0.45))
    granted = np.round((price - np.where(consumer, down_payment, 0.0)) * fees / 4.5) * 4.5
    # A few applications without terms still carry a limit: the quantiles of AMT_CREDIT say so.
    loose = np.where(chance(rng, n, 0.06), np.round(rng.exponential(9e4, n) / 4500) * 4500, 0.0)
    no_price = ~terms | chance(rng, n, 0.004)
    return {
        "AMT_APPLICATION": np.where(terms, price, 0.0),
        "AMT_CREDIT": np.where(terms, granted, loose),
        "AMT_GOODS_PRICE": missing_where(price, no_price),
        "AMT_DOWN_PAYMENT": missing_where(down_payment, ~pays_down),
        "RATE_DOWN_PAYMENT": missing_where(down, ~pays_down),
    }


def _plan(rng: np.random.Generator, kind: Labels, terms: Mask, amounts: Table, approved: Mask) -> tuple[Floats, Floats]:
    """Number of instalments (0 for a card) and annuity, missing without terms."""
    n = len(terms)
    credit = floats(amounts["AMT_CREDIT"])
    # Larger credits run longer; long ones are granted less often.
    length = blend(rng, n) + 1.1 * np.log1p(credit) - 1.8 * approved
    months = np.zeros(n)
    for level, usual in ((CASH, CASH_TERMS), (CONSUMER, CONSUMER_TERMS)):
        rows = np.flatnonzero(kind.among(level) & terms)
        months[rows] = usual[(ranked(length[rows]) * len(usual)).astype(np.int64)]
    # Monthly interest from a promotion to a small cash loan, as an annuity loan.
    monthly = rng.uniform(0.003, 0.065, n)
    level_payment = credit * monthly / (1 - (1 + monthly) ** -np.maximum(months, 1.0))
    annuity = cents(np.where(kind.among(REVOLVING), REVOLVING_ANNUITY * credit, level_payment))
    return missing_where(months, ~terms), missing_where(annuity, ~terms)


def _loans(rng: np.random.Generator, row: Ints, client: Ints, decided: Ints, count: Floats, annuity: Floats) -> Loans:
    n, terms = len(row), count[row].astype(np.int64)
    # Repaid before their time: a third of the short loans, most of those over a year.
    early = chance(rng, n, np.where(terms > MONTHS_PER_YEAR, 0.75, 0.36))
    kept = np.where(early, rng.uniform(0.15, 0.9, n), 1.0)
    return Loans(
        row=row,
        client=client[row],
        decided=decided[row],
        first_due=decided[row] + DAYS_PER_MONTH + rng.integers(0, 3, n),
        terms=terms,
        instalments=np.maximum(whole(terms * kept), 1),
        annuity=annuity[row],
    )


def _due_dates(rng: np.random.Generator, n: int, loans: Loans, cards: Ints, decided: Ints) -> Table:
    """Five dates of what was granted; 365243 where the event has not come or cannot come."""
    drawn = cards[chance(rng, len(cards), 0.6)]
    first_drawing, first_due = np.full(n, np.nan), np.full(n, np.nan)
    planned, last, end = np.full(n, np.nan), np.full(n, np.nan), np.full(n, np.nan)
    first_drawing[loans.row], first_due[loans.row] = NEVER, loans.first_due
    open_plan = chance(rng, len(loans.row), 0.035)
    final = loans.first_due + DAYS_PER_MONTH * (loans.terms - 1)
    planned[loans.row] = np.where(open_plan, NEVER, final)
    paid = loans.first_due + DAYS_PER_MONTH * (loans.instalments - 1)
    last[loans.row] = np.where(paid >= 0, NEVER, paid)
    closed = paid + rng.integers(0, 14, len(paid))
    end[loans.row] = np.where(closed >= 0, NEVER, closed)
    first_drawing[drawn] = np.minimum(decided[drawn] + rng.integers(1, 120, len(drawn)), -1)
    first_due[drawn] = np.where(chance(rng, len(drawn), 0.7), NEVER, np.minimum(decided[drawn] + 45, -1))
    planned[drawn] = last[drawn] = end[drawn] = NEVER
    return {
        "DAYS_FIRST_DRAWING": first_drawing,
        "DAYS_FIRST_DUE": first_due,
        "DAYS_LAST_DUE_1ST_VERSION": planned,
        "DAYS_LAST_DUE": last,
        "DAYS_TERMINATION": end,
    }
