"""Verdicts on performance reports: evidence and size, and numbers in every reason."""

import numpy as np
import pandas as pd
import pytest

from credit_risk.performance import performance_report
from credit_risk.performance_checks import (
    Judgement,
    calibrated_among_the_approved,
    cost_within_estimate,
    together,
)
from credit_risk.prices import Prices

CHECKS = [calibrated_among_the_approved, cost_within_estimate]


def report_on(n, factor, seed=0):
    """A day on which the approved default `factor` times as often as predicted."""
    rng = np.random.default_rng(seed)
    p = rng.uniform(0.01, 0.09, n)
    frame = pd.DataFrame({"probability": p, "approved": True, "target": rng.random(n) < factor * p,
                          "random_share": np.nan})  # fmt: skip
    return performance_report(frame, reference=None, prices=Prices())


def test_true_probabilities_pass_day_after_day():
    reports = [report_on(150, 1.0, seed) for seed in range(150)]
    assert all(check(report).passed for check in CHECKS for report in reports)


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("factor", [0.5, 1.6])
def test_probabilities_that_are_wrong_fail_with_their_numbers(check, factor):
    judgement = check(report_on(4_000, factor))
    assert not judgement.passed
    assert "4000" in judgement.reason
    assert "p = " in judgement.reason


@pytest.mark.parametrize("check", CHECKS)
def test_a_certain_and_harmless_difference_passes(check):
    report = report_on(400_000, 1.05)
    assert report.calibration.p_value < 0.001
    assert check(report).passed


@pytest.mark.parametrize("check", CHECKS)
def test_too_few_outcomes_are_not_judged_and_say_so(check):
    judgement = check(report_on(20, 20.0))
    assert judgement.passed
    assert judgement.reason.startswith("not judged: 20 outcomes of 20 approved")


def test_a_day_fails_by_one_of_its_models_which_is_named_first():
    found = together({"1": Judgement(passed=True, reason="fine"), "2": Judgement(passed=False, reason="dear")})
    assert found == Judgement(passed=False, reason="model 2: dear; model 1: fine")
    assert together({}) == Judgement(passed=True, reason="not judged: no decisions")
