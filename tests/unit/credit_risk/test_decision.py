import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.decision import APPROVED, REFUSED, decide, refused

PROBABILITIES = st.floats(0, 1)


def test_a_probability_at_the_threshold_is_refused():
    assert decide(0.09, 0.09) == REFUSED


def test_a_probability_just_below_the_threshold_is_approved():
    assert decide(np.nextafter(0.09, 0), 0.09) == APPROVED


def test_refused_is_prediction_one():
    assert (REFUSED.prediction, REFUSED.label) == (1, "REFUSED")
    assert (APPROVED.prediction, APPROVED.label) == (0, "APPROVED")


@given(st.lists(PROBABILITIES, min_size=1, max_size=20), PROBABILITIES)
def test_many_are_decided_as_one_by_one(probabilities, threshold):
    one_by_one = [decide(p, threshold).prediction == 1 for p in probabilities]
    assert refused(np.array(probabilities), threshold).tolist() == one_by_one
