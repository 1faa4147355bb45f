"""Evaluation: how well a model ranks and decides, on rows it did not see.

Here: AUC with its interval, the confusion matrix, and the metrics of a training. Add a
metric when a report or a policy reads it. Keep out: calibration and cost, which have their
own modules, and what follows from a figure (promotion).
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from credit_risk.business_cost import business_cost, business_cost_estimate
from credit_risk.calibration import expected_calibration_error
from credit_risk.decision import refused
from credit_risk.errors import PortfolioError
from credit_risk.estimate import Z_95, Estimate, Floats, unit_weights


@dataclass(frozen=True)
class Confusion:
    """Decisions against outcomes, in applications; positive = default, predicted positive = refused."""

    defaults_refused: int
    defaults_approved: int
    good_refused: int
    good_approved: int

    def to_frame(self) -> pd.DataFrame:
        """Rows are outcomes, columns are decisions."""
        return pd.DataFrame(
            {
                "APPROVED": [self.good_approved, self.defaults_approved],
                "REFUSED": [self.good_refused, self.defaults_refused],
            },
            index=pd.Index(["repaid", "defaulted"], name="outcome"),
        )


def confusion(target: Floats, probability: Floats, threshold: float) -> Confusion:
    """The confusion matrix at a threshold, unweighted."""
    refuse, default = refused(probability, threshold), target == 1
    return Confusion(
        defaults_refused=int(np.sum(refuse & default)),
        defaults_approved=int(np.sum(~refuse & default)),
        good_refused=int(np.sum(refuse & ~default)),
        good_approved=int(np.sum(~refuse & ~default)),
    )


def auc(target: Floats, score: Floats, *, weights: npt.ArrayLike | None = None) -> float:
    """Probability that a random default scores above a random repaid loan, ties as one half.

    Raises:
        PortfolioError: one outcome only.
    """
    w = unit_weights(weights, len(target))
    placement = _placements(target, score, w)
    default = target == 1
    return float(np.average(placement[default], weights=w[default]))


def auc_estimate(target: Floats, score: Floats, *, weights: npt.ArrayLike | None = None) -> Estimate:
    """AUC with its 95 % interval, cut to [0, 1].

    Source: DeLong, DeLong, Clarke-Pearson (1988), Comparing the areas under two or more
    correlated ROC curves; in the O(n log n) form of Sun, Xu (2014). With weights, the
    placements are weighted and each row's variance enters with its squared weight.

    Raises:
        PortfolioError: one outcome only.
    """
    w = unit_weights(weights, len(target))
    value, error = _auc_and_error(target, _placements(target, score, w), w)
    return Estimate(value, max(0.0, value - Z_95 * error), min(1.0, value + Z_95 * error))


def auc_difference(target: Floats, score: Floats, other: Floats, *, weights: npt.ArrayLike | None = None) -> Estimate:
    """AUC(score) - AUC(other) on the same rows, with the paired interval of DeLong et al. (1988)."""
    w = unit_weights(weights, len(target))
    difference = _placements(target, score, w) - _placements(target, other, w)
    value, error = _auc_and_error(target, difference, w)
    return Estimate(value, value - Z_95 * error, value + Z_95 * error)


def roc_curve(target: Floats, score: Floats, *, weights: npt.ArrayLike | None = None) -> pd.DataFrame:
    """The ROC curve: `good_refused` and `defaults_refused` (shares) at every threshold, from 0 to 1."""
    w = unit_weights(weights, len(target))
    order = np.argsort(-score, kind="stable")
    last = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)
    good, defaults = (np.append(0.0, np.cumsum((w * side)[order])[last]) for side in (1 - target, target))
    return pd.DataFrame({"good_refused": good / good[-1], "defaults_refused": defaults / defaults[-1]})


def log_loss(target: Floats, probability: Floats, *, weights: npt.ArrayLike | None = None) -> float:
    """Weighted mean negative log-likelihood; a certain and wrong probability counts as 1e-15 off."""
    p = np.clip(probability, 1e-15, 1 - 1e-15)
    each = -np.where(target == 1, np.log(p), np.log1p(-p))
    return float(np.average(each, weights=unit_weights(weights, len(each))))


def metrics(
    target: Floats,
    probability: Floats,
    threshold: float,
    *,
    rng: np.random.Generator,
    weights: npt.ArrayLike | None = None,
) -> dict[str, float]:
    """The figures of a model on rows it did not see, by name.

    `auc_approved` and `business_cost_approved` are restricted to the approved, as figures from
    realised outcomes are; `auc_approved` is left out where all of them repaid. Confusion counts
    are unweighted.
    """
    w = unit_weights(weights, len(target))
    area = auc_estimate(target, probability, weights=w)
    cost = business_cost_estimate(target, probability, threshold, weights=w, rng=rng)
    counts = confusion(target, probability, threshold)
    return {
        "auc": area.value,
        "auc_low": area.low,
        "auc_high": area.high,
        "business_cost": cost.value,
        "business_cost_low": cost.low,
        "business_cost_high": cost.high,
        "log_loss": log_loss(target, probability, weights=w),
        "expected_calibration_error": expected_calibration_error(target, probability, weights=w),
        "default_rate": float(np.average(target, weights=w)),
        "refused_share": float(np.average(refused(probability, threshold), weights=w)),
        "defaults_refused": float(counts.defaults_refused),
        "defaults_approved": float(counts.defaults_approved),
        "good_refused": float(counts.good_refused),
        "good_approved": float(counts.good_approved),
        "effective_sample_size": effective_sample_size(w),
        **_among_the_approved(target, probability, threshold, w),
    }


def effective_sample_size(weights: Floats) -> float:
    """How many equally weighted rows carry as much information. Source: Kish (1965), Survey Sampling."""
    return float(np.sum(weights) ** 2 / np.sum(weights**2))


def _among_the_approved(target: Floats, probability: Floats, threshold: float, w: Floats) -> dict[str, float]:
    approved = ~refused(probability, threshold)
    if not approved.any():
        return {}
    t, p = target[approved], probability[approved]
    figures = {"business_cost_approved": business_cost(t, p, threshold, weights=w[approved])}
    if 0 < t.sum() < len(t):
        figures["auc_approved"] = auc(t, p, weights=w[approved])
    return figures


def _placements(target: Floats, score: Floats, w: Floats) -> Floats:
    """Per row, the share of the other outcome that it is ranked rightly against (ties one half)."""
    defaults, repaid = float(np.sum(w * target)), float(np.sum(w * (1 - target)))
    if defaults == 0 or repaid == 0:
        raise PortfolioError(
            f"{int(target.sum())} defaults among {len(target)} outcomes",
            expected="both outcomes",
            remedy="wait for more outcomes, or widen the window",
        )
    distinct, position = np.unique(score, return_inverse=True)
    default_at = np.bincount(position, weights=w * target, minlength=len(distinct))
    repaid_at = np.bincount(position, weights=w * (1 - target), minlength=len(distinct))
    repaid_below = (np.cumsum(repaid_at) - repaid_at / 2) / repaid
    defaults_above = 1 - (np.cumsum(default_at) - default_at / 2) / defaults
    return np.where(target == 1, repaid_below[position], defaults_above[position])


def _auc_and_error(target: Floats, placement: Floats, w: Floats) -> tuple[float, float]:
    default = target == 1
    value = float(np.average(placement[default], weights=w[default]))
    variance = sum(_variance_of_mean(placement[side], w[side]) for side in (default, ~default))
    return value, math.sqrt(variance)


def _variance_of_mean(values: Floats, w: Floats) -> float:
    """Of a weighted mean; with equal weights the sample variance over n, and 0 for a single row."""
    mean = np.average(values, weights=w)
    n = effective_sample_size(w)
    bessel = n / (n - 1) if n > 1 else 1.0
    return float(np.sum((w * (values - mean)) ** 2) / np.sum(w) ** 2 * bessel)
