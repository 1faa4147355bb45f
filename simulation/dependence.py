"""Dependence: how columns hang together, in standard normal scores.

Here: the Gaussian copula of the application's main numbers, mixtures of scores, and shares, taken
off the top of a score or by chance. A column is made by pushing a score through its inverse distribution
function, so that its marginal stays the profile's whatever it depends on. Keep out: the columns.
"""

import numpy as np
from scipy.special import ndtr

from simulation.columns import Floats, Mask
from simulation.profile import Profile

Scores = dict[str, Floats]


def chance(rng: np.random.Generator, n: int, share: float | Floats) -> Mask:
    """True for each of `n` rows with probability `share`."""
    return np.asarray(rng.random(n) < share)


def uniform(score: Floats) -> Floats:
    """The place of a standard normal score in its distribution, in [0, 1]."""
    return np.asarray(ndtr(score), dtype=np.float64)


def ranked(score: Floats) -> Floats:
    """The place of a score of any distribution among the given rows, in (0, 1)."""
    places = np.empty(len(score))
    places[np.argsort(score, kind="stable")] = np.arange(len(score)) + 0.5
    return places / max(len(score), 1)


def copula_scores(profile: Profile, rng: np.random.Generator, n: int) -> Scores:
    """Normal scores of the correlated application columns for `n` clients.

    Spearman's rank correlation r of a Gaussian copula is a normal correlation of 2 sin(pi r / 6)
    (Pearson 1907). The profile's is positive definite, so its Cholesky root exists.
    """
    root = np.linalg.cholesky(2 * np.sin(np.pi * profile.spearman / 6))
    # Summed column by column, not by a matrix product: BLAS may round differently with the
    # number of its threads, and the same seed must give the same bytes.
    noise = rng.standard_normal((len(root), n))
    return {
        name: sum((weight * noise[k] for k, weight in enumerate(row)), start=np.zeros(n))
        for name, row in zip(profile.correlated, root, strict=True)
    }


def blend(rng: np.random.Generator, n: int, *parts: tuple[float, Floats]) -> Floats:
    """Weighted scores filled up with noise to unit variance; the parts count as independent."""
    mixed = np.zeros(n)
    for weight, score in parts:
        mixed += weight * score
    left = 1 - sum(weight**2 for weight, _ in parts)
    return np.asarray(mixed + np.sqrt(left) * rng.standard_normal(n))


def centred(mask: Mask, share: float) -> Floats:
    """A yes/no with the given share of yes as a score of mean 0 and variance 1."""
    return np.asarray((mask - share) / np.sqrt(share * (1 - share)))


def top_share(score: Floats, share: float) -> Mask:
    """The `share` of rows with the highest score."""
    if len(score) == 0 or share <= 0:
        return np.zeros(len(score), dtype=np.bool_)
    return score >= np.quantile(score, 1 - min(share, 1.0))
