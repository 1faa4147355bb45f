"""Cost alarms: decisions of the live model that cost surely more than its training promised.

Here: pooling the daily figures of performance reports, and whether their interval clears the
reference by the margin. Add a basis when cost is measured another way. Keep out: the daily
figures themselves (`credit_risk.performance`), and when a retraining starts (`retraining`).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from credit_risk.business_cost import COST_FN, COST_FP

Basis = Literal["estimated", "realised"]

# A tenth of the cost is what a lender notices in a month's figures. Two seeds of one model
# differ by 1 %, and a model a year old by 5 % while nothing is wrong with it.
COST_MARGIN = 0.10

# Asked every day of a year, a 95 % interval would ring by chance; one-sided 1 in 2,000 does not.
Z_ALARM = 3.290526731491926

# Fewer say more about which applicants came than about the model, whatever the interval.
MIN_DECISIONS = 400
# Among the approved 4 to 5 % default: 200 outcomes hold some nine of them, the least from
# which the share of defaults has an interval worth the name.
MIN_OUTCOMES = 200

# The estimate is about who applies now; an older week would hide what has changed.
ESTIMATE_DAYS = timedelta(days=7)


@dataclass(frozen=True)
class CostReport:
    """A day of decisions of one model, as its performance report has it.

    Attributes:
        report_date: the day of the decisions, UTC.
        model_version: the model that decided.
        n_decided: its decisions.
        cost_estimated: per application, from the probabilities; None without an estimate.
        n_outcomes: approved applicants whose outcome is known.
        cost_realised: per such applicant; None without outcomes.
    """

    report_date: date
    model_version: str
    n_decided: int
    cost_estimated: float | None
    n_outcomes: int
    cost_realised: float | None


@dataclass(frozen=True)
class CostReference:
    """What the live model promised out of fold: cost per application, and the rows behind it.

    Attributes:
        cost: over all applications, or over the approved ones.
        n: rows behind it, effective ones where they were weighted.
        largest: the most that one application of the basis can cost.
    """

    cost: float
    n: float
    largest: float


@dataclass(frozen=True)
class CostAlarm:
    """Decisions that cost surely more than promised: a cause to retrain.

    Attributes:
        basis: by the probabilities of all decided, or by the outcomes of the approved.
        model_version: the live model.
        first: first day of the evidence.
        last: last day of it.
        n: decisions, or outcomes.
        cost: per application, or per approved one.
        excess_low: the least by which it surely exceeds the reference.
        reference: what the model promised.
        failures: retrainings for it that failed.
    """

    basis: Basis
    model_version: str
    first: date
    last: date
    n: int
    cost: float
    excess_low: float
    reference: float
    failures: int = 0

    @property
    def key(self) -> str:
        """Names this evidence among all causes, for ever, however it grows while its last day does."""
        return f"cost:{self.basis}:{self.last}:{self.model_version}"

    def __str__(self) -> str:
        what = "decisions" if self.basis == "estimated" else "outcomes"
        return (
            f"{self.basis} cost: {self.first} to {self.last} (model {self.model_version}, {self.cost:.3f} over "
            f"{self.n} {what}, {self.reference:.3f} promised, at least {self.excess_low:+.3f} more)"
        )


@dataclass(frozen=True)
class CostJudgement:
    """The alarms, and in one sentence with numbers what else was looked at."""

    alarms: tuple[CostAlarm, ...] = ()
    reason: str = ""


NO_COST = CostJudgement()


def references(metrics: Mapping[str, float], threshold: float) -> dict[Basis, CostReference]:
    """What a model promised, from the out-of-fold metrics of its manifest; a basis without figures is left out."""
    n = metrics["effective_sample_size"]
    # An approved applicant costs at most 10 p with p below the threshold, a refused one 1 - p.
    largest = max(COST_FN * threshold, COST_FP * (1 - threshold))
    found: dict[Basis, CostReference] = {"estimated": CostReference(metrics["business_cost"], n, largest)}
    approved = metrics.get("business_cost_approved")
    if approved is not None:
        found["realised"] = CostReference(approved, n * (1 - metrics["refused_share"]), COST_FN)
    return found


def has_evidence(reports: Sequence[CostReport]) -> bool:
    """Whether there are decisions or outcomes enough to look at all."""
    decided = sum(report.n_decided for report in reports)
    return decided >= MIN_DECISIONS or sum(report.n_outcomes for report in reports) >= MIN_OUTCOMES


def judge_cost(
    reports: Sequence[CostReport],
    *,
    live_version: str | None,
    promised: Mapping[Basis, CostReference],
    answered_until: Mapping[Basis, date],
    today: date,
) -> CostJudgement:
    """Whether the live model's decisions cost surely more than promised, by estimate or by outcome.

    Days are evidence once: an alarm that was answered takes its days with it, and the same model
    rings again only on later ones, with the minimum of decisions or outcomes anew.

    Args:
        reports: of any days and models.
        live_version: the model that is live; others are history.
        promised: its references (`references`).
        answered_until: by basis, the last day whose evidence against this model was answered.
        today: the open day; the estimate looks at the last seven days.
    """
    alarms, looked = [], []
    for basis, reference in promised.items():
        days = _evidence(reports, basis, live_version, answered_until.get(basis), today)
        n = sum(report_n for _, report_n, _ in days)
        least = MIN_DECISIONS if basis == "estimated" else MIN_OUTCOMES
        if n < least:
            looked.append(f"{basis} on {n} of at least {least} {'decisions' if basis == 'estimated' else 'outcomes'}")
            continue
        cost = sum(count * each for _, count, each in days) / n
        low = excess_low(cost, n, reference)
        if low > COST_MARGIN * reference.cost:
            first, last = days[0][0], days[-1][0]
            alarms.append(CostAlarm(basis, str(live_version), first, last, n, cost, low, reference.cost))
        else:
            looked.append(f"{basis} {cost:.3f} over {n}, {reference.cost:.3f} promised")
    return CostJudgement(tuple(alarms), ", ".join(looked))


def excess_low(cost: float, n: float, reference: CostReference) -> float:
    """The lower end of the interval of cost - reference, for means of values in [0, largest].

    Each mean has Wilson's interval: exact in its variance where values are 0 or `largest`, as
    realised ones are, and too wide, never too narrow, otherwise (Bhatia, Davis (2000), A better
    bound on the variance). The difference combines them as Zou, Donner (2008), Construction of
    confidence limits about effect measures: a general approach.
    """
    below = cost - _wilson(cost, n, reference.largest, -Z_ALARM)
    above = _wilson(reference.cost, reference.n, reference.largest, Z_ALARM) - reference.cost
    return cost - reference.cost - math.hypot(below, above)


def _wilson(mean: float, n: float, largest: float, z: float) -> float:
    """One end of Wilson's score interval of a mean of values in [0, largest]; z < 0 is the lower one."""
    share = min(max(mean / largest, 0.0), 1.0)
    centre = share + z * z / (2 * n)
    spread = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return largest * (centre + spread) / (1 + z * z / n)


def _evidence(
    reports: Sequence[CostReport], basis: Basis, live_version: str | None, answered: date | None, today: date
) -> list[tuple[date, int, float]]:
    """Day, count and cost of the reports that count, oldest first."""
    found = []
    for report in sorted(reports, key=lambda report: report.report_date):
        fresh = report.model_version == live_version and (answered is None or report.report_date > answered)
        if basis == "estimated":
            count, cost = report.n_decided, report.cost_estimated
            fresh = fresh and timedelta(0) <= today - report.report_date < ESTIMATE_DAYS
        else:
            count, cost = report.n_outcomes, report.cost_realised
        if fresh and count and cost is not None:
            found.append((report.report_date, count, cost))
    return found
