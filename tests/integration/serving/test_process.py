"""The service as a process: signals, a kill, and one clear line when it cannot start."""

import socket
from collections import Counter
from pathlib import Path

import pytest

SERVE = ("-m", "serving")


@pytest.fixture
def model_folder(tmp_path, tiny_model):
    tiny_model("1", seed=1).save(tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def start_serving(start_process, model_folder, tmp_path):
    """A process with a model from a folder, on the given database, ready to answer."""

    def start(database):
        script = str(Path(__file__).with_name("served_folder.py"))
        service = start_process((script, str(model_folder)), database.url, tmp_path / "home")
        service.wait_for(lambda health: health["model_loaded"])
        return service

    return start


def test_sigterm_answers_and_records_what_is_in_flight(start_serving, postgres, traffic_to, stored_ids):
    service = start_serving(postgres)
    traffic = traffic_to(service.url)
    with traffic.running():
        traffic.wait_for_more(50)
        assert service.end() == (0, "")
    assert traffic.failed == []
    assert stored_ids(postgres) == Counter(traffic.answered)


def test_sigterm_answers_and_records_what_is_in_flight_while_the_database_is_away(
    start_serving, postgres_server, traffic_to, stored_ids, shelf, start_service, eventually
):
    database = postgres_server.database()
    service = start_serving(database)
    traffic = traffic_to(service.url)
    with traffic.running():
        traffic.wait_for_more()
        postgres_server.pause()
        traffic.wait_for_more()
        assert service.end() == (0, "")
    postgres_server.resume()
    assert traffic.failed == []
    with start_service(database, shelf):
        eventually(lambda: stored_ids(database) == Counter(traffic.answered))


def test_a_killed_service_keeps_what_it_answered(
    start_serving, postgres_server, traffic_to, stored_ids, shelf, start_service, eventually
):
    database = postgres_server.database()
    service = start_serving(database)
    traffic = traffic_to(service.url)
    with traffic.running():
        traffic.wait_for_more()
        postgres_server.kill()
        traffic.wait_for_more()
        service.process.kill()
    postgres_server.start()
    with start_service(database, shelf):
        eventually(lambda: set(traffic.answered) <= set(stored_ids(database)))
    stored = stored_ids(database)
    assert set(stored.values()) == {1}
    # A request that was in flight when the process died may be on record; no more than those.
    assert len(stored) - len(traffic.answered) <= traffic.n_clients


def test_logs_are_json_without_personal_data(start_serving, postgres, application):
    import httpx

    service = start_serving(postgres)
    answer = httpx.post(f"{service.url}/predict", json=application)
    httpx.post(f"{service.url}/predict", json=application | {"features": {"AMT_CREDIT": "SECRET-271828"}})
    service.end()
    lines = service.log()
    assert any(line.get("prediction_id") == answer.json()["prediction_id"] for line in lines)
    text = str(lines)
    for personal in ("100001", "SK_ID_CURR", "406597.5", "SECRET-271828", "Trade"):
        assert personal not in text


def one_line(service):
    code, errors = service.wait()
    assert code == 1
    (line,) = errors.splitlines()
    return line


def test_a_port_in_use_is_one_line(start_process, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        service = start_process(SERVE, "postgresql://127.0.0.1:1/none", tmp_path, CREDIT_API_PORT=port)
        assert one_line(service).startswith(f"error: found port {port} of 127.0.0.1 in use")


def test_a_database_of_another_kind_is_one_line(start_process, tmp_path):
    assert "found DATABASE_URL of scheme 'mysql'" in one_line(start_process(SERVE, "mysql://x/y", tmp_path))


def test_a_home_that_cannot_be_written_is_one_line(start_process, tmp_path):
    (tmp_path / "file").touch()
    home = str(tmp_path / "file" / "home")
    service = start_process(SERVE, "postgresql://127.0.0.1:1/none", tmp_path, CREDIT_HOME=home)
    assert f"found CREDIT_HOME={home}, which cannot be written" in one_line(service)


def test_a_database_that_is_nowhere_is_said_and_waited_for(start_process, tmp_path):
    service = start_process(SERVE, "postgresql://user:password@127.0.0.1:1/none", tmp_path)
    service.wait_for(lambda health: health["status"] == "unavailable")
    health = service.health()
    assert health["database"] == "down"
    assert any("no answer from PostgreSQL" in problem for problem in health["problems"])
    assert service.end() == (0, "")
    (warning,) = [line for line in service.log() if line["event"] == "starting_without_database"]
    assert "correct DATABASE_URL" in warning["reason"]
    assert "password" not in str(service.log())
