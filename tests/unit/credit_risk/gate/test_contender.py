"""Two models on the same rows: the champion as strict as its challenger."""

import numpy as np
import pytest

from credit_risk.gate.contender import Judged, Meeting


def met(new, old, weights=None):
    n = len(new.probability)
    return Meeting(np.arange(n), np.zeros(n), np.ones(n) if weights is None else np.array(weights), new, old)


@pytest.mark.parametrize(
    ("threshold", "weights", "refused"),
    [
        (0.35, None, [0, 0, 1, 1]),
        (0.35, [3.0, 3.0, 1.0, 1.0], [0, 0, 1, 1]),
        (0.45, [1.0, 1.0, 2.0, 4.0], [0, 0, 0, 1]),
    ],
    ids=["half", "a quarter by weight", "a half by weight"],
)
def test_it_refuses_as_large_a_share_of_the_weighted_applicants(threshold, weights, refused):
    new, old = Judged(np.array([0.1, 0.2, 0.4, 0.5]), threshold), Judged(np.array([0.01, 0.02, 0.03, 0.04]), 0.015)
    assert met(new, old, weights).old_as_strict.refusals().tolist() == refused


def test_of_equal_probabilities_all_or_none_are_refused():
    new, old = Judged(np.array([0.1, 0.2, 0.3, 0.4]), 0.25), Judged(np.array([0.1, 0.4, 0.4, 0.4]), 0.1)
    assert met(new, old).old_as_strict.refusals().tolist() == [0, 1, 1, 1]
