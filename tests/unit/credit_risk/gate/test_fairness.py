import numpy as np
import pandas as pd
import pytest

from credit_risk.gate.contender import Judged, Meeting
from credit_risk.gate.fairness import IMPACT_RATIO, MARGIN, MIN_GROUP, _spread, judge_fairness

N = 2000
CLIENTS = np.arange(N)
WOMEN = CLIENTS % 2 == 0
GOOD = np.zeros(N)
GROUPS = pd.DataFrame({"SK_ID_CURR": CLIENTS, "gender": np.where(WOMEN, "women", "men"), "age": "30 to 39"})


def approving(women, men):
    """A model that approves these shares of the two."""
    rank = CLIENTS // 2 / (N / 2)
    return Judged(np.where(rank < np.where(WOMEN, women, men), 0.05, 0.2), 0.1)


def by_gender(new, old, *, groups=GROUPS, target=GOOD, weights=None):
    weights = np.ones(N) if weights is None else weights
    criteria = judge_fairness(Meeting(CLIENTS, target, weights, approving(*new), approving(*old)), groups)
    named = {criterion.name: criterion for criterion in criteria}
    return named["approval_by_gender"], named["false_refusals_by_gender"]


def test_the_ratio_is_the_lowest_approval_rate_over_the_highest():
    approval, refusals = by_gender((0.9, 0.6), (0.7, 0.7))
    assert (approval.challenger, approval.champion) == (pytest.approx(0.6 / 0.9), 1.0)
    assert refusals.challenger == pytest.approx(0.3)
    assert "men 60.0%, women 90.0%" in approval.sentence


def test_a_limit_that_the_champion_keeps_may_not_be_lost():
    approval, refusals = by_gender((0.8, 0.6), (0.8, 0.7))
    assert approval.outcome == "failed"
    assert approval.sentence.endswith("beyond the limit of 0.80, which the champion keeps")
    assert refusals.outcome == "failed"


def test_beyond_the_limit_like_the_champion_a_challenger_may_pass():
    approval, refusals = by_gender((0.81, 0.5), (0.8, 0.5))
    assert (approval.outcome, refusals.outcome) == ("passed", "passed")
    assert "beyond the limit of 0.80 as the champion is" in approval.sentence


def test_beyond_the_limit_it_may_not_be_much_worse_than_the_champion():
    approval, refusals = by_gender((0.8, 0.4), (0.8, 0.5))
    assert (approval.outcome, refusals.outcome) == ("failed", "failed")
    assert approval.sentence.endswith("surely worse by more than 0.05 than the champion as strict as it (0.625)")


def test_within_the_limit_it_may_not_be_much_worse_either():
    approval, _ = by_gender((0.8, 0.72), (0.8, 0.8))
    assert approval.outcome == "failed"


def ranking(threshold, *, men=0.0):
    """A model that gives women 0.1 more at every rank, refuses from a threshold on, and gives men `men` more."""
    rank = CLIENTS // 2 / (N / 2)
    return Judged(rank + np.where(WOMEN, 0.1, men), threshold)


def approval_by_gender(new, old, weights=None):
    meeting = Meeting(CLIENTS, GOOD, np.ones(N) if weights is None else weights, new, old)
    return judge_fairness(meeting, GROUPS)[0]


def test_whoever_ranks_like_the_champion_and_refuses_more_is_not_unfair_for_it():
    judged = approval_by_gender(ranking(0.25), ranking(0.45))
    assert judged.high < -MARGIN
    assert judged.challenger < judged.limit
    assert judged.champion < judged.limit
    assert judged.outcome == "passed"
    assert judged.sentence.endswith("not surely worse by 0.05 than the champion as strict as it (0.600)")


def test_another_ranking_is_not_excused_by_refusing_more():
    assert approval_by_gender(ranking(0.25, men=-0.1), ranking(0.45)).outcome == "failed"


def test_by_chance_worse_than_the_margin_is_not_surely_so():
    # The same rates of a tenth of the applicants: the difference is as large, and less is known of it.
    few = np.where(CLIENTS % 20 < 2, 1.0, 1e-9)
    everybody, some = (approval_by_gender(ranking(0.45, men=-0.06), ranking(0.45), weights=w) for w in (None, few))
    assert some.difference == pytest.approx(everybody.difference, abs=0.03)
    assert (everybody.outcome, some.outcome) == ("failed", "passed")


def test_a_challenger_that_treats_groups_more_alike_improves():
    approval, refusals = by_gender((0.7, 0.65), (0.8, 0.5))
    assert approval.improves
    assert refusals.improves


def test_what_a_few_applicants_show_is_not_sure():
    few = GROUPS.iloc[: 2 * MIN_GROUP]
    # Of the first hundred each all are approved but the last ones; the last decide on three clients.
    weights = np.where(CLIENTS < 2 * MIN_GROUP, 1.0, 1e-9)
    approval, _ = by_gender((0.099, 0.097), (0.1, 0.1), groups=few, weights=weights)
    assert approval.outcome == "passed"
    assert approval.low < approval.difference < approval.high


def test_only_good_applicants_are_falsely_refused():
    # All men who are refused are those who default.
    target = (~WOMEN & (CLIENTS // 2 / (N / 2) >= 0.6)).astype(float)
    approval, refusals = by_gender((0.9, 0.6), (0.9, 0.9), target=target)
    assert approval.challenger == pytest.approx(0.6 / 0.9)
    assert refusals.challenger == pytest.approx(0.1)


def test_a_group_of_few_is_not_compared():
    tiny = GROUPS.assign(gender=np.where(CLIENTS < MIN_GROUP - 1, "women", "men"))
    approval, _ = by_gender((0.9, 0.6), (0.7, 0.7), groups=tiny)
    assert approval.outcome == "not judged"
    assert approval.sentence == f"1 groups of at least {MIN_GROUP} applicants: nothing to compare"


def test_clients_whose_group_is_not_known_are_left_out():
    known = GROUPS.iloc[:1500]
    approval, _ = by_gender((0.9, 0.6), (0.7, 0.7), groups=known)
    assert approval.n == 1500
    assert all(c.outcome == "not judged" for c in judge_fairness(None, GROUPS))


def test_the_interval_covers_what_resampled_applicants_show():
    rng = np.random.default_rng(0)
    labels = GROUPS["gender"].to_numpy(dtype=object)
    meeting = Meeting(CLIENTS, GOOD, np.ones(N), approving(0.8, 0.6), approving(0.8, 0.7))
    drawn = []
    for _ in range(300):
        counts = np.bincount(rng.integers(0, N, N), minlength=N).astype(float)
        resampled = Meeting(CLIENTS, GOOD, counts, meeting.new, meeting.old)
        ratios = [
            _spread(
                1 - judged.refusals(), resampled, labels, np.ones(N, bool), np.array(["men", "women"]), IMPACT_RATIO
            )
            for judged in (meeting.new, meeting.old)
        ]
        drawn.append(ratios[0].value - ratios[1].value)
    approval, _ = by_gender((0.8, 0.6), (0.8, 0.7))
    assert approval.high - approval.low == pytest.approx(2 * 1.96 * np.std(drawn), rel=0.15)
