"""An estimate: a figure with its 95 % interval, and the bootstrap that makes one of a mean.

Here: what every figure with an interval has in common. Add a way to an interval when two
figures need it. Keep out: the figures themselves (evaluation, business_cost, promotion).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

# 97.5 % quantile of the normal distribution: two-sided 95 %, as every interval here.
Z_95 = 1.959963984540054
# The ends of a 95 % interval rest on the outer 25 replicates of a thousand; their Monte-Carlo
# error is then about a tenth of the interval's width.
REPLICATES = 1000


@dataclass(frozen=True)
class Estimate:
    """A figure and the ends of its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.4f} [{self.low:.4f}, {self.high:.4f}]"


def unit_weights(weights: npt.ArrayLike | None, n: int) -> Floats:
    """The weights as float64, or n ones."""
    return np.ones(n) if weights is None else np.asarray(weights, dtype=np.float64)


def bootstrap_mean(
    values: Floats, *, weights: Floats | None, rng: np.random.Generator, replicates: int = REPLICATES
) -> Estimate:
    """The weighted mean with its 95 % percentile-bootstrap interval over rows.

    Resamples rows with their weights, one replicate at a time: memory stays at a few arrays
    of n. Values that are differences of two models on the same rows make it the paired
    bootstrap.

    Source: Efron, Tibshirani (1993), An Introduction to the Bootstrap, chapter 13.
    """
    w = unit_weights(weights, len(values))
    # Sum of values and sum of weights as one complex number: one gather a replicate, not two.
    rows = w * values + 1j * w
    sums = np.array([rows.take(rng.integers(0, len(rows), len(rows))).sum() for _ in range(replicates)])
    low, high = np.quantile(sums.real / sums.imag, [0.025, 0.975])
    return Estimate(value=float(np.sum(w * values) / np.sum(w)), low=float(low), high=float(high))
