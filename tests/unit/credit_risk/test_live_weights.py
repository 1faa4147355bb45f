import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk.errors import PortfolioError
from credit_risk.live_weights import CLIPPED_TO, live_weights

FEATURES = ("AMT", "SCORE", "JOB")


def sample(n, seed, shift=0.0, spread=1.0, drivers=0.3, missing=0.1):
    rng = np.random.default_rng(seed)
    score = spread * rng.normal(size=n) + shift
    score[rng.random(n) < missing] = np.nan
    jobs = np.where(rng.random(n) < drivers, "driver", "clerk").astype(object)
    jobs[rng.random(n) < 0.05] = None
    return pd.DataFrame({"AMT": rng.lognormal(size=n), "SCORE": score, "JOB": jobs})


REFERENCE = sample(3000, seed=0)


def moved(result, column):
    values = column.to_numpy(float)
    return np.average(values, weights=result.weights) - values.mean()


def test_a_clean_sample_changes_little():
    result = live_weights(REFERENCE, sample(100, seed=1), FEATURES)
    assert result.effective_sample_size > 0.9 * len(REFERENCE)
    assert result.auc == pytest.approx(0.5, abs=0.1)


def test_weights_move_a_shifted_feature_towards_live():
    result = live_weights(REFERENCE, sample(1000, seed=1, shift=0.5), FEATURES)
    assert 0.25 < moved(result, REFERENCE["SCORE"].fillna(REFERENCE["SCORE"].mean())) < 0.6
    assert result.auc > 0.6
    assert result.effective_sample_size < 0.95 * len(REFERENCE)


def test_weights_move_the_spread_towards_live():
    result = live_weights(REFERENCE, sample(1000, seed=1, spread=1.5), FEATURES)
    assert moved(result, REFERENCE["SCORE"].fillna(0) ** 2) > 0.2


def test_weights_move_the_shares_of_categories_and_of_missing_values_towards_live():
    result = live_weights(REFERENCE, sample(1000, seed=1, drivers=0.7, missing=0.4), FEATURES)
    assert moved(result, REFERENCE["JOB"] == "driver") > 0.2
    assert moved(result, REFERENCE["SCORE"].isna()) > 0.1


def test_populations_with_little_overlap_are_clipped():
    result = live_weights(REFERENCE, sample(1000, seed=1, shift=1.5, drivers=0.9), FEATURES)
    assert result.clipped_share > 0.1
    assert result.weights.mean() == pytest.approx(1)
    assert result.weights.max() / result.weights.min() <= 25.001


def test_the_same_frames_give_the_same_weights():
    first, second = (live_weights(REFERENCE, sample(100, seed=1), FEATURES) for _ in range(2))
    assert first.weights.tobytes() == second.weights.tobytes()


def test_live_values_may_come_as_objects_with_none():
    live = sample(100, seed=1)
    as_sent = live.astype(object).where(live.notna(), None)
    assert (
        live_weights(REFERENCE, as_sent, FEATURES).weights.tolist()
        == live_weights(REFERENCE, live, FEATURES).weights.tolist()
    )


def test_a_feature_that_never_varies_changes_nothing():
    constant = REFERENCE.assign(AMT=1.0)
    result = live_weights(constant, sample(100, seed=1).assign(AMT=1.0), ("AMT",))
    assert result.weights == pytest.approx(np.ones(len(REFERENCE)))


@settings(max_examples=10)
@given(st.integers(0, 1000), st.floats(-3, 3), st.floats(0, 1), st.sampled_from([30, 100, 400]))
def test_weights_are_positive_with_mean_one(seed, shift, drivers, n):
    result = live_weights(REFERENCE.head(500), sample(n, seed, shift=shift, drivers=drivers), FEATURES)
    assert result.weights.shape == (500,)
    assert result.weights.mean() == pytest.approx(1)
    assert (result.weights > 0).all()
    assert 0 < result.effective_sample_size <= 500.001


@settings(max_examples=5)
@given(st.integers(0, 1000), st.floats(0.01, 100), st.floats(-50, 50))
def test_weights_do_not_depend_on_the_unit_of_a_feature(seed, scale, offset):
    reference, live = REFERENCE.head(500), sample(100, seed, shift=0.5)
    in_other_units = [frame.assign(SCORE=frame["SCORE"] * scale + offset) for frame in (reference, live)]
    expected = live_weights(reference, live, FEATURES).weights
    assert live_weights(*in_other_units, FEATURES).weights == pytest.approx(expected, rel=1e-3)


@settings(max_examples=5)
@given(st.integers(0, 1000), st.sampled_from([50, 200]), st.floats(0, 2))
def test_no_ratio_leaves_the_allowed_range_and_the_size_says_what_they_cost(seed, n, shift):
    result = live_weights(REFERENCE.head(500), sample(n, seed, shift=shift), FEATURES)
    low, high = CLIPPED_TO
    assert result.weights.max() / result.weights.min() <= high / low * (1 + 1e-9)
    assert result.effective_sample_size == pytest.approx(500**2 / np.sum(result.weights**2))
    assert 0 <= result.clipped_share <= 1
    assert 0 <= result.auc <= 1


@settings(max_examples=5)
@given(st.integers(0, 1000), st.booleans())
def test_weights_move_a_shifted_feature_towards_live_and_never_away(seed, up):
    shift = 0.8 if up else -0.8
    reference = sample(500, seed=1000 + seed, missing=0)
    result = live_weights(reference, sample(400, seed, shift=shift, missing=0), FEATURES)
    assert moved(result, reference["SCORE"]) * shift > 0


def test_too_few_live_rows_are_refused_with_their_number():
    with pytest.raises(PortfolioError, match="29 live and 3000 reference rows"):
        live_weights(REFERENCE, sample(29, seed=1), FEATURES)


def test_absent_features_are_named_with_their_frame():
    with pytest.raises(PortfolioError, match="the live frame without JOB; expected"):
        live_weights(REFERENCE, sample(100, seed=1).drop(columns="JOB"), FEATURES)
