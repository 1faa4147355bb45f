"""The two-sample Kolmogorov-Smirnov test for many columns: sort once, search, count.

Here: the statistic as an exact count and the choice between its exact and its limiting p-value.
The search (`largest_gap`) and the distributions (`smirnov`, `kolmogorov`) live beside it. Keep
out: what size or p-value calls for action (`credit_risk.drift`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit_risk.two_sample.kolmogorov import limiting_survival
from credit_risk.two_sample.largest_gap import largest_gap
from credit_risk.two_sample.smirnov import exact_survival
from credit_risk.two_sample.sorted_columns import SortedColumns, ascending
from credit_risk.two_sample.threads import in_threads

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# The limiting p-value is off by a tenth of itself at 50 values and by a hundredth at 1,000, where
# no decision hangs on the difference any more; counting paths takes time in proportion.
EXACT_TO = 1_000

# Where 2 exp(-2 n d^2), the bound of Dvoretzky, Kiefer and Wolfowitz, is below 1e-13, the exact
# p-value is zero to all digits that counting paths could give: the limiting tail says as much.
EXACT_FROM_PROBABILITY = 1e-13


@dataclass(frozen=True, eq=False)
class KolmogorovSmirnov:
    """The test of each column.

    Attributes:
        statistic: largest distance between the two distribution functions; NaN where a sample has
            no values.
        p_value: two-sided; NaN also where all values of both samples are one constant, which no
            order of arrival could tell apart.
        n_current: values of the second sample that are not missing.
    """

    statistic: Floats
    p_value: Floats
    n_current: Integers


def kolmogorov_smirnov(reference: SortedColumns, current: Sequence[Floats], *, threads: int = 1) -> KolmogorovSmirnov:
    """Compare two samples, column by column.

    Equals `scipy.stats.ks_2samp` to 1e-12: `method="exact"` where the smaller sample has at most
    1,000 values, else `method="asymp"`. Ties are counted as SciPy counts them.

    Args:
        reference: one sample of each feature.
        current: the other one, not sorted, NaN for what is missing, with the same columns in the
            same order. Each is sorted while it is compared: no copy of them all is made, and a
            sorted column is still in the processor's cache when it is searched.
        threads: how many columns are compared at once.
    """
    pairs = list(zip(reference.values, current, strict=True))
    found = np.array(in_threads(_column, pairs, threads), dtype=np.int64).reshape(len(pairs), 3)
    products, n_current, varies = found.T
    n_reference = reference.counts
    larger, smaller = np.maximum(n_reference, n_current), np.minimum(n_reference, n_current)
    statistic, p_value = np.full(len(pairs), np.nan), np.full(len(pairs), np.nan)
    comparable = smaller > 0
    statistic[comparable] = products[comparable] / (larger * smaller)[comparable]
    tested = np.flatnonzero(varies)
    p_value[tested] = _p_values(products[tested], larger[tested], smaller[tested])
    return KolmogorovSmirnov(statistic, p_value, n_current)


def _column(pair: tuple[Floats, Floats]) -> tuple[int, int, int]:
    """Gap times both sizes, values in the window, and whether anything varies; the first sample is sorted."""
    one, other = pair[0], ascending(pair[1])
    if not len(one) or not len(other):
        return 0, len(other), 0
    varies = min(one[0], other[0]) != max(one[-1], other[-1])
    return largest_gap(one, other), len(other), int(varies)


def _p_values(products: Integers, larger: Integers, smaller: Integers) -> Floats:
    """Two-sided p-values of gaps given as integers, exact for small samples."""
    statistic = products / (larger * smaller)
    effective = larger * smaller / (larger + smaller)
    within_reach = 2.0 * np.exp(-2.0 * effective * statistic**2) >= EXACT_FROM_PROBABILITY
    small = smaller <= EXACT_TO
    p_value = np.ones(len(products))
    exact = small & within_reach & (products > 0)
    if exact.any():
        gap = products // np.gcd(larger, smaller)
        p_value[exact] = exact_survival(larger[exact], smaller[exact], gap[exact])
    limiting = ~(small & within_reach)
    if limiting.any():
        p_value[limiting] = limiting_survival(statistic[limiting], np.round(effective[limiting]))
    return p_value
