"""The gate's judgement: every criterion, and what follows from all of them.

Here: the order of the criteria and the rule that adds them up. Add a criterion to a family's
module, its name to the catalogue, and its call here. Keep out: figures and limits (the families),
registry aliases, clocks and storage.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from credit_risk.estimate import REPLICATES
from credit_risk.gate.contender import Contender, Overlap, meet
from credit_risk.gate.criterion import CATALOGUE, Criterion, not_judged
from credit_risk.gate.fairness import judge_fairness
from credit_risk.gate.latency import Latency, judge_latency
from credit_risk.gate.leakage import judge_leakage
from credit_risk.gate.quality import COST_MARGIN, Quality, judge_outcomes, judge_quality
from credit_risk.gate.recent_outcomes import RecentOutcomes
from credit_risk.gate.stability import judge_stability
from credit_risk.gate.verdict import Verdict


@dataclass(frozen=True, eq=False)
class Evidence:
    """What the gate knows beside out-of-fold predictions; what is None leaves its criteria not judged.

    Attributes:
        outcomes: both models on the most recent outcomes of approved decisions.
        latency: times of both models.
        groups: SK_ID_CURR with `gender` and `age` (`protected_groups`).
        strongest: SK_ID_CURR with the values of the challenger's most important features.
    """

    outcomes: RecentOutcomes | None = None
    latency: Latency | None = None
    groups: pd.DataFrame | None = None
    strongest: pd.DataFrame | None = None


NOTHING_ELSE = Evidence()


def judge(
    challenger: Contender,
    champion: Contender | None,
    *,
    rng: np.random.Generator,
    evidence: Evidence = NOTHING_ELSE,
    cost_margin: float = COST_MARGIN,
    replicates: int = REPLICATES,
) -> Verdict:
    """Whether the challenger is promoted.

    Both are judged on the clients they share, each by its own threshold, weighted as the
    challenger was trained (towards the live population). It is promoted when the rule of quality
    says so and no criterion failed. Without a champion it is promoted as the first model, unless
    it leaks; without shared clients it is refused. What is not judged stands against nobody.

    Args:
        challenger: the candidate.
        champion: the model in production, or None.
        rng: of the bootstrap; the same state gives the same verdict.
        evidence: what else is known.
        cost_margin: what the challenger may surely cost more.
        replicates: of the bootstrap.

    Raises:
        PortfolioError: a client twice in a model's predictions, clients with two different
            targets, or one outcome only among the shared clients; with counts.
    """
    if champion is None:
        return _first(challenger, evidence)
    meeting, overlap = meet(challenger, champion)
    if not len(meeting):
        return _strangers(challenger, champion, overlap, evidence)
    quality = judge_quality(meeting, rng=rng, margin=cost_margin, replicates=replicates)
    criteria = (
        *quality.criteria,
        *judge_outcomes(evidence.outcomes, rng=rng, replicates=replicates),
        *judge_stability(meeting, quality.pays),
        judge_latency(evidence.latency),
        *judge_fairness(meeting, evidence.groups),
        *judge_leakage(challenger, meeting, evidence.strongest),
    )
    promote, answer = _sum_up(quality, criteria)
    return Verdict(
        challenger=challenger.version,
        champion=champion.version,
        promote=promote,
        reason=f"version {challenger.version} against {champion.version} on {overlap.common} clients: {answer}",
        criteria=criteria,
        cost_difference=quality.cost,
        overlap=overlap,
    )


def _sum_up(quality: Quality, criteria: Sequence[Criterion]) -> tuple[bool, str]:
    """The rule of quality decides; a criterion outside of it can only refuse."""
    of_the_rule = {"business_cost", "improvement"}
    against = [criterion for criterion in criteria if criterion.failed and criterion.name not in of_the_rule]
    if not against:
        return quality.promotes, quality.reason
    told = "; ".join(criterion.sentence for criterion in against)
    return False, f"refused for {told}" if quality.promotes else f"{quality.reason}; besides, {told}"


def _first(challenger: Contender, evidence: Evidence) -> Verdict:
    leaks = judge_leakage(challenger, None, evidence.strongest)
    told = "; ".join(criterion.sentence for criterion in leaks if criterion.failed)
    named = f"version {challenger.version} is the first model"
    return Verdict(
        challenger=challenger.version,
        champion=None,
        promote=not told,
        reason=f"{named}, refused for {told}" if told else named,
        criteria=_all((judge_latency(evidence.latency), *leaks), "no champion to compare with"),
    )


def _strangers(challenger: Contender, champion: Contender, overlap: Overlap, evidence: Evidence) -> Verdict:
    apart = f"no client in common ({overlap.challenger_only} and {overlap.champion_only} apart)"
    judged = (judge_latency(evidence.latency), *judge_leakage(challenger, None, evidence.strongest))
    return Verdict(
        challenger=challenger.version,
        champion=champion.version,
        promote=False,
        reason=f"version {challenger.version} against {champion.version}: {apart}",
        criteria=_all(judged, apart),
        overlap=overlap,
    )


def _all(judged: Sequence[Criterion], why_not_the_others: str) -> tuple[Criterion, ...]:
    """Every criterion of the catalogue, in its order."""
    by_name = {criterion.name: criterion for criterion in judged}
    return tuple(by_name.get(name) or not_judged(name, why_not_the_others) for name in CATALOGUE)
