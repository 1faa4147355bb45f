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


def test_the_trees_begin_where_splits_have_no_parent():
    trees = Trees.from_text(grow().model_to_string())
    assert trees.first_split.tolist() == [*np.flatnonzero(trees.parent < 0), len(trees.feature)]


def test_children_name_their_parents():
    trees = Trees.from_text(grow().model_to_string())
    tree = np.repeat(np.arange(4), np.diff(trees.first_split))
    for children, is_left in ((trees.left, True), (trees.right, False)):
        inner = children < np.diff(trees.first_split)[tree]
        child = (children + trees.first_split[tree])[inner]
        assert (trees.parent[child] == np.flatnonzero(inner)).all()
        assert (trees.is_left[child] == is_left).all()


def test_the_shares_of_the_training_rows_lead_to_the_mean_value():
    booster = grow()
    trees, frame = Trees.from_text(booster.model_to_string()), booster.trees_to_dataframe()
    splits, leaves = frame[frame["split_feature"].notna()], frame[frame["split_feature"].isna()]
    went_left = splits["left_child"].map(frame.set_index("node_index")["count"]) / splits["count"]
    assert sorted(trees.share_left) == sorted(went_left)
    mean = (leaves["value"] * leaves["count"]).groupby(leaves["tree_index"]).sum() / 400
    np.testing.assert_allclose(trees.mean_value, mean)


def test_a_split_on_a_category_has_a_set_and_no_threshold():
    trees = Trees.from_text(grow().model_to_string())
    categorical = trees.feature == 1
    assert categorical.any()
    assert np.isnan(trees.threshold[categorical]).all()
    assert trees.categories_left[categorical].any(axis=1).all()
    assert not trees.categories_left[~categorical].any()
