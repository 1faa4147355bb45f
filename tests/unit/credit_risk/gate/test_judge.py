import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk.errors import PortfolioError
from credit_risk.gate.contender import Contender
from credit_risk.gate.criterion import CATALOGUE
from credit_risk.gate.judge import judge
from credit_risk.gate.latency import Latency


def test_the_first_model_is_promoted(contender, judged):
    verdict = judged(contender("1", 0.5), None)
    assert verdict.promote
    assert verdict.reason == "version 1 is the first model"
    assert verdict.champion is None


def test_a_clearly_better_challenger_is_promoted(contender, judged):
    verdict = judged(contender("2", 0.2), contender("1", 1.0))
    assert verdict.promote
    assert verdict.cost_difference.high < 0
    assert "better in business cost, AUC, calibration" in verdict.reason
    assert not verdict.failed


def test_a_clearly_worse_challenger_is_refused(contender, judged):
    verdict = judged(contender("2", 2.0), contender("1", 0.0))
    assert not verdict.promote
    assert verdict.cost_difference.low > 0.005
    assert "reaches the margin of +0.0050" in verdict.reason


def test_an_identical_challenger_is_refused_for_improving_nothing(contender, judged):
    verdict = judged(contender("2", 0.5), contender("1", 0.5))
    assert not verdict.promote
    assert verdict.reason.endswith("stays below the margin of +0.0050, but nothing improves")
    assert verdict.cost_difference.low == verdict.cost_difference.high == 0
    assert [criterion.name for criterion in verdict.failed] == ["improvement"]


def test_a_better_point_estimate_with_a_wide_interval_is_refused(contender, judged):
    few = np.arange(150)
    verdicts = [
        judged(contender("2", 0.9, clients=few, seed=s), contender("1", 1.0, clients=few, seed=s)) for s in range(10)
    ]
    cheaper = [verdict for verdict in verdicts if verdict.cost_difference.value < 0]
    assert any(not verdict.promote and verdict.cost_difference.high > 0.005 for verdict in cheaper)


def test_calibration_alone_is_reason_enough_and_pays_for_the_move_of_the_scores(contender, judged):
    # The same ranking and the same decisions, but probabilities twice as high as the truth.
    verdict = judged(contender("2", 0.0), contender("1", 0.0, bias=0.7))
    assert verdict.promote
    assert verdict.reason.endswith("better in calibration")
    assert verdict.criterion("score_stability").challenger > verdict.criterion("score_stability").limit


def test_a_challenger_that_leaks_the_target_is_refused_with_its_reason(contender, judged, truth):
    leaked = truth["logit"].to_numpy() + 6.0 * truth["target"].to_numpy()
    signs = truth[["SK_ID_CURR"]].assign(DAYS_SINCE_DEFAULT=np.where(truth["target"] == 1, 30.0, np.nan))
    verdict = judged(contender("2", 0.0, logit=leaked), contender("1", 0.5), strongest=signs)
    assert not verdict.promote
    assert {"plausible_auc", "plausible_jump", "single_feature"} <= {criterion.name for criterion in verdict.failed}
    for sign in ("the answer is among the features", "a jump of +0.", "DAYS_SINCE_DEFAULT alone has an AUC of 1.0000"):
        assert sign in verdict.reason


def test_a_first_model_that_leaks_is_refused_as_well(contender, judged, truth):
    verdict = judged(contender("1", 0.0, logit=truth["logit"].to_numpy() + 6.0 * truth["target"].to_numpy()), None)
    assert not verdict.promote
    assert verdict.reason.startswith("version 1 is the first model, refused for out-of-fold AUC ")


def test_a_better_challenger_that_is_slow_is_refused_with_its_reason(contender, judged):
    verdict = judged(contender("2", 0.2), contender("1", 1.0), latency=Latency(challenger_ms=9.0, champion_ms=1.5))
    assert not verdict.promote
    assert "refused for 9.00 ms an application against 1.50 ms, 6.0 times as long" in verdict.reason


def test_a_better_challenger_that_is_unfair_is_refused_with_its_reason(contender, judged, truth):
    women = np.arange(len(truth)) % 2 == 0
    groups = truth[["SK_ID_CURR"]].assign(gender=np.where(women, "women", "men"), age="30 to 39")
    # Cheaper over all, but at the expense of women: two units of log-odds put upon each of them.
    unfair = truth["logit"].to_numpy() + 1.0 * women
    verdict = judged(contender("2", 0.0, logit=unfair), contender("1", 1.5), groups=groups)
    assert not verdict.promote
    assert [criterion.name for criterion in verdict.failed] == ["approval_by_gender", "false_refusals_by_gender"]
    assert "refused for adverse impact ratio 0." in verdict.reason


def test_what_fails_beside_the_cost_is_told_as_well(contender, judged):
    verdict = judged(contender("2", 2.0), contender("1", 0.0), latency=Latency(challenger_ms=9.0, champion_ms=1.5))
    assert "reaches the margin of +0.0050; besides, " in verdict.reason
    assert "9.00 ms an application" in verdict.reason


