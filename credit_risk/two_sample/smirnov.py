"""The exact null distribution of the two-sample Kolmogorov-Smirnov statistic, for many sample sizes at once.

Here: the count of lattice paths behind the exact p-value, in one pass over all features of a
window. Keep out: how the statistic is found and when exactness is worth its price
(`credit_risk.two_sample.kolmogorov_smirnov`).
"""

import math

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

# Counts at most double with each step: 256 steps stay 150 orders of magnitude below the largest
# double, which leaves room for the spread of the counts within one step.
STEPS_BETWEEN_RESCALING = 256

# Factors between a half and one: 512 of them stay far above the smallest double.
FACTORS_IN_A_PRODUCT = 512

# The columns of one pass share a moving window over the paths, as wide as their slopes differ.
# Sorted by slope and 128 at a time, the window stays in the processor's cache.
COLUMNS_IN_A_PASS = 128


def exact_survival(larger: Integers, smaller: Integers, gap: Integers) -> Floats:
    """P(D >= gap / lcm) under the null hypothesis of one continuous distribution, per column.

    Every order in which the pooled values can arrive is a lattice path from (0, 0) to (smaller,
    larger); the statistic stays below the observed one where the path stays strictly between two
    lines (Hodges 1958, The significance probability of the Smirnov two-sample test). Paths are
    counted step by step for all columns together, and only to the middle: the second half is the
    first one, rotated. Counts are scaled by powers of two only, so that no rounding is systematic;
    the result is right to about 1e-14.

    Args:
        larger: sizes of the larger samples, shape (columns,), at least 1.
        smaller: sizes of the smaller samples, none above its `larger`, at least 1.
        gap: the observed statistics in units of 1 / lcm(larger, smaller): integers above 0.

    Returns:
        Probabilities, shape (columns,). Those below about 1e-13 are rounding noise around zero.
    """
    survival = np.empty(len(larger))
    by_slope = np.argsort(smaller / (larger + smaller), kind="stable")
    for first in range(0, len(by_slope), COLUMNS_IN_A_PASS):
        columns = by_slope[first : first + COLUMNS_IN_A_PASS]
        inside = _share_inside(larger[columns], smaller[columns], gap[columns])
        survival[columns] = 1.0 - inside
    return np.clip(survival, 0.0, 1.0)


