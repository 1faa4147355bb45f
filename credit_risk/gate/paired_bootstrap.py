"""The paired bootstrap: how sure a difference between two models on the same rows is.

Here: one set of resamples for business cost, AUC and calibration error at once. Add a figure
when the gate judges another one. Keep out: what follows from an interval (quality).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from credit_risk.calibration import expected_calibration_error, reliability_bins
from credit_risk.estimate import REPLICATES, Estimate, Floats
from credit_risk.evaluation import auc
from credit_risk.gate.contender import Judged, Meeting

# A resample's figure from the weights of its rows.
Figure = Callable[[Floats], float]
SIDES: tuple[Literal["left"], Literal["right"]] = ("left", "right")


@dataclass(frozen=True)
class Differences:
    """Challenger - champion, each with its 95 % interval."""

    cost: Estimate
    auc: Estimate
    calibration: Estimate


def paired_differences(meeting: Meeting, *, rng: np.random.Generator, replicates: int = REPLICATES) -> Differences:
    """Differences of cost, AUC and calibration error, with percentile-bootstrap intervals over rows.

    Each replicate draws rows with their weights, the same for both models and all figures. One
    that draws a single outcome has no AUC and is left out of that interval.

    Args:
        meeting: both models on the same rows, with both outcomes among them.
        rng: of the draws; the same state gives the same intervals.
        replicates: draws.

    Raises:
        PortfolioError: one outcome only.

    Source: Efron, Tibshirani (1993), An Introduction to the Bootstrap, chapter 13.
    """
    new, old, y, w = meeting.new, meeting.old, meeting.target, meeting.weights
    # Raises before the work when an outcome is missing.
    area = auc(y, new.probability, weights=w) - auc(y, old.probability, weights=w)
    error = [expected_calibration_error(y, judged.probability, weights=w) for judged in (new, old)]
    loss = meeting.loss_differences
    areas = [_area_of(y, judged) for judged in (new, old)]
    errors = [_error_of(y, w, judged) for judged in (new, old)]
    drawn = np.empty((replicates, 3))
    n = len(meeting)
    for row in drawn:
        resampled = w * np.bincount(rng.integers(0, n, n), minlength=n)
        row[:] = (
            float(resampled @ loss) / float(resampled.sum()),
            areas[0](resampled) - areas[1](resampled),
            errors[0](resampled) - errors[1](resampled),
        )
    cost = float(np.sum(w * loss) / np.sum(w))
    return Differences(
        cost=_estimate(cost, drawn[:, 0]),
        auc=_estimate(area, drawn[:, 1]),
        calibration=_estimate(error[0] - error[1], drawn[:, 2]),
    )


def _estimate(value: float, replicates: Floats) -> Estimate:
    low, high = np.nanquantile(replicates, [0.025, 0.975])
    return Estimate(value=value, low=float(low), high=float(high))


def _area_of(target: Floats, judged: Judged) -> Figure:
    """AUC of a resample. Ranked once: a resample changes weights, never the order."""
    defaults = np.flatnonzero(target == 1)
    scores, position = np.unique(judged.probability[defaults], return_inverse=True)
    # Between two scores of defaults the order of the repaid does not matter: even places lie
    # between, odd ones at a score. A resample is then added up in one pass, without sorting.
    below, not_above = (np.searchsorted(scores, judged.probability, side=side) for side in SIDES)
    place, n_places = below + not_above, 2 * len(scores) + 1
    place[defaults] = n_places

    def area(weights: Floats) -> float:
        repaid = np.bincount(place, weights=weights, minlength=n_places + 1)[:n_places]
        defaulted = np.bincount(position, weights=weights[defaults], minlength=len(scores))
        # Ties count one half.
        outranked = np.cumsum(repaid)[:-1:2] + repaid[1::2] / 2
        pairs = float(defaulted.sum()) * float(repaid.sum())
        return float(defaulted @ outranked) / pairs if pairs else np.nan

    return area


def _error_of(target: Floats, weights: Floats, judged: Judged) -> Figure:
    """Calibration error of a resample, in the bins of all rows: bins that moved along would add noise alone."""
    bin_ = reliability_bins(judged.probability, weights)
    excess = judged.probability - target

    def error(resampled: Floats) -> float:
        return float(np.abs(np.bincount(bin_, weights=resampled * excess)).sum() / resampled.sum())

    return error
