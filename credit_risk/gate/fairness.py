"""Fairness: whether the challenger treats groups of applicants more unequally than it may.

Here: approval rates and false refusals by group, and their limits. Add a measure when a
regulator or the risk officer reads it. Keep out: who belongs to which group (groups).

A limit that holds for every model would refuse all of them: young applicants default twice as
often as old ones, so that any honest ranking approves fewer of them, and the champion stands
beyond the limit as well. So there are two rules. The challenger may not lose a limit that the
champion keeps. And wherever both stand, it may not surely be worse by more than a margin, so that
inequality does not grow unseen from model to model.

The second rule compares it with the champion as strict as it is itself. Whoever refuses more
applicants treats groups further apart, by any ranking, and thresholds of small portfolios differ
by chance: compared as they are, every fourth equal model was refused (docs/decisions, the gate).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from credit_risk.estimate import Z_95, Estimate, Floats
from credit_risk.gate.contender import Judged, Meeting
from credit_risk.gate.criterion import Criterion, not_judged, passed_unless
from credit_risk.gate.groups import AGE, GENDER

# The four-fifths rule: the lowest approval rate over the highest. Uniform Guidelines on Employee
# Selection Procedures (1978), 29 CFR 1607.4 D; lenders and their supervisors took it over.
MIN_IMPACT_RATIO = 0.8
# Refused though they would have repaid. Where a third of the good applicants is refused, four
# fifths of the approvals are a gap of 13 percentage points; of people who would have repaid, fewer.
MAX_FALSE_REFUSAL_GAP = 0.10
# Trainings of one recipe on 5,000 clients, as strict as each other, differ by less in nine of ten pairs,
# and by 0.07 at most. Log-odds raised by 0.25 for one group are 0.07 to 0.15. What is surely worse by
# more is another policy.
MARGIN = 0.05
# A rate of fewer people is known to worse than 5 percentage points, as far as the margin goes.
MIN_GROUP = 100

Groups = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Measure:
    """One way to compare groups.

    Attributes:
        words: what it is, in sentences.
        limit: beyond it a model treats groups unequally.
        sign: +1 where more is worse, -1 where less is.
        of: the figure from the lowest and the highest rate.
    """

    words: str
    limit: float
    sign: int
    of: Callable[[float, float], float]

    def beyond(self, value: float) -> bool:
        """Whether a figure is beyond the limit."""
        return self.sign * value > self.sign * self.limit


IMPACT_RATIO = Measure("adverse impact ratio", MIN_IMPACT_RATIO, -1, lambda low, high: low / high if high else 1.0)
REFUSAL_GAP = Measure("gap in false refusals", MAX_FALSE_REFUSAL_GAP, 1, lambda low, high: high - low)


@dataclass(frozen=True, eq=False)
class Spread:
    """A model's lowest and highest rate among the groups.

    Attributes:
        value: the measure.
        lowest: group and rate.
        highest: group and rate.
        influence: (n,) by how much each row moves the measure, for its standard error.
    """

    value: float
    lowest: tuple[str, float]
    highest: tuple[str, float]
    influence: Floats

    def __str__(self) -> str:
        (low, low_rate), (high, high_rate) = self.lowest, self.highest
        return f"{low} {low_rate:.1%}, {high} {high_rate:.1%}"


def judge_fairness(meeting: Meeting | None, groups: pd.DataFrame | None) -> tuple[Criterion, ...]:
    """Approval rates and false refusals by gender and age.

    Args:
        meeting: both models on the same rows; None where there are none.
        groups: SK_ID_CURR with `gender` and `age`; clients without a row are left out.
    """
    attributes = (GENDER, AGE)
    if meeting is None or groups is None:
        why = "no applicants whose groups are known to both models"
        named = [f"{kind}_by_{attribute}" for kind in ("approval", "false_refusals") for attribute in attributes]
        return tuple(not_judged(name, why) for name in named)
    member = groups.drop_duplicates("SK_ID_CURR").set_index("SK_ID_CURR").reindex(meeting.clients)
    everybody, good = np.ones(len(meeting), dtype=bool), meeting.target == 0
    return (
        *(_criterion(f"approval_by_{a}", meeting, _labels(member, a), everybody, IMPACT_RATIO) for a in attributes),
        *(_criterion(f"false_refusals_by_{a}", meeting, _labels(member, a), good, REFUSAL_GAP) for a in attributes),
    )


def _labels(member: pd.DataFrame, attribute: str) -> Groups:
    labels: Groups = member[attribute].to_numpy(dtype=object)
    return labels


def _criterion(name: str, meeting: Meeting, labels: Groups, rows: npt.NDArray[np.bool_], measure: Measure) -> Criterion:
    known = rows & ~pd.isna(labels)
    names, sizes = np.unique(labels[known].astype(str), return_counts=True)
    large = names[sizes >= MIN_GROUP]
    if len(large) < 2:  # noqa: PLR2004  # one group has nobody to be compared with
        why = f"{len(large)} groups of at least {MIN_GROUP} applicants: nothing to compare"
        return not_judged(name, why, n=int(known.sum()))
    new, old, as_strict = (
        _spread(_rates(judged, measure), meeting, labels, rows, large, measure)
        for judged in (meeting.new, meeting.old, meeting.old_as_strict)
    )
    difference = _difference(new, old)
    failed, rule = _rule(new, old, as_strict, measure)
    return Criterion(
        name,
        passed_unless(failed),
        f"{measure.words} {new.value:.3f} ({new}) against {old.value:.3f} ({old}): {rule}",
        challenger=new.value,
        champion=old.value,
        difference=difference.value,
        low=difference.low,
        high=difference.high,
        limit=measure.limit,
        n=int(known.sum()),
        improves=measure.sign * difference.value < 0,
    )


def _difference(new: Spread, old: Spread) -> Estimate:
    """Challenger - champion with its 95 % interval."""
    value, error = new.value - old.value, math.sqrt(float(np.sum((new.influence - old.influence) ** 2)))
    return Estimate(value, value - Z_95 * error, value + Z_95 * error)


def _rule(new: Spread, old: Spread, as_strict: Spread, measure: Measure) -> tuple[bool, str]:
    """Whether the challenger fails, and the sentence's end; only what is surely worse counts against it."""
    lost = measure.beyond(new.value) and not measure.beyond(old.value)
    if lost and _surely_worse_by(_difference(new, old), measure) > 0:
        return True, f"beyond the limit of {measure.limit:.2f}, which the champion keeps"
    peer = f"than the champion as strict as it ({as_strict.value:.3f})"
    if _surely_worse_by(_difference(new, as_strict), measure) > MARGIN:
        return True, f"surely worse by more than {MARGIN:.2f} {peer}"
    place = "beyond" if measure.beyond(new.value) else "within"
    as_well = " as the champion is" if place == "beyond" and not lost else ""
    return False, f"{place} the limit of {measure.limit:.2f}{as_well}, and not surely worse by {MARGIN:.2f} {peer}"


