"""Contributions: how much each feature moved one application's raw score, exactly.

Here: the Shapley values of a tree ensemble (path-dependent TreeSHAP, what LightGBM calls
`pred_contrib`), computed over all leaves at once, because the recursive way takes longer than
everything else that the service does. Add to it when another kind of model is trained. Keep out:
the wording of reasons, and scoring.

A leaf is reached when every feature on its path meets its condition. In the game whose players
are those d features, feature i of a leaf of value v gets

    phi_i = v (o_i - z_i) * integral over t from 0 to 1 of the product over j != i of a_j(t)
    a_j(t) = z_j + t (o_j - z_j)

where o is 1 where the row meets the condition and 0 elsewhere, and z is the share of training rows
that went the leaf's way at the feature's splits. The integral stands for the sum over all subsets
of players: Shapley's weight of a subset of s is the integral of t^s (1 - t)^(d - 1 - s). The
integrand has degree d - 1, so that Gauss-Legendre quadrature with d / 2 points is exact. With P the
product over all d features,

    (o_i - z_i) P / a_i = o_i P / (a_i (1 - t)) - P / (1 - t)

whichever o_i is: two sums over the points, and no branch.

Source: Lundberg et al. (2020), From local explanations to global understanding with explainable AI
for trees; the integral is Owen's (1972) multilinear extension of a game.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from credit_risk.path_conditions import ConditionTable, PathConditions
from credit_risk.trees import Floats, Integers, Trees


@dataclass(frozen=True)
class _Leaves:
    """All leaves with d features on their path (d is even; see `_slots`), as arrays that one pass reads.

    Attributes:
        place: (d, n) where a row's answers say whether it meets the condition.
        feature: (d, n) whose condition.
        gain: (q, d, n) log of a(t) where the condition is met over a(t) where it is not.
        start: (q, n) quadrature weight times leaf value times the product of a(t) with nothing met.
        met: (q, d, n) 1 / (a(t) (1 - t)) of a condition that is met.
        unmet: (q,) 1 / (1 - t).
    """

    place: Integers
    feature: Integers
    gain: Floats
    start: Floats
    met: Floats
    unmet: Floats

    @classmethod
    def of(cls, value: Floats, share: Floats, place: Integers, feature: Integers) -> Self:
        """From the leaves' values (n,), and z, place and feature of their conditions (d, n)."""
        points, weights = np.polynomial.legendre.leggauss(len(share) // 2)
        # From the interval [-1, 1] to [0, 1].
        t, weights = (points[:, None, None] + 1) / 2, weights[:, None] / 2
        when_met, when_unmet = share + t * (1 - share), share * (1 - t)
        return cls(
            place=place,
            feature=feature,
            gain=np.log(when_met / when_unmet),
            start=weights * value * when_unmet.prod(axis=1),
            met=1 / (when_met * (1 - t)),
            unmet=1 / (1 - t[:, 0, 0]),
        )

    def contributions(self, answers: Floats, out: Floats) -> None:
        """Every phi of these leaves, into out (d, n)."""
        o = answers.take(self.place)
        product = np.exp(np.einsum("dn,qdn->qn", o, self.gain))
        product *= self.start
        np.einsum("qn,qdn->dn", product, self.met, out=out)
        out *= o
        out -= self.unmet @ product


class Contributions:
    """What the features of a booster contribute to the raw score of any row; safe to share between threads.

    Args:
        booster_text: LightGBM's own text format.
        n_features: columns of the booster.

    Attributes:
        base_value: the raw score when nothing is known; with the contributions it adds up to the raw score.

    Raises:
        ModelError: trees of a kind that the platform does not train.
    """

    def __init__(self, booster_text: str, n_features: int) -> None:
        trees = Trees.from_text(booster_text)
        conditions = PathConditions.of(trees)
        self._n_features = n_features
        self._table = ConditionTable.of(conditions)
        self._leaves = _by_depth(trees, conditions, self._table, n_features)
        # One more, because a filled-up slot is of no feature.
        self._feature = np.concatenate([np.array([n_features]), *(leaves.feature.ravel() for leaves in self._leaves)])
        reached = np.ones(len(trees.leaf_value))
        np.multiply.at(reached, conditions.leaf, conditions.share)
        self.base_value = float(trees.leaf_value @ reached)

    def __call__(self, row: Floats) -> Floats:
        """(n_features,) log-odds.

        Args:
            row: (n_features,) float64 as the booster reads it, nan where missing.
        """
        answers = self._table.met(row)
        phi = np.zeros(len(self._feature))
        start = 1
        for leaves in self._leaves:
            end = start + leaves.place.size
            leaves.contributions(answers, phi[start:end].reshape(leaves.place.shape))
            start = end
        by_feature: Floats = np.bincount(self._feature, weights=phi).astype(np.float64, copy=False)
        return by_feature[: self._n_features]


def _by_depth(trees: Trees, conditions: PathConditions, table: ConditionTable, n_features: int) -> list[_Leaves]:
    """The leaves, grouped by how many features are on their path.

    The groups have an even number of slots, since d - 1 features need as many points as d, and half as many
    passes take less time. A slot left over holds a condition that all rows meet: it moves nothing.
    """
    depth = np.bincount(conditions.leaf, minlength=len(trees.leaf_value))
    first = np.cumsum(depth) - depth
    # What a slot left over refers to: the entry behind the last.
    filler = len(conditions.leaf)
    share = np.append(conditions.share, 1.0)
    place = np.append(table.place, table.always)
    feature = np.append(conditions.feature, n_features)
    groups = []
    for d in range(2, int(depth.max(initial=0)) + 2, 2):
        leaves = np.flatnonzero((depth == d) | (depth == d - 1))
        slot = np.arange(d)[:, None]
        slots = np.where(slot < depth[leaves], first[leaves] + slot, filler)
        groups.append(_Leaves.of(trees.leaf_value[leaves], share[slots], place[slots], feature[slots]))
    return groups
