import lightgbm
import numpy as np
import pytest

from credit_risk.contributions import Contributions
from credit_risk.errors import ModelError
from credit_risk.split_paths import SplitPaths
from credit_risk.trees import Trees


def grow(x, y, *, rounds=30, categorical=(), **parameters):
    options = {"objective": "binary", "verbosity": -1, "num_threads": 1, "min_data_in_leaf": 5, "min_data_per_group": 5}
    data = lightgbm.Dataset(x, y, categorical_feature=list(categorical))
    return lightgbm.train(options | parameters, data, num_boost_round=rounds)


def make(n=600, n_features=6, seed=0, missing=0.2):
    """Rows of five numbers and one category, some missing, and a target that all of them move."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, n_features))
    x[:, -1] = rng.integers(0, 40, n)
    target = x[:, 0] * x[:, 1] + x[:, 2] + (x[:, -1] % 3 == 0) + rng.normal(size=n) > 0.5
    x[rng.random(x.shape) < missing] = np.nan
    return x, target.astype(float)


def assert_exact(booster, rows):
    contributions = Contributions(booster.model_to_string(), rows.shape[1])
    expected = booster.predict(rows, pred_contrib=True)
    np.testing.assert_allclose([contributions(row) for row in rows], expected[:, :-1], rtol=0, atol=1e-9)
    assert contributions.base_value == pytest.approx(expected[0, -1], abs=1e-9)


@pytest.mark.parametrize("num_leaves", [2, 3, 8, 31, 63])
def test_contributions_are_those_of_lightgbm(num_leaves):
    x, y = make()
    assert_exact(grow(x, y, num_leaves=num_leaves, categorical=[5]), x)


def test_contributions_and_the_base_value_add_up_to_the_raw_score():
    x, y = make()
    booster = grow(x, y, categorical=[5])
    contributions = Contributions(booster.model_to_string(), 6)
    sums = [contributions(row).sum() + contributions.base_value for row in x]
    np.testing.assert_allclose(sums, booster.predict(x, raw_score=True), rtol=0, atol=1e-9)


def test_rows_that_training_never_saw_are_explained_as_well():
    x, y = make()
    booster = grow(x, y, categorical=[5])
    assert_exact(booster, np.array([[np.nan] * 6, [0.0] * 6, [1e300] * 6, [-1e300] * 5 + [999.0]]))


def test_a_value_on_a_threshold_goes_where_lightgbm_sends_it():
    x, y = make(missing=0.0)
    booster = grow(np.round(x, 1), y)
    splits = booster.trees_to_dataframe().dropna(subset=["threshold"])
    columns = splits["split_feature"].str.removeprefix("Column_").astype(int)
    rows = np.zeros((len(splits), 6))
    rows[np.arange(len(splits)), columns] = splits["threshold"].astype(float)
    # LightGBM puts a threshold of 1e-35 to either side of zero, and takes all between them for zero.
    assert (np.abs(rows[rows != 0]) < 1e-30).any()
    assert_exact(booster, rows)


def test_a_missing_value_where_training_saw_none_counts_as_zero():
    x, y = make(missing=0.0)
    assert_exact(grow(x, y), np.where(np.arange(6) == np.arange(6)[:, None], np.nan, x[:6]))


def test_paths_of_twenty_features_are_exact():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4000, 25))
    # One split after the other, each on another feature.
    y = (x > -1.2).all(axis=1).astype(float)
    booster = grow(x, y, num_leaves=60, min_data_in_leaf=1, rounds=5)
    assert SplitPaths.of(Trees.from_text(booster.model_to_string())).n_features.max() >= 20
    assert_exact(booster, x[:50])


def test_a_booster_that_learned_nothing_contributes_nothing():
    x, y = make()
    booster = grow(x, np.zeros(len(y)) + (np.arange(len(y)) % 2), min_data_in_leaf=500)
    contributions = Contributions(booster.model_to_string(), 6)
    assert contributions(x[0]).tolist() == [0.0] * 6
    assert contributions.base_value == pytest.approx(booster.predict(x[:1], raw_score=True)[0])


def test_trees_with_linear_leaves_are_refused():
    x, y = make(missing=0.0)
    with pytest.raises(ModelError, match="linear leaves"):
        Contributions(grow(x, y, linear_tree=True).model_to_string(), 6)


def test_trees_that_take_zero_for_missing_are_refused():
    x, y = make(missing=0.0)
    x[::3, :5] = 0.0
    with pytest.raises(ModelError, match="zero for missing"):
        Contributions(grow(x, y, zero_as_missing=True).model_to_string(), 6)


def test_trees_without_the_number_of_training_rows_are_refused():
    x, y = make()
    text = grow(x, y).model_to_string()
    without = "\n".join(line for line in text.splitlines() if not line.startswith("internal_count"))
    with pytest.raises(ModelError, match="number of rows"):
        Contributions(without, 6)


def test_trees_on_more_columns_than_a_row_has_are_refused():
    x, y = make()
    with pytest.raises(ModelError, match="splits on column 5"):
        Contributions(grow(x, y).model_to_string(), 5)


def test_a_row_of_another_length_is_refused():
    x, y = make()
    contributions = Contributions(grow(x, y).model_to_string(), 6)
    with pytest.raises(ModelError, match=r"a row of shape \(5,\)"):
        contributions(x[0, :5])


def test_a_feature_that_comes_twice_on_a_path_is_one_player():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(2000, 2))
    booster = grow(x, np.sin(4 * x[:, 0]) + x[:, 1] > 0, num_leaves=31, rounds=5)
    assert SplitPaths.of(Trees.from_text(booster.model_to_string())).n_features.max() == 2
    assert_exact(booster, x[:200])
