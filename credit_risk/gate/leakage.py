"""Leakage: whether the challenger knows something that nobody knows when an applicant asks.

Here: three signs that the answer got into the features. Add one when a leak came through. Keep
out: contracts of raw tables and features, which stop most leaks before a training.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from credit_risk.errors import PortfolioError
from credit_risk.estimate import Floats
from credit_risk.evaluation import auc
from credit_risk.folds import N_FOLDS, fold_of
from credit_risk.gate.contender import Contender, Meeting
from credit_risk.gate.criterion import Criterion, not_judged, passed_unless

# The best of 7,000 teams reached 0.805 on these data, and models of payment behaviour, which see
# arrears, about 0.90. Above it the answer is among the features.
MAX_AUC = 0.95
# From the application form alone to all of the history is 0.03, and from a logistic regression to
# the best ensemble as much. A champion that a drift has spoiled adds some hundredths.
MAX_JUMP = 0.10
# The strongest feature, a score of a credit bureau, reaches 0.72.
MAX_SINGLE_AUC = 0.85
# As many features as the asset fetches: a leak is used first, so it is among the most important.
N_STRONGEST = 5
# Twentieths tell 0.85 from 0.80 and hold 15 clients in the smallest portfolio.
BINS = 20


@dataclass(frozen=True)
class Strongest:
    """The feature that ranks best alone; None where no feature could be judged."""

    name: str
    auc: float


def judge_leakage(
    challenger: Contender, meeting: Meeting | None, strongest: pd.DataFrame | None
) -> tuple[Criterion, Criterion, Criterion]:
    """The AUC as such, its jump over the champion, and the strongest feature alone.

    Judged without a champion, too: the first model must not leak either.

    Args:
        challenger: with its out-of-fold predictions.
        meeting: with the champion on the same rows; None where there are none.
        strongest: SK_ID_CURR and the values of the challenger's most important features.
    """
    return _plausible_auc(challenger), _plausible_jump(meeting), _single_feature(challenger, strongest)


def _plausible_auc(challenger: Contender) -> Criterion:
    # In one order the same rows give the same bits.
    rows = challenger.out_of_fold.sort_values("SK_ID_CURR")
    try:
        area = auc(_floats(rows["target"]), _floats(rows["probability"]), weights=_floats(rows["weight"]))
    except PortfolioError:
        return not_judged("plausible_auc", "one outcome only among the training rows", n=len(rows))
    return Criterion(
        "plausible_auc",
        passed_unless(area > MAX_AUC),
        f"out-of-fold AUC {area:.4f}; above {MAX_AUC} the answer is among the features",
        challenger=area,
        limit=MAX_AUC,
        n=len(rows),
    )


def _plausible_jump(meeting: Meeting | None) -> Criterion:
    if meeting is None:
        return not_judged("plausible_jump", "no champion on the same rows")
    y, w = meeting.target, meeting.weights
    new, old = (auc(y, judged.probability, weights=w) for judged in (meeting.new, meeting.old))
    return Criterion(
        "plausible_jump",
        passed_unless(new - old > MAX_JUMP),
        f"AUC {new:.4f} against {old:.4f}, a jump of {new - old:+.4f}; above {MAX_JUMP:+.2f} "
        "it is more likely the answer than better data",
        challenger=new,
        champion=old,
        difference=new - old,
        limit=MAX_JUMP,
        n=len(meeting),
    )


def _single_feature(challenger: Contender, strongest: pd.DataFrame | None) -> Criterion:
    found = None if strongest is None else strongest_feature(challenger, strongest)
    if found is None:
        return not_judged("single_feature", "no feature whose values are at hand")
    return Criterion(
        "single_feature",
        passed_unless(found.auc > MAX_SINGLE_AUC),
        f"{found.name} alone has an AUC of {found.auc:.4f}; above {MAX_SINGLE_AUC} it tells who defaults",
        challenger=found.auc,
        limit=MAX_SINGLE_AUC,
        n=len(challenger.out_of_fold),
    )


def strongest_feature(challenger: Contender, features: pd.DataFrame) -> Strongest | None:
    """The feature that ranks the challenger's training rows best, each cut into levels.

    A row's score is the default rate of its level in the other folds: so missing values, levels
    of categories and relations that turn count, and a level of one row tells nothing.

    Args:
        challenger: with its out-of-fold predictions.
        features: SK_ID_CURR and one column a feature; clients without a row are left out.
    """
    rows = challenger.out_of_fold.merge(features, on="SK_ID_CURR", how="inner", suffixes=("_", ""))
    target = _floats(rows["target"])
    if not 0 < target.sum() < len(target):
        return None
    fold = fold_of(rows["SK_ID_CURR"].to_numpy())
    names = [name for name in features.columns if name != "SK_ID_CURR"]
    judged = [Strongest(name, auc(target, _rates(_levels(rows[name]), target, fold))) for name in names]
    return max(judged, key=lambda one: one.auc, default=None)


def _levels(column: "pd.Series[float]") -> npt.NDArray[np.int64]:
    """Level of each row from 0: numbers by rank in twentieths, text by itself, missing a level of its own."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        share = column.rank(method="average", pct=True).to_numpy(dtype=np.float64)
        level: npt.NDArray[np.int64] = np.where(np.isnan(share), BINS, np.minimum(share * BINS, BINS - 1)).astype(int)
        return level
    codes, _ = pd.factorize(column, use_na_sentinel=False)
    return np.asarray(codes, dtype=np.int64)


def _rates(level: npt.NDArray[np.int64], target: Floats, fold: npt.NDArray[np.int64]) -> Floats:
    """Default rate of each row's level in the other folds, drawn towards the mean as if by one more client."""
    n_levels = int(level.max()) + 1
    cell = fold * n_levels + level
    rows = np.bincount(cell, minlength=N_FOLDS * n_levels).reshape(N_FOLDS, n_levels)
    defaults = np.bincount(cell, weights=target, minlength=N_FOLDS * n_levels).reshape(N_FOLDS, n_levels)
    others, their_defaults = rows.sum(axis=0) - rows, defaults.sum(axis=0) - defaults
    mean = float(target.mean())
    rate = (their_defaults + mean) / (others + 1)
    return np.asarray(rate[fold, level], dtype=np.float64)


def _floats(column: "pd.Series[float]") -> Floats:
    return np.asarray(column.to_numpy(), dtype=np.float64)
