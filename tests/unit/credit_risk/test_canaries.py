"""Canaries: chosen over the whole range of risk, kept to the bit, and failed by every other model."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from credit_risk.canaries import TOLERANCE, Canaries, Canary, check_canaries, choose_canaries
from credit_risk.errors import ModelError
from credit_risk.scoring import Scorer

N = 200


@pytest.fixture
def scorer(tiny_model):
    model = tiny_model("1", seed=1)
    return Scorer(model.booster_text, model.manifest)


@pytest.fixture
def frame():
    rng = np.random.default_rng(5)
    return pd.DataFrame(
        {
            "SK_ID_CURR": np.arange(N),
            "AMT_CREDIT": rng.lognormal(13, 0.6, N),
            "AMT_INCOME": rng.integers(20_000, 900_000, N),
            "EXT_SOURCE_1": np.where(rng.random(N) < 0.3, np.nan, rng.random(N)),
            "DAYS_BIRTH": -rng.uniform(7_500, 25_000, N),
            "ORGANIZATION_TYPE": rng.choice(["School", "Trade", None], N),
            "CODE_GENDER": rng.choice(["F", "M"], N),
        }
    )


@pytest.fixture
def canaries(frame, scorer):
    return choose_canaries(frame, np.arange(N), scorer, n=9)


def test_a_model_scores_its_own_canaries_to_the_bit(scorer, canaries):
    assert check_canaries(scorer, canaries) == 0.0


def test_they_are_spread_over_the_ranks_of_risk(frame, canaries):
    amounts = [row.features["AMT_CREDIT"] for row in canaries.rows]
    # Half a rank is rounded to the even one.
    assert amounts == frame["AMT_CREDIT"].iloc[[0, 25, 50, 75, 100, 124, 149, 174, 199]].tolist()


def test_they_are_what_a_client_would_send(canaries):
    for row in canaries.rows:
        assert "SK_ID_CURR" not in row.features
        assert all(type(value) in (int, float, str) for value in row.features.values())
    assert any("EXT_SOURCE_1" not in row.features for row in canaries.rows)


def test_fewer_rows_than_canaries_are_all_taken(frame, scorer):
    assert len(choose_canaries(frame.head(3), [3, 1, 2], scorer).rows) == 3


def test_json_gives_back_equal_canaries(canaries):
    assert Canaries.from_json(canaries.to_json()) == canaries


@pytest.mark.parametrize("text", ["", "[]", '{"format": 2, "canaries": []}', '{"format": 1, "canaries": [{}]}'])
def test_other_json_is_refused(text):
    with pytest.raises(ModelError, match="found canaries that cannot be read"):
        Canaries.from_json(text)


def test_another_model_fails_them_all_and_the_first_are_named(tiny_model, canaries):
    other = tiny_model("2", seed=2)
    with pytest.raises(ModelError, match=r"found 9 of 9 canary applications .* row 0: off by 0\.\d+; .*; \.\.\."):
        check_canaries(Scorer(other.booster_text, other.manifest), canaries)


def test_a_feature_that_the_model_does_not_know_is_a_failure_without_its_value(scorer):
    canaries = Canaries((Canary({"FORGOTTEN": 4711.5}, 0.1),))
    with pytest.raises(ModelError, match=r"row 0: .*FORGOTTEN: unknown feature") as raised:
        check_canaries(scorer, canaries)
    assert "4711" not in str(raised.value)


@pytest.mark.parametrize(("shift", "passes"), [(TOLERANCE / 2, True), (TOLERANCE * 3, False), (float("nan"), False)])
def test_the_last_bits_may_differ_on_another_machine_and_no_more(scorer, canaries, shift, passes):
    first, *others = canaries.rows
    shifted = Canaries((replace(first, probability=first.probability + shift), *others))
    if passes:
        assert 0 < check_canaries(scorer, shifted) <= TOLERANCE
    else:
        with pytest.raises(ModelError, match="1 of 9 canary applications"):
            check_canaries(scorer, shifted)
