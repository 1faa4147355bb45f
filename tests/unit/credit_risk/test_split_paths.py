import lightgbm
import numpy as np

from credit_risk.split_paths import SplitPaths
from credit_risk.trees import Trees


def grow():
    x = np.random.default_rng(0).normal(size=(1000, 3))
    options = {"objective": "binary", "verbosity": -1, "num_threads": 1, "num_leaves": 20, "min_data_in_leaf": 5}
    data = lightgbm.Dataset(x, np.sin(3 * x[:, 0]) + x[:, 1] * x[:, 2] > 0.2)
    return Trees.from_text(lightgbm.train(options, data, num_boost_round=4).model_to_string())


def path_to(trees, split):
    """(split above, whether the path goes left there), the nearest first."""
    steps = []
    while trees.parent[split] >= 0:
        steps.append((trees.parent[split], trees.is_left[split]))
        split = trees.parent[split]
    return steps


def test_the_earlier_split_is_the_nearest_above_on_the_same_feature():
    trees = grow()
    paths = SplitPaths.of(trees)
    for split, feature in enumerate(trees.feature):
        same = [step for step in path_to(trees, split) if trees.feature[step[0]] == feature]
        expected = same[0] if same else (-1, False)
        assert (paths.earlier[split], paths.is_left[split]) == expected
    assert (paths.earlier >= 0).any()


def test_the_share_is_that_of_all_earlier_splits_on_the_feature():
    trees = grow()
    paths = SplitPaths.of(trees)
    for split, feature in enumerate(trees.feature):
        same = [step for step in path_to(trees, split) if trees.feature[step[0]] == feature]
        shares = [trees.share_left[above] if left else 1 - trees.share_left[above] for above, left in same]
        np.testing.assert_allclose(paths.share[split], np.prod(shares))


def test_the_features_of_a_path_are_counted_once():
    trees = grow()
    paths = SplitPaths.of(trees)
    for split in range(len(trees.feature)):
        on_path = [split, *(above for above, _ in path_to(trees, split))]
        assert paths.n_features[split] == len(set(trees.feature[on_path]))
