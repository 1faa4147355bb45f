"""POST /predict/batch over HTTP: answers in order, those that can be decided on record together."""

from uuid import UUID

import pytest

from resources.prediction_log import PredictionLog
from serving.contract import BatchAnswer


def batch(service, *applications, **parameters):
    return service.client.post("/predict/batch", json={"applications": list(applications)}, params=parameters)


@pytest.fixture
def valid(application):
    return application


def test_answers_come_in_the_order_of_the_applications(service, valid):
    answers = batch(service, *({**valid, "SK_ID_CURR": client} for client in (3, 1, 2))).json()["answers"]
    assert [answer["SK_ID_CURR"] for answer in answers] == [3, 1, 2]
    assert {answer["status"] for answer in answers} == {200}


def test_an_answer_is_that_of_a_single_application(service, valid):
    (of_batch,) = batch(service, valid).json()["answers"]
    single = service.predict().json()
    varying = ("prediction_id", "inference_time_ms", "status")
    assert {k: v for k, v in of_batch.items() if k not in varying} == {
        k: v for k, v in single.items() if k not in varying
    }


def test_an_invalid_application_gets_its_error_and_keeps_none_back(service, valid, postgres):
    wrong = {"SK_ID_CURR": 5, "features": {"NO_SUCH": 1.0, "AMT_CREDIT": "much"}}
    response = batch(service, valid, wrong, 7, valid)
    assert response.status_code == 200
    answers = response.json()["answers"]
    assert [answer["status"] for answer in answers] == [200, 422, 422, 200]
    assert {error["feature"] for error in answers[1]["errors"]} == {"NO_SUCH", "AMT_CREDIT"}
    assert PredictionLog(postgres).count() == 2


def test_every_decision_of_a_batch_is_on_record(service, valid, postgres):
    answers = batch(service, *[valid] * 20).json()["answers"]
    records = [PredictionLog(postgres).get(UUID(answer["prediction_id"])) for answer in answers]
    assert [record.probability for record in records] == [answer["probability"] for answer in answers]


def test_the_answer_keeps_the_contract(service, valid):
    answer = batch(service, valid, {"SK_ID_CURR": 0, "features": {}}, reasons="all").json()
    assert len(BatchAnswer.model_validate(answer).answers) == 2


@pytest.mark.parametrize("body", [{}, {"applications": []}, {"applications": 1}, []])
def test_what_is_no_batch_is_refused(service, body):
    response = service.client.post("/predict/batch", json=body)
    assert response.status_code == 422
    assert response.json()["type"] == "urn:credit:problem:invalid-batch"


def test_a_batch_of_nothing_valid_records_nothing(service, postgres):
    assert batch(service, {"SK_ID_CURR": 0}).json()["answers"][0]["status"] == 422
    assert PredictionLog(postgres).count() == 0


def test_a_key_that_a_batch_could_not_keep_is_refused(service, valid):
    body = {"applications": [valid]}
    response = service.client.post("/predict/batch", json=body, headers={"Idempotency-Key": "1"})
    assert (response.status_code, response.json()["type"]) == (400, "urn:credit:problem:idempotency-of-one")
