"""POST /predict over HTTP: the answer, and the record behind it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from credit_risk.scoring import Scorer
from resources.prediction_log import PredictionLog
from serving.contract import Prediction


def stored(postgres, answer):
    return PredictionLog(postgres).get(UUID(answer.json()["prediction_id"]))


def test_the_answer_is_what_is_on_record(service, postgres):
    answer = service.predict()
    record = stored(postgres, answer)
    assert answer.json() == {
        "prediction_id": str(record.prediction_id),
        "SK_ID_CURR": record.sk_id_curr,
        "probability": record.probability,
        "prediction": record.prediction,
        "threshold": record.threshold,
        "decision": record.decision,
        "model_version": record.model_version,
        "inference_time_ms": record.inference_time_ms,
        "n_features_missing": record.n_features_missing,
        "reasons": list(record.reasons),
    }


def test_the_answer_keeps_the_contract(service):
    answer = service.predict().json()
    assert set(answer) == set(Prediction.model_fields)
    assert Prediction.model_validate(answer).prediction_id.version == 7


def test_the_probability_is_that_of_the_model(service, shelf, application):
    model = shelf.models["1"]
    expected = Scorer(model.booster_text, model.manifest).score(application["features"])
    answer = service.predict().json()
    assert answer["probability"] == expected.probability
    assert answer["n_features_missing"] == expected.n_features_missing == 2


def test_features_are_stored_as_sent(service, postgres, application):
    sent = application["features"] | {"EXT_SOURCE_1": None, "ORGANIZATION_TYPE": "Ñandú farm 🙂", "AMT_CREDIT": 1e-300}
    record = stored(postgres, service.predict(features=sent))
    # Null is missing, and what is missing is left out.
    assert record.features == {name: value for name, value in sent.items() if value is not None}


def test_a_stored_decision_replays_to_the_same_bits(service, postgres, shelf, application):
    model = shelf.models["1"]
    for amount in (0.1 + 0.2, 1 / 3, 123_456_789.123_456_79, 2**53 + 1, 5e-324, -0.0):
        answer = service.predict(features=application["features"] | {"AMT_CREDIT": amount})
        features = stored(postgres, answer).features
        replayed = Scorer(model.booster_text, model.manifest).score(features)
        assert replayed.probability == answer.json()["probability"]


def test_the_moment_is_stamped_once_in_utc(service, postgres):
    before = datetime.now(UTC)
    record = stored(postgres, service.predict())
    assert before - timedelta(seconds=1) <= record.created_at <= datetime.now(UTC)


def test_no_features_at_all_is_an_application(service):
    answer = service.predict(features={})
    assert answer.status_code == 200
    assert answer.json()["n_features_missing"] == 5


def test_a_category_never_seen_is_scored_as_missing_and_counted(service, postgres):
    missing = service.predict(features={"ORGANIZATION_TYPE": None}).json()
    answer = service.predict(features={"ORGANIZATION_TYPE": "Moon base"})
    assert answer.json()["probability"] == missing["probability"]
    assert answer.json()["n_features_missing"] == 5
    assert stored(postgres, answer).features == {"ORGANIZATION_TYPE": "Moon base"}


def test_a_protected_feature_is_stored_and_not_scored(service, postgres):
    without = service.predict(features={"AMT_CREDIT": 1.0}).json()
    answer = service.predict(features={"AMT_CREDIT": 1.0, "CODE_GENDER": "M"})
    assert answer.json()["probability"] == without["probability"]
    assert stored(postgres, answer).features["CODE_GENDER"] == "M"


@pytest.mark.parametrize(("threshold", "decision", "prediction"), [(0.0, "REFUSED", 1), (1.0, "APPROVED", 0)])
def test_the_threshold_decides(postgres, shelf, start_service, tiny_model, threshold, decision, prediction):
    shelf.promote(tiny_model("2", seed=1, threshold=threshold))
    with start_service(postgres, shelf) as service:
        answer = service.predict().json()
    assert (answer["decision"], answer["prediction"], answer["threshold"]) == (decision, prediction, threshold)


def test_every_one_of_many_concurrent_answers_is_on_record(service, postgres):
    with ThreadPoolExecutor(16) as clients:
        answers = list(clients.map(lambda _: service.predict().json()["prediction_id"], range(200)))
    assert PredictionLog(postgres).count() == len(set(answers)) == 200
