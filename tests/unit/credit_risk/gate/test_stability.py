import numpy as np
import pytest
from scipy.stats import ks_2samp

from credit_risk.gate.stability import judge_stability, score_distance, stability_index


def test_the_same_scores_have_no_distance():
    scores, weights = np.random.default_rng(0).random(500), np.ones(500)
    assert stability_index(scores, scores, weights) == 0
    assert score_distance(scores, scores, weights) == 0


def test_the_distance_is_that_of_kolmogorov_and_smirnov():
    rng = np.random.default_rng(1)
    new, old = rng.beta(1, 9, 400).round(3), rng.beta(2, 9, 400).round(3)
    assert score_distance(new, old, np.ones(400)) == pytest.approx(ks_2samp(new, old).statistic)


def test_a_weight_of_two_is_the_row_twice():
    rng = np.random.default_rng(2)
    new, old = rng.random(200), rng.random(200)
    weights = rng.integers(1, 3, 200)
    twice = [np.repeat(scores, weights) for scores in (new, old)]
    for measure in (stability_index, score_distance):
        assert measure(new, old, weights.astype(float)) == pytest.approx(measure(*twice, np.ones(len(twice[0]))))


def test_the_index_is_that_of_the_textbook():
    # Half of the scores of the lowest tenth move to the highest: shares 0.05 and 0.15 in place of 0.1.
    old = np.repeat(np.arange(10) / 10, 20)
    new = old.copy()
    new[:10] = 0.9
    expected = (0.05 - 0.1) * np.log(0.05 / 0.1) + (0.15 - 0.1) * np.log(0.15 / 0.1)
    assert stability_index(new, old, np.ones(200)) == pytest.approx(expected)


def test_many_changed_decisions_for_nothing_fail(contender, meeting):
    both = meeting(contender("2", 1.5, seed=1), contender("1", 1.5, seed=2))
    _, decisions = judge_stability(both, pays=())
    assert decisions.outcome == "failed"
    assert decisions.challenger == pytest.approx(np.mean(both.new.refusals() != both.old.refusals()))


def test_many_changed_decisions_pass_when_they_pay(contender, meeting):
    both = meeting(contender("2", 1.5, seed=1), contender("1", 1.5, seed=2))
    _, decisions = judge_stability(both, pays=("business cost",))
    assert decisions.outcome == "passed"
    assert "only with a sure improvement (business cost)" in decisions.sentence


def test_scores_that_move_for_nothing_fail(contender, meeting):
    scores, _ = judge_stability(meeting(contender("2", 0.0, bias=0.7), contender("1", 0.0)), pays=())
    assert scores.outcome == "failed"
