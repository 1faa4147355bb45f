import lightgbm
import numpy as np
import pytest
from numba.core.caching import CompileResultCacheImpl

from credit_risk import contributions, tree_walk


@pytest.fixture(scope="module")
def rows():
    x = np.random.default_rng(0).normal(size=(500, 6))
    x[:, 5] = np.random.default_rng(1).integers(0, 9, 500)
    x[np.random.default_rng(2).random(x.shape) < 0.2] = np.nan
    return x


@pytest.fixture(scope="module")
def booster_text(rows):
    options = {"objective": "binary", "verbosity": -1, "num_threads": 1, "num_leaves": 20, "min_data_in_leaf": 5}
    y = np.nan_to_num(rows[:, 0] * rows[:, 1] + rows[:, 2] + (rows[:, 5] % 3 == 0)) > 0.5
    data = lightgbm.Dataset(rows, y, categorical_feature=[5])
    return lightgbm.train(options, data, num_boost_round=4).model_to_string()


def test_the_machine_code_computes_what_the_python_says(monkeypatch, booster_text, rows):
    compiled = contributions.Contributions(booster_text, 6)
    monkeypatch.setattr(contributions, "compiled_walk", lambda: tree_walk.walk)
    read = contributions.Contributions(booster_text, 6)
    for row in rows[:20]:
        np.testing.assert_allclose(compiled(row), read(row), rtol=0, atol=1e-15)


def test_without_a_folder_for_the_cache_each_process_compiles(monkeypatch, booster_text, rows):
    cached = contributions.Contributions(booster_text, 6)
    monkeypatch.setattr(CompileResultCacheImpl, "_locator_classes", [])
    monkeypatch.setattr(contributions, "compiled_walk", tree_walk.compiled_walk.__wrapped__)
    anew = contributions.Contributions(booster_text, 6)
    assert anew._walk.stats.cache_path is None
    np.testing.assert_array_equal(anew(rows[0]), cached(rows[0]))
