import lightgbm
import numpy as np

from credit_risk.trees import Trees


def grow():
    rng = np.random.default_rng(0)
    x = np.column_stack([rng.normal(size=400), rng.integers(0, 3, 400)])
    options = {"objective": "binary", "verbosity": -1, "num_threads": 1, "num_leaves": 6, "min_data_per_group": 5}
    data = lightgbm.Dataset(x, x[:, 0] + x[:, 1] > 1, categorical_feature=[1])
    return lightgbm.train(options, data, num_boost_round=4)


def test_every_split_and_leaf_is_read():
    booster = grow()
    trees, frame = Trees.from_text(booster.model_to_string()), booster.trees_to_dataframe()
    leaves = frame[frame["split_feature"].isna()]
    assert len(trees.feature) == len(frame) - len(leaves)
    assert sorted(trees.leaf_value) == sorted(leaves["value"])
    assert sorted(trees.leaf_count) == sorted(leaves["count"])


def test_the_rows_of_two_children_are_those_of_their_parent():
    trees = Trees.from_text(grow().model_to_string())
    arrived = np.zeros_like(trees.split_count)
    inner = trees.split_parent >= 0
    np.add.at(arrived, trees.split_parent[inner], trees.split_count[inner])
    np.add.at(arrived, trees.leaf_parent, trees.leaf_count)
    assert (arrived == trees.split_count).all()


def test_a_split_on_a_category_has_a_set_and_no_threshold():
    trees = Trees.from_text(grow().model_to_string())
    categorical = trees.feature == 1
    assert categorical.any()
    assert np.isnan(trees.threshold[categorical]).all()
    assert trees.categories_left[categorical].any(axis=1).all()
    assert not trees.categories_left[~categorical].any()
