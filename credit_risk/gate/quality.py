"""Quality: whether the challenger decides, ranks and calibrates at least as well as the champion.

Here: the criteria on out-of-fold rows, which carry the rule of promotion, and those on the most
recent outcomes. Add one when the lender must not lose it. Keep out: the arithmetic of intervals
(paired_bootstrap), and the sum of all criteria (judge).
"""

from dataclasses import dataclass

import numpy as np

from credit_risk.calibration import expected_calibration_error
from credit_risk.estimate import REPLICATES, Estimate
from credit_risk.evaluation import auc
from credit_risk.gate.contender import Judged, Meeting
from credit_risk.gate.criterion import Criterion, not_judged, passed_unless
from credit_risk.gate.paired_bootstrap import Differences, paired_differences
from credit_risk.gate.recent_outcomes import RecentOutcomes

# In units of a good applicant refused, per application: about 1 % of the cost of the usual
# model. A challenger that may be worse by more stays out; a tighter limit would refuse most
# equal models, since two seeds of one model differ by nearly as much.
COST_MARGIN = 0.005
# What six seeds of one model differ by at most on real rows: below it a worse ranking is chance.
AUC_MARGIN = 0.0035
# Half a percentage point of default probability, a sixteenth of the usual base rate: two seeds
# of one model differ by a fifth of it, and a cut of a price by as much is argued about.
CALIBRATION_MARGIN = 0.005
# Smaller differences are the rounding of sums, not an improvement.
ROUNDING = 1e-9

# Intervals of fewer outcomes, or fewer of one kind, rest on a handful of people: at the usual
# 4 % of defaults among the approved, 500 outcomes hold 20.
MIN_OUTCOMES = 500
MIN_OF_EACH_OUTCOME = 20

OUTCOME_CRITERIA = ("outcomes_cost", "outcomes_auc", "outcomes_calibration")


@dataclass(frozen=True)
class Quality:
    """The criteria on out-of-fold rows and what others read off them.

    Attributes:
        criteria: business cost, AUC, calibration, improvement.
        cost: challenger - champion.
        promotes: the rule of promotion: surely not worse in cost, and better in something.
        reason: the rule's answer with its numbers.
        pays: in what the challenger is surely better, by the interval; empty for nothing.
    """

    criteria: tuple[Criterion, ...]
    cost: Estimate
    promotes: bool
    reason: str
    pays: tuple[str, ...]


def judge_quality(
    meeting: Meeting, *, rng: np.random.Generator, margin: float = COST_MARGIN, replicates: int = REPLICATES
) -> Quality:
    """The rule of promotion on out-of-fold rows.

    Promoted when the upper end of the 95 % paired-bootstrap interval of the cost difference is
    below the margin, and cost, AUC or calibration is better. AUC and calibration besides must
    not be surely worse: cost looks at one threshold alone, which the lender may move.

    Raises:
        PortfolioError: one outcome only among the rows.
    """
    differences = paired_differences(meeting, rng=rng, replicates=replicates)
    cost = differences.cost
    judged = (
        _cost("business_cost", meeting, cost, failed=cost.high >= margin, limit=margin, which="upper end"),
        _auc("auc", meeting, differences),
        _calibration("calibration", meeting, differences),
    )
    better = [criterion.title for criterion in judged if criterion.improves]
    promotes, reason = _rule(cost, better, margin)
    return Quality(
        criteria=(*judged, _improvement(better, len(meeting))),
        cost=cost,
        promotes=promotes,
        reason=reason,
        pays=_sure_improvements(differences),
    )


def judge_outcomes(
    outcomes: RecentOutcomes | None, *, rng: np.random.Generator, replicates: int = REPLICATES
) -> tuple[Criterion, ...]:
    """The same three figures on the most recent outcomes of approved decisions.

    Only what is surely worse by more than the margin counts against the challenger: the rows are
    few, and whom the champion refused has no outcome. That selection favours the challenger in
    AUC (the champion has used up its own ranking by approving), so being surely worse in spite of
    it weighs the more.
    """
    meeting = outcomes.meeting if outcomes else None
    n = 0 if meeting is None else len(meeting)
    defaults = 0 if meeting is None else int(meeting.target.sum())
    if meeting is None or n < MIN_OUTCOMES or min(defaults, n - defaults) < MIN_OF_EACH_OUTCOME:
        left_out = "".join(
            f"; {count} left out, {why}" for why, count in (outcomes.left_out if outcomes else {}).items()
        )
        why = (
            f"{n} outcomes with {defaults} defaults are too few to judge on, "
            f"{MIN_OUTCOMES} with {MIN_OF_EACH_OUTCOME} of each are asked for{left_out}"
        )
        return tuple(not_judged(name, why, n=n) for name in OUTCOME_CRITERIA)
    differences = paired_differences(meeting, rng=rng, replicates=replicates)
    cost = differences.cost
    return (
        _cost("outcomes_cost", meeting, cost, failed=cost.low > COST_MARGIN, limit=COST_MARGIN, which="lower end"),
        _auc("outcomes_auc", meeting, differences),
        _calibration("outcomes_calibration", meeting, differences),
    )


