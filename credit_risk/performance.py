"""The performance report: what a model's decisions came to, beside what was promised and what was estimated.

Here: a day's decisions of one model with the outcomes known so far, as figures. Everything realised
is among the approved, because refused applicants have no outcome, and stands beside the
out-of-fold figures of the rows that the model's threshold would approve. Add a figure when a person
or a policy reads it. Keep out: the estimate before labels (`performance_estimate`), money
(`prices`), verdicts (`performance_checks`).
"""

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from credit_risk.business_cost import COST_FN, business_cost
from credit_risk.calibration import expected_calibration_error
from credit_risk.calibration_test import CalibrationReport, judge_calibration
from credit_risk.decision import refused
from credit_risk.errors import PortfolioError
from credit_risk.estimate import Estimate, Floats
from credit_risk.evaluation import auc_estimate
from credit_risk.performance_estimate import MIN_PER_OUTCOME, MIN_ROWS, estimate_decided, expected_cost
from credit_risk.prices import Money, Prices, price_decisions
from credit_risk.proportion import proportion
from credit_risk.random_approvals import MIN_RANDOM_OUTCOMES, unbiased_performance

# Columns of the frame that a report is computed from.
COLUMNS = ("probability", "approved", "target", "random_share")


@dataclass(frozen=True)
class ReferencePerformance:
    """Out-of-fold figures of a model, weighted as it was trained; `_approved`: of the rows its threshold approves.

    Attributes:
        auc_approved: None where too few of them defaulted.
        cost: business cost per application.
        cost_approved: business cost per approved application.
        calibration_error_approved: expected calibration error.
        missed_defaults: share of all applications: defaults that it approves.
        good_refused: share of all applications: repaid loans that it refuses.
    """

    auc_approved: Estimate | None
    cost: float
    cost_approved: float
    calibration_error_approved: float
    missed_defaults: float
    good_refused: float


@dataclass(frozen=True)
class PerformanceReport:
    """A day's decisions of one model; rates and costs with 95 % intervals, None where `absent` says why.

    Attributes:
        n_decided: decisions.
        n_approved: of these.
        refusal_rate: share refused.
        n_outcomes: approved decisions whose outcome is known.
        n_defaults: of these.
        maturity: share of the approved with an outcome; None when nobody was approved.
        default_rate_approved: of approved decisions with outcomes.
        auc_approved: realised.
        cost_realised_approved: business cost per approved application.
        calibration: of the approved with outcomes.
        auc_estimated: among all approved, before any label.
        cost_estimated: per application, the good applicants refused included.
        cost_estimated_approved: per approved application.
        cost_estimated_known: the same over the decisions with outcomes alone: what
            `cost_realised_approved` is to be compared with.
        reference: out-of-fold figures; None for a model that left none.
        n_random_approved: refused applicants who were approved by lot.
        n_random_outcomes: of these, with outcomes.
        n_overruled_outcomes: outcomes of refused decisions that no lot explains; in no figure.
        auc_unbiased: over all applicants, with the help of the lot.
        cost_unbiased: business cost per application, likewise.
        money: cost per thousand applications, and of waiting for labels.
        absent: why a figure is None, by its name.
    """

    n_decided: int
    n_approved: int
    refusal_rate: Estimate | None
    n_outcomes: int
    n_defaults: int
    maturity: float | None
    default_rate_approved: Estimate | None
    auc_approved: Estimate | None
    cost_realised_approved: Estimate | None
    calibration: CalibrationReport | None
    auc_estimated: Estimate | None
    cost_estimated: Estimate | None
    cost_estimated_approved: Estimate | None
    cost_estimated_known: Estimate | None
    reference: ReferencePerformance | None
    n_random_approved: int
    n_random_outcomes: int
    n_overruled_outcomes: int
    auc_unbiased: Estimate | None
    cost_unbiased: Estimate | None
    money: Money
    absent: dict[str, str]

    @property
    def n_refused(self) -> int:
        """Decisions that were refusals."""
        return self.n_decided - self.n_approved


def reference_performance(out_of_fold: pd.DataFrame, threshold: float) -> ReferencePerformance:
    """The out-of-fold figures that realised ones are compared with.

    Args:
        out_of_fold: target, probability and weight of the training rows.
        threshold: of the model.

    Raises:
        PortfolioError: the threshold approves nobody.
    """
    target, probability, weight = (
        out_of_fold[name].to_numpy(dtype=np.float64) for name in ("target", "probability", "weight")
    )
    refuse = refused(probability, threshold)
    t, p, w = target[~refuse], probability[~refuse], weight[~refuse]
    if len(t) == 0:
        raise PortfolioError(
            f"a threshold of {threshold:g} that approves none of {len(target)} out-of-fold rows",
            expected="some approved rows to compare realised figures with",
            remedy="train the model again",
        )
    return ReferencePerformance(
        auc_approved=auc_estimate(t, p, weights=w) if _both_outcomes(t) else None,
        cost=business_cost(target, probability, threshold, weights=weight),
        cost_approved=business_cost(t, p, threshold, weights=w),
        calibration_error_approved=expected_calibration_error(t, p, weights=w),
        missed_defaults=float(np.sum(w * t) / weight.sum()),
        good_refused=float(np.sum((weight * (1 - target))[refuse]) / weight.sum()),
    )


