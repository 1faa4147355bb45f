"""A promotion and a rollback under traffic: no failed request, no mixture of two models."""

import threading
from itertools import cycle, pairwise

import httpx
import pytest

from credit_risk.scoring import Scorer

N_CLIENTS = 4


def newest(answers):
    """The version that a client saw last."""
    return answers[-1].json().get("model_version") if answers else None


@pytest.fixture
def two_models(tiny_model):
    return tiny_model("1", seed=1, threshold=0.1), tiny_model("2", seed=2, threshold=0.9)


def test_a_promotion_and_a_rollback_under_traffic(postgres, shelf, start_service, two_models, application, eventually):
    first, second = two_models
    expected = {
        model.version: (
            Scorer(model.booster_text, model.manifest).score(application["features"]).probability,
            threshold,
        )
        for model, threshold in ((first, 0.1), (second, 0.9))
    }
    assert expected["1"][0] != expected["2"][0]
    shelf.promote(first)
    seen, stop = [[] for _ in range(N_CLIENTS)], threading.Event()
    with start_service(postgres, shelf) as service:

        def send(answers):
            with httpx.Client(base_url=service.url, timeout=15) as client:
                while not stop.is_set():
                    answers.append(client.post("/predict", json=application))

        clients = [threading.Thread(target=send, args=(answers,)) for answers in seen]
        for client in clients:
            client.start()
        try:
            for model in (first, second, first):
                shelf.promote(model)
                eventually(lambda version=model.version: all(newest(answers) == version for answers in seen))
        finally:
            stop.set()
            for client in clients:
                client.join()
    for answers in seen:
        assert {answer.status_code for answer in answers} == {200}
        documents = [answer.json() for answer in answers]
        versions = [document["model_version"] for document in documents]
        assert [version for version, following in pairwise([*versions, None]) if version != following] == [
            "1",
            "2",
            "1",
        ]
        for document in documents:
            assert (document["probability"], document["threshold"]) == expected[document["model_version"]]


def test_a_request_works_with_one_model_however_often_it_changes(
    postgres, shelf, start_service, two_models, application, monkeypatch
):
    thresholds = {}
    for model in two_models:
        shelf.promote(model)
        scorer = Scorer(model.booster_text, model.manifest)
        thresholds[scorer.score(application["features"]).probability] = (model.version, model.manifest.threshold)
    versions = cycle("12")
    monkeypatch.setattr(shelf, "production_version", lambda: next(versions))
    with start_service(postgres, shelf, look_interval_s=0.001) as service:
        answers = [service.predict().json() for _ in range(200)]
    assert {answer["model_version"] for answer in answers} == {"1", "2"}
    for answer in answers:
        assert (answer["model_version"], answer["threshold"]) == thresholds[answer["probability"]]
