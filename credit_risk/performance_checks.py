"""Verdicts on a performance report: did the probabilities hold, and did the cost come out as estimated.

Here: the rules, each with its numbers. Add a verdict when somebody would act on it. Keep out: the
figures (`performance`) and what follows from a verdict (`retraining`).

A verdict needs evidence and size, as those of drift: every day is judged, so that 5 % would warn
every third week for nothing, and on 100,000 outcomes every model is wrong in its third digit.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from credit_risk.performance import PerformanceReport

# One needless warning in a thousand days and models.
P_VALUE = 0.001
# Half a percentage point of default rate: at 10 : 1 it costs 0.05 an application, ten times what
# the gate lets a challenger be worse.
MIN_CALIBRATION_ERROR = 0.005
MIN_COST_DIFFERENCE = 0.05


@dataclass(frozen=True)
class Judgement:
    """Whether a check passes, and why in one sentence with numbers."""

    passed: bool
    reason: str


def calibrated_among_the_approved(report: PerformanceReport) -> Judgement:
    """Fails when outcomes contradict the probabilities (p < 0.001), and by at least half a percentage point."""
    found = report.calibration
    if found is None:
        return Judgement(passed=True, reason=f"not judged: {report.absent['calibration']}")
    beyond = max(found.error - found.error_by_chance, abs(found.observed - found.predicted))
    figures = (
        f"{found.observed:.2%} of {report.n_outcomes} approved defaulted, {found.predicted:.2%} predicted; "
        f"calibration error {found.error:.4f}, {found.error_by_chance:.4f} by chance, p = {found.p_value:.2g}"
    )
    return Judgement(passed=not (found.p_value < P_VALUE and beyond >= MIN_CALIBRATION_ERROR), reason=figures)


def cost_within_estimate(report: PerformanceReport) -> Judgement:
    """Fails when so many or few defaults contradict the estimate (p < 0.001), and by at least 0.05 an applicant.

    Among the approved the cost is ten times the share of defaults: its chance is that of their number.
    """
    realised, estimated, calibration = report.cost_realised_approved, report.cost_estimated_known, report.calibration
    if realised is None or estimated is None or calibration is None:
        return Judgement(passed=True, reason=f"not judged: {report.absent['cost_realised_approved']}")
    difference = realised.value - estimated.value
    figures = (
        f"{realised.value:.3f} realised, {estimated.value:.3f} [{estimated.low:.3f}, {estimated.high:.3f}] estimated "
        f"per approved application with an outcome ({report.n_outcomes}), p = {calibration.count_p_value:.2g}"
    )
    contradicted = calibration.count_p_value < P_VALUE and abs(difference) >= MIN_COST_DIFFERENCE
    return Judgement(passed=not contradicted, reason=figures)


def together(judgements: Mapping[str, Judgement]) -> Judgement:
    """One verdict on a day from those on each model version; no version passes."""
    if not judgements:
        return Judgement(passed=True, reason="not judged: no decisions")
    # What fails is read first.
    ordered = sorted(judgements.items(), key=lambda item: item[1].passed)
    reasons = "; ".join(f"model {version}: {judgement.reason}" for version, judgement in ordered)
    return Judgement(passed=all(judgement.passed for judgement in judgements.values()), reason=reasons)
