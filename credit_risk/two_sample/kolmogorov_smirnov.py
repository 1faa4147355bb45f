"""The two-sample Kolmogorov-Smirnov test for many columns: sort once, search, count.

Here: the statistic as an exact count and the choice between its exact and its limiting p-value.
The distributions live beside it (`smirnov`, `kolmogorov`). Keep out: what size or p-value calls
for action (`credit_risk.drift`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit_risk.two_sample.kolmogorov import limiting_survival
from credit_risk.two_sample.smirnov import exact_survival

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# The limiting p-value is off by a tenth of itself at 50 values and by a hundredth at 1,000, where
# no decision hangs on the difference any more; counting paths takes time in proportion.
EXACT_TO = 1_000

# Where 2 exp(-2 n d^2), the bound of Dvoretzky, Kiefer and Wolfowitz, is below 1e-13, the exact
# p-value is zero to all digits that counting paths could give: the limiting tail says as much.
EXACT_FROM_PROBABILITY = 1e-13


@dataclass(frozen=True, eq=False)
class SortedColumns:
    """Samples of many features, each sorted once.

    Attributes:
        values: shape (columns, rows), each row ascending, missing values (NaN) last.
        counts: how many values of each column are not missing.
    """

    values: Floats
    counts: Integers

    @classmethod
    def of(cls, columns: Sequence[Floats]) -> "SortedColumns":
        """Sort columns of one length; NaN is a missing value, infinities are values."""
        values = np.empty((len(columns), len(columns[0]) if columns else 0))
        for index, column in enumerate(columns):
            values[index] = column
        values.sort(axis=1)
        counts = [int(row.searchsorted(np.nan)) for row in values]
        return cls(values, np.array(counts, dtype=np.int64))

    def column(self, index: int) -> Floats:
        """The values of one column that are not missing, ascending."""
        present: Floats = self.values[index, : self.counts[index]]
        return present


@dataclass(frozen=True, eq=False)
class KolmogorovSmirnov:
    """The test of each column.

    Attributes:
        statistic: largest distance between the two distribution functions; NaN where a sample has
            no values.
        p_value: two-sided; NaN also where all values of both samples are one constant, which no
            order of arrival could tell apart.
    """

    statistic: Floats
    p_value: Floats


def kolmogorov_smirnov(reference: SortedColumns, current: SortedColumns) -> KolmogorovSmirnov:
    """Compare two samples, column by column.

    Equals `scipy.stats.ks_2samp` to 1e-12: `method="exact"` where the smaller sample has at most
    1,000 values, else `method="asymp"`. Ties are counted as SciPy counts them.

    Args:
        reference: one sample of each feature.
        current: the other one, with the same columns in the same order.
    """
    larger = np.maximum(reference.counts, current.counts)
    smaller = np.minimum(reference.counts, current.counts)
    statistic = np.full(len(larger), np.nan)
    p_value = np.full(len(larger), np.nan)
    comparable = np.flatnonzero(smaller)
    products = np.zeros(len(larger), dtype=np.int64)
    varies = np.zeros(len(larger), dtype=np.bool_)
    for index in comparable.tolist():
        one, other = reference.column(index), current.column(index)
        products[index] = _largest_gap(one, other)
        varies[index] = min(one[0], other[0]) != max(one[-1], other[-1])
    statistic[comparable] = products[comparable] / (larger * smaller)[comparable]
    tested = np.flatnonzero(varies)
    p_value[tested] = _p_values(products[tested], larger[tested], smaller[tested])
    return KolmogorovSmirnov(statistic, p_value)


def _largest_gap(one: Floats, other: Floats) -> int:
    """Largest distance of the two distribution functions, times both sample sizes: an integer."""
    many, few = (one, other) if len(one) >= len(other) else (other, one)
    below = many.searchsorted(few)
    # Searching a second time from the right would double the cost; only ties need it.
    tied = many[np.minimum(below, len(many) - 1)] == few
    up_to = below
    if tied.any():
        up_to = below.copy()
        up_to[tied] = many.searchsorted(few[tied], side="right")
    # Between two values of the smaller sample its function is flat: the distance is largest just
    # before one of them or at it. Among equal values the first and the last count, and win.
    passed = np.arange(len(few) + 1) * len(many)
    before = below * len(few) - passed[:-1]
    after = passed[1:] - up_to * len(few)
    return int(max(before.max(), after.max()))


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
