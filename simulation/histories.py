"""The histories of a chunk of clients: seven tables with keys that fit together.

Here: giving keys to the rows of bureau, previous_applications and the account tables, and losing
some of them as the real tables do. Keep out: what the rows say.
"""

from dataclasses import dataclass

import numpy as np

from simulation.bureau import BureauCredits, bureau_balance, bureau_credits
from simulation.card_accounts import credit_card_balance
from simulation.clients import TRAIN, Clients, shuffled_keys
from simulation.columns import Floats, Ints, Table, floats, missing_where, stack, take
from simulation.dependence import chance
from simulation.loan_accounts import Rows, lateness, loan_instalments, pos_cash_balance
from simulation.previous_applications import PreviousApplications, previous_applications
from simulation.profile import Profile

# The lowest keys of the published files.
FIRST_BUREAU, FIRST_PREVIOUS = 5_000_001, 1_000_001

# Monthly states are known for the credits of a third of the labelled clients and of all others
# (published tables: 92,231 of 263,491 clients, and 42,311 of 42,320).
TRAIN_WITH_BALANCE = 0.35

# Published tables: 43,041 of 817,395 credits with monthly states are not in bureau; 942,074 credits
# in bureau have none. About 4 % of the loans with accounts are not in previous_application.
LOST_CREDITS, LOST_LOANS = 43_041 / 942_074, 0.04

# The client of a row that cannot be traced to one.
NOBODY = -1


@dataclass(frozen=True)
class Histories:
    """Seven tables with their keys, and for each the client (position in the chunk, or NOBODY) of every row."""

    tables: dict[str, Table]
    clients: dict[str, Ints]
    next_bureau: int
    next_previous: int


def draw_histories(
    profile: Profile, clients: Clients, first_keys: tuple[int, int], rng: np.random.Generator
) -> Histories:
    """All histories of the given clients.

    Args:
        profile: the real tables.
        clients: who they are; their quality drives how they repaid.
        first_keys: the lowest SK_ID_BUREAU and SK_ID_PREV that are free.
        rng: source of randomness.
    """
    reported, credit_keys, states, state_client = _at_the_bureau(profile, clients, first_keys[0], rng)
    earlier = previous_applications(profile, clients.scores, clients.in_previous, clients.quality, rng)
    keys = shuffled_keys(first_keys[1], len(earlier.client), rng)
    accounts = _accounts(profile, earlier, clients.quality, rng)
    owner = {name: earlier.client[row] for name, (_, row) in accounts.items()}
    tables = {
        "bureau": _keyed(reported.table, clients.keys[reported.client], SK_ID_BUREAU=credit_keys),
        "bureau_balance": states,
        "previous_application": _keyed(earlier.table, clients.keys[earlier.client], SK_ID_PREV=keys),
    } | {
        name: _keyed(table, clients.keys[owner[name]], SK_ID_PREV=keys[row]) for name, (table, row) in accounts.items()
    }
    kept = _kept(earlier, rng)
    tables["previous_application"] = take(tables["previous_application"], kept)
    return Histories(
        tables=tables,
        clients={
            "bureau": reported.client,
            "bureau_balance": state_client,
            "previous_application": earlier.client[kept],
            **owner,
        },
        next_bureau=first_keys[0] + 2 * len(credit_keys),
        next_previous=first_keys[1] + len(keys),
    )


def _keyed(table: Table, client: Ints, **keys: Ints) -> Table:
    return table | {"SK_ID_CURR": client} | keys


def _at_the_bureau(
    profile: Profile, clients: Clients, first_key: int, rng: np.random.Generator
) -> tuple[BureauCredits, Ints, Table, Ints]:
    """Credits, their keys, monthly states, and the client of each state."""
    reported = bureau_credits(profile, clients.scores, clients.in_bureau, clients.quality, rng)
    n = len(reported.client)
    keys = shuffled_keys(first_key, n, rng)
    recorded = (clients.roles != TRAIN) | chance(rng, len(clients.keys), TRAIN_WITH_BALANCE)
    known = recorded[reported.client]
    # A lost credit is one that only its states tell of, under a key that nothing else has.
    rows = np.flatnonzero(known | chance(rng, n, LOST_CREDITS))
    lost = ~known[rows]
    with_states = BureauCredits(take(reported.table, rows), reported.client[rows])
    states, credit = bureau_balance(with_states, np.where(lost, keys[rows] + n, keys[rows]), clients.quality, rng)
    return reported, keys, states, np.where(lost, NOBODY, with_states.client)[credit]


def _accounts(
    profile: Profile, earlier: PreviousApplications, quality: Floats, rng: np.random.Generator
) -> dict[str, tuple[Table, Ints]]:
    """The three account tables, each with the previous application of every row."""
    loans, cards = earlier.loans, earlier.cards
    habits = lateness(loans, quality, rng)
    missing = profile["POS_CASH_balance"]["CNT_INSTALMENT"].missing
    pos = pos_cash_balance(loans, habits, missing, rng)
    paid = loan_instalments(loans, habits, rng)
    decided = floats(earlier.table["DAYS_DECISION"])[cards]
    balance, card_paid = credit_card_balance(
        profile["credit_card_balance"], decided.astype(np.int64), quality[earlier.client[cards]], rng
    )
    instalments = Rows(
        stack(paid.table, card_paid.table),
        np.concatenate([loans.row[paid.account], cards[card_paid.account]]),
    )
    unpaid = chance(rng, len(instalments.account), profile["installments_payments"]["AMT_PAYMENT"].missing)
    for name in ("DAYS_ENTRY_PAYMENT", "AMT_PAYMENT"):
        instalments.table[name] = missing_where(floats(instalments.table[name]), unpaid)
    return {
        "POS_CASH_balance": (pos.table, loans.row[pos.account]),
        "installments_payments": (instalments.table, instalments.account),
        "credit_card_balance": (balance.table, cards[balance.account]),
    }


def _kept(earlier: PreviousApplications, rng: np.random.Generator) -> Ints:
    """Rows of previous_application that were not lost; only what has accounts is lost."""
    kept = np.ones(len(earlier.client), dtype=np.bool_)
    granted = np.concatenate([earlier.loans.row, earlier.cards])
    kept[granted[chance(rng, len(granted), LOST_LOANS)]] = False
    return np.flatnonzero(kept)
