"""Folds: which out-of-fold part a client belongs to, the same in every training.

Here: the assignment and the check that every fold can be judged. The fold is a hash of
SK_ID_CURR, so that predictions stored by an earlier training stay out-of-fold, row for row
comparable, when clients are added. Add to it when rows other than clients are trained on.
Keep out: training.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from credit_risk.errors import PortfolioError

N_FOLDS = 5

# A fold without both outcomes has no log-loss to stop on and no AUC. It is a floor, not a
# recommendation: what few defaults cost is seen in the width of the intervals.
MIN_PER_OUTCOME = 1


def fold_of(clients: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """The fold (0 to 4) of each SK_ID_CURR: its SplitMix64 hash modulo 5.

    SK_ID_CURR is hashed because it was handed out in some order, which a plain remainder
    would carry into the folds.

    Source: Steele, Lea, Flood (2014), Fast splittable pseudorandom number generators; the
    constants are those of the generator's output function.
    """
    z = np.atleast_1d(np.asarray(clients, dtype=np.int64)).astype(np.uint64)
    # Unsigned arithmetic wraps modulo 2^64: that is the hash, not an accident.
    z = z + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return (z % np.uint64(N_FOLDS)).astype(np.int64)


def check_folds(fold: npt.NDArray[np.int64], target: npt.NDArray[np.float64]) -> None:
    """Every fold holds defaults and repaid loans.

    Raises:
        PortfolioError: a fold that cannot be judged; with the counts of every fold.
    """
    defaults = np.bincount(fold, weights=target, minlength=N_FOLDS).astype(int)
    repaid = np.bincount(fold, minlength=N_FOLDS) - defaults
    if min(defaults.min(), repaid.min()) < MIN_PER_OUTCOME:
        raise PortfolioError(
            f"{len(fold)} labelled applications whose {N_FOLDS} folds hold {defaults.tolist()} defaults "
            f"and {repaid.tolist()} repaid loans",
            expected=f"at least {MIN_PER_OUTCOME} of both in every fold",
            remedy="train on more labelled applications",
            fields={"defaults": defaults.tolist(), "repaid": repaid.tolist()},
        )


def splits(fold: npt.NDArray[np.int64]) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """Row positions (train, held out) of each fold, in order."""
    for i in range(N_FOLDS):
        yield np.flatnonzero(fold != i), np.flatnonzero(fold == i)
