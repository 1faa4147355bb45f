import numpy as np
import pandas as pd

from credit_risk.gate.recent_outcomes import SEEN, Witness, recent_outcomes

DECISIONS = pd.DataFrame({"prediction_id": ["a", "b", "c", "d"], "SK_ID_CURR": [1, 2, 3, 4], "target": [0, 1, 0, 1]})
SCORED = np.array([0.1, 0.2, 0.3, 0.4])


def witness(clients=(), out_of_fold=None, scored=SCORED):
    return Witness(scored, out_of_fold or {}, frozenset(clients), 0.15)


def test_clients_whom_no_model_has_seen_are_scored():
    both = recent_outcomes(DECISIONS, witness(), witness(scored=SCORED / 2))
    assert both.meeting.new.probability.tolist() == SCORED.tolist()
    assert both.meeting.old.probability.tolist() == (SCORED / 2).tolist()
    assert both.left_out == {}


def test_a_decision_that_a_model_was_trained_on_has_its_out_of_fold_prediction():
    both = recent_outcomes(DECISIONS, witness(clients=[2], out_of_fold={"b": 0.9}), witness())
    assert both.meeting.new.probability.tolist() == [0.1, 0.9, 0.3, 0.4]
    assert both.meeting.old.probability.tolist() == SCORED.tolist()


def test_another_loan_of_a_client_whom_a_model_has_seen_is_left_out_for_both():
    both = recent_outcomes(DECISIONS, witness(), witness(clients=[1, 3]), left_out={"another reason": 5})
    assert both.meeting.clients.tolist() == [2, 4]
    assert both.meeting.target.tolist() == [1, 1]
    assert both.left_out == {"another reason": 5, SEEN: 2}


def test_with_nothing_left_there_is_no_meeting():
    both = recent_outcomes(DECISIONS, witness(clients=[1, 2, 3, 4]), witness())
    assert both.meeting is None
    assert both.left_out == {SEEN: 4}
