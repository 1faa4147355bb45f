"""Drift by a known amount."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk.errors import SettingsError
from simulation.traffic import KINDS, SEED_BATCHES, seed_batch, simulate_drift


def population(n=4_000, n_numeric=20):
    rng = np.random.default_rng(11)
    frame = pd.DataFrame(rng.normal(50, 5, size=(n, n_numeric)), columns=[f"x{i}" for i in range(n_numeric)])
    frame.loc[rng.random(n) < 0.3, "x0"] = np.nan
    frame.insert(0, "SK_ID_CURR", np.arange(100_000, 100_000 + n))
    frame["TARGET"] = rng.integers(0, 2, size=n)
    frame["CODE_GENDER"] = rng.choice(["F", "M", None], size=n)
    frame["housing"] = pd.Categorical(rng.choice(["own", "rent"], size=n))
    frame["flag"] = rng.random(n) < 0.5
    return frame


UNTOUCHED = ["SK_ID_CURR", "TARGET", "CODE_GENDER", "housing", "flag"]
NUMERIC = [f"x{i}" for i in range(20)]


def rng():
    return np.random.default_rng(5)


def test_none_is_an_equal_copy():
    frame = population(50)
    moved = simulate_drift(frame, "none", 0.5, rng())
    pd.testing.assert_frame_equal(moved, frame)
    moved.loc[0, "x1"] = -1.0
    assert frame.loc[0, "x1"] != -1.0


def test_sudden_moves_every_number_by_the_intensity_in_standard_deviations():
    frame = population()
    moved = simulate_drift(frame, "sudden", 0.5, rng())
    steps = (moved[NUMERIC] - frame[NUMERIC]) / frame[NUMERIC].std()
    np.testing.assert_allclose(steps.to_numpy()[~steps.isna()], 0.5, atol=1e-9)


def test_gradual_adds_noise_of_the_intensity_in_standard_deviations():
    frame = population()
    moved = simulate_drift(frame, "gradual", 0.3, rng())
    noise = (moved[NUMERIC] - frame[NUMERIC]) / frame[NUMERIC].std()
    np.testing.assert_allclose(noise.std(), 0.3, rtol=0.1)
    np.testing.assert_allclose(noise.mean(), 0.0, atol=0.03)
    assert abs(noise["x1"].corr(noise["x2"])) < 0.1


def test_feature_shift_scales_a_random_tenth():
    frame = population()
    moved = simulate_drift(frame, "feature_shift", 0.5, rng())
    factors = (moved[NUMERIC] / frame[NUMERIC]).mean()
    assert sorted(factors.round(9)) == [1.0] * 18 + [2.5] * 2
    others = [simulate_drift(frame, "feature_shift", 0.5, np.random.default_rng(seed)) for seed in range(5)]
    assert len({tuple((other[NUMERIC] != frame[NUMERIC])[1:].any()) for other in others}) > 1


def test_feature_shift_scales_at_least_one():
    frame = population(50, n_numeric=3)
    moved = simulate_drift(frame, "feature_shift", 1.0, rng())
    assert (
        moved[["x1", "x2"]].ne(frame[["x1", "x2"]]).any() | moved["x0"].dropna().ne(frame["x0"].dropna()).any()
    ).any()


@pytest.mark.parametrize("kind", KINDS)
def test_keys_labels_categories_and_missing_values_stay(kind):
    frame = population(200)
    before = frame.copy()
    moved = simulate_drift(frame, kind, 0.7, rng())
    pd.testing.assert_frame_equal(frame, before)
    pd.testing.assert_frame_equal(moved[UNTOUCHED], frame[UNTOUCHED])
    pd.testing.assert_frame_equal(moved[NUMERIC].isna(), frame[NUMERIC].isna())
    assert list(moved.columns) == list(frame.columns)
    assert moved.index.equals(frame.index)


def test_the_units_may_come_from_a_larger_population():
    frame = population()
    moved = simulate_drift(frame.head(5), "sudden", 1.0, rng(), spread_of=frame)
    np.testing.assert_allclose((moved["x1"] - frame["x1"].head(5)) / frame["x1"].std(), 1.0)


def test_a_constant_and_an_empty_column_do_not_move():
    frame = pd.DataFrame({"constant": [3.0, 3.0], "empty": [np.nan, np.nan], "single": [1.0, np.nan]})
    pd.testing.assert_frame_equal(simulate_drift(frame, "sudden", 1.0, rng()), frame)


def test_integers_become_floats_and_nullable_floats_stay():
    frame = pd.DataFrame({"n": [1, 2, 3], "amount": pd.array([1.0, None, 3.0], dtype="Float64")})
    moved = simulate_drift(frame, "sudden", 1.0, rng())
    assert moved["n"].tolist() == [2.0, 3.0, 4.0]
    assert str(moved["amount"].dtype) == "Float64"
    assert moved["amount"].isna().tolist() == [False, True, False]


@given(kind=st.sampled_from(KINDS), seed=st.integers(0, 2**32 - 1), intensity=st.floats(0, 3))
@settings(max_examples=25, deadline=None)
def test_the_same_seed_moves_alike(kind, seed, intensity):
    frame = population(30)
    one, other = (simulate_drift(frame, kind, intensity, np.random.default_rng(seed)) for _ in range(2))
    pd.testing.assert_frame_equal(one, other)


def test_an_unknown_kind_is_refused_with_the_known_ones():
    with pytest.raises(SettingsError, match=r"kind 'sideways' .* a kind among none, gradual, sudden, feature_shift"):
        simulate_drift(population(5), "sideways", 0.5, rng())


@pytest.mark.parametrize("intensity", [-0.1, float("nan"), float("inf")])
def test_an_intensity_below_zero_or_without_a_value_is_refused(intensity):
    with pytest.raises(SettingsError, match=f"intensity {intensity}; expected .* 0 or more"):
        simulate_drift(population(5), "sudden", intensity, rng())


def test_the_eight_seed_batches_go_from_quiet_to_sudden():
    assert [(batch.number, batch.kind, batch.intensity) for batch in SEED_BATCHES] == [
        (1, "none", 0.0),
        (2, "none", 0.0),
        (3, "none", 0.0),
        (4, "gradual", 0.1),
        (5, "gradual", 0.2),
        (6, "gradual", 0.3),
        (7, "sudden", 0.5),
        (8, "sudden", 0.7),
    ]


def test_a_seed_batch_is_drawn_from_the_population_and_moved_in_its_units():
    frame = population()
    batch = seed_batch(frame, 8, 50, rng()).set_index("SK_ID_CURR")
    assert len(batch) == 50
    assert batch.index.is_unique
    drawn = frame.set_index("SK_ID_CURR").loc[batch.index]
    np.testing.assert_allclose((batch["x1"] - drawn["x1"]) / frame["x1"].std(), 0.7)


def test_a_population_smaller_than_the_batch_is_drawn_with_repetition():
    assert len(seed_batch(population(10), 1, 50, rng())) == 50


@pytest.mark.parametrize(("number", "size"), [(0, 50), (9, 50), (1, 0)])
def test_a_batch_that_does_not_exist_is_refused(number, size):
    with pytest.raises(SettingsError, match=f"batch {number} of {size} .* expected a batch from 1 to 8"):
        seed_batch(population(10), number, size, rng())
