import socket

import pytest

from credit_risk.errors import UnavailableError
from dashboard.service import ScoringService, operation_of
from serving.metrics import Metrics


@pytest.fixture
def metrics():
    """The instruments of the service itself, so that names cannot drift apart."""
    metrics = Metrics()
    metrics.gauge("credit_journal_records", "", lambda: 3.0)
    metrics.gauge("credit_journal_age_seconds", "", lambda: 12.5)
    metrics.gauge("credit_database_up", "", lambda: 0.0)
    metrics.gauge("credit_registry_up", "", lambda: 1.0)
    return metrics


def test_answers_are_counted_by_status(metrics):
    metrics.requests.labels("/predict", "POST", "200").inc(5)
    metrics.requests.labels("/predict/batch", "POST", "200").inc(2)
    metrics.requests.labels("/predict", "POST", "503").inc()
    metrics.requests.labels("/health", "GET", "200").inc(9)
    operation = operation_of(metrics.exposition()[0].decode())
    assert operation.n_answers == {"200": 7, "503": 1}


def test_the_mean_answer_is_that_of_predictions(metrics):
    metrics.request_seconds.labels("/predict").observe(0.010)
    metrics.request_seconds.labels("/predict").observe(0.030)
    metrics.request_seconds.labels("/health").observe(5)
    assert operation_of(metrics.exposition()[0].decode()).seconds == pytest.approx(0.02)


def test_the_journal_and_what_is_away_are_read(metrics):
    operation = operation_of(metrics.exposition()[0].decode())
    assert (operation.journal_records, operation.journal_age_s, operation.seconds) == (3, 12.5, None)
    assert (operation.database_up, operation.registry_up) == (False, True)


def test_a_service_that_is_away_is_said_to_be():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        service = ScoringService(f"http://127.0.0.1:{closed.getsockname()[1]}", None)
        with pytest.raises(UnavailableError, match=r"no answer from the scoring service.*credit serve"):
            service.health()
