"""Counts by level in two samples: do the shares differ, and by how much.

Here: the chi-squared and Fisher tests of shares, and the distance of two mixes of categories.
Add a test of counts here. Keep out: how columns are counted (`credit_risk.two_sample.frames`)
and which p-value calls for action (`credit_risk.drift`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Cochran's rule: the chi-squared distribution fits cells that are expected to hold five or more.
LEAST_EXPECTED = 5.0

# Two arrangements count as equally probable within rounding, as in R's fisher.test.
EQUALLY_PROBABLE = 1.0 + 1e-7

# Fisher's test is asked only where fewer than five hits are expected: this many beyond the
# observed ones, the probability of more is below 1e-40 of what was summed.
TAIL_TERMS = 64


@dataclass(frozen=True)
class MixTest:
    """Whether two samples hold the same mix of levels.

    Attributes:
        p_value: NaN where a sample is empty, both hold the same single level, or the samples are
            too small for two cells.
        size: total-variation distance in [0, 1] less what equal populations would show at these
            sample sizes, at least 0; NaN where a sample is empty.
    """

    p_value: float
    size: float


def compare_mixes(reference: Integers, current: Integers) -> MixTest:
    """Compare two samples of a category by their counts, level by level.

    Chi-squared over the levels that both samples are expected to hold five times; rarer ones are
    pooled into cells that are. Levels too few for a cell even together (rare ones, or new ones)
    are left out of the chi-squared test and their share is compared by Fisher's exact test; the
    smaller of the two p-values, doubled (Bonferroni), is the answer.

    Args:
        reference: counts of each level in one sample, levels in an order that does not depend on
            the samples.
        current: counts of the same levels in the other.
    """
    n_reference, n_current = int(reference.sum()), int(current.sum())
    if not n_reference or not n_current:
        return MixTest(np.nan, np.nan)
    counts = np.stack([reference, current])[:, (reference + current) > 0]
    if counts.shape[1] == 1:
        return MixTest(np.nan, 0.0)
    difference = counts[0] / n_reference - counts[1] / n_current
    distance = float(np.abs(difference).sum()) / 2.0
    return MixTest(_mix_p_value(counts), max(distance - clean_distance(counts[0], counts[1]), 0.0))


def clean_distance(reference: Integers, current: Integers) -> float:
    """Total-variation distance that two samples of one population show on average.

    The mean over all ways to deal the pooled values into samples of these sizes: half of
    (1/n + 1/m) times the sum over levels of the mean absolute deviation of a hypergeometric
    count. That deviation has a closed form: with N values, K of the level, n drawn and k the
    first count above the mean, E|X - nK/N| = 2 k (N - K - n + k) / N P(X = k).

    Args:
        reference: counts of each level in one sample; every level occurs in one of the two.
        current: counts of the same levels in the other.

    Source: Diaconis and Zabell (1991), Closed form summation for classical distributions:
    variations on a theme of de Moivre.
    """
    drawn = int(current.sum())
    total = int(reference.sum()) + drawn
    of_level = reference + current
    k = drawn * of_level // total + 1
    probability = np.exp(_log_hypergeometric(k, of_level, drawn, total))
    deviation = 2.0 * k * (total - of_level - drawn + k) / total * probability
    return float(deviation.sum()) * (1.0 / drawn + 1.0 / (total - drawn)) / 2.0


def compare_shares(
    reference_hits: Integers, n_reference: Integers, current_hits: Integers, n_current: Integers
) -> Floats:
    """Two-sided p-values of equal shares of hits in two samples, for many features at once.

    The chi-squared test with one degree of freedom (the two-proportion z-test) where both samples
    are expected to hold five hits and five others, else Fisher's exact test.

    Args:
        reference_hits: hits in one sample, shape (features,).
        n_reference: size of that sample, at least 1.
        current_hits: hits in the other sample.
        n_current: size of the other sample, at least 1.

    Returns:
        P-values, shape (features,); NaN where there are no hits at all, or nothing but hits.
    """
    total = n_reference + n_current
    hits = reference_hits + current_hits
    rarer = np.minimum(hits, total - hits)
    expected = rarer * np.minimum(n_reference, n_current) / total
    p_value = np.full(len(total), np.nan)
    usual = expected >= LEAST_EXPECTED
    if usual.any():
        tables = np.stack([reference_hits, n_reference - reference_hits, current_hits, n_current - current_hits])
        p_value[usual] = _chi_squared(tables[:2, usual], tables[2:, usual])
    scarce = ~usual & (rarer > 0)
    if scarce.any():
        # Fisher's test is symmetric: count the rarer outcome in the smaller sample.
        in_current = n_current <= n_reference
        seen = np.where(in_current, current_hits, reference_hits)
        drawn = np.minimum(n_current, n_reference)
        seen = np.where(hits <= total - hits, seen, drawn - seen)
        p_value[scarce] = _fisher(seen[scarce], rarer[scarce], drawn[scarce], total[scarce])
    return p_value


def _mix_p_value(counts: Integers) -> float:
    """P-value of a table of shape (2, levels) without empty levels; NaN where it is one cell."""
    sizes = counts.sum(axis=1)
    cells, scarce = _pooled(counts, counts.sum(axis=0) * (int(sizes.min()) / int(sizes.sum())))
    p_values = []
    if cells.shape[1] > 1 and cells.any(axis=1).all():
        p_values.append(float(_chi_squared(cells[0][:, None], cells[1][:, None])[0]))
    if scarce.any():
        p_values.append(float(compare_shares(scarce[:1], sizes[:1], scarce[1:], sizes[1:])[0]))
    return min(1.0, len(p_values) * min(p_values)) if p_values else np.nan


def _pooled(counts: Integers, least: Floats) -> tuple[Integers, Integers]:
    """Cells that are expected to hold five each, and what is left over, as counts of both samples.

    Rare levels are put together from the rarest up until a cell is full; what does not fill
    another joins the last such cell, or is left over when there is none. Only the totals of the
    levels decide, so that the test stays valid.
    """
    rare = least < LEAST_EXPECTED
    cells = [counts[:, [level]] for level in np.flatnonzero(~rare)]
    n_common = len(cells)
    pool, expected = np.zeros(2, dtype=np.int64), 0.0
    for level in np.flatnonzero(rare)[np.argsort(least[rare], kind="stable")]:
        pool = pool + counts[:, level]
        expected += float(least[level])
        if expected >= LEAST_EXPECTED:
            cells.append(pool[:, None])
            pool, expected = np.zeros(2, dtype=np.int64), 0.0
    if len(cells) > n_common:
        cells[-1] = cells[-1] + pool[:, None]
        pool = np.zeros(2, dtype=np.int64)
    return np.concatenate([*cells, np.zeros((2, 0), dtype=np.int64)], axis=1), pool


def _chi_squared(reference: Integers, current: Integers) -> Floats:
    """P-values of Pearson's test for tables whose samples have shape (levels, tables)."""
    from scipy.special import chdtrc

    n_reference, n_current = reference.sum(axis=0), current.sum(axis=0)
    # Sum of (observed - expected)^2 / expected over both rows, in one: the rows deviate alike.
    deviation = reference * (n_current / n_reference) - current
    scale = (n_reference / n_current) / (reference + current)
    statistic = (deviation**2 * scale).sum(axis=0)
    p_value: Floats = chdtrc(len(reference) - 1.0, statistic)
    return p_value


