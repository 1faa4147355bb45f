import numpy as np
import pytest

from credit_risk.estimate import Estimate, bootstrap_mean


def test_the_interval_of_a_mean_is_that_of_the_central_limit():
    values = np.random.default_rng(0).exponential(size=2000)
    estimate = bootstrap_mean(values, weights=None, rng=np.random.default_rng(1))
    error = values.std() / np.sqrt(2000)
    assert estimate.value == pytest.approx(values.mean())
    assert estimate.low == pytest.approx(values.mean() - 1.96 * error, abs=0.2 * error)
    assert estimate.high == pytest.approx(values.mean() + 1.96 * error, abs=0.2 * error)


def test_nineteen_of_twenty_intervals_hold_the_truth():
    rng = np.random.default_rng(0)
    draws = [bootstrap_mean(rng.normal(size=100), weights=None, rng=rng, replicates=200) for _ in range(200)]
    assert 0.89 <= np.mean([draw.low < 0 < draw.high for draw in draws]) <= 0.99


def test_weights_weigh():
    values, weights = np.array([0.0, 1.0] * 200), np.array([3.0, 1.0] * 200)
    estimate = bootstrap_mean(values, weights=weights, rng=np.random.default_rng(0))
    assert estimate.value == 0.25
    assert estimate.low < 0.25 < estimate.high


def test_the_same_generator_gives_the_same_interval():
    values = np.arange(50.0)
    first, second = (bootstrap_mean(values, weights=None, rng=np.random.default_rng(7)) for _ in range(2))
    assert first == second


def test_it_reads_as_a_figure_with_its_interval():
    assert str(Estimate(0.75612, 0.74, 0.77)) == "0.7561 [0.7400, 0.7700]"
