"""Features that say nothing, or nothing new: constant ones, exact copies, and pairs that rank clients alike.

Here: what a matrix of features shows by itself. Keep out: labels, and what is done about it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

Floats = npt.NDArray[np.float64]

# A tree splits on ranks: two features beyond this are one to it.
SAME_RANKS = 0.999
# Clients that ranks are compared on. The error of a correlation of 0.999 there is 1e-5.
MOST_ROWS = 50_000


@dataclass(frozen=True)
class Redundancy:
    """What a set of features could do without.

    Attributes:
        constant: one value for everybody, missing counting as one.
        duplicates: groups of features that are equal for everybody.
        alike: pairs with a rank correlation beyond `SAME_RANKS`, missing for nearly the same clients.
    """

    constant: tuple[str, ...]
    duplicates: tuple[tuple[str, ...], ...]
    alike: tuple[tuple[str, str, float], ...]


def redundancy(matrix: Floats, names: Sequence[str]) -> Redundancy:
    """What the columns of a matrix (one row a client, nan for missing) could do without.

    Duplicates and constants are looked for in all rows; ranks are compared on the first `MOST_ROWS`.
    """
    constant = [i for i in range(matrix.shape[1]) if _is_constant(matrix[:, i])]
    groups: dict[bytes, list[int]] = {}
    for i in (i for i in range(matrix.shape[1]) if i not in constant):
        # Adding zero turns -0.0 into 0.0, which is the same number in other bits.
        groups.setdefault((matrix[:, i] + 0.0).tobytes(), []).append(i)
    first = sorted(group[0] for group in groups.values())
    return Redundancy(
        constant=tuple(names[i] for i in constant),
        duplicates=tuple(tuple(names[i] for i in sorted(group)) for group in groups.values() if len(group) > 1),
        alike=tuple((names[i], names[j], r) for i, j, r in _alike(matrix[:MOST_ROWS], first)),
    )


def _is_constant(values: Floats) -> bool:
    return bool(np.all(np.isnan(values)) or np.all(values == values[0]))


def _alike(matrix: Floats, columns: Sequence[int]) -> list[tuple[int, int, float]]:
    """Pairs of columns of nearly the same ranks, by position."""
    varying = [i for i in columns if not _is_constant(matrix[:, i])]
    # Missing ranks below every number: one matrix product screens all pairs. Where most is missing it passes
    # pairs that differ in the rest: these are looked at again.
    ranks = np.column_stack([_standardized(matrix[:, i]) for i in varying])
    correlation = ranks.T @ ranks / len(ranks)
    candidates = np.argwhere(np.triu(np.abs(correlation) > SAME_RANKS, k=1))
    pairs = [(varying[i], varying[j]) for i, j in candidates]
    confirmed = [(i, j, _correlation(matrix[:, i], matrix[:, j])) for i, j in pairs]
    return [(i, j, r) for i, j, r in confirmed if abs(r) > SAME_RANKS]


def _standardized(values: Floats) -> npt.NDArray[np.float32]:
    ranks = stats.rankdata(np.where(np.isnan(values), -np.inf, values))
    return np.asarray((ranks - ranks.mean()) / ranks.std(), dtype=np.float32)


def _correlation(one: Floats, other: Floats) -> float:
    """Rank correlation where both are present; 0 where hardly anybody has both, or one is constant there."""
    both = ~np.isnan(one) & ~np.isnan(other)
    if both.sum() < 3 or _is_constant(one[both]) or _is_constant(other[both]):  # noqa: PLR2004  # two points always agree
        return 0.0
    return float(stats.spearmanr(one[both], other[both]).statistic)
