"""Errors over HTTP: problem JSON that names what is wrong and repeats nothing that was sent."""

import json
import shutil
import socket
import tracemalloc
from contextlib import closing

import pytest

from resources.prediction_log import PredictionLog
from serving import body
from serving.contract import ProblemBody

CHUNK = b" " * 65_536
N_CHUNKS = 800  # 50 MiB


def problem(answer, status):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    ProblemBody.model_validate(document)
    assert document["request_id"] == answer.headers["x-request-id"]
    return document


def send(service, content, **headers):
    return service.client.post("/predict", content=content, headers=headers)


@pytest.fixture(scope="module")
def service(postgres_module, tiny_model, tmp_path_factory, make_service):
    """One service for all errors: none of them may disturb the next."""
    with make_service(postgres_module, tiny_model("1", seed=1), tmp_path_factory.mktemp("home")) as service:
        yield service


def test_every_offender_is_named(service):
    features = {
        "AMT_CREDIT": "a lot",
        "ORGANIZATION_TYPE": 3,
        "EXT_SOURCE_1": True,
        "DAYS_BIRTH": [1],
        "AMT_INCOM": 1.0,
        "AMT_INCOME": 1.0,
    }
    document = problem(service.predict(SK_ID_CURR="x", features=features), 422)
    assert {error["feature"]: error["problem"] for error in document["errors"]} == {
        "SK_ID_CURR": "expected an integer from 1 to 9223372036854775807",
        "AMT_CREDIT": "expected a number, found text",
        "ORGANIZATION_TYPE": "expected text, found a number",
        "EXT_SOURCE_1": "expected a number, found a boolean",
        "DAYS_BIRTH": "expected a number, found a list",
        "AMT_INCOM": "unknown feature",
    }


def test_an_unknown_field_is_told_what_is_accepted(service):
    answer = service.client.post("/predict", json={"SK_ID_CURR": 1, "form": {"AMT_CREDIT": 1.0}})
    document = problem(answer, 422)
    assert [error["feature"] for error in document["errors"]] == ["form"]
    assert "accepted are SK_ID_CURR, features, application" in document["detail"]


def test_nothing_is_guessed_before_features_are_loaded(service):
    document = problem(service.client.post("/predict", json={"SK_ID_CURR": 1}), 503)
    assert document["type"] == "urn:credit:problem:unavailable"
    assert "materialize online_features" in document["detail"]


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_nan_and_infinity_are_not_json(service, literal):
    content = f'{{"SK_ID_CURR": 1, "features": {{"AMT_CREDIT": {literal}}}}}'
    assert "JSON has neither NaN nor Infinity" in problem(send(service, content), 400)["detail"]


@pytest.mark.parametrize("content", ["", "{", "{} {}", "[1]", "null"])
def test_a_body_that_is_not_one_object_is_refused(service, content):
    problem(send(service, content), 400)


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Encoding": "gzip"},
    ],
)
def test_other_media_types_are_refused(service, headers):
    problem(send(service, "{}", **headers), 415)


def test_a_media_type_may_name_its_charset(service):
    content = '{"SK_ID_CURR": 1, "features": {}}'
    assert send(service, content, **{"Content-Type": "application/json; charset=utf-8"}).status_code == 200


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "chunked"])
def test_a_body_of_50_mb_is_refused_without_being_read_into_memory(service, declared):
    headers = {"Content-Length": str(N_CHUNKS * len(CHUNK))} if declared else {}
    tracemalloc.start()
    try:
        answer = send(service, (CHUNK for _ in range(N_CHUNKS)), **headers)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    problem(answer, 413)
    assert peak < 10_000_000
    assert service.predict().status_code == 200


def test_a_body_that_never_comes_is_not_waited_for(service, monkeypatch):
    monkeypatch.setattr(body, "BODY_TIMEOUT_S", 0.2)
    host, port = service.url.removeprefix("http://").split(":")
    with closing(socket.create_connection((host, int(port)), timeout=10)) as client:
        client.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        assert client.recv(1000).startswith(b"HTTP/1.1 408")


def test_an_unknown_route_is_a_problem(service):
    problem(service.client.get("/decisions/100001"), 404)


def test_a_wrong_method_is_a_problem(service):
    answer = service.client.get("/predict")
    problem(answer, 405)
    assert answer.headers["allow"] == "POST"


def test_without_a_model_the_answer_says_what_to_do(postgres, shelf, start_service, eventually, tiny_model):
    shelf.production = None
    with start_service(postgres, shelf) as service:
        answer = service.predict()
        assert "train one and promote it" in problem(answer, 503)["detail"]
        assert answer.headers["retry-after"] == "2"
        shelf.promote(tiny_model("2"))
        eventually(lambda: service.predict().status_code == 200)


def test_without_a_place_for_the_record_there_is_no_answer(postgres_server, shelf, start_service, eventually):
    with start_service(postgres_server.database(), shelf) as service:
        postgres_server.stop()
        eventually(lambda: service.health()["database"] == "down")
        shutil.rmtree(service.settings.journal_dir)
        document = problem(service.predict(), 503)
        assert document["type"] == "urn:credit:problem:no-record"
        service.settings.journal_dir.mkdir()
        assert service.predict().status_code == 200
        postgres_server.start()
        eventually(lambda: PredictionLog(postgres_server.database()).count() == 1)


def test_no_answer_repeats_a_value_that_was_sent(service):
    secret = "SECRET-314159"
    bodies = [
        json.dumps({"SK_ID_CURR": secret, "features": {"AMT_CREDIT": secret}}),
        json.dumps({"SK_ID_CURR": 1, "features": secret}),
        json.dumps({"SK_ID_CURR": 1, "features": {"ORGANIZATION_TYPE": f"{secret}\x00"}}),
        f'{{"SK_ID_CURR": 1, "features": {{"AMT_CREDIT": {secret}}}}}',
    ]
    answers = [send(service, content) for content in bodies]
    assert [answer.status_code for answer in answers] == [422, 422, 422, 400]
    assert not any(secret in answer.text for answer in answers)