def performance_report(
    decisions: pd.DataFrame, *, reference: ReferencePerformance | None, prices: Prices
) -> PerformanceReport:
    """The report on decisions of one model.

    Args:
        decisions: one row a decision: `probability`, `approved` (bool), `target` (1 default, 0 repaid,
            missing while unknown), `random_share` (the share by which a refused one was drawn for
            approval, missing for all others).
        reference: of the model, or None.
        prices: for the amounts in money.
    """
    probability, target, share = (
        decisions[name].to_numpy(dtype=np.float64) for name in ("probability", "target", "random_share")
    )
    approved = decisions["approved"].to_numpy(dtype=np.bool_)
    known = ~np.isnan(target)
    realised = _realised(target[approved & known], probability[approved & known])
    estimated = estimate_decided(probability, approved)
    by_lot = ~approved & ~np.isnan(share)
    unbiased = unbiased_performance(
        target[approved & known],
        probability[approved & known],
        target[by_lot & known],
        probability[by_lot & known],
        refused_share=share[by_lot & known],
        numbers=(int(approved.sum()), int((~approved).sum())),
    )
    n, n_approved, n_known = len(decisions), int(approved.sum()), int((approved & known).sum())
    report = PerformanceReport(
        n_decided=n,
        n_approved=n_approved,
        refusal_rate=proportion(n - n_approved, n),
        n_outcomes=n_known,
        n_defaults=int(target[approved & known].sum()),
        maturity=n_known / n_approved if n_approved else None,
        **realised,
        auc_estimated=estimated.auc_approved,
        cost_estimated=estimated.cost,
        cost_estimated_approved=estimated.cost_approved,
        reference=reference,
        n_random_approved=int(by_lot.sum()),
        n_random_outcomes=int((by_lot & known).sum()),
        n_overruled_outcomes=int((~approved & known & ~by_lot).sum()),
        auc_unbiased=unbiased.auc,
        cost_unbiased=unbiased.cost,
        money=price_decisions(probability, approved, wrong_shares=_wrong_shares(reference), prices=prices),
        absent={},
    )
    return dataclasses.replace(report, absent=_why_absent(report, float(probability[approved].sum())))


def _realised(target: Floats, probability: Floats) -> dict[str, Any]:
    """Figures of approved decisions with outcomes."""
    rate = proportion(int(target.sum()), len(target))
    cost = None
    if rate is not None and len(target) >= MIN_ROWS:
        cost = Estimate(COST_FN * rate.value, COST_FN * rate.low, COST_FN * rate.high)
    everyone: npt.NDArray[np.bool_] = np.ones(len(target), dtype=np.bool_)
    return {
        "default_rate_approved": rate,
        "auc_approved": auc_estimate(target, probability) if _both_outcomes(target) else None,
        "cost_realised_approved": cost,
        "calibration": judge_calibration(target, probability) if len(target) >= MIN_ROWS else None,
        "cost_estimated_known": expected_cost(probability, everyone),
    }


def _both_outcomes(target: Floats) -> bool:
    return bool(min(target.sum(), (1 - target).sum()) >= MIN_PER_OUTCOME)


def _wrong_shares(reference: ReferencePerformance | None) -> tuple[float, float] | None:
    return None if reference is None else (reference.missed_defaults, reference.good_refused)


def _why_absent(report: PerformanceReport, expected_defaults: float) -> dict[str, str]:
    """Why figures are None, with what was found and what they need."""
    outcomes = f"{report.n_outcomes} outcomes of {report.n_approved} approved, {report.n_defaults} defaults"
    both = f"expected at least {MIN_PER_OUTCOME} defaults and {MIN_PER_OUTCOME} repaid"
    lot = (
        f"{report.n_random_outcomes} outcomes of refused applicants approved by lot, {report.n_outcomes} of approved "
        f"ones; expected at least {MIN_RANDOM_OUTCOMES} of both"
    )
    reasons = {
        "default_rate_approved": f"{outcomes}; expected at least 1 outcome",
        "auc_approved": f"{outcomes}; {both}",
        "cost_realised_approved": f"{outcomes}; expected at least {MIN_ROWS} outcomes",
        "calibration": f"{outcomes}; expected at least {MIN_ROWS} outcomes",
        "auc_estimated": f"{expected_defaults:.1f} defaults among {report.n_approved} approved are likely; {both}",
        "cost_estimated": f"{report.n_decided} decisions; expected at least {MIN_ROWS}",
        "cost_estimated_approved": f"{report.n_approved} approved; expected at least {MIN_ROWS}",
        "cost_estimated_known": f"{outcomes}; expected at least {MIN_ROWS} outcomes",
        "reference": "no out-of-fold predictions of this model; expected a model of the registry",
        "auc_unbiased": f"{lot}, and {MIN_PER_OUTCOME} defaults and repaid in all",
        "cost_unbiased": lot,
    }
    return {name: reason for name, reason in reasons.items() if getattr(report, name) is None}
