"""PostgreSQL is killed, paused and started again under traffic: nothing is lost, nothing doubled."""

import resource
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest

from resources.prediction_log import PredictionLog

DEADLINE_S = 0.5
# The write in progress and the one that waits for it, with room for a busy test machine; a
# server that is paused for good would hold them for ever.
BOUND_S = 4.0


@pytest.fixture
def outage_service(postgres_server, shelf, start_service):
    with start_service(postgres_server.database(), shelf, write_deadline_s=DEADLINE_S) as service:
        yield service


def test_a_killed_server_loses_and_doubles_nothing(outage_service, postgres_server, eventually, traffic_to, stored_ids):
    traffic = traffic_to(outage_service.url)
    with traffic.running():
        for _ in range(2):
            traffic.wait_for_more()
            postgres_server.kill()
            traffic.wait_for_more()
            assert outage_service.health()["status"] == "degraded"
            postgres_server.start()
            eventually(lambda: outage_service.health()["status"] == "healthy")
        traffic.wait_for_more()
    assert traffic.failed == traffic.broken == []
    assert stored_ids(postgres_server.database()) == Counter(traffic.answered)


def test_a_paused_server_delays_answers_by_the_deadline_at_most(
    outage_service, postgres_server, eventually, traffic_to, stored_ids
):
    traffic = traffic_to(outage_service.url)
    with traffic.running():
        traffic.wait_for_more()
        postgres_server.pause()
        traffic.wait_for_more(100)
        assert outage_service.health()["database"] == "down"
        postgres_server.resume()
        eventually(lambda: outage_service.health()["database"] == "up")
        traffic.wait_for_more()
    assert traffic.slowest_s < BOUND_S
    assert traffic.failed == traffic.broken == []
    assert stored_ids(postgres_server.database()) == Counter(traffic.answered)


def test_a_server_that_is_restarted_in_good_order_fails_no_request(
    outage_service, postgres_server, eventually, traffic_to, stored_ids
):
    traffic = traffic_to(outage_service.url)
    with traffic.running():
        for _ in range(2):
            traffic.wait_for_more()
            postgres_server.stop()
            postgres_server.start()
            eventually(lambda: outage_service.health()["database"] == "up")
        traffic.wait_for_more()
    assert traffic.failed == traffic.broken == []
    assert stored_ids(postgres_server.database()) == Counter(traffic.answered)


@contextmanager
def disk_full() -> Iterator[None]:
    """No file of this process may grow: what a disk without room does to a write."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


# Captured in memory: pytest's own file may not grow either.
@pytest.mark.usefixtures("capsys")
def test_without_database_and_disk_nothing_is_answered_until_there_is_room(
    outage_service, postgres_server, eventually, stored_ids
):
    postgres_server.stop()
    eventually(lambda: outage_service.health()["database"] == "down")
    with disk_full():
        refused = outage_service.predict()
        assert refused.status_code == 503
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["type"] == "urn:credit:problem:no-record"
        assert int(refused.headers["retry-after"]) > 0
    answer = outage_service.predict()
    assert answer.status_code == 200
    postgres_server.start()
    eventually(lambda: stored_ids(postgres_server.database()) == Counter([answer.json()["prediction_id"]]))


def test_a_pause_without_traffic_is_noticed(outage_service, postgres_server, eventually):
    assert outage_service.health()["database"] == "up"
    postgres_server.pause()
    eventually(lambda: outage_service.health()["database"] == "down")
    postgres_server.resume()
    eventually(lambda: outage_service.health()["database"] == "up")


def test_a_server_that_refuses_to_write_is_an_outage(
    outage_service, postgres_server, eventually, traffic_to, stored_ids
):
    postgres_server.execute("ALTER DATABASE credit SET default_transaction_read_only = on")
    postgres_server.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'credit' AND pid <> pg_backend_pid()"
    )
    traffic = traffic_to(outage_service.url)
    with traffic.running():
        traffic.wait_for_more()
        assert outage_service.health()["database"] == "down"
        postgres_server.execute("ALTER DATABASE credit RESET default_transaction_read_only")
        eventually(lambda: outage_service.health()["database"] == "up")
    assert traffic.failed == traffic.broken == []
    assert stored_ids(postgres_server.database()) == Counter(traffic.answered)


def test_a_service_that_starts_during_an_outage_answers(postgres_server, shelf, start_service, eventually):
    postgres_server.stop()
    with start_service(postgres_server.database(), shelf) as service:
        answer = service.predict()
        assert answer.status_code == 200
        assert service.health()["journal_depth"] == 1
        postgres_server.start()
        eventually(lambda: service.health()["database"] == "up")
    stored = PredictionLog(postgres_server.database()).get(UUID(answer.json()["prediction_id"]))
    assert stored.probability == answer.json()["probability"]


def test_decisions_of_a_service_that_ended_are_shipped_by_the_next_one(
    postgres_server, shelf, start_service, eventually, stored_ids
):
    postgres_server.stop()
    with start_service(postgres_server.database(), shelf) as service:
        ids = [service.predict().json()["prediction_id"] for _ in range(3)]
    postgres_server.start()
    with start_service(postgres_server.database(), shelf):
        eventually(lambda: stored_ids(postgres_server.database()) == Counter(ids))
