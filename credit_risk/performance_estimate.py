"""Performance before labels: what AUC and cost will come to, if the probabilities mean what they say.

Here: confidence-based performance estimation on calibrated probabilities, each figure with the
interval in which the realised one will be 95 times of 100. The interval holds the chance of the
outcomes, not a wrong calibration: a population whose defaults have become more frequent at equal
features is not seen before its labels come (`calibration_test` sees it then). Keep out: figures
from outcomes (`performance`).

Source: the CBPE of NannyML (https://nannyml.readthedocs.io, "How it works: performance estimation");
Kivimäki, Białek, Nurminen, Kuberski (2025), Confidence-based estimators for predictive performance
in model monitoring, JAIR 82. Intervals by the projection of Hoeffding (1948) instead of resampled
chunks: the outcomes are independent draws with known probabilities.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from credit_risk.business_cost import COST_FN, COST_FP
from credit_risk.decision import refused
from credit_risk.estimate import Z_95, Estimate, Floats

# With ten of the rarer outcome the standard error of an AUC is about 0.09; with fewer a figure
# would say more about who happened to default than about the model.
MIN_PER_OUTCOME = 10
# As for a drift verdict: below it the normal interval of a mean of rare losses is not one.
MIN_ROWS = 30


@dataclass(frozen=True)
class PerformanceEstimate:
    """What will come true of some decisions, if their probabilities are right; None where they are too few.

    Attributes:
        auc_approved: among the approved, as realised figures are.
        cost_approved: business cost per approved application: of missed defaults alone.
        cost: business cost per application, with the good applicants refused.
    """

    auc_approved: Estimate | None
    cost_approved: Estimate | None
    cost: Estimate | None


def estimate(probability: Floats, threshold: float) -> PerformanceEstimate:
    """The estimate for applications that a threshold decides.

    Args:
        probability: calibrated probabilities of default, one an application.
        threshold: from which an application is refused.
    """
    return estimate_decided(probability, ~refused(probability, threshold))


def estimate_decided(probability: Floats, approved: npt.NDArray[np.bool_]) -> PerformanceEstimate:
    """The estimate for applications that were decided, whatever by."""
    among, everyone = probability[approved], np.ones(int(approved.sum()), dtype=np.bool_)
    return PerformanceEstimate(
        auc_approved=expected_auc(among),
        cost_approved=expected_cost(among, everyone),
        cost=expected_cost(probability, approved),
    )


def expected_auc(probability: Floats) -> Estimate | None:
    """The AUC that rows with these probabilities of default will show, ranked by them.

    Every pair counts with the chance that the one defaults and the other does not; a row does
    not meet itself. None when fewer than ten defaults or ten repaid loans are expected.
    """
    p, q = probability, 1.0 - probability
    if min(p.sum(), q.sum()) < MIN_PER_OUTCOME:
        return None
    defaults_above, good_below = _others_ranked(p)
    pairs = p.sum() * q.sum() - (p * q).sum()
    value = float((p * good_below).sum() / pairs)
    # How the AUC moves with one row's outcome: what it wins as a default, less what as a repaid loan.
    gain = good_below - defaults_above
    more_pairs = (q.sum() - q) - (p.sum() - p)
    error = math.sqrt(float(np.sum(p * q * ((gain - value * more_pairs) / pairs) ** 2)))
    return Estimate(value, max(0.0, value - Z_95 * error), min(1.0, value + Z_95 * error))


def expected_cost(
    probability: Floats, approved: npt.NDArray[np.bool_], *, cost_fn: float = COST_FN, cost_fp: float = COST_FP
) -> Estimate | None:
    """Mean cost of the decisions, if the probabilities are right; None for fewer than thirty.

    Args:
        probability: calibrated, one a decision.
        approved: what was decided.
        cost_fn: of a default approved, in any unit.
        cost_fp: of a good applicant refused, in the same.
    """
    n = len(probability)
    if n < MIN_ROWS:
        return None
    value = float(np.mean(np.where(approved, cost_fn * probability, cost_fp * (1 - probability))))
    each = np.where(approved, cost_fn, cost_fp) ** 2 * probability * (1 - probability)
    error = math.sqrt(float(each.sum())) / n
    return Estimate(value, max(0.0, value - Z_95 * error), value + Z_95 * error)


def _others_ranked(p: Floats) -> tuple[Floats, Floats]:
    """For each row the expected defaults above it and repaid loans below it, ties half, itself not."""
    q = 1.0 - p
    distinct, position = np.unique(p, return_inverse=True)
    defaults_at = np.bincount(position, weights=p, minlength=len(distinct))
    good_at = np.bincount(position, weights=q, minlength=len(distinct))
    defaults_above = p.sum() - np.cumsum(defaults_at) + defaults_at / 2
    good_below = np.cumsum(good_at) - good_at / 2
    return defaults_above[position] - p / 2, good_below[position] - q / 2
