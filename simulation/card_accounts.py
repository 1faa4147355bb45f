"""What happened on credit cards: monthly balances, drawings, payments and card instalments.

Here: the table credit_card_balance and the cards' part of installments_payments. Numbers without a
source of their own are fitted to the profile's quantiles. Keep out: loans (loan_accounts) and the
applications behind the cards (previous_applications).
"""

from dataclasses import dataclass

import numpy as np

from simulation.columns import Floats, Ints, Labels, Mask, Table, cents, missing_where, places, whole
from simulation.dependence import blend, chance, top_share, uniform
from simulation.loan_accounts import MONTH_DAYS, OLDEST_MONTH, Rows
from simulation.profile import TableProfile

CARD_STATES = ("Active", "Completed", "Signed", "Sent proposal", "Refused")

# A month's minimum payment is a twentieth of the balance, and at least this much of the limit.
MINIMUM_PAYMENT, OF_LIMIT = 0.05, 0.025

# The month that has just closed: what falls due in it is not settled yet.
LAST_MONTH = -1

# Limits are multiples of this.
LIMIT_UNIT = 22_500

# Cards never drawn on: a fifth of all months, as the missing share of the drawings; young cards
# (below a year) more often, hence a larger share of the cards.
NEVER_DRAWN, YOUNG = 0.255, 12

# Columns about drawings are missing for cards that never drew.
DRAWINGS = ("ATM", "OTHER", "POS")


@dataclass(frozen=True)
class CardMonths:
    """The state of each card in each month that later columns build on."""

    card: Ints
    place: Ints
    month: Ints
    used: Mask
    drawn_ever: Mask
    limit: Floats
    balance: Floats


def credit_card_balance(t: TableProfile, decided: Ints, quality: Floats, rng: np.random.Generator) -> tuple[Rows, Rows]:
    """Monthly rows of each card, and the instalments paid on them.

    Args:
        t: credit_card_balance of the profile.
        decided: day each card was granted.
        quality: of each card's client; the worse, the more of the limit is drawn.
        rng: source of randomness.
    """
    months = _months(t, decided, quality, rng)
    least = np.maximum(MINIMUM_PAYMENT * months.balance, OF_LIMIT * months.limit)
    minimum = cents(np.minimum(least, months.balance))
    mature = _count_within(months.used, months.place)
    receivable = _receivable(months, rng)
    # One overpaid month in eight shows in the balance as well.
    in_credit = (receivable < 0) & chance(rng, len(receivable), 0.12)
    table: Table = {
        "MONTHS_BALANCE": months.month,
        "AMT_BALANCE": np.where(in_credit, receivable, months.balance),
        "AMT_CREDIT_LIMIT_ACTUAL": whole(months.limit),
        **_drawings(months, rng),
        **_payments(t, months, minimum, mature, rng),
        "AMT_RECEIVABLE_PRINCIPAL": cents(months.balance * 0.963),
        "AMT_RECIVABLE": receivable,
        "AMT_TOTAL_RECEIVABLE": receivable,
        **_states(months, quality, rng),
    }
    return Rows(table, months.card), _instalments(months, minimum, quality, rng)


def _count_within(flags: Mask, place: Ints) -> Ints:
    """Running count of `flags` that starts anew where `place` is 0."""
    running = np.cumsum(flags)
    starts = np.flatnonzero(place == 0)
    before: Ints = running[starts] - flags[starts]
    return np.asarray(running - np.repeat(before, np.diff([*starts, len(place)])))


def _months(t: TableProfile, decided: Ints, quality: Floats, rng: np.random.Generator) -> CardMonths:
    n_cards = len(decided)
    first = np.maximum(np.floor(decided / MONTH_DAYS).astype(np.int64) + 1, OLDEST_MONTH)
    # Records end a month or two before now, some earlier.
    last = LAST_MONTH - np.minimum(rng.geometric(0.55, n_cards) - 1, 6)
    counts = np.maximum(last - first + 1, 1)
    card, place = places(counts)
    n = len(card)
    never = top_share(rng.random(n_cards) + 0.3 * (counts < YOUNG), NEVER_DRAWN)
    # A card that is drawn on is drawn on for a stretch of its life.
    begin = np.where(chance(rng, n_cards, 0.5), 0.0, 0.5 * rng.random(n_cards))
    span = 0.44 + 0.6 * rng.random(n_cards)
    age = place / counts[card]
    used = ~never[card] & (age >= begin[card]) & (age < (begin + span)[card])
    limits = t["AMT_CREDIT_LIMIT_ACTUAL"].quantile(rng.random(n_cards))
    limit = np.maximum(np.round(limits / LIMIT_UNIT), 0)[card] * LIMIT_UNIT
    load = uniform(blend(rng, n_cards, (-0.55, quality)))[card] ** 0.5
    noise = 1 + 0.22 * rng.standard_normal(n)
    # Drawn down within the first half year of use; a little above the limit with interest.
    ramp = np.minimum((_count_within(used, place) + 1) / 6, 1.0)
    balance = np.where(used, cents(limit * np.clip(load * ramp * noise, 0, 1.08)), 0.0)
    return CardMonths(card, place, place + first[card], used, ~never[card], limit, balance)


