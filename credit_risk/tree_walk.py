"""The walk down and up every tree of which contributions are made, as machine code.

Here: the loops that run for every split of a model, in the part of Python that Numba compiles; loops
rather than array functions, each of which takes longer to compile than all that is written here. Keep
out: what they mean (`contributions`), and all that is done once for a model.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from credit_risk.trees import Booleans, Floats, Integers

# Points of a round: exact for paths of twelve features, which few trees of 31 leaves exceed. A constant, so
# that the loops over them are unrolled.
POINTS = 6

# A split is a row of two tables: Numba reads records a third slower, and tuples of columns half as fast.
#
# Of numbers. SHARE: of the training rows that came by, the part that went left. SIDE: 1 if the nearest split
# above on the same feature has this one to its left, -1 if to its right. EARLIER_SHARE: of the training rows, the
# part that went this way at all such splits.
THRESHOLD, SHARE, SIDE, EARLIER_SHARE = range(4)
# Of whole numbers. LEFT, RIGHT: the children, numbered within the tree: its splits, then its leaves. EARLIER: the
# nearest split above on the same feature. CATEGORY: the place among the sets of categories. Both count from 1; 0
# stands for none. All are unsigned, because Numba tests each signed index for counting from the end.
FEATURE, MISSING_LEFT, CATEGORY, LEFT, RIGHT, EARLIER = range(6)
ONE = np.uint32(1)

Links = npt.NDArray[np.uint32]
# Splits, links, starts, rounds, leaf values, categories and quadrature: see `walk`.
Tables = tuple[Floats, Links, Integers, Integers, Floats, Booleans, Floats]
Walk = Callable[[Floats, Links, Integers, Integers, Floats, Booleans, Floats, Floats], Floats]


@functools.cache
def compiled_walk() -> Walk:
    """`walk`, compiled: in two seconds, or read from the cache beside this module where that may be written."""
    import numba
    from numba.extending import register_jitable

    numbers, integers = numba.float64[::1], numba.int64[::1]
    signature = numbers(
        numba.float64[:, ::1],
        numba.uint32[:, ::1],
        integers,
        integers,
        numbers,
        numba.boolean[:, ::1],
        numba.float64[:, :, :, ::1],
        numbers,
    )
    for part in (_descend, _climb):
        register_jitable(part)
    compiled: Walk = cached(signature, walk)
    return compiled


def cached(signature: Any, function: Callable[..., Any]) -> Any:  # noqa: ANN401 - Numba has no types
    """A function, compiled so that it lets the interpreter go; from the cache beside its module where one may be."""
    import numba

    compiling = functools.partial(numba.njit, signature, nogil=True, error_model="numpy")
    try:
        return compiling(cache=True)(function)
    except (OSError, RuntimeError):
        # No folder for a cache may be written: each process compiles.
        return compiling()(function)


def walk(
    splits: Floats,
    links: Links,
    starts: Integers,
    rounds: Integers,
    leaf_values: Floats,
    categories: Booleans,
    quadrature: Floats,
    row: Floats,
) -> Floats:
    """What each feature contributes to the raw score of a row, (n_features,) log-odds.

    Args:
        splits: (n_splits, 4) numbers, see above; tree after tree, parents before children.
        links: (n_splits, 6) whole numbers, see above.
        starts: (n_trees + 1,) the first split of each tree, and the number of splits.
        rounds: (n_trees,) how many times `POINTS` points are exact for its paths.
        leaf_values: (n_splits + n_trees,) log-odds, tree after tree.
        categories: (n_sets, n_codes) whether a category goes left.
        quadrature: (2, most rounds, most rounds, POINTS) points and weights on [0, 1]; [:, r - 1, k] for round k of r.
        row: (n_features,) nan where missing.
    """
    phi = np.zeros(len(row))
    most = 1
    for tree in range(len(rounds)):
        most = max(most, starts[tree + 1] - starts[tree])
    reached, value = np.empty((2 * most + 1, POINTS)), np.empty((2 * most + 1, POINTS))
    left, gap = np.empty((most, POINTS)), np.empty(most)
    for tree in range(len(rounds)):
        start, end, r = starts[tree], starts[tree + 1], rounds[tree]
        numbers, whole, leaves = splits[start:end], links[start:end], leaf_values[start + tree : end + tree + 1]
        for k in range(r):
            t = quadrature[0, r - 1, k]
            for q in range(POINTS):
                reached[0, q] = quadrature[1, r - 1, k, q]
            _descend(numbers, whole, categories, row, t, reached, left, gap)
            _climb(numbers, whole, leaves, t, reached, left, gap, value)
            for s in range(end - start):
                phi[whole[s, FEATURE]] += gap[s]
    return phi


def _descend(
    splits: Floats,
    links: Links,
    categories: Booleans,
    row: Floats,
    t: Floats,
    reached: Floats,
    left: Floats,
    gap: Floats,
) -> None:
    """At each point t: how probably the walker gets to each node, and goes left there.

    The gap of a split is that from the share of training rows to the row: above 0 where the row goes left, below 0
    where it goes right, and 0 where it went another way than the path at an earlier split on the feature.
    """
    for s in range(np.uint32(len(splits))):
        value, z, earlier = row[links[s, FEATURE]], splits[s, SHARE], links[s, EARLIER]
        if links[s, CATEGORY] == 0:
            # No `or`: a branch that nobody can foresee takes longer than both sides.
            goes_left = (value <= splits[s, THRESHOLD]) | (np.isnan(value) & (links[s, MISSING_LEFT] == 1))
        else:
            # A category that is missing or was never seen goes right.
            goes_left = -1 < value < categories.shape[1] and categories[links[s, CATEGORY] - ONE, int(value)]
        h = np.float64(goes_left)
        gap[s] = h - z
        if earlier == 0:
            for q in range(POINTS):
                left[s, q] = z + t[q] * (h - z)
        elif gap[earlier - ONE] * splits[s, SIDE] > 0:
            y = splits[s, EARLIER_SHARE]
            for q in range(POINTS):
                left[s, q] = h + y * (1 - t[q]) / (t[q] + y * (1 - t[q])) * (z - h)
        else:
            gap[s] = 0.0
            for q in range(POINTS):
                left[s, q] = z
        to_left, to_right = links[s, LEFT], links[s, RIGHT]
        for q in range(POINTS):
            here = reached[s, q]
            there = here * left[s, q]
            reached[to_left, q] = there
            reached[to_right, q] = here - there


def _climb(
    splits: Floats,
    links: Links,
    leaf_values: Floats,
    t: Floats,
    reached: Floats,
    left: Floats,
    gap: Floats,
    value: Floats,
) -> None:
    """From the leaves to the root: the value to expect at each node. Each gap becomes what it moves the score by."""
    n = len(splits)
    for leaf in range(np.uint32(n + 1)):
        for q in range(POINTS):
            value[np.uint32(n + leaf), q] = leaf_values[leaf]
    for back in range(1, n + 1):
        s = np.uint32(n - back)
        to_left, to_right = links[s, LEFT], links[s, RIGHT]
        moved = 0.0
        if links[s, EARLIER] == 0:
            for q in range(POINTS):
                lead = value[to_left, q] - value[to_right, q]
                moved += reached[s, q] * lead
                value[s, q] = value[to_right, q] + left[s, q] * lead
        else:
            y = splits[s, EARLIER_SHARE]
            for q in range(POINTS):
                lead = value[to_left, q] - value[to_right, q]
                moved += reached[s, q] * lead * y / (t[q] + y * (1 - t[q])) ** 2
                value[s, q] = value[to_right, q] + left[s, q] * lead
        gap[s] *= moved
