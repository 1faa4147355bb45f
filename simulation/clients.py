"""The clients of a portfolio: who applies, in which file, with how much history and how good.

Here: keys, roles, normal scores and the hidden quality of a chunk of clients. Keep out: their
tables.
"""

from dataclasses import dataclass

import numpy as np

from simulation.columns import Floats, Ints, Mask, whole
from simulation.dependence import Scores, blend, copula_scores, top_share
from simulation.profile import Profile

# The first SK_ID_CURR of the published files.
FIRST_CLIENT = 100_001

# Clients made in one go, about: 800,000 rows of history, 300 MB in all while they are made and
# written. Part of what a seed means: another number gives another portfolio.
CHUNK = 5_000

# Of the published 356,255 applications 307,511 are labelled.
TRAIN, TEST, STRANGER = 0, 1, 2

# Strangers: clients of the history tables who did not apply, three in a thousand.
STRANGERS = 0.003

# Forms of unknown gender (4) and family status (2) among the published applications, all labelled;
# a portfolio of a thousand has one of each, or nobody would meet them.
UNKNOWN_GENDER, UNKNOWN_FAMILY, SMALLEST_WITH_UNKNOWN = 4, 2, 1_000

# How much of the hidden quality the three external scores reveal: the third is a bureau's.
REVEALED = (("EXT_SOURCE_1", 0.15), ("EXT_SOURCE_2", 0.25), ("EXT_SOURCE_3", 0.30))


@dataclass(frozen=True)
class Population:
    """Everybody, by key from FIRST_CLIENT upwards: role, and the few forms with unknown answers."""

    roles: Ints
    unknown_gender: Mask
    unknown_family: Mask


@dataclass(frozen=True)
class Clients:
    """A chunk of clients, one entry each in the order of their keys."""

    keys: Ints
    roles: Ints
    scores: Scores
    quality: Floats
    unknown_to_bureau: Floats
    in_bureau: Mask
    in_previous: Mask


def population(profile: Profile, n_clients: int, rng: np.random.Generator) -> Population:
    """Split `n_clients` applicants over the two files, and scatter the strangers among them."""
    full = {name: profile[name].full_rows for name in ("application_train", "application_test")}
    n_train = round(n_clients * full["application_train"] / sum(full.values()))
    sizes = [n_train, n_clients - n_train, max(round(n_clients * STRANGERS), 1)]
    roles = rng.permutation(np.repeat([TRAIN, TEST, STRANGER], sizes))
    labelled = rng.permutation(np.flatnonzero(roles == TRAIN))
    unknown = np.zeros((2, len(roles)), dtype=np.bool_)
    for flags, published in zip(unknown, (UNKNOWN_GENDER, UNKNOWN_FAMILY), strict=True):
        count = round(published * n_clients / sum(full.values()))
        count = max(count, 1) if n_clients >= SMALLEST_WITH_UNKNOWN else count
        flags[labelled[:count]] = True
        labelled = labelled[count:]
    return Population(roles, unknown[0], unknown[1])


def draw_clients(profile: Profile, keys: Ints, roles: Ints, rng: np.random.Generator) -> Clients:
    """Scores, quality and existence of history for the clients with the given keys."""
    n, stranger = len(keys), roles == STRANGER
    scores = copula_scores(profile, rng, n)
    quality = blend(rng, n, *((weight, scores[name]) for name, weight in REVEALED))
    # Below zero a stranger is always known: being in the histories is all there is of them.
    unknown = np.where(stranger, -9.0, rng.standard_normal(n))
    without_previous = 1 - profile["previous_application"].share_with_history
    return Clients(
        keys=keys,
        roles=roles,
        scores=scores,
        quality=quality,
        unknown_to_bureau=unknown,
        in_bureau=~top_share(unknown, 1 - profile["bureau"].share_with_history),
        in_previous=stranger | (rng.random(n) >= without_previous),
    )


def shuffled_keys(first: int, n: int, rng: np.random.Generator) -> Ints:
    """`n` keys from `first` upwards in random order: a real key tells nothing about its row."""
    return whole(rng.permutation(n).astype(np.float64)) + first
