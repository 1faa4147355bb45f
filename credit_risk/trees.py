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
    """Every split and leaf of a booster, all trees in one numbering.

    Attributes:
        feature: (n_splits,) the column that a split reads.
        threshold: (n_splits,) values up to it go left; nan where the split is on a category.
        missing_left: (n_splits,) whether a missing value goes left.
        categories_left: (n_splits, n_categories) which category codes go left; all False for a number.
        split_parent: (n_splits,) the split above, -1 at a root.
        split_is_left: (n_splits,) whether it is the left child of that.
        split_count: (n_splits,) training rows that came by.
        leaf_parent, leaf_is_left, leaf_count: the same of the leaves, (n_leaves,).
        leaf_value: (n_leaves,) log-odds.
    """

    feature: Integers
    threshold: Floats
    missing_left: Booleans
    categories_left: Booleans
    split_parent: Integers
    split_is_left: Booleans
    split_count: Floats
    leaf_parent: Integers
    leaf_is_left: Booleans
    leaf_count: Floats
    leaf_value: Floats

    @classmethod
    def from_text(cls, booster_text: str) -> Self:
        """The trees of a booster in LightGBM's text format.

        Raises:
            ModelError: trees of a kind that the platform does not train: linear leaves, zero as
                missing, or without the number of rows at each split.
        """
        trees = [_read_tree(fields) for fields in _sections(booster_text)]
        n_categories = max((tree["categories_left"].shape[1] for tree in trees), default=0)
        splits_before = np.cumsum([0] + [len(tree["feature"]) for tree in trees])
        for tree, before in zip(trees, splits_before, strict=False):
            for parents in (tree["split_parent"], tree["leaf_parent"]):
                parents[parents >= 0] += before
            missing = n_categories - tree["categories_left"].shape[1]
            tree["categories_left"] = np.pad(tree["categories_left"], ((0, 0), (0, missing)))
        return cls(**{name: np.concatenate([tree[name] for tree in trees]) for name in trees[0]})


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
    split_parent, split_is_left, leaf_parent, leaf_is_left = _parents(fields, n_leaves)
    split_count, leaf_count = _numbers(fields, "internal_count"), _numbers(fields, "leaf_count")
    if len(split_count) != n_leaves - 1 or not (split_count > 0).all():
        raise _unknown_kind("splits without the number of rows that came by")
    return {
        "feature": _numbers(fields, "split_feature").astype(np.int64),
        "threshold": np.where(categorical, np.nan, threshold),
        "missing_left": missing_left,
        "categories_left": categories,
        "split_parent": split_parent,
        "split_is_left": split_is_left,
        "split_count": split_count,
        "leaf_parent": leaf_parent,
        "leaf_is_left": leaf_is_left,
        "leaf_count": leaf_count,
        "leaf_value": value,
    }


def _single_leaf(value: Floats) -> dict[str, Any]:
    none, no, nothing = np.empty(0, np.int64), np.empty(0, np.bool_), np.empty(0)
    return {
        "feature": none,
        "threshold": nothing,
        "missing_left": no,
        "categories_left": np.empty((0, 0), np.bool_),
        "split_parent": none,
        "split_is_left": no,
        "split_count": nothing,
        "leaf_parent": np.array([-1]),
        "leaf_is_left": np.array([False]),
        "leaf_count": np.ones(1),
        "leaf_value": value,
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


def _parents(fields: dict[str, str], n_leaves: int) -> tuple[Integers, Booleans, Integers, Booleans]:
    """Parent and side of each split, then of each leaf. A child below 0 is the leaf of that number's complement."""
    parents = np.full(2 * n_leaves - 1, -1, np.int64)
    is_left = np.zeros(2 * n_leaves - 1, np.bool_)
    for name in ("left_child", "right_child"):
        children = _numbers(fields, name).astype(np.int64)
        place = np.where(children >= 0, children, n_leaves - 2 - children)
        parents[place] = np.arange(n_leaves - 1)
        is_left[place] = name == "left_child"
    return parents[: n_leaves - 1], is_left[: n_leaves - 1], parents[n_leaves - 1 :], is_left[n_leaves - 1 :]


def _numbers(fields: dict[str, str], name: str) -> Floats:
    return np.array(fields.get(name, "").split(), dtype=np.float64)


def _unknown_kind(kind: str) -> ModelError:
    return ModelError(
        f"a booster with {kind}",
        expected="trees as the platform trains them",
        remedy="train it with credit_risk.training",
    )