def _drawings(months: CardMonths, rng: np.random.Generator) -> Table:
    """Amounts and numbers drawn; the totals are the sums of cash, purchases and other."""
    n = len(months.card)
    # Cash is rare and large, purchases are many and small.
    share = {"ATM": 0.21, "OTHER": 0.006, "POS": 0.17}
    typical = {"ATM": 0.24, "OTHER": 0.35, "POS": 0.15}
    several = {"ATM": 1.0, "OTHER": 0.1, "POS": 5.0}
    # Those who owe much draw often.
    eagerness = 0.4 + 0.95 * np.divide(months.balance, months.limit, out=np.zeros(n), where=months.limit > 0)
    table: Table = {}
    total, times = np.zeros(n), np.zeros(n)
    for way in DRAWINGS:
        draws = months.used & (months.limit > 0) & chance(rng, n, share[way] * eagerness)
        amount = months.limit * np.minimum(rng.gamma(0.8, typical[way] / 0.8, n), 1.0)
        unit = 900.0 if way == "ATM" else 0.01
        amount = cents(np.where(draws, np.maximum(np.round(amount / unit), 1) * unit, 0.0))
        count = np.where(draws, 1 + rng.poisson(rng.exponential(several[way], n)), 0).astype(np.float64)
        table[f"AMT_DRAWINGS_{way}_CURRENT"] = missing_where(amount, ~months.drawn_ever)
        table[f"CNT_DRAWINGS_{way}_CURRENT"] = missing_where(count, ~months.drawn_ever)
        total, times = total + amount, times + count
    return table | {"AMT_DRAWINGS_CURRENT": cents(total), "CNT_DRAWINGS_CURRENT": whole(times)}


def _payments(t: TableProfile, months: CardMonths, minimum: Floats, mature: Ints, rng: np.random.Generator) -> Table:
    n = len(months.card)
    owes = months.balance > 0
    more = np.exp(rng.normal(0.3, 1.0, n))
    paid = np.where(owes & chance(rng, n, 0.88), cents(minimum * np.maximum(more, 1.0)), 0.0)
    # One month in thirty brings a large repayment.
    paid = np.where(owes & chance(rng, n, 0.03), cents(0.9 * months.balance), paid)
    # The minimum and the count of matured instalments come with the first statements.
    no_statement = chance(rng, n, t["AMT_INST_MIN_REGULARITY"].missing)
    no_payment = ~months.drawn_ever | chance(rng, n, 0.01)
    current = np.where((paid == 0) & chance(rng, n, 0.4), cents(rng.exponential(3_000, n)), paid)
    return {
        "AMT_INST_MIN_REGULARITY": missing_where(np.round(minimum / 4.5) * 4.5, no_statement),
        "CNT_INSTALMENT_MATURE_CUM": missing_where(mature, no_statement),
        "AMT_PAYMENT_CURRENT": missing_where(current, no_payment),
        "AMT_PAYMENT_TOTAL_CURRENT": paid,
    }


def _receivable(months: CardMonths, rng: np.random.Generator) -> Floats:
    """What is owed; negative where the client paid too much."""
    n = len(months.card)
    overpaid = (months.balance == 0) & chance(rng, n, 0.03)
    return np.where(overpaid, -cents(rng.exponential(1_200, n)), months.balance)


def _states(months: CardMonths, quality: Floats, rng: np.random.Generator) -> Table:
    """Contract state and days past due; a few cards are given up and only grow older."""
    n, n_cards = len(months.card), len(quality)
    lost = chance(rng, n_cards, 0.05 * np.exp(-0.6 * quality - 0.18))
    since = whole(6 + 60 * rng.random(n_cards))
    overdue = lost[months.card] & months.drawn_ever
    dpd = np.where(overdue, np.maximum(months.place - since[months.card], 0) * 30, 0)
    slip = (months.balance > 0) & chance(rng, n, 0.016 * np.exp(-0.5 * quality)[months.card])
    short = 1 + whole(rng.exponential(4, n))
    rest = np.searchsorted([0.9588, 0.9972, 0.9998, 0.99998], rng.random(n), side="right")
    return {
        "NAME_CONTRACT_STATUS": Labels(rest.astype(np.int16), CARD_STATES),
        "SK_DPD": np.where(dpd > 0, dpd, np.where(slip, short, 0)),
        "SK_DPD_DEF": np.where(slip, np.minimum(short, 9), 0),
    }


def _instalments(months: CardMonths, minimum: Floats, quality: Floats, rng: np.random.Generator) -> Rows:
    """Card instalments (version 0): what is due each month is settled in a few small payments."""
    settled = np.flatnonzero((months.balance > 0) & (months.month < LAST_MONTH))
    # 1.05 further ones a month: card rows are three tenths of all instalments.
    source = np.repeat(settled, 1 + rng.poisson(1.05, len(settled)))
    n = len(source)
    card = months.card[source]
    due = np.floor((months.month[source] + 1) * MONTH_DAYS) - 5.0
    amount = np.maximum(cents(minimum[source] * rng.beta(0.6, 0.7, n)), 0.045)
    # Every settlement has a number of its own: they run to two hundred on an old card.
    starts = np.concatenate([[True], card[1:] != card[:-1]]) if n else np.zeros(0, np.bool_)
    number = np.arange(n) - np.maximum.accumulate(np.where(starts, np.arange(n), 0)) + 1
    # Cards are paid before the statement; the worse the client, the more often late.
    late = chance(rng, n, np.minimum(0.07 * np.exp(-0.5 * quality[card]), 0.9))
    shift = np.where(late, 1 + whole(rng.exponential(6, n)), -whole(rng.gamma(0.8, 9, n)))
    table: Table = {
        "NUM_INSTALMENT_VERSION": np.zeros(n),
        "NUM_INSTALMENT_NUMBER": number,
        "DAYS_INSTALMENT": due,
        "DAYS_ENTRY_PAYMENT": np.minimum(due + shift, -1.0),
        "AMT_INSTALMENT": amount,
        "AMT_PAYMENT": np.where(late & chance(rng, n, 0.1), cents(0.5 * amount), amount),
    }
    return Rows(table, card)
