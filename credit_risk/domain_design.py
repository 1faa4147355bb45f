"""The columns on which two samples are told apart: each feature by itself, and features in pairs.

Here: how numbers, categories and missing values become standardized columns. Keep out: the
classifier (`credit_risk.domain_classifier`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.two_sample.kinds import Kind, numeric_values

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Integers = NDArray[np.int64]

# Products of 30 columns are 435 more; of 400 they would be 80,000. The first features are paired:
# callers name the most important ones first.
MOST_PAIRED = 30
# A pair weighs less than a feature: there are so many more of them. Measured with 30 features and
# 1,000 rows: as many moves of single features are seen as without pairs, and no fewer moves of
# correlation than with full weight.
WEIGHT_OF_A_PAIR = 0.6
# A level rarer than this in both samples together says nothing that a test could confirm.
LEAST_LEVEL_ROWS = 10
# Of a constant, rounding leaves a deviation that is none.
NO_DEVIATION = 1e-9


@dataclass(frozen=True, eq=False)
class Design:
    """Standardized columns of both samples, and whose they are.

    Attributes:
        columns: shape (rows, columns), mean 0; standard deviation 1, for pairs `WEIGHT_OF_A_PAIR`.
            In single precision, which halves the time.
        owners: the two features that each column belongs to, by number, shape (columns, 2); twice
            the same one for a column of a single feature.
    """

    columns: Singles
    owners: Integers


def design_of(rows: pd.DataFrame, kinds: dict[str, Kind]) -> Design:
    """The columns of a frame that holds both samples.

    A number becomes the normal score of its rank, the square of that (spread), and a flag where it
    is missing; a category a flag for each level and one for missing. Of each pair of the first
    features the product is added: of normal scores, and of the commonest level of a category. No
    column depends on which sample a row is from, so that a permutation test on them is exact.

    Args:
        rows: both samples, one under the other.
        kinds: the features to take, in the order of their importance.
    """
    single: list[Floats] = []
    owners: list[tuple[int, int]] = []
    paired: list[Floats] = []
    for number, (feature, kind) in enumerate(kinds.items()):
        columns = _numeric(rows[feature]) if kind == "numeric" else _categorical(rows[feature])
        single += columns
        owners += [(number, number)] * len(columns)
        if number < MOST_PAIRED:
            paired.append(columns[0])
    first, second = np.triu_indices(len(paired), 1)
    of_pairs = _standardized(paired)
    products = [of_pairs[:, one] * of_pairs[:, other] for one, other in zip(first, second, strict=True)]
    pairs = list(zip(first.tolist(), second.tolist(), strict=True))
    columns_of_all = [_standardized(single), WEIGHT_OF_A_PAIR * _standardized(products, len(rows))]
    return Design(
        columns=np.concatenate(columns_of_all, axis=1, dtype=np.float32, casting="same_kind"),
        owners=np.array(owners + pairs, dtype=np.int64).reshape(-1, 2),
    )


def _numeric(column: pd.Series) -> list[Floats]:
    from scipy.special import ndtri
    from scipy.stats import rankdata

    values = numeric_values(column)
    present = ~np.isnan(values)
    score = np.zeros(len(values))
    if present.any():
        score[present] = ndtri((rankdata(values[present]) - 0.5) / present.sum())
    # Where the number is missing its flag speaks, and the others stay in the middle.
    spread = np.where(present, score**2 - 1.0, 0.0)
    return [score, spread, (~present).astype(np.float64)]


def _categorical(column: pd.Series) -> list[Floats]:
    codes, levels = pd.factorize(column.to_numpy(dtype=object))
    counts = np.bincount(codes[codes >= 0], minlength=len(levels))
    names = [str(level) for level in levels]
    kept = [place for place in range(len(levels)) if counts[place] >= LEAST_LEVEL_ROWS]
    kept.sort(key=lambda place: (-counts[place], names[place]))
    return [*((codes == place).astype(np.float64) for place in kept), (codes < 0).astype(np.float64)]


def _standardized(columns: Sequence[Floats], n_rows: int = 0) -> Floats:
    """Side by side, with mean 0 and deviation 1; a constant column is nothing but zeros."""
    if not columns:
        return np.zeros((n_rows, 0))
    table = np.column_stack(columns)
    table -= table.mean(axis=0)
    deviation = table.std(axis=0)
    table /= np.where(deviation > NO_DEVIATION, deviation, np.inf)
    return table
