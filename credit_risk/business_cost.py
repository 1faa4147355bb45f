"""Business cost: what wrong decisions cost an average application, and the threshold that costs least.

Here: cost = (10 x missed defaults + 1 x good applicants refused) / applications, over frames
of outcomes. Add to it when the lender prices decisions otherwise. Keep out: the decision rule
itself (decision) and whether a model is promoted on it (promotion).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from credit_risk.decision import refused
from credit_risk.estimate import REPLICATES, Estimate, Floats, bootstrap_mean, unit_weights

# The lender's prices: a missed default loses about ten times the margin of a good applicant
# refused. Moving them moves every threshold.
COST_FN = 10
COST_FP = 1


@dataclass(frozen=True, eq=False)
class CostCurve:
    """Cost per application at each candidate threshold, highest threshold (fewest refusals) first.

    The first candidate approves all, the last refuses all.
    """

    thresholds: Floats
    costs: Floats

    @property
    def best_threshold(self) -> float:
        """The threshold of least cost; of several, the one that refuses fewest applicants."""
        return float(self.thresholds[np.argmin(self.costs)])

    @property
    def best_cost(self) -> float:
        """The least cost per application."""
        return float(self.costs.min())


def losses(
    target: Floats,
    probability: Floats,
    threshold: float,
    *,
    cost_fn: float = COST_FN,
    cost_fp: float = COST_FP,
) -> Floats:
    """The cost of each decision: `cost_fn` for a default approved, `cost_fp` for a good applicant refused."""
    refuse = refused(probability, threshold)
    return np.where(refuse, cost_fp * (1 - target), cost_fn * target)


def business_cost(
    target: Floats,
    probability: Floats,
    threshold: float,
    *,
    weights: npt.ArrayLike | None = None,
    cost_fn: float = COST_FN,
    cost_fp: float = COST_FP,
) -> float:
    """Weighted mean cost per application at a threshold, in units of a good applicant refused."""
    each = losses(target, probability, threshold, cost_fn=cost_fn, cost_fp=cost_fp)
    return float(np.average(each, weights=unit_weights(weights, len(each))))


def business_cost_estimate(
    target: Floats,
    probability: Floats,
    threshold: float,
    *,
    rng: np.random.Generator,
    weights: npt.ArrayLike | None = None,
    replicates: int = REPLICATES,
) -> Estimate:
    """The business cost with its 95 % bootstrap interval, at a given threshold.

    The interval leaves out that the threshold was chosen on the same rows: with thousands of
    rows and one parameter that optimism is far below its width.
    """
    each = losses(target, probability, threshold)
    return bootstrap_mean(each, weights=unit_weights(weights, len(each)), rng=rng, replicates=replicates)


def cost_curve(
    target: Floats,
    probability: Floats,
    *,
    weights: npt.ArrayLike | None = None,
    cost_fn: float = COST_FN,
    cost_fp: float = COST_FP,
) -> CostCurve:
    """Cost at every threshold that decides the rows differently, in one sorted pass.

    Candidates are the distinct probabilities (an applicant at the threshold is refused), with
    two ends: 1 to approve all, so that the next applicant is approved as well, and 0 in place
    of the smallest probability to refuse all.
    """
    w = unit_weights(weights, len(target))
    order = np.argsort(-probability, kind="stable")
    p, defaults, good = probability[order], (w * target)[order], (w * (1 - target))[order]
    # Equal probabilities are decided alike: only the last of each run is a candidate.
    last = np.append(np.flatnonzero(np.diff(p)), len(p) - 1)
    missed = np.append(defaults.sum(), defaults.sum() - np.cumsum(defaults)[last])
    wrongly_refused = np.append(0.0, np.cumsum(good)[last])
    thresholds = np.append(1.0 if p[0] < 1 else np.nextafter(1.0, 2.0), p[last])
    thresholds[-1] = 0.0
    return CostCurve(thresholds, (cost_fn * missed + cost_fp * wrongly_refused) / w.sum())
