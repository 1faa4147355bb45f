"""What the database knows of the live model, as /metrics tells it."""

from datetime import UTC, date, datetime, timedelta

import pytest

from resources import schema
from resources.drift_reports import DriftReports
from resources.live_models import LiveModels
from resources.monitoring import Monitoring
from resources.prediction_log import insert_decisions

INSERT = """
INSERT INTO credit.drift_reports (
    report_date, window_start, window_end, n_predictions, n_features_analyzed, n_features_drifted,
    drift_percentage, status, drift_details, rule, model_version)
VALUES (%s, %s, %s::date + 1, 100, 30, 3, %s, %s, '[]', 'corrected', %s)
"""
PERFORMANCE = """
INSERT INTO credit.performance_reports (
    report_date, model_version, n_decided, n_approved, n_refused, n_outcomes, n_defaults, cost_estimated,
    cost_reference, n_random_approved, n_random_outcomes, n_overruled_outcomes, money, absent, read_at)
VALUES (%s, %s, %s, 0, 0, 0, 0, %s, %s, 0, 0, 0, '{}', '{}', now())
"""


@pytest.fixture
def performance(postgres):
    """`performance(day, version, n=, cost=, reference=)`: store the estimate of a day."""

    def store(day, version, *, n, cost, reference):
        with postgres.connect() as connection:
            connection.execute(PERFORMANCE, [day, version, n, cost, reference])

    return store


@pytest.fixture
def report(postgres):
    """`report(day, version, status, percentage)`: store the report of a day."""

    def store(day, version, status, percentage):
        with postgres.connect() as connection:
            connection.execute(INSERT, [day, day, day, percentage, status, version])

    return store


def shown(service, name):
    lines = service.client.get("/metrics").text.splitlines()
    return [line for line in lines if line.startswith(name) and not line.endswith(" 0.0")]


def test_the_newest_report_of_the_live_model_is_shown(postgres, report, shelf, start_service, eventually):
    report(date(2026, 11, 1), "1", "alert", 40.0)
    report(date(2026, 11, 3), "1", "warning", 20.0)
    report(date(2026, 11, 4), "2", "ok", 0.0)
    with start_service(postgres, shelf) as service:
        eventually(lambda: shown(service, "credit_drift_status") == ['credit_drift_status{status="warning"} 1.0'])
        assert shown(service, "credit_drift_ratio") == ["credit_drift_ratio 0.2"]
        assert shown(service, "credit_drift_report_timestamp_seconds") != []


def test_a_model_without_a_report_has_no_status(postgres, report, shelf, start_service):
    report(date(2026, 11, 4), "2", "alert", 50.0)
    assert DriftReports(postgres).newest_of("1") is None
    with start_service(postgres, shelf) as service:
        assert shown(service, "credit_drift_status") == []


def value(service, name):
    (line,) = shown(service, f"{name} ") or [f"{name} 0"]
    return float(line.split(" ")[1])


def in_seconds(day):
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()


def test_the_age_of_the_model_is_told(postgres, shelf, start_service, eventually):
    LiveModels(postgres).append("1", cause="test", author="test")
    since = LiveModels(postgres).current().live_from.timestamp()
    with start_service(postgres, shelf) as service:
        trained = datetime.fromisoformat(shelf.models["1"].manifest.trained_at).timestamp()
        assert value(service, "credit_model_trained_timestamp_seconds") == trained
        eventually(lambda: value(service, "credit_model_live_timestamp_seconds") == pytest.approx(since))


def test_a_closed_day_with_decisions_and_without_a_report_is_missing(
    postgres, report, decision, shelf, start_service, eventually
):
    today = datetime.now(UTC).date()
    two_ago, three_ago = today - timedelta(days=2), today - timedelta(days=3)
    with postgres.connect() as connection:
        noons = [datetime.now(UTC).replace(hour=12) - timedelta(days=back) for back in (0, 2, 3)]
        schema.ensure_partitions(connection, three_ago, today)
        insert_decisions(connection, [decision(created_at=noon) for noon in noons])
    report(three_ago, "1", "ok", 0.0)
    with start_service(postgres, shelf) as service:
        missing = 'credit_report_missing_since_timestamp_seconds{report="drift"}'
        end = in_seconds(two_ago + timedelta(days=1))
        eventually(lambda: value(service, missing) == end)
        # Neither the open day, nor one that has a report of another kind.
        assert value(service, missing.replace("drift", "performance")) == end - timedelta(days=1).total_seconds()


def test_nothing_is_missing_without_decisions(postgres, report):
    report(datetime.now(UTC).date() - timedelta(days=1), "1", "ok", 0.0)
    assert Monitoring(postgres).missing_since("performance") is None


@pytest.mark.parametrize(("times", "alarmed"), [(1.0, 0), (3.0, 1)])
def test_a_cost_surely_above_the_promise_is_an_alarm(
    postgres, performance, shelf, start_service, eventually, times, alarmed
):
    promised = shelf.models["1"].manifest.metrics["business_cost"]
    performance(datetime.now(UTC).date(), "1", n=5000, cost=times * promised, reference=promised)
    with start_service(postgres, shelf) as service:
        eventually(lambda: value(service, 'credit_cost_estimated{end="value"}') == pytest.approx(times * promised))
        assert value(service, "credit_cost_reference") == pytest.approx(promised)
        eventually(lambda: value(service, 'credit_cost_alarm{basis="estimated"}') == alarmed)


def test_the_size_of_the_database_is_told_with_its_limit(postgres, shelf, serve_with, eventually):
    with serve_with(postgres, shelf, CREDIT_DATABASE_MAX_GB="2.5") as service:
        eventually(lambda: value(service, "credit_database_bytes") > 1e6)
        assert value(service, "credit_database_limit_bytes") == 2.5e9


def test_without_a_limit_there_is_none(postgres, shelf, start_service):
    with start_service(postgres, shelf) as service:
        assert shown(service, "credit_database_limit_bytes") == []


def test_the_journal_tells_its_limit(postgres, shelf, start_service):
    with start_service(postgres, shelf) as service:
        assert value(service, "credit_journal_limit_bytes") == 2**30
