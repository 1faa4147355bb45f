"""Problem JSON: which error becomes which answer."""

import orjson
import pytest
from starlette.exceptions import HTTPException

from credit_risk.errors import ApplicationError, CreditError, ModelError, UnavailableError
from serving.application import refused
from serving.contract import ProblemBody
from serving.journal import NoRecordError
from serving.problems import MAX_OFFENDERS, problem_response


def answer(error):
    response = problem_response(error, "request-1")
    body = orjson.loads(response.body)
    ProblemBody.model_validate(body)
    assert body["status"] == response.status_code
    assert response.media_type == "application/problem+json"
    return response, body


@pytest.mark.parametrize(
    ("error_type", "status", "kind"),
    [
        (ApplicationError, 422, "invalid-application"),
        (ModelError, 503, "no-model"),
        (NoRecordError, 503, "no-record"),
        (UnavailableError, 503, "unavailable"),
    ],
)
def test_each_error_of_ours_has_its_status(error_type, status, kind):
    response, body = answer(error_type("this", expected="that", remedy="do it"))
    assert response.status_code == status
    assert body["type"] == f"urn:credit:problem:{kind}"
    assert body["detail"] == "found this; expected that; do it"


def test_503_says_when_to_try_again():
    response, _ = answer(ModelError("none", expected="one", remedy="train it"))
    assert response.headers["Retry-After"] == "2"


def test_every_offender_is_listed():
    _, body = answer(refused([{"feature": f"F{i}", "problem": "unknown feature"} for i in range(300)]))
    assert len(body["errors"]) == body["n_errors"] == 300


def test_a_flood_of_offenders_is_counted_and_cut():
    _, body = answer(refused([{"feature": f"F{i}", "problem": "unknown feature"} for i in range(5000)]))
    assert len(body["errors"]) == MAX_OFFENDERS
    assert body["n_errors"] == 5000


@pytest.mark.parametrize("error", [RuntimeError("SK_ID_CURR 100001"), CreditError("x", expected="y", remedy="z")])
def test_an_error_that_nobody_expected_says_nothing_of_itself(error):
    response, body = answer(error)
    assert response.status_code == 500
    assert "100001" not in body["detail"]


def test_a_wrong_method_is_told_the_right_one():
    response, body = answer(HTTPException(405, headers={"Allow": "POST"}))
    assert response.headers["Allow"] == "POST"
    assert "expected POST" in body["detail"]
