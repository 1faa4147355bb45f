"""Contributions: how much each feature moved one application's raw score, exactly.

Here: the Shapley values of a tree ensemble (path-dependent TreeSHAP, what LightGBM calls
`pred_contrib`), computed along the trees, because the recursive way takes longer than everything
else that the service does. Add to it when another kind of model is trained. Keep out: the wording
of reasons, the loops (`tree_walk`), and scoring.

Let each feature become known at a time of its own, drawn at random from 0 to 1. A walker goes down
a tree at time t. At a split on a known feature it goes where the row goes; at any other it draws a
training row, and so goes left with the share z of them that did. Let f(t) be the leaf value that
it can expect. f(0) is the mean over the training rows, f(1) the row's own leaf; and since random
times put the features into every order equally often, what f gains from 0 to 1 by feature i
becoming known is the Shapley value of i. Over all splits s on feature i,

    phi_i = sum over s of the integral over t of reached_s(t) left_s'(t) (L_s(t) - R_s(t))

where reached is the probability that the walker comes to s, left that it then goes left, and L and
R what it can expect there on either side: one walk down and one up for each tree.

The walker who is at s does not know the feature with probability u(t), and goes left with
probability h + u(t) (z - h), where h is 1 if the row goes left and 0 if not. If s is the first
split on its path on the feature, u = 1 - t. If there were earlier ones, where the part y of the
training rows went this way, Bayes' rule says

    u = y (1 - t) / (t + y (1 - t))      u' = -y / (t + y (1 - t))^2

if the row went this way as well, and u = 1 if it did not: who knows the feature is not here.

Together the splits of a path on one feature make a polynomial: of degree d - 1, where d features are
on the path. Gauss-Legendre quadrature with d / 2 points is exact.

Source: Lundberg et al. (2020), From local explanations to global understanding with explainable AI
for trees. The integral is Owen's (1972) multilinear extension of a game; that one pass over a tree
serves all its leaves is also seen by Yu et al. (2022), Linear TreeShap.
"""

import numpy as np

from credit_risk.errors import ModelError
from credit_risk.split_paths import SplitPaths
from credit_risk.tree_walk import POINTS, Links, Tables, compiled_walk
from credit_risk.trees import Floats, Integers, Trees

# What LightGBM takes for zero when it reads a row: 1e-35 in single precision.
ZERO = float(np.float32(1e-35))


class Contributions:
    """What the features of a booster contribute to the raw score of any row; safe to share between threads.

    Args:
        booster_text: LightGBM's own text format.
        n_features: columns of the booster.

    Attributes:
        base_value: the raw score when nothing is known; with the contributions it adds up to the raw score.
        n_features: columns of the booster.
        tables: what `compiled_walk` reads of the model, in its order, before the row.

    Raises:
        ModelError: trees of a kind that the platform does not train, or of other columns.
    """

    def __init__(self, booster_text: str, n_features: int) -> None:
        trees = Trees.from_text(booster_text)
        if trees.feature.max(initial=0) >= n_features:
            # The walk would read what lies behind the row.
            raise ModelError(
                f"a booster that splits on column {trees.feature.max()}",
                expected=f"columns 0 to {n_features - 1}",
                remedy="fetch booster and manifest of one version from the registry again",
            )
        paths = SplitPaths.of(trees)
        rounds = _rounds(trees, paths)
        self.n_features = n_features
        self.base_value = float(trees.mean_value.sum())
        self.tables: Tables = (
            _splits(trees, paths),
            _links(trees, paths),
            trees.first_split,
            rounds,
            trees.leaf_value,
            trees.categories_left[np.isnan(trees.threshold)],
            _quadrature(int(rounds.max(initial=1))),
        )
        self._walk = compiled_walk()

    def __call__(self, row: Floats) -> Floats:
        """(n_features,) log-odds.

        Args:
            row: (n_features,) float64 as the booster reads it, nan where missing.

        Raises:
            ModelError: a row of another length.
        """
        return self._walk(*self.tables, self.as_read(row))

    def as_read(self, row: Floats) -> Floats:
        """A row as the walk reads it: what LightGBM takes for zero is zero.

        Raises:
            ModelError: a row of another length.
        """
        if row.shape != (self.n_features,):
            raise ModelError(
                f"a row of shape {row.shape}",
                expected=f"({self.n_features},)",
                remedy="encode the application with the feature set of the same model",
            )
        return np.where(np.abs(row) <= ZERO, 0.0, row)


def _splits(trees: Trees, paths: SplitPaths) -> Floats:
    side = np.where(paths.is_left, 1.0, -1.0)
    return np.column_stack([trees.threshold, trees.share_left, side, paths.share])


def _links(trees: Trees, paths: SplitPaths) -> Links:
    first_of_tree = np.repeat(trees.first_split[:-1], np.diff(trees.first_split))
    earlier = np.where(paths.earlier >= 0, paths.earlier - first_of_tree + 1, 0)
    categorical = np.isnan(trees.threshold)
    category = np.where(categorical, np.cumsum(categorical), 0)
    columns = [trees.feature, trees.missing_left, category, trees.left, trees.right, earlier]
    return np.column_stack(columns).astype(np.uint32)


def _rounds(trees: Trees, paths: SplitPaths) -> Integers:
    """(n_trees,) rounds of `POINTS` points that are exact for the longest path of a tree."""
    longest = np.zeros(len(trees.first_split) - 1, np.int64)
    tree = np.repeat(np.arange(len(longest)), np.diff(trees.first_split))
    np.maximum.at(longest, tree, paths.n_features)
    # A point is exact for two features.
    return -(-longest // (2 * POINTS))


def _quadrature(most_rounds: int) -> Floats:
    """Points and weights, as the walk reads them."""
    quadrature = np.zeros((2, most_rounds, most_rounds, POINTS))
    for rounds in range(1, most_rounds + 1):
        x, w = np.polynomial.legendre.leggauss(rounds * POINTS)
        # From the interval [-1, 1] to [0, 1].
        quadrature[0, rounds - 1, :rounds] = ((x + 1) / 2).reshape(rounds, POINTS)
        quadrature[1, rounds - 1, :rounds] = (w / 2).reshape(rounds, POINTS)
    return quadrature
