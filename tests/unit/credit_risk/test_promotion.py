import numpy as np
import pandas as pd
import pytest

from credit_risk.business_cost import cost_curve
from credit_risk.errors import PortfolioError
from credit_risk.promotion import Contender, judge

N = 8000
RNG = np.random.default_rng(0)
LOGIT = RNG.normal(-2.8, 1.2, N)
TARGET = (RNG.random(N) < 1 / (1 + np.exp(-LOGIT))).astype(int)


def contender(version, blur, clients=None, weight=None, seed=0, bias=0.0):
    """A model whose scores are the truth with noise of `blur`, on some of the clients."""
    clients = np.arange(N) if clients is None else clients
    noise = np.random.default_rng([seed, round(100 * blur)]).normal(size=N)
    probability = 1 / (1 + np.exp(-(LOGIT + blur * noise + bias)))
    threshold = cost_curve(TARGET.astype(float), probability).best_threshold
    rows = pd.DataFrame({"SK_ID_CURR": np.arange(N), "target": TARGET, "probability": probability})
    rows["weight"] = 1.0 if weight is None else weight
    return Contender(version, rows.iloc[clients], threshold)


def judged(challenger, champion):
    return judge(challenger, champion, rng=np.random.default_rng(1), replicates=300)


def test_the_first_model_is_promoted():
    verdict = judged(contender("1", 0.5), None)
    assert verdict.promote
    assert verdict.reason == "version 1 is the first model"
    assert verdict.criteria_frame().empty


def test_a_clearly_better_challenger_is_promoted():
    verdict = judged(contender("2", 0.0), contender("1", 2.0))
    assert verdict.promote
    assert verdict.cost_difference.high < 0
    assert "better in business cost, AUC, calibration error" in verdict.reason


def test_a_clearly_worse_challenger_is_refused():
    verdict = judged(contender("2", 2.0), contender("1", 0.0))
    assert not verdict.promote
    assert verdict.cost_difference.low > 0.005
    assert "reaches the margin of +0.0050" in verdict.reason


def test_an_identical_challenger_is_refused_for_improving_nothing():
    verdict = judged(contender("2", 0.5), contender("1", 0.5))
    assert not verdict.promote
    assert verdict.reason.endswith("stays below the margin of +0.0050, but nothing improves")
    assert verdict.cost_difference.low == verdict.cost_difference.high == 0


def test_a_better_point_estimate_with_a_wide_interval_is_refused():
    few = np.arange(150)
    verdicts = [judged(contender("2", 0.9, few, seed=s), contender("1", 1.0, few, seed=s)) for s in range(20)]
    cheaper = [verdict for verdict in verdicts if verdict.cost_difference.value < 0]
    assert any(not verdict.promote and verdict.cost_difference.high > 0.005 for verdict in cheaper)


def test_calibration_alone_is_reason_enough():
    # The same ranking and the same decisions, but probabilities twice as high as the truth.
    verdict = judged(contender("2", 0.0), contender("1", 0.0, bias=0.7))
    assert verdict.promote
    assert verdict.reason.endswith("better in calibration error")


def test_the_weights_of_the_challenger_decide():
    # Twice the same two models: one is better on even clients, and only those count.
    even = np.arange(N) % 2 == 0
    mixed = contender("2", 0.0).out_of_fold.assign(weight=np.where(even, 1.0, 0.01))
    blurred = contender("x", 3.0).out_of_fold["probability"]
    challenger = Contender("2", mixed.assign(probability=mixed["probability"].where(even, blurred)), 0.09)
    champion = Contender("1", contender("1", 1.0).out_of_fold, 0.09)
    assert judged(challenger, champion).promote
    unweighted = Contender("2", challenger.out_of_fold.assign(weight=1.0), 0.09)
    assert not judged(unweighted, champion).promote


def test_models_are_compared_on_the_clients_they_share():
    verdict = judged(contender("2", 0.2, np.arange(1000, N)), contender("1", 1.5, np.arange(6000)))
    assert (verdict.overlap.common, verdict.overlap.challenger_only, verdict.overlap.champion_only) == (
        5000,
        2000,
        1000,
    )
    assert "on 5000 clients" in verdict.reason


def test_without_a_shared_client_the_challenger_is_refused():
    verdict = judged(contender("2", 0.1, np.arange(4000)), contender("1", 1.0, np.arange(4000, N)))
    assert not verdict.promote
    assert verdict.reason == "version 2 against 1: no client in common (4000 and 4000 apart)"


def test_the_order_of_rows_does_not_matter():
    challenger, champion = contender("2", 0.5), contender("1", 0.6)
    turned = Contender("2", challenger.out_of_fold.iloc[::-1], challenger.threshold)
    assert judged(turned, champion) == judged(challenger, champion)


def test_the_table_holds_every_figure():
    table = judged(contender("2", 0.4), contender("1", 0.5)).criteria_frame()
    assert table["criterion"].tolist() == ["business cost", "AUC", "calibration error"]
    assert table["difference"].tolist() == pytest.approx((table["challenger"] - table["champion"]).tolist())


def test_another_label_of_the_same_client_is_refused():
    champion = contender("1", 0.5)
    relabelled = champion.out_of_fold.assign(target=np.where(np.arange(N) < 3, 1 - TARGET, TARGET))
    with pytest.raises(PortfolioError, match=f"3 of {N} shared clients with another target"):
        judged(contender("2", 0.5), Contender("1", relabelled, 0.1))


def test_a_client_twice_is_refused():
    twice = Contender("2", contender("2", 0.5).out_of_fold.iloc[[0, 0, 1]], 0.1)
    with pytest.raises(PortfolioError, match="1 clients twice in the out-of-fold predictions of version 2"):
        judged(twice, contender("1", 0.5))
