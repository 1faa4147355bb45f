import numpy as np
import pytest

from credit_risk.gate.contender import Meeting, meet
from credit_risk.gate.quality import MIN_OUTCOMES, judge_outcomes, judge_quality
from credit_risk.gate.recent_outcomes import SEEN, RecentOutcomes


def rng():
    return np.random.default_rng(0)


def of(criteria):
    return {criterion.name: criterion for criterion in criteria}


@pytest.fixture
def recent():
    """`recent(new, old, n)`: the first `n` of the clients as recent outcomes."""

    def make(new, old, n=8000):
        both, _ = meet(new, old)
        rows = slice(0, n)
        new, old = (type(j)(j.probability[rows], j.threshold) for j in (both.new, both.old))
        return RecentOutcomes(Meeting(both.clients[rows], both.target[rows], both.weights[rows], new, old))

    return make


def test_a_ranking_that_is_surely_worse_fails_though_its_threshold_costs_the_same(contender, meeting):
    # Among the approved nothing is ranked any more: cost sees one threshold, AUC all of them.
    champion = contender("1", 0.0)
    probability = champion.out_of_fold["probability"]
    flat = champion.out_of_fold.assign(probability=probability.where(probability >= champion.threshold, 0.01))
    both = meeting(type(champion)("2", flat, champion.threshold), champion)
    criteria = of(judge_quality(both, rng=rng(), replicates=200).criteria)
    assert criteria["business_cost"].outcome == "passed"
    assert criteria["auc"].outcome == "failed"


def test_probabilities_that_are_surely_further_off_fail(contender, meeting):
    both = meeting(contender("2", 0.2, bias=0.7), contender("1", 0.3))
    criteria = of(judge_quality(both, rng=rng(), replicates=200).criteria)
    assert criteria["calibration"].outcome == "failed"
    assert criteria["calibration"].challenger > criteria["calibration"].champion


def test_only_what_the_interval_is_sure_of_pays(contender, meeting):
    sure = judge_quality(meeting(contender("2", 0.2), contender("1", 1.0)), rng=rng(), replicates=200)
    chance = judge_quality(meeting(contender("2", 0.5, seed=1), contender("1", 0.5)), rng=rng(), replicates=200)
    assert sure.pays == ("business cost", "AUC", "calibration")
    assert chance.pays == ()


def test_few_outcomes_are_counted_and_not_judged(contender, recent):
    few = recent(contender("2", 2.0), contender("1", 0.0), n=MIN_OUTCOMES - 1)
    for criterion in judge_outcomes(few, rng=rng()):
        assert criterion.outcome == "not judged"
        assert criterion.n == MIN_OUTCOMES - 1
        assert criterion.sentence.startswith(f"{MIN_OUTCOMES - 1} outcomes with ")


def test_outcomes_that_were_left_out_are_told_with_their_reason():
    (first, *_) = judge_outcomes(RecentOutcomes(None, {SEEN: 12}), rng=rng())
    assert first.sentence.endswith("; 12 left out, of clients whom a model was trained on with another loan")


def test_a_challenger_that_is_surely_worse_on_recent_outcomes_fails(contender, recent):
    criteria = judge_outcomes(recent(contender("2", 2.0), contender("1", 0.0)), rng=rng(), replicates=200)
    assert [criterion.outcome for criterion in criteria] == ["failed"] * 3


def test_a_challenger_that_may_be_worse_on_recent_outcomes_passes(contender, recent):
    criteria = judge_outcomes(
        recent(contender("2", 0.5, seed=1), contender("1", 0.5), n=900), rng=rng(), replicates=200
    )
    assert [criterion.outcome for criterion in criteria] == ["passed"] * 3
    assert criteria[0].high > 0.005
