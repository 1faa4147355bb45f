"""The drift status of the live model, as /metrics tells it."""

from datetime import date

import pytest

from resources.drift_reports import DriftReports

INSERT = """
INSERT INTO credit.drift_reports (
    report_date, window_start, window_end, n_predictions, n_features_analyzed, n_features_drifted,
    drift_percentage, status, drift_details, rule, model_version)
VALUES (%s, %s, %s::date + 1, 100, 30, 3, %s, %s, '[]', 'corrected', %s)
"""


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
