"""Path conditions: what the path to a leaf asks of each feature, and which of it a row meets.

Here: the splits of every path on one feature taken together as one condition, and all conditions
judged for a row at once. Add to it when trees learn another kind of split. Keep out: what follows
from it for the score (`contributions`).
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from credit_risk.trees import Booleans, Floats, Integers, Trees

# What LightGBM takes for zero when it reads a row: 1e-35 in single precision.
ZERO = float(np.float32(1e-35))


@dataclass(frozen=True)
class PathConditions:
    """One condition for each feature on the path to each leaf.

    Attributes:
        leaf: (n,) whose path; ascending.
        feature: (n,) column that must meet it.
        share: (n,) of the training rows, the part that went the leaf's way at these splits.
        above, up_to: (n,) a number must lie in (above, up_to].
        missing: (n,) whether a missing value meets it.
        categorical: (n,) whether it is about a category.
        codes: (n, n_categories) which category codes meet it.
    """

    leaf: Integers
    feature: Integers
    share: Floats
    above: Floats
    up_to: Floats
    missing: Booleans
    categorical: Booleans
    codes: Booleans

    @classmethod
    def of(cls, trees: Trees) -> Self:
        """The conditions of every leaf, walked from all leaves to their roots at once."""
        leaf, split, is_left, share = _paths(trees)
        feature = trees.feature[split]
        order = np.lexsort((feature, leaf))
        leaf, split, is_left, share, feature = leaf[order], split[order], is_left[order], share[order], feature[order]
        starts = np.flatnonzero((np.diff(leaf, prepend=-1) != 0) | (np.diff(feature, prepend=-1) != 0))
        threshold = trees.threshold[split]
        categorical = np.isnan(threshold)
        return cls(
            leaf=leaf[starts],
            feature=feature[starts],
            share=np.multiply.reduceat(share, starts),
            above=np.maximum.reduceat(np.where(is_left | categorical, -np.inf, threshold), starts),
            up_to=np.minimum.reduceat(np.where(is_left & ~categorical, threshold, np.inf), starts),
            missing=np.logical_and.reduceat(trees.missing_left[split] == is_left, starts),
            categorical=categorical[starts],
            codes=np.logical_and.reduceat(trees.categories_left[split] == is_left[:, None], starts, axis=0),
        )


@dataclass(frozen=True)
class ConditionTable:
    """Conditions without their repetitions (leaves share the upper part of their paths), ready to be judged.

    Attributes:
        place: (n,) where `met` answers each of the conditions that it was made of.
        always: where `met` answers what every row meets.
        n_missing_meets: the first so many of the numeric conditions are met by a missing value.
        feature, above, up_to: of the numeric conditions.
        categorical_feature: (m,) of the categorical ones.
        answers: (m x n_codes,) by condition and code; the last code is any other, or missing.
        n_codes: codes of a condition.
    """

    place: Integers
    always: int
    n_missing_meets: int
    feature: Integers
    above: Floats
    up_to: Floats
    categorical_feature: Integers
    answers: Floats
    n_codes: int

    @classmethod
    def of(cls, conditions: PathConditions) -> Self:
        """The table of these conditions."""
        number, category = np.flatnonzero(~conditions.categorical), np.flatnonzero(conditions.categorical)
        columns = conditions.feature, conditions.above, conditions.up_to, ~conditions.missing
        # Those that a missing value meets come first: the last key sorts first.
        number = number[np.lexsort([column[number] for column in columns])]
        new = np.ones(len(number), np.bool_)
        new[1:] = np.logical_or.reduce([column[number][1:] != column[number][:-1] for column in columns])
        distinct = number[new]
        place = np.empty(len(conditions.leaf), np.int64)
        place[number] = np.cumsum(new) - 1
        place[category] = len(distinct) + np.arange(len(category))
        answers = np.column_stack([conditions.codes[category], conditions.missing[category]])
        return cls(
            place=place,
            always=len(distinct) + len(category),
            n_missing_meets=int(conditions.missing[distinct].sum()),
            feature=conditions.feature[distinct],
            above=conditions.above[distinct],
            up_to=conditions.up_to[distinct],
            categorical_feature=conditions.feature[category],
            answers=answers.ravel().astype(np.float64),
            n_codes=answers.shape[1],
        )

    def met(self, row: Floats) -> npt.NDArray[np.float64]:
        """(always + 1,): 1 where the row meets a condition, else 0.

        Args:
            row: the booster's row.
        """
        met = np.empty(self.always + 1)
        row = np.where(np.abs(row) <= ZERO, 0.0, row)
        values, k, n = row.take(self.feature), self.n_missing_meets, len(self.feature)
        # Every comparison with nan is false: where a missing value meets the condition, ask for the opposite.
        met[:k] = ~((values[:k] <= self.above[:k]) | (values[:k] > self.up_to[:k]))
        met[k:n] = (values[k:] > self.above[k:]) & (values[k:] <= self.up_to[k:])
        other = self.n_codes - 1
        sent = row.take(self.categorical_feature)
        codes = np.where(sent < other, sent, other).astype(np.int64)
        met[n:-1] = self.answers.take(codes + np.arange(len(codes)) * self.n_codes)
        met[-1] = 1.0
        return met


def _paths(trees: Trees) -> tuple[Integers, Integers, Booleans, Floats]:
    """(leaf, a split on its path, whether the leaf lies to its left, share of its rows on that side), for all."""
    leaf = np.arange(len(trees.leaf_value))
    split, is_left, count = trees.leaf_parent, trees.leaf_is_left, trees.leaf_count
    steps = [(leaf[:0], split[:0], is_left[:0], count[:0])]
    while (inside := split >= 0).any():
        leaf, split, is_left, count = leaf[inside], split[inside], is_left[inside], count[inside]
        steps.append((leaf, split, is_left, count / trees.split_count[split]))
        split, is_left, count = trees.split_parent[split], trees.split_is_left[split], trees.split_count[split]
    leaves, splits, sides, shares = (np.concatenate(column) for column in zip(*steps, strict=True))
    return leaves, splits, sides, shares
