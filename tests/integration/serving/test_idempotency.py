"""Idempotency-Key over HTTP: one decision a key, whatever happens between request and retry."""

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest

from resources.prediction_log import PredictionLog

BODY = {"SK_ID_CURR": 100_001, "features": {"AMT_CREDIT": 406_597.5, "EXT_SOURCE_1": 0.31}}
OTHER_BODY = {"SK_ID_CURR": 100_002, "features": {"AMT_CREDIT": 406_597.5, "EXT_SOURCE_1": 0.31}}


@cache
def certificates():
    # Reading them takes longer than an answer.
    return httpx.create_ssl_context()


def post(url, **arguments):
    return httpx.post(f"{url}/predict", timeout=20, verify=certificates(), **arguments)


def send(url, key, body=BODY):
    return post(url, json=body, headers={"Idempotency-Key": key})


def answered(*answers):
    """The one answer that all of these are."""
    assert [answer.status_code for answer in answers] == [200] * len(answers), answers[0].text
    first, *others = [answer.json() for answer in answers]
    assert all(other == first for other in others)
    return first


def is_reused(answer):
    assert answer.headers["content-type"] == "application/problem+json"
    return (answer.status_code, answer.json()["type"]) == (422, "urn:credit:problem:idempotency-key-reused")


def test_a_retry_gets_the_stored_answer(service, postgres):
    answered(*(send(service.url, "a") for _ in range(3)))
    assert PredictionLog(postgres).count() == 1


def test_a_key_with_another_body_is_refused_and_records_nothing(service, postgres):
    first = answered(send(service.url, "a"))
    refused = send(service.url, "a", OTHER_BODY)
    assert is_reused(refused)
    assert "100002" not in refused.text
    assert answered(send(service.url, "a")) == first
    assert PredictionLog(postgres).count() == 1


def test_requests_without_a_key_are_decisions_of_their_own(service, postgres):
    for _ in range(2):
        assert service.predict().status_code == 200
    assert PredictionLog(postgres).count() == 2


def test_a_retry_while_the_first_request_runs_waits_for_it(service, postgres):
    with ThreadPoolExecutor(12) as clients:
        answers = list(clients.map(lambda _: send(service.url, "a"), range(24)))
    answered(*answers)
    assert PredictionLog(postgres).count() == 1


def test_a_request_that_cannot_be_decided_leaves_its_key_free(service):
    wrong = send(service.url, "a", {"SK_ID_CURR": 1, "features": {"AMT_CREDIT": "a lot"}})
    assert wrong.status_code == 422
    assert not is_reused(wrong)
    answered(send(service.url, "a"))


def test_an_answer_stands_when_the_model_of_today_could_not_give_it(service):
    first = answered(send(service.url, "a"))
    # As another worker's, which this process has no file of.
    for path in (service.settings.home / "serving" / "answers").iterdir():
        path.unlink()
    # Another body, so that deciding fails; the key has an answer all the same.
    assert is_reused(send(service.url, "a", {"SK_ID_CURR": 1, "features": {"AMT_CREDIT": "a lot"}}))
    assert answered(send(service.url, "a")) == first


@pytest.mark.parametrize("header", ["", "two words", "x" * 256, "caf\xe9"])
def test_what_is_no_key_is_refused(service, header):
    answer = post(service.url, json=BODY, headers=[(b"Idempotency-Key", header.encode("latin-1"))])
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:credit:problem:invalid-idempotency-key")
    answered(send(service.url, "x" * 255))


def test_keys_outlive_the_service(postgres, shelf, start_service):
    with start_service(postgres, shelf) as service:
        first = answered(send(service.url, "a"))
    with start_service(postgres, shelf) as service:
        assert answered(send(service.url, "a")) == first
        assert is_reused(send(service.url, "a", OTHER_BODY))


def test_keys_hold_through_an_outage_a_restart_in_it_and_its_end(postgres_server, shelf, start_service, eventually):
    database = postgres_server.database()
    with start_service(database, shelf) as service:
        before = answered(send(service.url, "before"))
        postgres_server.stop()
        during = answered(send(service.url, "during"))
        assert answered(send(service.url, "before")) == before
        assert answered(send(service.url, "during")) == during
        assert is_reused(send(service.url, "during", OTHER_BODY))
    with start_service(database, shelf) as service:
        assert service.health()["database"] == "down"
        assert answered(send(service.url, "before")) == before
        assert answered(send(service.url, "during")) == during
        assert is_reused(send(service.url, "before", OTHER_BODY))
        postgres_server.start()
        eventually(lambda: service.health()["database"] == "up")
        assert answered(send(service.url, "before")) == before
        assert answered(send(service.url, "during")) == during
        postgres_server.stop()
        assert answered(send(service.url, "during")) == during
        postgres_server.start()
    stored = PredictionLog(database)
    assert stored.count() == 2
    assert stored.get(UUID(during["prediction_id"])).probability == during["probability"]


@pytest.fixture(scope="module")
def workers(postgres_server_module, serving_process, tiny_model, tmp_path_factory):
    """Two processes of one machine: they share a home folder."""
    folder = tmp_path_factory.mktemp("workers")
    tiny_model("1", seed=1).save(folder / "model")
    command = (str(Path(__file__).with_name("served_folder.py")), str(folder / "model"))
    url, home = postgres_server_module.database().url, str(folder / "home")
    with (
        serving_process(command, url, folder / "first", CREDIT_HOME=home) as first,
        serving_process(command, url, folder / "second", CREDIT_HOME=home) as second,
    ):
        for worker in (first, second):
            worker.wait_for(lambda health: health["database"] == "up" and health["model_loaded"])
        yield first, second


def one_answer_a_key(workers, n_keys):
    """Send each key to all workers, twice and at the same time; the decision of each key."""
    with ThreadPoolExecutor(2 * len(workers)) as clients:
        for _ in range(n_keys):
            key = str(uuid4())
            sent = [clients.submit(send, worker.url, key) for worker in workers for _ in range(2)]
            yield answered(*(answer.result() for answer in sent))["prediction_id"]


def test_several_workers_make_one_decision_a_key_with_a_database_and_without(
    workers, postgres_server_module, stored_ids, eventually
):
    database = postgres_server_module.database()
    answers = list(one_answer_a_key(workers, 30))
    assert stored_ids(database) == dict.fromkeys(answers, 1)
    postgres_server_module.stop()
    answers += one_answer_a_key(workers, 30)
    postgres_server_module.start()
    eventually(lambda: stored_ids(database) == dict.fromkeys(answers, 1))