def test_the_weights_of_the_challenger_decide(contender, judged):
    # Twice the same two models: one is better on even clients, and only those count.
    even = np.arange(8000) % 2 == 0
    mixed = contender("2", 0.0).out_of_fold.assign(weight=np.where(even, 1.0, 0.01))
    blurred = contender("x", 2.0).out_of_fold["probability"]
    challenger = Contender("2", mixed.assign(probability=mixed["probability"].where(even, blurred)), 0.09)
    champion = Contender("1", contender("1", 1.0).out_of_fold, 0.09)
    assert judged(challenger, champion).promote
    unweighted = Contender("2", challenger.out_of_fold.assign(weight=1.0), 0.09)
    assert not judged(unweighted, champion).promote


def test_models_are_compared_on_the_clients_they_share(contender, judged):
    verdict = judged(contender("2", 0.2, clients=np.arange(1000, 8000)), contender("1", 1.0, clients=np.arange(6000)))
    overlap = verdict.overlap
    assert (overlap.common, overlap.challenger_only, overlap.champion_only) == (5000, 2000, 1000)
    assert "on 5000 clients" in verdict.reason


def test_without_a_shared_client_the_challenger_is_refused(contender, judged):
    verdict = judged(contender("2", 0.1, clients=np.arange(4000)), contender("1", 1.0, clients=np.arange(4000, 8000)))
    assert not verdict.promote
    assert verdict.reason == "version 2 against 1: no client in common (4000 and 4000 apart)"


def test_the_order_of_rows_does_not_matter(contender, judged):
    challenger, champion = contender("2", 0.5), contender("1", 0.6)
    turned = Contender("2", challenger.out_of_fold.iloc[::-1], challenger.threshold)
    assert judged(turned, champion) == judged(challenger, champion)


@pytest.mark.parametrize("champion", [None, "stranger", "peer"])
def test_every_criterion_of_the_catalogue_is_told_in_its_order(contender, judged, champion):
    champions = {"stranger": np.arange(4000, 8000), "peer": np.arange(4000)}
    other = None if champion is None else contender("1", 1.0, clients=champions[champion])
    verdict = judged(contender("2", 0.5, clients=np.arange(4000)), other)
    assert [criterion.name for criterion in verdict.criteria] == list(CATALOGUE)
    assert all(criterion.sentence for criterion in verdict.criteria)


def test_another_label_of_the_same_client_is_refused(contender, judged):
    champion = contender("1", 0.5).out_of_fold
    relabelled = champion.assign(target=champion["target"].where(np.arange(8000) >= 3, 1 - champion["target"]))
    with pytest.raises(PortfolioError, match="3 of 8000 shared clients with another target"):
        judged(contender("2", 0.5), Contender("1", relabelled, 0.1))


def test_a_client_twice_is_refused(contender, judged):
    twice = Contender("2", contender("2", 0.5).out_of_fold.iloc[[0, 0, 1]], 0.1)
    with pytest.raises(PortfolioError, match="1 clients twice in the out-of-fold predictions of version 2"):
        judged(twice, contender("1", 0.5))


@st.composite
def small_models(draw, version):
    """Out-of-fold predictions on 60 clients, of whom every sixth defaulted; ties are common."""
    n = 60
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    probability = rng.integers(1, draw(st.integers(3, 1000)), n) / 1000
    rows = pd.DataFrame({"SK_ID_CURR": np.arange(n), "target": (np.arange(n) % 6 == 0).astype(int)})
    return Contender(version, rows.assign(probability=probability, weight=1.0), draw(st.floats(0.01, 0.6)))


def verdict_of(challenger, champion, seed=3):
    return judge(challenger, champion, rng=np.random.default_rng(seed), replicates=50)


@settings(max_examples=12, deadline=None)
@given(small_models("2"), small_models("1"))
def test_judging_twice_gives_the_same_verdict(challenger, champion):
    assert verdict_of(challenger, champion) == verdict_of(challenger, champion)


@settings(max_examples=12, deadline=None)
@given(small_models("2"), small_models("1"))
def test_changing_roles_negates_every_difference_and_its_interval(challenger, champion):
    there, back = verdict_of(challenger, champion), verdict_of(champion, challenger)
    for name in ("business_cost", "auc", "calibration", "plausible_jump"):
        one, other = there.criterion(name), back.criterion(name)
        assert (one.challenger, one.champion) == (other.champion, other.challenger)
        assert one.difference == pytest.approx(-other.difference, abs=1e-12)
        if one.low is not None:
            assert (one.low, one.high) == pytest.approx((-other.high, -other.low), abs=1e-12)


@settings(max_examples=12, deadline=None)
@given(small_models("2"))
def test_a_model_is_never_better_than_itself(model):
    verdict = verdict_of(model, model)
    assert not verdict.promote
    assert not any(criterion.improves for criterion in verdict.criteria)
    assert {criterion.difference for criterion in verdict.criteria} <= {None, 0.0}
