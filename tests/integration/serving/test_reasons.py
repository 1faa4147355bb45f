"""Reasons over HTTP: every refusal has them, approvals on request, and they are on record."""

import math
from uuid import UUID, uuid4

import numpy as np
import pytest

from credit_risk.scoring import Scorer
from resources.prediction_log import PredictionLog
from serving.contract import Explanation, StoredDecision


@pytest.fixture
def strict(postgres, shelf, tiny_model, start_service):
    """A service that refuses everybody."""
    shelf.promote(tiny_model("1", seed=1, threshold=0.0))
    with start_service(postgres, shelf) as service:
        yield service


@pytest.fixture
def mild(postgres, shelf, tiny_model, start_service):
    """A service that approves everybody."""
    shelf.promote(tiny_model("1", seed=1, threshold=1.0))
    with start_service(postgres, shelf) as service:
        yield service


def test_a_refusal_carries_its_reasons_and_they_are_on_record(strict, postgres):
    answer = strict.predict().json()
    assert answer["decision"] == "REFUSED"
    assert 1 <= len(answer["reasons"]) <= 4
    assert list(PredictionLog(postgres).get(UUID(answer["prediction_id"])).reasons) == answer["reasons"]


def test_no_reason_is_a_protected_feature(strict):
    assert "CODE_GENDER" not in {reason["feature"] for reason in strict.predict().json()["reasons"]}


def test_an_approval_carries_reasons_on_request_alone(mild):
    assert mild.predict().json()["reasons"] == []
    asked = mild.client.post("/predict?reasons=all", json={"SK_ID_CURR": 1, "features": {"EXT_SOURCE_1": 0.9}}).json()
    assert asked["decision"] == "APPROVED"
    assert {reason["direction"] for reason in asked["reasons"]} == {"approval"}


def test_another_wish_for_reasons_is_refused(mild):
    assert mild.client.post("/predict?reasons=some", json={"SK_ID_CURR": 1, "features": {}}).status_code == 422


def test_a_stored_decision_is_the_answer_with_what_it_was_made_from(strict, application):
    answer = strict.predict().json()
    stored = strict.client.get(f"/predictions/{answer['prediction_id']}").json()
    StoredDecision.model_validate(stored)
    assert {name: stored[name] for name in answer} == answer
    assert stored["features"] == application["features"]


def test_an_explanation_adds_up_to_the_score(strict, shelf):
    answer = strict.predict().json()
    explanation = strict.client.get(f"/predictions/{answer['prediction_id']}/explanation").json()
    Explanation.model_validate(explanation)
    assert explanation["reasons"] == answer["reasons"]
    raw = explanation["base_value"] + math.fsum(item["contribution"] for item in explanation["contributions"])
    model = shelf.models["1"]
    scorer = Scorer(model.booster_text, model.manifest)
    expected = scorer.score({item["feature"]: item["value"] for item in explanation["contributions"]})
    assert model.manifest.calibration.probability(np.array([raw]))[0] == pytest.approx(expected.probability, abs=1e-9)
    assert expected.probability == answer["probability"]


def test_a_decision_of_a_former_model_is_explained_by_it(strict, shelf, tiny_model):
    answer = strict.predict().json()
    shelf.promote(tiny_model("2", seed=2))
    while strict.health()["model_version"] != "2":
        pass
    explanation = strict.client.get(f"/predictions/{answer['prediction_id']}/explanation").json()
    assert explanation["model_version"] == "1"
    assert explanation["reasons"] == answer["reasons"]


@pytest.mark.parametrize("route", ["/predictions/{}", "/predictions/{}/explanation"])
def test_a_decision_that_is_not_on_record_is_unknown(strict, route):
    response = strict.client.get(route.format(uuid4()))
    assert response.status_code == 404
    assert response.json()["type"] == "urn:credit:problem:unknown-prediction"


def test_what_is_no_prediction_id_is_refused_as_problem_json(strict):
    response = strict.client.get("/predictions/7")
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
