import numpy as np
import pandas as pd
import pytest

from credit_risk.gate.contender import Contender
from credit_risk.gate.leakage import judge_leakage, strongest_feature

N = 4000
RNG = np.random.default_rng(0)
TARGET = (RNG.random(N) < 0.1).astype(int)
ROWS = pd.DataFrame({"SK_ID_CURR": np.arange(N), "target": TARGET, "probability": RNG.random(N), "weight": 1.0})
MODEL = Contender("2", ROWS, 0.1)


def alone(**columns):
    return strongest_feature(MODEL, pd.DataFrame({"SK_ID_CURR": np.arange(N), **columns}))


@pytest.mark.parametrize(
    "leak",
    [
        np.where(TARGET == 1, 5.0, 1.0) + RNG.random(N),
        np.where(TARGET == 1, np.nan, RNG.random(N)),
        np.where(TARGET == 1, "legal department", "none").astype(object),
        # Both ends of the scale mean a default: no ranking by the value itself sees it.
        np.where(TARGET == 1, RNG.choice([-9.0, 9.0], N), RNG.random(N)),
    ],
    ids=["its value", "its absence", "its category", "both of its ends"],
)
def test_a_feature_that_tells_the_answer_is_found(leak):
    found = alone(NOISE=RNG.random(N), LEAK=leak)
    assert found.name == "LEAK"
    assert found.auc > 0.95


def test_noise_ranks_as_chance_does():
    assert alone(NOISE=RNG.random(N)).auc == pytest.approx(0.5, abs=0.04)


def test_a_category_of_its_own_for_everybody_tells_nothing():
    assert alone(NAME=[f"client {i}" for i in range(N)]).auc == pytest.approx(0.5, abs=0.04)


def test_a_feature_without_a_value_tells_nothing():
    assert alone(EMPTY=np.full(N, np.nan)).auc == pytest.approx(0.5, abs=0.04)


def test_without_features_nothing_is_judged():
    assert judge_leakage(MODEL, None, None)[2].outcome == "not judged"
    assert judge_leakage(MODEL, None, pd.DataFrame({"SK_ID_CURR": np.arange(N)}))[2].outcome == "not judged"


def test_an_honest_jump_passes_and_a_wonder_does_not(contender, meeting):
    honest = judge_leakage(MODEL, meeting(contender("2", 0.2), contender("1", 0.9)), None)[1]
    wonder = judge_leakage(MODEL, meeting(contender("2", 0.0), contender("1", 3.0)), None)[1]
    assert (honest.outcome, wonder.outcome) == ("passed", "failed")
    assert wonder.difference > 0.1
