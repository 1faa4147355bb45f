"""Calibration: from the booster's raw score to a probability of default that means what it says.

Here: the calibration map, its fit, and how well probabilities match what was observed. Add
a measure when a report needs it. Keep out: ranking quality (evaluation) and decisions.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from credit_risk.errors import PortfolioError
from credit_risk.estimate import Floats, unit_weights

# exp overflows beyond 709; a logit of 500 is a probability of 1 to every digit anyway.
MAX_LOGIT = 500.0
# Newton on two convex parameters takes 5 to 10 steps; more than 100 means that it diverges.
MAX_STEPS = 100
# Relative to the loss: far below what moves a probability in its sixth digit.
TOLERANCE = 1e-12
# Tenths of the population: the usual reading of a reliability table; at 8 % defaults a tenth
# of 6,000 clients still holds a few dozen.
BINS = 10


@dataclass(frozen=True)
class Calibration:
    """Probability of default = sigmoid(slope x raw score + intercept)."""

    slope: float
    intercept: float

    def probability(self, raw_scores: Floats) -> Floats:
        """Calibrated probabilities of raw scores (log-odds), elementwise, in [0, 1]."""
        return _sigmoid(self.slope * raw_scores + self.intercept)


def fit_calibration(raw_scores: Floats, target: Floats, *, weights: npt.ArrayLike | None = None) -> Calibration:
    """The logistic calibration of out-of-fold raw scores.

    Maximum likelihood without a penalty, on Platt's targets: (defaults + 1) / (defaults + 2)
    and 1 / (repaid + 2) in place of 1 and 0, which keep the slope finite where scores separate
    the outcomes. Scores that rank no better than chance get slope 0: everyone has the base rate.

    Args:
        raw_scores: log-odds of the fold boosters on rows they did not see.
        target: 1 default, 0 repaid.
        weights: of the rows; none means equal.

    Raises:
        PortfolioError: one outcome only.

    Source: Platt (1999), Probabilistic outputs for support vector machines; Newton's method
    as in Lin, Lin, Weng (2007), A note on Platt's probabilistic outputs.
    """
    w = unit_weights(weights, len(target))
    w = w / w.mean()
    defaults, repaid = float(np.sum(w * target)), float(np.sum(w * (1 - target)))
    if defaults == 0 or repaid == 0:
        raise PortfolioError(
            f"{defaults:.0f} defaults and {repaid:.0f} repaid loans to calibrate on",
            expected="both outcomes",
            remedy="train on more labelled applications",
        )
    soft = np.where(target == 1, (defaults + 1) / (defaults + 2), 1 / (repaid + 2))
    centre, scale = float(np.mean(raw_scores)), float(np.std(raw_scores))
    slope, intercept = (
        (0.0, 0.0) if scale == 0 else _logistic_fit((raw_scores - centre) / scale, soft, w, defaults / repaid)
    )
    if slope <= 0:
        return Calibration(slope=0.0, intercept=float(np.log(defaults / repaid)))
    return Calibration(slope=slope / scale, intercept=intercept - slope * centre / scale)


def reliability_bins(probability: Floats, weights: Floats, *, bins: int = BINS) -> npt.NDArray[np.int64]:
    """The quantile bin of each row, from 0: bins hold about equal weight, equal predictions share one."""
    distinct, position = np.unique(probability, return_inverse=True)
    weight = np.bincount(position, weights=weights, minlength=len(distinct))
    middle = np.cumsum(weight) - weight / 2
    bin_: npt.NDArray[np.int64] = np.minimum((middle / weight.sum() * bins).astype(np.int64), bins - 1)[position]
    return bin_


def reliability(
    target: Floats, probability: Floats, *, weights: npt.ArrayLike | None = None, bins: int = BINS
) -> pd.DataFrame:
    """Predicted against observed default rates, by quantile bins of the prediction.

    Bins hold about equal weight; equal predictions share one.

    Returns:
        One row a bin, lowest risk first: `predicted`, `observed` (weighted means), `n` (rows)
        and `weight`.
    """
    w = unit_weights(weights, len(target))
    bin_ = reliability_bins(probability, w, bins=bins)
    rows = pd.DataFrame({"bin": bin_, "predicted": w * probability, "observed": w * target, "n": 1, "weight": w})
    table = rows.groupby("bin", sort=True).sum().reset_index(drop=True)
    table["predicted"] /= table["weight"]
    table["observed"] /= table["weight"]
    return table


def expected_calibration_error(
    target: Floats, probability: Floats, *, weights: npt.ArrayLike | None = None, bins: int = BINS
) -> float:
    """Weighted mean distance between predicted and observed default rates of the reliability table.

    Source: Naeini, Cooper, Hauskrecht (2015), Obtaining well calibrated probabilities; with
    quantile instead of equal-width bins, since most probabilities of default are small.
    """
    table = reliability(target, probability, weights=weights, bins=bins)
    distance = (table["predicted"] - table["observed"]).abs()
    return float((distance * table["weight"]).sum() / table["weight"].sum())


def _sigmoid(logits: Floats) -> Floats:
    # `np.clip` takes as long for one application as all of the rest.
    bounded = np.minimum(np.maximum(logits, -MAX_LOGIT), MAX_LOGIT)
    return np.asarray(1.0 / (1.0 + np.exp(-bounded)), dtype=np.float64)


def _logistic_fit(x: Floats, soft: Floats, w: Floats, odds: float) -> tuple[float, float]:
    """Slope and intercept that minimize the weighted cross-entropy: Newton with halved steps."""
    theta = np.array([0.0, np.log(odds)])
    design = np.column_stack([x, np.ones_like(x)])
    loss = _cross_entropy(design @ theta, soft, w)
    for _ in range(MAX_STEPS):
        p = _sigmoid(design @ theta)
        gradient = design.T @ (w * (p - soft))
        # The ridge is rounding-sized: it keeps the system solvable where p saturates.
        hessian = design.T @ (design * (w * p * (1 - p))[:, None]) + 1e-10 * np.eye(2)
        step = np.asarray(np.linalg.solve(hessian, gradient), dtype=np.float64)
        previous = loss
        theta, loss = _descend(design, soft, w, theta, step, loss)
        if previous - loss <= TOLERANCE * previous:
            break
    return float(theta[0]), float(theta[1])


def _descend(design: Floats, soft: Floats, w: Floats, theta: Floats, step: Floats, loss: float) -> tuple[Floats, float]:
    """The largest of step, step/2, step/4, ... that lowers the loss; where none does, it has converged."""
    for halvings in range(30):
        moved = theta - step / 2**halvings
        lower = _cross_entropy(design @ moved, soft, w)
        if lower < loss:
            return moved, lower
    return theta, loss


def _cross_entropy(logits: Floats, soft: Floats, w: Floats) -> float:
    return float(np.sum(w * (np.logaddexp(0.0, logits) - soft * logits)))
