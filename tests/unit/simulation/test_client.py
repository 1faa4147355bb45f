import pandas as pd
import pytest

from credit_risk.errors import UnavailableError
from simulation.client import Answers, applications, post_applications


def test_each_row_is_an_application_without_what_is_missing():
    frame = pd.DataFrame({"SK_ID_CURR": [100001, 100002], "AMT_CREDIT": [406597.5, None], "CODE_GENDER": ["F", None]})
    assert applications(frame) == [
        {"SK_ID_CURR": 100001, "features": {"AMT_CREDIT": 406597.5, "CODE_GENDER": "F"}},
        {"SK_ID_CURR": 100002, "features": {}},
    ]


def test_nobody_at_the_address_is_a_clear_error():
    with pytest.raises(UnavailableError, match=r"no answer from the scoring service at http://127\.0\.0\.1:9 "):
        post_applications("http://127.0.0.1:9", [{"SK_ID_CURR": 1, "features": {}}])


def test_only_decisions_count_as_answers():
    answers = Answers()
    answers.decisions.update({"APPROVED": 3, "REFUSED": 1})
    answers.errors["422 Unprocessable Content"] += 1
    assert answers.n_answered == 4