def _rule(cost: Estimate, better: list[str], margin: float) -> tuple[bool, str]:
    interval = f"cost difference {_signed(cost)}"
    if cost.high >= margin:
        return False, f"{interval} reaches the margin of {margin:+.4f}"
    if not better:
        return False, f"{interval} stays below the margin of {margin:+.4f}, but nothing improves"
    return True, f"{interval} stays below the margin of {margin:+.4f}, and better in {', '.join(better)}"


def _sure_improvements(differences: Differences) -> tuple[str, ...]:
    sure = {
        "business cost": differences.cost.high < -ROUNDING,
        "AUC": differences.auc.low > ROUNDING,
        "calibration": differences.calibration.high < -ROUNDING,
    }
    return tuple(name for name, is_sure in sure.items() if is_sure)


def _improvement(better: list[str], n: int) -> Criterion:
    return Criterion(
        "improvement",
        passed_unless(not better),
        f"better in {', '.join(better) or 'nothing'}; at least one of business cost, AUC and calibration is asked for",
        challenger=float(len(better)),
        limit=1.0,
        n=n,
        improves=bool(better),
    )


def _cost(  # one figure with its limit, and how the limit is read
    name: str, meeting: Meeting, cost: Estimate, *, failed: bool, limit: float, which: str
) -> Criterion:
    y, w = meeting.target, meeting.weights
    new, old = (float(np.average(judged.losses(y), weights=w)) for judged in (meeting.new, meeting.old))
    return _figure(
        name,
        (new, old, cost),
        failed=failed,
        limit=limit,
        rule=f"the {which} must stay below {limit:+.4f}",
        improves=cost.value < -ROUNDING,
        n=len(meeting),
    )


def _auc(name: str, meeting: Meeting, differences: Differences) -> Criterion:
    y, w, area = meeting.target, meeting.weights, differences.auc
    new, old = (auc(y, judged.probability, weights=w) for judged in (meeting.new, meeting.old))
    return _figure(
        name,
        (new, old, area),
        failed=area.high < -AUC_MARGIN,
        limit=-AUC_MARGIN,
        rule=f"the upper end must reach {-AUC_MARGIN:+.4f}",
        improves=area.value > ROUNDING,
        n=len(meeting),
    )


def _calibration(name: str, meeting: Meeting, differences: Differences) -> Criterion:
    difference = differences.calibration
    new, old = (_calibration_error(meeting, judged) for judged in (meeting.new, meeting.old))
    return _figure(
        name,
        (new, old, difference),
        failed=difference.low > CALIBRATION_MARGIN,
        limit=CALIBRATION_MARGIN,
        rule=f"the lower end may not pass {CALIBRATION_MARGIN:+.4f}",
        improves=difference.value < -ROUNDING,
        n=len(meeting),
    )


def _calibration_error(meeting: Meeting, judged: Judged) -> float:
    return expected_calibration_error(meeting.target, judged.probability, weights=meeting.weights)


def _figure(  # a criterion has this many parts
    name: str,
    figures: tuple[float, float, Estimate],
    *,
    failed: bool,
    limit: float,
    rule: str,
    improves: bool,
    n: int,
) -> Criterion:
    new, old, difference = figures
    title = Criterion(name, "passed", "").title
    return Criterion(
        name,
        passed_unless(failed),
        f"{title} {new:.4f} against {old:.4f}, difference {_signed(difference)}: {rule}",
        challenger=new,
        champion=old,
        difference=difference.value,
        low=difference.low,
        high=difference.high,
        limit=limit,
        n=n,
        improves=improves,
    )


def _signed(difference: Estimate) -> str:
    return f"{difference.value:+.4f} [{difference.low:+.4f}, {difference.high:+.4f}]"
