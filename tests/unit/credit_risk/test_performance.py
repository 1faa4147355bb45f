"""The performance report: among the approved, beside the out-of-fold figures, and silent where it knows too little."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk.business_cost import business_cost
from credit_risk.calibration import expected_calibration_error
from credit_risk.errors import PortfolioError
from credit_risk.evaluation import auc, metrics
from credit_risk.performance import performance_report, reference_performance
from credit_risk.prices import Prices

THRESHOLD = 0.1


def decided(probability, target=None, random_share=None):
    """Decisions by the threshold; outcomes of the approved alone, unless a share says otherwise."""
    p = np.asarray(probability, dtype=float)
    known = np.full(len(p), np.nan) if target is None else np.asarray(target, dtype=float)
    share = np.full(len(p), np.nan) if random_share is None else np.asarray(random_share, dtype=float)
    return pd.DataFrame({"probability": p, "approved": p < THRESHOLD, "target": known, "random_share": share})


def report_on(frame, reference=None):
    return performance_report(frame, reference=reference, prices=Prices())


@pytest.fixture
def out_of_fold():
    rng = np.random.default_rng(0)
    p = rng.beta(1.2, 8, 4_000)
    return pd.DataFrame(
        {"target": (rng.random(4_000) < p).astype(int), "probability": p, "weight": rng.uniform(0.5, 2, 4_000)}
    )


def test_the_reference_is_restricted_to_the_rows_that_the_threshold_approves(out_of_fold):
    found = reference_performance(out_of_fold, THRESHOLD)
    t, p, w = (out_of_fold[name].to_numpy(float) for name in ("target", "probability", "weight"))
    among = p < THRESHOLD
    assert found.auc_approved.value == pytest.approx(auc(t[among], p[among], weights=w[among]))
    assert found.cost_approved == pytest.approx(business_cost(t[among], p[among], THRESHOLD, weights=w[among]))
    assert found.cost == pytest.approx(business_cost(t, p, THRESHOLD, weights=w))
    assert found.calibration_error_approved == pytest.approx(
        expected_calibration_error(t[among], p[among], weights=w[among])
    )
    assert 10 * found.missed_defaults + found.good_refused == pytest.approx(found.cost)


def test_the_reference_is_what_the_training_said_of_the_approved(out_of_fold):
    t, p, w = (out_of_fold[name].to_numpy(float) for name in ("target", "probability", "weight"))
    said = metrics(t, p, THRESHOLD, rng=np.random.default_rng(0), weights=w)
    found = reference_performance(out_of_fold, THRESHOLD)
    assert found.auc_approved.value == pytest.approx(said["auc_approved"])
    assert found.cost_approved == pytest.approx(said["business_cost_approved"])


def test_a_reference_without_approved_rows_is_refused(out_of_fold):
    with pytest.raises(PortfolioError, match="approves none of 4000 out-of-fold rows"):
        reference_performance(out_of_fold, 0.0)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_realised_figures_take_approved_rows_with_outcomes_and_no_others(seed):
    rng = np.random.default_rng(seed)
    p = rng.beta(1.2, 8, 800)
    target = np.where(rng.random(800) < 0.6, (rng.random(800) < p).astype(float), np.nan)
    found = report_on(decided(p, target))
    among = (p < THRESHOLD) & ~np.isnan(target)
    assert (found.n_outcomes, found.n_defaults) == (among.sum(), target[among].sum())
    assert found.n_approved + found.n_refused == found.n_decided == 800
    assert found.maturity == pytest.approx(among.sum() / (p < THRESHOLD).sum())
    assert found.cost_realised_approved.value == pytest.approx(10 * target[among].mean())
    # Outcomes of refused applicants that no lot explains are counted, and are in no figure.
    assert found.n_overruled_outcomes == ((p >= THRESHOLD) & ~np.isnan(target)).sum()
    if found.auc_approved is None:
        assert min(target[among].sum(), (1 - target[among]).sum()) < 10
    else:
        assert found.auc_approved.value == pytest.approx(auc(target[among], p[among]))


def test_before_labels_there_is_the_estimate_and_afterwards_it_is_what_came_true():
    rng = np.random.default_rng(3)
    p = rng.beta(1.2, 8, 40_000)
    before = report_on(decided(p))
    after = report_on(decided(p, np.where(p < THRESHOLD, rng.random(40_000) < p, np.nan)))
    assert before.n_outcomes == 0
    for name, came_true in (
        ("auc_estimated", after.auc_approved),
        ("cost_estimated_approved", after.cost_realised_approved),
    ):
        estimated = getattr(before, name)
        assert estimated.low <= came_true.value <= estimated.high
        assert estimated == getattr(after, name)


def test_an_estimate_for_the_known_is_of_the_same_rows_as_what_came_true():
    p = np.array([0.02] * 100 + [0.09] * 100)
    # The safe ones repaid and are known, the others are not.
    found = report_on(decided(p, [0.0] * 100 + [np.nan] * 100))
    assert found.cost_estimated_known.value == pytest.approx(0.2)
    assert found.cost_estimated_approved.value == pytest.approx(0.55)


def test_too_few_outcomes_give_a_reason_in_the_place_of_a_figure():
    found = report_on(decided([0.05] * 40 + [0.5] * 10, [0.0] * 18 + [1.0] * 2 + [np.nan] * 30))
    assert found.auc_approved is found.cost_realised_approved is found.calibration is None
    assert found.absent["auc_approved"] == (
        "20 outcomes of 40 approved, 2 defaults; expected at least 10 defaults and 10 repaid"
    )
    assert found.absent["cost_realised_approved"].endswith("expected at least 30 outcomes")
    assert found.absent["auc_estimated"].startswith("2.0 defaults among 40 approved are likely")
    assert found.absent["reference"].startswith("no out-of-fold predictions of this model")
    assert "cost_estimated" not in found.absent
    # A rate with its interval says how little it knows.
    assert (found.default_rate_approved.value, round(found.default_rate_approved.high, 2)) == (0.1, 0.3)


def test_no_decisions_are_a_report_of_nothing():
    found = report_on(decided([]))
    assert (found.n_decided, found.refusal_rate, found.maturity, found.cost_estimated) == (0, None, None, None)


def test_a_day_of_refusals_alone_has_no_maturity():
    found = report_on(decided([0.5] * 40))
    assert (found.refusal_rate.value, found.maturity, found.auc_estimated) == (1.0, None, None)
    assert found.cost_estimated.value == pytest.approx(0.5)


def test_with_a_lot_the_figures_over_all_applicants_are_those_of_everybody_known():
    rng = np.random.default_rng(4)
    p = rng.beta(1.2, 8, 60_000)
    everybody = (rng.random(60_000) < p).astype(float)
    refused = p >= THRESHOLD
    lot = refused & (rng.random(60_000) < 0.1)
    target = np.where(refused & ~lot, np.nan, everybody)
    found = report_on(decided(p, target, np.where(lot, 0.1, np.nan)))
    assert found.n_random_approved == found.n_random_outcomes == lot.sum()
    assert found.cost_unbiased.low <= business_cost(everybody, p, THRESHOLD) <= found.cost_unbiased.high
    assert found.auc_unbiased.low <= auc(everybody, p) <= found.auc_unbiased.high
    # Among the approved alone the ranking looks much worse than it is.
    assert found.auc_approved.high < found.auc_unbiased.low
