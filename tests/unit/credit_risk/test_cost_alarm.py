"""When decisions cost surely more than was promised: minimum, margin, interval, and evidence that counts once."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from credit_risk.cost_alarm import (
    COST_MARGIN,
    MIN_DECISIONS,
    MIN_OUTCOMES,
    CostReference,
    CostReport,
    excess_low,
    has_evidence,
    judge_cost,
    references,
)

TODAY = date(2026, 11, 3)
PROMISED = {
    "estimated": CostReference(cost=0.50, n=300_000, largest=0.91),
    "realised": CostReference(cost=0.45, n=200_000, largest=10.0),
}


def day(back=0, *, version="3", decided=0, estimated=None, outcomes=0, realised=None):
    return CostReport(TODAY - timedelta(days=back), version, decided, estimated, outcomes, realised)


def judged(*reports, live="3", answered=None, promised=PROMISED):
    return judge_cost(reports, live_version=live, promised=promised, answered_until=answered or {}, today=TODAY)


def test_an_estimate_far_above_the_promise_is_an_alarm_with_its_figures():
    (alarm,) = judged(day(1, decided=1000, estimated=0.70), day(decided=1000, estimated=0.74)).alarms
    assert (alarm.basis, alarm.first, alarm.last, alarm.n) == ("estimated", TODAY - timedelta(days=1), TODAY, 2000)
    assert alarm.cost == pytest.approx(0.72)
    assert COST_MARGIN * 0.5 < alarm.excess_low < 0.22
    assert alarm.key == "cost:estimated:2026-11-03:3"


def test_realised_cost_is_an_alarm_of_its_own():
    (alarm,) = judged(day(100, outcomes=4000, realised=0.9)).alarms
    assert (alarm.basis, alarm.n) == ("realised", 4000)


def test_below_the_minimum_nothing_is_an_alarm_however_dear():
    few = judged(day(decided=MIN_DECISIONS - 1, estimated=0.9, outcomes=MIN_OUTCOMES - 1, realised=10.0))
    assert few.alarms == ()
    assert few.reason == "estimated on 399 of at least 400 decisions, realised on 199 of at least 200 outcomes"


def test_an_interval_that_reaches_the_margin_is_no_alarm():
    assert judged(day(decided=500, estimated=0.6)).alarms == ()
    assert judged(day(decided=50_000, estimated=0.6)).alarms


def test_a_sure_excess_below_the_margin_is_no_alarm():
    quiet = judged(day(decided=1_000_000, estimated=0.54))
    assert quiet.alarms == ()
    assert quiet.reason.startswith("estimated 0.540 over 1000000, 0.500 promised")


def test_other_models_and_estimates_of_older_weeks_are_history():
    assert judged(day(decided=5000, estimated=0.8), live="4").alarms == ()
    assert judged(day(7, decided=5000, estimated=0.8)).alarms == ()
    assert judged(day(6, decided=5000, estimated=0.8)).alarms


def test_answered_evidence_counts_no_more_and_later_days_need_the_minimum_anew():
    dear, later = day(2, decided=5000, estimated=0.8), day(1, decided=MIN_DECISIONS - 1, estimated=0.8)
    answered = {"estimated": dear.report_date}
    assert judged(dear, later).alarms
    assert judged(dear, later, answered=answered).alarms == ()
    assert [alarm.n for alarm in judged(dear, later, day(decided=4000, estimated=0.8), answered=answered).alarms] == [
        4399
    ]


def test_an_answer_for_one_basis_says_nothing_about_the_other():
    both = day(decided=5000, estimated=0.8, outcomes=3000, realised=1.2)
    assert [alarm.basis for alarm in judged(both, answered={"estimated": TODAY}).alarms] == ["realised"]


def test_a_promise_that_rests_on_few_rows_is_hard_to_break():
    few = {"estimated": CostReference(0.5, 300, 0.91)}
    assert judged(day(decided=5000, estimated=0.62)).alarms
    assert judged(day(decided=5000, estimated=0.62), promised=few).alarms == ()


def test_references_come_from_the_out_of_fold_figures():
    metrics = {"business_cost": 0.5, "effective_sample_size": 1000.0, "refused_share": 0.3}
    assert references(metrics, 0.1) == {"estimated": CostReference(0.5, 1000.0, 1.0)}
    found = references(metrics | {"business_cost_approved": 0.4}, 0.05)
    assert found["realised"] == CostReference(0.4, 700.0, 10)
    assert found["estimated"].largest == 0.95


def test_whether_there_is_anything_to_look_at():
    assert not has_evidence([day(decided=MIN_DECISIONS - 1, outcomes=MIN_OUTCOMES - 1)])
    assert has_evidence([day(decided=MIN_DECISIONS)])
    assert has_evidence([day(outcomes=MIN_OUTCOMES)])


def test_a_model_that_keeps_its_promise_rings_in_less_than_one_year_of_a_hundred():
    rng = np.random.default_rng(0)
    reference = PROMISED["realised"]
    rings = 0
    for _ in range(200):
        # 60 outcomes a day, looked at every day of a year with all days before it.
        n = 60 * np.arange(1, 366)
        cost = 10 * np.cumsum(rng.binomial(60, reference.cost / 10, 365)) / n
        lows = [excess_low(c, k, reference) for c, k in zip(cost, n, strict=True) if k >= MIN_OUTCOMES]
        rings += max(lows) > COST_MARGIN * reference.cost
    assert rings <= 2


@settings(max_examples=100)
@given(
    st.lists(st.tuples(st.integers(1, 500), st.floats(0, 0.9)), min_size=1, max_size=7),
    st.permutations(range(7)),
)
def test_days_count_by_their_decisions_in_any_order(days, order):
    total = sum(n for n, _ in days)
    assume(total >= MIN_DECISIONS)
    reports = [day(back, decided=n, estimated=cost) for back, (n, cost) in enumerate(days)]
    shuffled = [reports[i] for i in order if i < len(reports)]
    cost = sum(n * each for n, each in days) / total
    alarms = judged(*shuffled).alarms
    assert (
        bool(alarms) == (excess_low(cost, total, PROMISED["estimated"]) > COST_MARGIN * 0.5)
        or abs(excess_low(cost, total, PROMISED["estimated"]) - COST_MARGIN * 0.5) < 1e-12
    )
    assert [alarm.n for alarm in alarms] in ([], [total])


@given(st.floats(0.01, 0.9), st.integers(100, 10_000), st.integers(100, 10_000))
def test_the_lower_end_is_below_the_difference_and_nears_it_with_more_rows(cost, n, reference_n):
    reference = CostReference(0.5, reference_n, 0.91)
    low, tighter = excess_low(cost, n, reference), excess_low(cost, 4 * n, CostReference(0.5, 4 * reference_n, 0.91))
    assert low < tighter < cost - 0.5 + 1e-12
