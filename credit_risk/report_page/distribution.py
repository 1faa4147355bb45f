"""How a feature or a score is spread, then and now: shares by bin, ready to be drawn.

Here: the bins. They are cut from both samples together, so that neither hides what the other holds.
Keep out: drawing (`pictures`), and whether the difference matters (`credit_risk.drift`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

# Fine enough for the shape, coarse enough that fifty decisions do not look like a comb.
BINS = 24
# Up to so many different numbers are counted one by one, as counts and flags want to be.
MOST_VALUES = 12
# Levels drawn by name; the rest is one bar.
MOST_LEVELS = 8
# Of the values, at either end: one outlier of a trillion must not press all others into one bin.
TAIL = 0.005
REST = "all others"


@dataclass(frozen=True)
class Distribution:
    """Shares of the known values by bin, in the reference and in the window.

    Attributes:
        name: of what is spread.
        labels: of the bins: their levels or values; empty where `edges` bound them.
        edges: of the bins, one more than there are; empty where `labels` name them.
        reference: share of the reference's known values in each bin.
        window: share of the window's.
        missing_reference: share of the reference's values that are missing.
        missing_window: share of the window's.
    """

    name: str
    labels: tuple[str, ...]
    edges: tuple[float, ...]
    reference: tuple[float, ...]
    window: tuple[float, ...]
    missing_reference: float
    missing_window: float


def distribution(name: str, reference: pd.Series, window: pd.Series) -> Distribution:
    """The distribution of a feature; numbers by value or by bin, categories by level, the commonest first."""
    known = [values.dropna() for values in (reference, window)]
    missing = [float(values.isna().mean()) if len(values) else 0.0 for values in (reference, window)]
    if not pd.api.types.is_numeric_dtype(reference):
        return _by_label(name, _levels(known), known, missing)
    numbers = [values.to_numpy(dtype=np.float64) for values in known]
    together = np.concatenate(numbers)
    values = np.unique(together)
    if len(values) <= MOST_VALUES:
        return _by_label(name, [float(value) for value in values], [pd.Series(n) for n in numbers], missing)
    edges = _edges(together)
    shares = [_shares(np.histogram(np.clip(n, edges[0], edges[-1]), edges)[0]) for n in numbers]
    return Distribution(name, (), tuple(edges.tolist()), shares[0], shares[1], missing[0], missing[1])


def _edges(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    low, high = np.quantile(values, [TAIL, 1.0 - TAIL])
    if low == high:
        # Nearly all values are one: the ends are all there is to show.
        low, high = values.min(), values.max()
    if not np.all(values == np.round(values)):
        return np.linspace(low, high, BINS + 1)
    # Of whole numbers each bin holds as many, or the bins would look like a comb.
    width = np.ceil((high - low + 1.0) / BINS)
    n_bins = np.ceil((high - low + 1.0) / width)
    edges: npt.NDArray[np.float64] = np.floor(low) - 0.5 + width * np.arange(n_bins + 1)
    return edges


def _levels(known: Sequence["pd.Series[str]"]) -> list[str]:
    # By their mean share: a level that is new in the window comes as early as one that has vanished.
    shares = [values.value_counts(normalize=True) for values in known]
    order = shares[0].add(shares[1], fill_value=0.0)
    ranked = sorted(order.index, key=lambda level: (-order[level], str(level)))
    return ranked if len(ranked) <= MOST_LEVELS else [*ranked[: MOST_LEVELS - 1], REST]


def _by_label(
    name: str, labels: Sequence[str] | Sequence[float], known: Sequence[pd.Series], missing: Sequence[float]
) -> Distribution:
    shares = []
    for values in known:
        counts = values.value_counts()
        named = [int(counts.get(label, 0)) for label in labels if label != REST]
        rest = [len(values) - sum(named)] if REST in labels else []
        shares.append(_shares(np.array(named + rest, dtype=np.float64)))
    words = tuple(f"{label:g}" if isinstance(label, float) else str(label) for label in labels)
    return Distribution(name, words, (), shares[0], shares[1], missing[0], missing[1])


def _shares(counts: npt.NDArray[np.float64]) -> tuple[float, ...]:
    total = counts.sum()
    return tuple((counts / total).tolist()) if total else (0.0,) * len(counts)
