"""Stability: how far scores and decisions of the same applicants move when the challenger takes over.

Here: the distance of two score distributions and the share of decisions that change. Add a
measure when a reader of scores depends on it. Keep out: drift of applicants (`credit_risk.drift`);
here the applicants are the same.
"""

from collections.abc import Sequence

import numpy as np

from credit_risk.estimate import Floats
from credit_risk.gate.contender import Meeting
from credit_risk.gate.criterion import Criterion, passed_unless

# The usual reading of the population stability index: from a quarter on the two distributions
# are different ones. Siddiqi (2006), Credit Risk Scorecards.
MAX_PSI = 0.25
# Trainings of one recipe on 5,000 clients decide 8 to 12 % of them otherwise, on more clients
# fewer. One in five is another policy: brokers and officers notice, and ask what it is good for.
MAX_FLIPPED = 0.20
# Tenths of the champion's scores, as the index is usually cut.
BINS = 10
# A share of nothing has no logarithm: half a client of 5,000.
SMALLEST_SHARE = 1e-4
ROUNDING = 1e-9


def judge_stability(meeting: Meeting, pays: Sequence[str]) -> tuple[Criterion, Criterion]:
    """Whether scores and decisions stay, or move for a reason.

    A better model must move: a hard limit would refuse every repair of a bad champion. So a move
    beyond the limit stands against the challenger only while it pays for nothing, which is being
    surely better in business cost, AUC or calibration (the 95 % interval without 0).

    Args:
        meeting: both models on the same applicants.
        pays: in what the challenger is surely better.
    """
    psi = stability_index(meeting.new.probability, meeting.old.probability, meeting.weights)
    distance = score_distance(meeting.new.probability, meeting.old.probability, meeting.weights)
    new, old = meeting.new.refusals(), meeting.old.refusals()
    flipped = float(np.average(new != old, weights=meeting.weights))
    refused = [float(np.average(rows, weights=meeting.weights)) for rows in (new, old)]
    paid = f", and beyond it only with a sure improvement ({', '.join(pays) or 'none'})"
    return (
        Criterion(
            "score_stability",
            passed_unless(psi > MAX_PSI and not pays),
            f"scores of the same applicants: stability index {psi:.3f}, largest distance of the distributions "
            f"{distance:.3f}; the index may be {MAX_PSI:.2f}{paid}",
            challenger=psi,
            limit=MAX_PSI,
            n=len(meeting),
        ),
        Criterion(
            "decision_stability",
            passed_unless(flipped > MAX_FLIPPED and not pays),
            f"{flipped:.1%} of the decisions change (refused {refused[0]:.1%} against {refused[1]:.1%}); "
            f"{MAX_FLIPPED:.0%} may{paid}",
            challenger=flipped,
            limit=MAX_FLIPPED,
            n=len(meeting),
        ),
    )


def stability_index(new: Floats, old: Floats, weights: Floats) -> float:
    """Population stability index of the new scores over tenths of the old ones; 0 for the same distribution.

    Source: Kullback, Leibler (1951); as an index in Siddiqi (2006), Credit Risk Scorecards.
    """
    order = np.argsort(old, kind="stable")
    reached = np.cumsum(weights[order]) / weights.sum()
    # Sums of weights miss a tenth by their rounding: a tenth that is reached but for that is reached.
    cuts = np.unique(old[order][np.searchsorted(reached, np.arange(1, BINS) / BINS - ROUNDING)])
    shares = [_shares(np.searchsorted(cuts, scores, side="left"), weights, len(cuts) + 1) for scores in (new, old)]
    return float(np.sum((shares[0] - shares[1]) * np.log(shares[0] / shares[1])))


def score_distance(new: Floats, old: Floats, weights: Floats) -> float:
    """Largest distance of the two distribution functions (Kolmogorov-Smirnov), in [0, 1]."""
    points = np.unique(np.concatenate([new, old]))
    below = []
    for scores in (new, old):
        order = np.argsort(scores, kind="stable")
        reached = np.append(0.0, np.cumsum(weights[order])) / weights.sum()
        below.append(reached[np.searchsorted(scores[order], points, side="right")])
    return float(np.abs(below[0] - below[1]).max())


def _shares(bins: np.ndarray[tuple[int], np.dtype[np.int64]], weights: Floats, n: int) -> Floats:
    share: Floats = np.bincount(bins, weights=weights, minlength=n) / weights.sum()
    return np.clip(share, SMALLEST_SHARE, None)
