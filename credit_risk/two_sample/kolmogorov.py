"""The limiting null distribution of the Kolmogorov-Smirnov statistic, for many columns at once.

Here: P(D_n >= d) as `scipy.stats.kstwo.sf` gives it (equal to 1e-12), but for all columns of a
window together: SciPy takes one to seventy milliseconds for each, which is the whole budget.
Keep out: what n means for two samples (`credit_risk.two_sample.kolmogorov_smirnov`).

Sources: Pelz and Good (1976), Approximating the lower tail-areas of the Kolmogorov-Smirnov
one-sample statistic; Simard and L'Ecuyer (2011), Computing the two-sided Kolmogorov-Smirnov
distribution, whose division into regions by n d^2 SciPy follows; Marsaglia, Tsang and Wang (2003),
Evaluating Kolmogorov's distribution.
"""

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

# Above it, crossing both lines is so improbable that SciPy doubles the one-sided probability;
# beyond the second, that is below the smallest double.
TAIL_FROM = 2.2
NOTHING_FROM = 370.0

# Below n d^1.5 = 1.4 the Pelz-Good expansion gives way to an exact matrix power, up to the sizes
# where that takes too long.
MATRIX_POWER_TO = 1.4
MATRIX_POWER_SIZES = 100_000

# P(D_n < d) is below 1e-13 when n d^2, with d widened by the first term of its expansion in n,
# lies below: such columns (flags, mostly) cost nothing.
CERTAIN_TO = 0.036

# The one-sided sum is replaced by an integral, exact to 1e-13 from here on. Two samples of more
# than 1,000 values have n above 500; the few smaller ones that come here are left to SciPy.
SMALLEST_SIZE = 500

# The integrand falls off faster than any power at both ends, so that the midpoint rule converges
# exponentially: 256 points leave no error that a double could show, for every n.
POINTS = 256

# exp(-pi^2 (k - 1/2)^2 / (2 z^2)) is below 1e-69 for k = 9 and z^2 below TAIL_FROM.
THETA_TERMS = np.arange(1.0, 9.0)


def limiting_survival(statistic: Floats, size: Floats) -> Floats:
    """P(D_n >= statistic) for the two-sided one-sample statistic of n = size values, per column.

    Args:
        statistic: observed statistics in [0, 1], shape (columns,).
        size: integral sample sizes n, shape (columns,).

    Returns:
        Probabilities, shape (columns,), equal to `scipy.stats.kstwo.sf(statistic, size)` to 1e-12.
    """
    scaled = size * statistic**2
    survival = np.ones(len(statistic))
    open_ = (np.sqrt(scaled) + 1.0 / (6.0 * np.sqrt(size))) ** 2 >= CERTAIN_TO
    small = open_ & (size < SMALLEST_SIZE)
    tail = open_ & ~small & (scaled >= TAIL_FROM)
    by_matrix = (size <= MATRIX_POWER_SIZES) & (size * statistic**1.5 <= MATRIX_POWER_TO)
    by_matrix &= open_ & ~small & ~tail
    body = open_ & ~small & ~tail & ~by_matrix
    survival[scaled >= NOTHING_FROM] = 0.0
    tail &= scaled < NOTHING_FROM
    if small.any():
        from scipy.stats import kstwo

        survival[small] = kstwo.sf(statistic[small], size[small])
    if tail.any():
        survival[tail] = 2.0 * _one_sided(statistic[tail], size[tail])
    if body.any():
        survival[body] = 1.0 - _pelz_good(np.sqrt(scaled[body]), size[body])
    for index in np.flatnonzero(by_matrix).tolist():
        survival[index] = 1.0 - _by_matrix_power(float(statistic[index]), int(size[index]))
    return np.clip(survival, 0.0, 1.0)


def _one_sided(statistic: Floats, size: Floats) -> Floats:
    """P(D_n+ >= statistic): the sum of Birnbaum and Tingey (1951), as an integral over its index.

    The binomial coefficients are written around their mode with Stirling's remainders (Loader
    2000), so that no large logarithms cancel.
    """
    d, n = statistic[:, None], size[:, None]
    spacing = n * (1.0 - d) / POINTS
    v = (np.arange(POINTS) + 0.5) * spacing
    w = n - v
    remainders = _stirling_remainder(n) - _stirling_remainder(v) - _stirling_remainder(w)
    exponent = v * np.log1p(n * d / v) + w * np.log1p(-n * d / w) + remainders
    density = d / (d + v / n) * np.sqrt(n / (2.0 * np.pi * v * w)) * np.exp(exponent)
    integral: Floats = (density * spacing).sum(axis=1)
    return integral


def _stirling_remainder(x: Floats) -> Floats:
    """log(x!) less Stirling's formula; right to 1e-14 from x = 20, below which no mass lies."""
    inverse = 1.0 / x
    square = inverse * inverse
    return inverse * (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square / 1680.0)))


def _pelz_good(z: Floats, size: Floats) -> Floats:
    """P(D_n < z / sqrt(n)) by the expansion of Pelz and Good in powers of 1 / sqrt(n)."""
    z = z[:, None]
    z2, z4, z6 = z**2, z**4, z**6
    odd = (np.pi * (THETA_TERMS - 0.5)) ** 2
    even = (np.pi * THETA_TERMS) ** 2
    at_odd, at_even = np.exp(-odd / (2.0 * z2)), np.exp(-even / (2.0 * z2))
    zeroth = at_odd / z
    first = (odd - z2) * at_odd / (6.0 * z4)
    second = (6.0 * z6 + 2.0 * z4 + (2.0 * z4 - 5.0 * z2) * odd + (1.0 - 2.0 * z2) * odd**2) * at_odd
    second = second / (72.0 * z**7) - even * at_even / (36.0 * z**3)
    third = (5.0 - 30.0 * z2) * odd**3 + (212.0 * z4 - 60.0 * z2) * odd**2
    third = (third + (135.0 * z4 - 96.0 * z6) * odd - 30.0 * z6 - 90.0 * z**8) * at_odd
    third = third / (6480.0 * z**10) + (3.0 * z2 - even) * even * at_even / (216.0 * z6)
    root = np.sqrt(size)[:, None]
    terms = zeroth + first / root + second / root**2 + third / root**3
    cumulative: Floats = np.sqrt(2.0 * np.pi) * terms.sum(axis=1)
    return cumulative


def _by_matrix_power(statistic: float, size: int) -> float:
    """P(D_n < statistic) exactly, as Marsaglia, Tsang and Wang: n! / n^n times an entry of H^n."""
    k = math.ceil(size * statistic)
    h = k - size * statistic
    order = 2 * k - 1
    rows = np.arange(order)
    distance = rows[:, None] - rows[None, :] + 1
    matrix = (distance >= 0).astype(np.float64)
    matrix[:, 0] -= h ** (rows + 1.0)
    matrix[-1] -= h ** (order - rows.astype(np.float64))
    matrix[-1, 0] += max(2.0 * h - 1.0, 0.0) ** order
    factorials = np.cumprod(np.maximum(np.arange(order + 1.0), 1.0))
    matrix /= factorials[np.maximum(distance, 0)]
    # H grows by e a power: dividing by it leaves of n! / n^n the root and the remainder.
    entry = np.linalg.matrix_power(matrix / math.e, size)[k - 1, k - 1]
    remainder = 1.0 / (12.0 * size) - 1.0 / (360.0 * size**3)
    return math.sqrt(2.0 * math.pi * size) * math.exp(remainder) * float(entry)
