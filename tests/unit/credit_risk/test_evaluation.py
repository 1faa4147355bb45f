import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn import metrics as peer

from credit_risk.errors import PortfolioError
from credit_risk.evaluation import (
    auc,
    auc_difference,
    auc_estimate,
    confusion,
    effective_sample_size,
    log_loss,
    metrics,
    roc_curve,
)

# Few distinct scores, so that ties are common.
ROWS = st.lists(
    st.tuples(st.sampled_from([0.0, 1.0]), st.integers(0, 9).map(lambda i: i / 10), st.floats(0.1, 5)),
    min_size=2,
    max_size=40,
).map(lambda rows: [np.array(column, dtype=np.float64) for column in zip(*rows, strict=True)])


def drawn(n, seed=0, blur=1.0):
    rng = np.random.default_rng(seed)
    logit = rng.normal(-1.5, 1.2, n)
    target = (rng.random(n) < 1 / (1 + np.exp(-logit))).astype(float)
    return target, logit + blur * rng.normal(size=n)


@settings(max_examples=50)
@given(ROWS)
def test_auc_equals_that_of_scikit_learn(rows):
    target, score, weights = rows
    assume(0 < target.sum() < len(target))
    assert auc(target, score) == pytest.approx(peer.roc_auc_score(target, score))
    expected = peer.roc_auc_score(target, score, sample_weight=weights)
    assert auc(target, score, weights=weights) == pytest.approx(expected)


@given(ROWS)
def test_the_roc_curve_encloses_the_auc(rows):
    target, score, weights = rows
    assume(0 < target.sum() < len(target))
    curve = roc_curve(target, score, weights=weights)
    area = np.trapezoid(curve["defaults_refused"], curve["good_refused"])
    assert area == pytest.approx(auc(target, score, weights=weights))


@settings(max_examples=50)
@given(ROWS, st.floats(0, 1))
def test_the_confusion_matrix_equals_that_of_scikit_learn(rows, threshold):
    target, probability, _ = rows
    expected = peer.confusion_matrix(target, probability >= threshold, labels=[0, 1])
    assert confusion(target, probability, threshold).to_frame().to_numpy().tolist() == expected.tolist()


def test_log_loss_equals_that_of_scikit_learn():
    target, score = drawn(500)
    probability, weights = 1 / (1 + np.exp(-score)), np.linspace(1, 2, 500)
    expected = peer.log_loss(target, probability, sample_weight=weights)
    assert log_loss(target, probability, weights=weights) == pytest.approx(expected)


def test_the_interval_is_delongs():
    target, score = drawn(120)
    positive, negative = score[target == 1], score[target == 0]
    wins = (positive[:, None] > negative) + 0.5 * (positive[:, None] == negative)
    variance = wins.mean(1).var(ddof=1) / len(positive) + wins.mean(0).var(ddof=1) / len(negative)
    estimate = auc_estimate(target, score)
    assert estimate.value == pytest.approx(wins.mean())
    assert estimate.high - estimate.low == pytest.approx(2 * 1.959964 * np.sqrt(variance))


def test_nineteen_of_twenty_intervals_hold_the_truth():
    truth = auc(*drawn(200_000, seed=999))
    draws = [auc_estimate(*drawn(400, seed)) for seed in range(200)]
    assert 0.90 <= np.mean([draw.low < truth < draw.high for draw in draws]) <= 0.99


def test_the_interval_stays_within_zero_and_one():
    estimate = auc_estimate(np.array([0.0, 0.0, 1.0, 1.0, 0.0]), np.array([0.1, 0.2, 0.9, 0.8, 0.85]))
    assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1


def test_a_paired_difference_is_narrower_than_two_intervals():
    target, score = drawn(2000)
    other = score + 0.3 * np.random.default_rng(5).normal(size=2000)
    difference, single = auc_difference(target, score, other), auc_estimate(target, score)
    assert difference.value == pytest.approx(auc(target, score) - auc(target, other))
    assert difference.high - difference.low < 0.5 * (single.high - single.low)


def test_a_model_does_not_differ_from_itself():
    target, score = drawn(100)
    difference = auc_difference(target, score, score)
    assert (difference.value, difference.low, difference.high) == (0, 0, 0)


def test_one_outcome_has_no_auc():
    with pytest.raises(PortfolioError, match="0 defaults among 3 outcomes"):
        auc(np.zeros(3), np.arange(3.0))


def test_equal_weights_lose_no_sample_size():
    assert effective_sample_size(np.full(7, 3.0)) == pytest.approx(7)
    assert effective_sample_size(np.array([1.0, 0.0, 0.0])) == 1


def test_metrics_among_the_approved_are_those_of_the_approved():
    target, score = drawn(2000)
    probability = 1 / (1 + np.exp(-score))
    figures = metrics(target, probability, 0.3, rng=np.random.default_rng(0))
    approved = probability < 0.3
    assert figures["auc_approved"] == pytest.approx(auc(target[approved], probability[approved]))
    assert figures["business_cost_approved"] == pytest.approx(10 * target[approved].mean())
    assert figures["refused_share"] == pytest.approx(1 - approved.mean())
    assert figures["auc_low"] < figures["auc"] < figures["auc_high"]


def test_metrics_of_a_model_that_refuses_all_leave_the_approved_out():
    target, score = drawn(200)
    figures = metrics(target, 1 / (1 + np.exp(-score)), 0.0, rng=np.random.default_rng(0))
    assert "auc_approved" not in figures
    assert figures["refused_share"] == 1