class _Band:
    """The positions that a path may hold after a number of steps, per column.

    A position is the number of values of the smaller sample among the first `step` pooled ones.
    """

    def __init__(self, larger: Integers, smaller: Integers, gap: Integers) -> None:
        divisor = np.gcd(larger, smaller)
        self._total = (larger + smaller) // divisor
        self._rise = smaller // divisor
        self._gap = gap
        self._highest = smaller

    def first(self, steps: Integers) -> Integers:
        """Lowest position inside, shape (steps, columns); beyond the end of a path just above its last."""
        middle = steps[:, None] * self._rise
        first: Integers = np.clip((middle - self._gap) // self._total + 1, 0, self._highest + 1)
        return first

    def last(self, steps: Integers) -> Integers:
        """Highest position inside, shape (steps, columns)."""
        middle = steps[:, None] * self._rise
        last: Integers = np.minimum(-((-middle - self._gap) // self._total) - 1, self._highest)
        return last


def _share_inside(larger: Integers, smaller: Integers, gap: Integers) -> Floats:
    """Share of all paths that stay strictly inside the band, for columns of one pass."""
    total = larger + smaller
    half = total // 2
    band = _Band(larger, smaller, gap)
    # A step of the smaller sample is rarer: weighting it by about its odds (a power of two, so
    # exactly) keeps the counts of one step within the range of a double.
    weight_exponent = np.rint(np.log2(smaller / larger)).astype(np.int64)
    halves = _counts_at(np.stack([half, total - half]), band, np.exp2(weight_exponent))
    all_paths, all_exponent = _binomials(larger, smaller)
    share = np.empty(len(larger))
    for column, n in enumerate(smaller.tolist()):
        (before, scale_before), (after, scale_after) = halves[column]
        # after[n - j] counts the ways from position j to the end: the first half, rotated.
        after = after[: n + 1][::-1]
        offset, end = n + 1 - len(after), min(len(before), n + 1)
        paths = float(before[offset:end] @ after[: end - offset])
        scale = scale_before + scale_after - int(all_exponent[column] + n * weight_exponent[column])
        share[column] = math.ldexp(paths / all_paths[column], scale)
    return share


def _counts_at(stops: Integers, band: _Band, weight: Floats) -> list[list[tuple[Floats, int]]]:
    """Weighted counts of paths inside the band after each column's stops, as (counts, exponent).

    Args:
        stops: numbers of steps, shape (2, columns).
        band: the positions that count.
        weight: factor of a step of the smaller sample, a power of two at most 1, shape (columns,).

    Returns:
        For each column and stop, counts by position and the power of two that they lack.
    """
    n_columns = stops.shape[1]
    n_steps = int(stops.max())
    highest = int(band.last(np.array([n_steps])).max())
    # Row 0 stands for position -1, so that the cell below a band always exists; one more above.
    counts = np.zeros((highest + 3, n_columns))
    counts[1] = 1.0
    flat = counts.reshape(-1)
    product = np.empty_like(counts)
    # As wide as the counts: a factor a column would be read in steps too short for the processor.
    factors = np.tile(weight, (len(counts), 1))
    exponent = np.zeros(n_columns, dtype=np.int64)
    taken: list[list[tuple[Floats, int]]] = [[] for _ in range(n_columns)]
    arrivals = _arrivals(stops)
    for start in range(0, n_steps + 1, STEPS_BETWEEN_RESCALING):
        steps = np.arange(start, min(start + STEPS_BETWEEN_RESCALING, n_steps + 1))
        first, last = band.first(steps), band.last(steps)
        outside = np.concatenate([first, last + 2], axis=1) * n_columns + np.tile(np.arange(n_columns), 2)
        lows, highs = first.min(axis=1).tolist(), last.max(axis=1).tolist()
        for row, step in enumerate(steps.tolist()):
            if step:
                low, high = lows[row], highs[row]
                moved = np.multiply(counts[low : high + 1], factors[low : high + 1], out=product[low : high + 1])
                reached = counts[low + 1 : high + 2]
                np.add(reached, moved, out=reached)
                flat[outside[row]] = 0.0
            for column in arrivals.get(step, ()):
                taken[column].append((counts[1:, column].copy(), int(exponent[column])))
        shift = np.frexp(counts.max(axis=0))[1]
        np.ldexp(counts, -shift, out=counts)
        exponent += shift
    return taken


def _arrivals(stops: Integers) -> dict[int, list[int]]:
    """Which columns stop after how many steps."""
    arrivals: dict[int, list[int]] = {}
    for row in stops.tolist():
        for column, step in enumerate(row):
            arrivals.setdefault(step, []).append(column)
    return arrivals


def _binomials(larger: Integers, smaller: Integers) -> tuple[Floats, Integers]:
    """Binomial coefficients (larger + smaller over smaller) as mantissas and powers of two.

    They are beyond any double; the rounding of a product of n factors is about sqrt(n) units.
    """
    mantissa = np.ones(len(larger))
    exponent = np.zeros(len(larger), dtype=np.int64)
    for start in range(1, int(smaller.max()) + 1, FACTORS_IN_A_PRODUCT):
        k = np.arange(start, start + FACTORS_IN_A_PRODUCT)
        factors, powers = np.frexp(np.where(k <= smaller[:, None], larger[:, None] / k + 1.0, 1.0))
        mantissa, carry = np.frexp(mantissa * factors.prod(axis=1))
        exponent += powers.sum(axis=1) + carry
    return mantissa, exponent
