"""Known probabilities, drawn labels, and the best AUC."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from simulation.default_risk import best_auc, draw_targets, mean_by_client, standard
from simulation.histories import NOBODY

probabilities = st.lists(st.floats(0.01, 0.99), min_size=2, max_size=60).map(np.array)


def test_the_best_auc_of_two_applicants_is_known_by_hand():
    # The riskier defaults alone with 0.6 x 0.8, the safer alone with 0.2 x 0.4.
    assert best_auc(np.array([0.2, 0.6])) == pytest.approx(0.48 / (0.48 + 0.08))


def test_the_best_auc_is_what_the_probabilities_reach_on_drawn_labels():
    rng = np.random.default_rng(3)
    probability = rng.beta(1, 9, 40_000)
    reached = roc_auc_score(rng.random(len(probability)) < probability, probability)
    assert best_auc(probability) == pytest.approx(reached, abs=0.01)


@given(probabilities, st.integers(0, 1_000))
def test_as_many_default_as_the_probabilities_add_up_to(probability, seed):
    target = draw_targets(probability, np.random.default_rng(seed))
    assert set(target) <= {0, 1}
    assert abs(target.sum() - probability.sum()) <= 1 + 1e-9


def test_every_applicant_defaults_with_the_own_probability():
    rng = np.random.default_rng(4)
    probability = np.array([0.02, 0.1, 0.5, 0.9])
    shares = np.mean([draw_targets(probability, rng) for _ in range(4_000)], axis=0)
    assert shares == pytest.approx(probability, abs=0.03)


def test_means_by_client_leave_out_what_is_missing():
    means = mean_by_client(np.array([0, 0, 2, 2]), np.array([1.0, 3.0, np.nan, 5.0]), 3)
    assert means == pytest.approx([2.0, np.nan, 5.0], nan_ok=True)


def test_rows_that_belong_to_nobody_do_not_count():
    means = mean_by_client(np.array([0, NOBODY, 1, NOBODY]), np.array([1.0, 3.0, 5.0, 7.0]), 2)
    assert means == pytest.approx([1.0, 5.0])


def test_a_missing_value_says_nothing_and_an_extreme_one_not_too_much():
    assert standard(np.array([np.nan, 10.0, 1e9]), 0.0, 10.0).tolist() == [0.0, 1.0, 4.0]
