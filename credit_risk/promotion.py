"""Promotion: whether a challenger takes over from the champion.

Here: the comparison of two models' out-of-fold predictions on the same clients, and the rule
on it. Add a criterion when the lender must not lose it. Keep out: registry aliases, and
comparisons that only inform.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from credit_risk.business_cost import losses
from credit_risk.calibration import expected_calibration_error
from credit_risk.errors import PortfolioError
from credit_risk.estimate import REPLICATES, Estimate, Floats, bootstrap_mean
from credit_risk.evaluation import auc, auc_difference

# In units of a good applicant refused, per application: about 1 % of the cost of the usual
# model. A challenger that may be worse by more stays out; a tighter limit would refuse most
# equal models, since two seeds of one model differ by nearly as much.
COST_MARGIN = 0.005
# Smaller differences are the rounding of sums, not an improvement.
ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Contender:
    """A model as the comparison sees it.

    Attributes:
        version: its name in reasons.
        out_of_fold: SK_ID_CURR, target, probability and weight of its training rows.
        threshold: its own.
    """

    version: str
    out_of_fold: pd.DataFrame
    threshold: float


@dataclass(frozen=True)
class Criterion:
    """One figure of both models; `improves` says whether the challenger's is the better one.

    `low` and `high` bound the difference (challenger - champion) at 95 %; None where no
    interval is computed.
    """

    name: str
    challenger: float
    champion: float
    difference: float
    low: float | None
    high: float | None
    improves: bool


@dataclass(frozen=True)
class Overlap:
    """Clients that both models were judged on, and those that only one was trained on."""

    common: int
    challenger_only: int
    champion_only: int


@dataclass(frozen=True)
class PromotionVerdict:
    """Whether to promote, why in one sentence, and every figure behind it.

    Attributes:
        promote: the answer.
        reason: one sentence with numbers.
        criteria: business cost, AUC and calibration error; empty where nothing was compared.
        cost_difference: challenger - champion with its 95 % paired-bootstrap interval.
        overlap: of the clients; none for the first model.
    """

    promote: bool
    reason: str
    criteria: tuple[Criterion, ...] = ()
    cost_difference: Estimate | None = None
    overlap: Overlap | None = None

    def criteria_frame(self) -> pd.DataFrame:
        """The criteria as a table, one row each, ready for markdown."""
        columns = ["criterion", "challenger", "champion", "difference", "low", "high", "improves"]
        rows = [(c.name, c.challenger, c.champion, c.difference, c.low, c.high, c.improves) for c in self.criteria]
        return pd.DataFrame(rows, columns=columns)


def judge(
    challenger: Contender,
    champion: Contender | None,
    *,
    rng: np.random.Generator,
    cost_margin: float = COST_MARGIN,
    replicates: int = REPLICATES,
) -> PromotionVerdict:
    """Whether the challenger is promoted.

    Both are judged on the clients they share, each by its own threshold, weighted as the
    challenger was trained (towards the live population). It is promoted when it is surely not
    worse, the upper end of the 95 % paired-bootstrap interval of the cost difference being
    below `cost_margin`, and better in cost, AUC or calibration. Without a champion it is
    promoted as the first model; without shared clients it is refused.

    Raises:
        PortfolioError: a client twice in a model's predictions, clients with two different
            targets, or one outcome only among the shared clients; with counts.
    """
    if champion is None:
        return PromotionVerdict(promote=True, reason=f"version {challenger.version} is the first model")
    shared = _shared(challenger, champion)
    overlap = Overlap(
        common=len(shared),
        challenger_only=len(challenger.out_of_fold) - len(shared),
        champion_only=len(champion.out_of_fold) - len(shared),
    )
    named = f"version {challenger.version} against {champion.version}"
    if shared.empty:
        reason = f"{named}: no client in common ({overlap.challenger_only} and {overlap.champion_only} apart)"
        return PromotionVerdict(promote=False, reason=reason, overlap=overlap)
    y, w = _floats(shared, "target"), _floats(shared, "weight")
    new = _Judged(_floats(shared, "challenger"), challenger.threshold)
    old = _Judged(_floats(shared, "champion"), champion.threshold)
    cost = bootstrap_mean(new.losses(y) - old.losses(y), weights=w, rng=rng, replicates=replicates)
    criteria = _criteria(y, w, new, old, cost)
    promote, reason = _rule(cost, criteria, cost_margin)
    return PromotionVerdict(
        promote=promote,
        reason=f"{named} on {overlap.common} clients: {reason}",
        criteria=criteria,
        cost_difference=cost,
        overlap=overlap,
    )


@dataclass(frozen=True, eq=False)
class _Judged:
    probability: Floats
    threshold: float

    def losses(self, target: Floats) -> Floats:
        return losses(target, self.probability, self.threshold)


def _rule(cost: Estimate, criteria: tuple[Criterion, ...], margin: float) -> tuple[bool, str]:
    interval = f"cost difference {cost.value:+.4f} [{cost.low:+.4f}, {cost.high:+.4f}]"
    if cost.high >= margin:
        return False, f"{interval} reaches the margin of {margin:+.4f}"
    better = [criterion.name for criterion in criteria if criterion.improves]
    if not better:
        return False, f"{interval} stays below the margin of {margin:+.4f}, but nothing improves"
    return True, f"{interval} stays below the margin of {margin:+.4f}, and better in {', '.join(better)}"


def _criteria(y: Floats, w: Floats, new: _Judged, old: _Judged, cost: Estimate) -> tuple[Criterion, ...]:
    area = auc_difference(y, new.probability, old.probability, weights=w)
    error = [expected_calibration_error(y, judged.probability, weights=w) for judged in (new, old)]
    return (
        Criterion(
            "business cost",
            challenger=float(np.average(new.losses(y), weights=w)),
            champion=float(np.average(old.losses(y), weights=w)),
            difference=cost.value,
            low=cost.low,
            high=cost.high,
            improves=cost.value < -ROUNDING,
        ),
        Criterion(
            "AUC",
            challenger=auc(y, new.probability, weights=w),
            champion=auc(y, old.probability, weights=w),
            difference=area.value,
            low=area.low,
            high=area.high,
            improves=area.value > ROUNDING,
        ),
        Criterion(
            "calibration error",
            challenger=error[0],
            champion=error[1],
            difference=error[0] - error[1],
            low=None,
            high=None,
            improves=error[0] - error[1] < -ROUNDING,
        ),
    )


def _shared(challenger: Contender, champion: Contender) -> pd.DataFrame:
    """Clients of both: target, the challenger's weight, and both probabilities."""
    for contender in (challenger, champion):
        twice = int(contender.out_of_fold["SK_ID_CURR"].duplicated().sum())
        if twice:
            raise PortfolioError(
                f"{twice} clients twice in the out-of-fold predictions of version {contender.version}",
                expected="one row a client",
                remedy="train the version again",
            )
    new = challenger.out_of_fold[["SK_ID_CURR", "target", "probability", "weight"]]
    old = champion.out_of_fold[["SK_ID_CURR", "target", "probability"]]
    shared = new.merge(old, on="SK_ID_CURR", suffixes=("", "_champion"), validate="one_to_one")
    different = int((shared["target"] != shared["target_champion"]).sum())
    if different:
        raise PortfolioError(
            f"{different} of {len(shared)} shared clients with another target than the champion's",
            expected="the same label of a client in both",
            remedy="find out which raw data changed, and train the champion again if they were wrong",
        )
    named = shared.rename(columns={"probability": "challenger", "probability_champion": "champion"})
    # The bootstrap draws positions: in one order the same predictions get the same verdict.
    return named.sort_values("SK_ID_CURR", ignore_index=True)


def _floats(frame: pd.DataFrame, column: str) -> Floats:
    return frame[column].to_numpy(dtype=np.float64)
