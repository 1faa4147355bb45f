"""Samples of many numeric features, each sorted once.

Here: the sorted form that the tests of numbers search. Keep out: the tests, and categories.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit_risk.two_sample.threads import in_threads

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class SortedColumns:
    """Samples of many features, each sorted once.

    Attributes:
        values: of each column those that are not missing, ascending.
    """

    values: tuple[Floats, ...]

    @classmethod
    def of(cls, columns: Sequence[Floats], *, threads: int = 1) -> "SortedColumns":
        """Sort columns of any lengths; NaN is a missing value, infinities are values."""
        return cls(tuple(in_threads(ascending, columns, threads)))

    @property
    def counts(self) -> Integers:
        """How many values each column has, shape (columns,)."""
        return np.array([len(column) for column in self.values], dtype=np.int64)


def ascending(column: Floats) -> Floats:
    """The values of a column that are not missing, sorted; the column stays as it is."""
    ordered: Floats = np.sort(column)
    # Sorting puts NaN last.
    n_values = int(ordered.searchsorted(np.nan))
    # A copy where much is missing: a view would keep the missing ones in memory as well.
    return ordered[:n_values].copy() if 2 * n_values < len(ordered) else ordered[:n_values]