def _fisher(seen: Integers, hits: Integers, drawn: Integers, total: Integers) -> Floats:
    """Fisher's exact test, two-sided: the probability of all counts no likelier than the one seen."""
    last = int(min(np.minimum(hits, drawn).max(), seen.max() + TAIL_TERMS))
    k = np.arange(last + 1)
    probability = np.exp(_log_hypergeometric(k, hits[:, None], drawn[:, None], total[:, None]))
    observed = np.take_along_axis(probability, seen[:, None], axis=1)
    as_unlikely = probability <= observed * EQUALLY_PROBABLE
    p_value: Floats = np.minimum((probability * as_unlikely).sum(axis=1), 1.0)
    return p_value


def _log_hypergeometric(k: Integers, hits: Integers, drawn: Integers | int, total: Integers | int) -> Floats:
    """Log-probability of k hits among `drawn` of `total` values, `hits` of which are hits; -inf if impossible."""
    from scipy.special import gammaln

    possible = (k <= hits) & (k <= drawn) & (total - hits - drawn + k >= 0)
    k = np.where(possible, k, np.maximum(drawn + hits - total, 0))
    log = gammaln(np.asarray(hits) + 1.0) - gammaln(k + 1.0) - gammaln(hits - k + 1.0)
    others = total - hits
    log += gammaln(others + 1.0) - gammaln(drawn - k + 1.0) - gammaln(others - drawn + k + 1.0)
    log -= gammaln(np.asarray(total) + 1.0) - gammaln(np.asarray(drawn) + 1.0)
    log += gammaln(np.asarray(total) - drawn + 1.0)
    log_probability: Floats = np.where(possible, log, -np.inf)
    return log_probability
