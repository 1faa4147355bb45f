from datetime import UTC, datetime

import orjson
import pytest

from credit_risk.errors import CreditError
from serving import strict_json
from serving.application import batch_of, refused
from serving.contract import ProblemBody
from serving.features_lookup import UnknownClientError
from serving.outcomes import read_outcomes
from serving.problem_documents import KINDS
from serving.problems import problem_of

DECISION = "0199f4a2-c3d8-7d0e-9b1f-6a5c4e3d2b1a"


def unknown_client():
    raise UnknownClientError


def application_at_fault():
    raise refused([{"feature": "AMT_CREDIT", "problem": "expected a number, found text"}])


PROVOKED = {
    "invalid-json": lambda: strict_json.loads(b'{"SK_ID_CURR": 1, "a":  NaN}'),
    "unknown": unknown_client,
    "invalid-application": application_at_fault,
    "invalid-batch": lambda: batch_of({"applications": [{}] * 501}),
    "invalid-outcomes": lambda: read_outcomes(
        {"outcomes": [{"prediction_id": DECISION, "target": n, "observed_at": "2026-01-01T00:00:00Z"} for n in (1, 2)]},
        datetime.now(UTC),
    ),
}


@pytest.mark.parametrize("kind", sorted(PROVOKED))
def test_the_example_of_an_error_is_what_the_service_answers(kind):
    with pytest.raises(CreditError, match=r"found .*; expected .*; ") as caught:
        PROVOKED[kind]()
    example = KINDS[kind].example(kind)
    assert orjson.loads(problem_of(caught.value).body(example["request_id"])) == example


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_example_is_an_answer_of_the_contract(kind):
    ProblemBody.model_validate(KINDS[kind].example(kind))
