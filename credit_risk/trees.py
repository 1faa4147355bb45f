"""The trees of a booster as flat arrays, read from LightGBM's text.

Here: what LightGBM writes about its trees, and what it means. Add a field when an algorithm reads
it. Keep out: the algorithms (`contributions`), and scoring, which LightGBM does itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from credit_risk.errors import ModelError

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]

# Bits of LightGBM's decision_type: categorical or not, where missing values go, and what is missing.
CATEGORICAL = 1
DEFAULT_LEFT = 2
MISSING_IS_NAN = 2
MISSING_IS_ZERO = 1
# Categories travel as bits of 32-bit words.
WORD_BITS = 32


@dataclass(frozen=True)
class Trees:
    """Every split and leaf of a booster, tree after tree.

    Attributes:
        first_split: (n_trees + 1,) of each tree, and the number of all splits.
        feature: (n_splits,) the column that a split reads.
        threshold: (n_splits,) values up to it go left; nan where the split is on a category.
        missing_left: (n_splits,) whether a missing value goes left.
        categories_left: (n_splits, n_categories) which category codes go left; all False for a number.
        left, right: (n_splits,) the children, numbered within the tree: its splits, then its leaves.
        parent: (n_splits,) the split above, -1 at a root.
        is_left: (n_splits,) whether it is the left child of that.
        share_left: (n_splits,) of the training rows that came by, the part that went left.
        leaf_value: (n_splits + n_trees,) log-odds.
        mean_value: (n_trees,) of the leaf values over the training rows.
    """

    first_split: Integers
    feature: Integers
    threshold: Floats
    missing_left: Booleans
    categories_left: Booleans
    left: Integers
    right: Integers
    parent: Integers
    is_left: Booleans
    share_left: Floats
    leaf_value: Floats
    mean_value: Floats

    @classmethod
    def from_text(cls, booster_text: str) -> Self:
        """The trees of a booster in LightGBM's text format.

        Raises:
            ModelError: trees of a kind that the platform does not train: linear leaves, zero as
                missing, or without the number of rows at each split.
        """
        trees = [_read_tree(fields) for fields in _sections(booster_text)]
        n_categories = max((tree["categories_left"].shape[1] for tree in trees), default=0)
        first_split = np.cumsum([0] + [len(tree["feature"]) for tree in trees])
        for tree, first in zip(trees, first_split, strict=False):
            tree["parent"][tree["parent"] >= 0] += first
            missing = n_categories - tree["categories_left"].shape[1]
            tree["categories_left"] = np.pad(tree["categories_left"], ((0, 0), (0, missing)))
        columns = {name: np.concatenate([tree[name] for tree in trees]) for name in trees[0]}
        return cls(first_split=first_split, **columns)


def _sections(booster_text: str) -> Iterator[dict[str, str]]:
    """The `name=value` lines of each tree."""
    body = booster_text.partition("\nend of trees")[0]
    for section in body.split("\nTree=")[1:]:
        yield dict(line.split("=", 1) for line in section.splitlines()[1:] if "=" in line)


def _read_tree(fields: dict[str, str]) -> dict[str, Any]:
    """The arrays of one tree in its own numbering."""
    n_leaves = int(fields["num_leaves"])
    value = _numbers(fields, "leaf_value")
    if int(fields.get("is_linear", "0")):
        raise _unknown_kind("linear leaves")
    if n_leaves == 1:
        return _single_leaf(value)
    kinds = _numbers(fields, "decision_type").astype(np.int64)
    threshold = _numbers(fields, "threshold")
    missing, categorical = (kinds >> 2) & 3, (kinds & CATEGORICAL) > 0
    if (missing == MISSING_IS_ZERO).any():
        raise _unknown_kind("splits that take zero for missing")
    categories = _categories(fields, threshold, categorical)
    # A number that is missing where training saw none missing counts as 0, as LightGBM has it;
    # a category that is missing is in no set of categories, and goes right.
    missing_left = np.where(missing == MISSING_IS_NAN, (kinds & DEFAULT_LEFT) > 0, threshold >= 0) & ~categorical
    left, right = _children(fields, "left_child"), _children(fields, "right_child")
    parent, is_left = _parents(left, right)
    share_left, mean_value = _over_training_rows(fields, left, right, value)
    return {
        "feature": _numbers(fields, "split_feature").astype(np.int64),
        "threshold": np.where(categorical, np.nan, threshold),
        "missing_left": missing_left,
        "categories_left": categories,
        "left": left,
        "right": right,
        "parent": parent,
        "is_left": is_left,
        "share_left": share_left,
        "leaf_value": value,
        "mean_value": mean_value,
    }


def _single_leaf(value: Floats) -> dict[str, Any]:
    none, no, nothing = np.empty(0, np.int64), np.empty(0, np.bool_), np.empty(0)
    return {
        "feature": none,
        "threshold": nothing,
        "missing_left": no,
        "categories_left": np.empty((0, 0), np.bool_),
        "left": none,
        "right": none,
        "parent": none,
        "is_left": no,
        "share_left": nothing,
        "leaf_value": value,
        "mean_value": value,
    }


def _categories(fields: dict[str, str], threshold: Floats, categorical: Booleans) -> Booleans:
    """(n_splits, n_categories): the sets of categories, unpacked from their words of bits."""
    if not categorical.any():
        return np.zeros((len(threshold), 0), np.bool_)
    bounds = _numbers(fields, "cat_boundaries").astype(np.int64)
    words = _numbers(fields, "cat_threshold").astype(np.uint32)
    unpacked = np.zeros((len(threshold), int(np.diff(bounds).max()) * WORD_BITS), np.bool_)
    for split in np.flatnonzero(categorical):
        # On a category the threshold says which set it is.
        which = int(threshold[split])
        bits = (words[bounds[which] : bounds[which + 1], None] >> np.arange(WORD_BITS, dtype=np.uint32)) & 1
        unpacked[split, : bits.size] = bits.ravel()
    return unpacked


def _children(fields: dict[str, str], name: str) -> Integers:
    """Of each split. LightGBM writes the leaf of number n as the complement of n, which is below 0."""
    children = _numbers(fields, name).astype(np.int64)
    return np.where(children >= 0, children, len(children) + ~children)


def _parents(left: Integers, right: Integers) -> tuple[Integers, Booleans]:
    """The parent of each split, and whether it lies to its left."""
    n_nodes = 2 * len(left) + 1
    parent, is_left = np.full(n_nodes, -1, np.int64), np.zeros(n_nodes, np.bool_)
    parent[left] = parent[right] = np.arange(len(left))
    is_left[left] = True
    return parent[: len(left)], is_left[: len(left)]


def _over_training_rows(
    fields: dict[str, str], left: Integers, right: Integers, value: Floats
) -> tuple[Floats, Floats]:
    """The share of the rows at each split that went left, and the mean of the leaf values."""
    by_split, by_leaf = _numbers(fields, "internal_count"), _numbers(fields, "leaf_count")
    counts = np.concatenate([by_split, by_leaf])
    complete = len(counts) == 2 * len(left) + 1 and (counts > 0).all()
    if not complete or (counts[left] + counts[right] != by_split).any():
        raise _unknown_kind("splits or leaves without the number of rows that came by")
    return counts[left] / by_split, np.array([value @ by_leaf / by_split[0]])


def _numbers(fields: dict[str, str], name: str) -> Floats:
    return np.array(fields.get(name, "").split(), dtype=np.float64)


def _unknown_kind(kind: str) -> ModelError:
    return ModelError(
        f"a booster with {kind}",
        expected="trees as the platform trains them",
        remedy="train it with credit_risk.training",
    )
