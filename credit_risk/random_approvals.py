"""Refused applicants who are approved all the same, by lot: the only way to see what a refusal prevented.

Here: the lot, and figures over all applicants that follow from it. A person who overrules a refusal
chooses; a lot does not, and so its outcomes stand for all of the refused. Keep out: which outcomes
there are (`resources.outcomes`), and figures among the approved alone (`performance`).
"""

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from credit_risk.business_cost import COST_FN, COST_FP
from credit_risk.estimate import Z_95, Estimate, Floats
from credit_risk.evaluation import auc_estimate

# Fewer outcomes of refused applicants would each stand for hundreds of others.
MIN_RANDOM_OUTCOMES = 30
# As for an AUC among the approved.
MIN_PER_OUTCOME = 10


@dataclass(frozen=True)
class UnbiasedPerformance:
    """Figures over all applicants, refused ones included; None where outcomes are too few."""

    auc: Estimate | None
    cost: Estimate | None


def drawn(prediction_ids: Iterable[UUID], share: float) -> list[UUID]:
    """The decisions whose lot is drawn: about `share` of them, the same ones whoever asks.

    The lot is a hash of the decision's id, which nobody chooses: it can be checked afterwards, and
    a larger share keeps those of a smaller one.
    """
    return [each for each in prediction_ids if _lot(each) < share]


def unbiased_performance(
    approved_target: Floats,
    approved_probability: Floats,
    refused_target: Floats,
    refused_probability: Floats,
    *,
    refused_share: Floats,
    numbers: tuple[int, int],
) -> UnbiasedPerformance:
    """AUC and business cost over all applicants, from two samples of known outcomes.

    The approved with outcomes stand for all of the approved, those refused and drawn for all of the
    refused, each with the inverse of the share it was drawn with. Holds when neither the lot nor how
    soon an outcome is known depends on what it is.

    Args:
        approved_target: of approved decisions with outcomes; 1 default.
        approved_probability: of the same.
        refused_target: of refused decisions that were drawn, with outcomes.
        refused_probability: of the same.
        refused_share: with which each of these was drawn, in (0, 1].
        numbers: all approved and all refused decisions.

    Source: Horvitz, Thompson (1952), A generalization of sampling without replacement from a finite
    universe; the weights scaled to the known numbers (Hájek, 1971).
    """
    n_approved, n_refused = numbers
    if len(refused_target) < MIN_RANDOM_OUTCOMES or len(approved_target) < MIN_RANDOM_OUTCOMES:
        return UnbiasedPerformance(auc=None, cost=None)
    inverse = 1.0 / refused_share
    weights = np.concatenate(
        [np.full(len(approved_target), n_approved / len(approved_target)), inverse / inverse.sum() * n_refused]
    )
    target = np.concatenate([approved_target, refused_target])
    probability = np.concatenate([approved_probability, refused_probability])
    enough = min(target.sum(), (1 - target).sum()) >= MIN_PER_OUTCOME
    total = n_approved + n_refused
    return UnbiasedPerformance(
        auc=auc_estimate(target, probability, weights=weights) if enough else None,
        cost=_sum_of(
            _mean(COST_FN * approved_target, np.ones(len(approved_target)), n_approved / total),
            _mean(COST_FP * (1 - refused_target), inverse, n_refused / total),
        ),
    )


def _lot(prediction_id: UUID) -> float:
    """A number from [0, 1) that follows from the id alone."""
    # Salted: other draws by the same id must not be the same draw.
    digest = hashlib.sha256(b"approve at random" + prediction_id.bytes).digest()
    return int.from_bytes(digest[:7], "big") / 2**56


def _mean(values: Floats, weights: Floats, part: float) -> tuple[float, float]:
    """A part's contribution to the mean over all, and its variance."""
    share = weights / weights.sum()
    mean = float(np.sum(share * values))
    variance = float(np.sum((share * (values - mean)) ** 2))
    return part * mean, part**2 * variance


def _sum_of(one: tuple[float, float], other: tuple[float, float]) -> Estimate:
    value, error = one[0] + other[0], math.sqrt(one[1] + other[1])
    return Estimate(value, max(0.0, value - Z_95 * error), value + Z_95 * error)