def _surely_worse_by(difference: Estimate, measure: Measure) -> float:
    """By how much it is worse at the least, as the interval goes; below 0 where it may be better."""
    return min(measure.sign * difference.low, measure.sign * difference.high)


def _rates(judged: Judged, measure: Measure) -> Floats:
    """Per row what a rate is the mean of: approved for the impact ratio, refused for false refusals."""
    return judged.refusals() if measure is REFUSAL_GAP else 1 - judged.refusals()


def _spread(  # rows, their groups and what is counted
    values: Floats, meeting: Meeting, labels: Groups, rows: npt.NDArray[np.bool_], groups: Groups, measure: Measure
) -> Spread:
    rates = {}
    for group in groups:
        member = rows & (labels == group)
        rates[str(group)] = float(np.average(values[member], weights=meeting.weights[member]))
    # Of equal rates the first by name: the same figures name the same groups.
    lowest, highest = (choose(sorted(rates), key=rates.__getitem__) for choose in (min, max))
    low, high = rates[lowest], rates[highest]
    # Derivatives of the measure by both rates: those of a ratio, or of a difference.
    slopes = (1 / high, -low / high**2) if measure is IMPACT_RATIO and high else (-1.0, 1.0)
    influence = np.zeros(len(values))
    for group, rate, slope in ((lowest, low, slopes[0]), (highest, high, slopes[1])):
        member = rows & (labels == group)
        w = meeting.weights[member]
        influence[member] += slope * w * (values[member] - rate) / w.sum()
    return Spread(measure.of(low, high), (lowest, low), (highest, high), influence)
