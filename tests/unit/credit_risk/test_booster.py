import gc
import threading
import weakref

import lightgbm
import numpy as np
import pytest

from credit_risk.booster import SingleRowBooster
from credit_risk.errors import ModelError


@pytest.fixture(scope="module")
def booster():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 4))
    options = {"objective": "binary", "verbosity": -1, "num_threads": 1, "num_leaves": 8}
    return lightgbm.train(options, lightgbm.Dataset(x, x[:, 0] > 0), num_boost_round=20)


def test_the_raw_score_has_the_bits_of_a_batch(booster):
    rows = np.random.default_rng(1).normal(size=(200, 4))
    rows[::5, 0] = np.nan
    rows[::7] = 1e-36
    one_by_one = np.array([SingleRowBooster(booster).raw_score(row) for row in rows])
    assert one_by_one.tobytes() == booster.predict(rows, raw_score=True).tobytes()


@pytest.mark.parametrize("row", [np.zeros(3), np.zeros(5), np.zeros((1, 4)), np.zeros(4, np.float32), np.zeros(8)[::2]])
def test_what_c_would_misread_is_refused(booster, row):
    with pytest.raises(ModelError, match="expected 4 contiguous float64 values"):
        SingleRowBooster(booster).raw_score(row)


def test_a_call_is_freed_with_its_thread(booster):
    single, seen = SingleRowBooster(booster), []

    def score():
        single.raw_score(np.zeros(4))
        seen.append(weakref.ref(single._calls.prepared))

    thread = threading.Thread(target=score)
    thread.start()
    thread.join()
    gc.collect()
    assert seen[0]() is None
    assert single.raw_score(np.zeros(4)) == booster.predict(np.zeros((1, 4)), raw_score=True)[0]
