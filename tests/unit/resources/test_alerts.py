"""Alerts: always in the log, at Alertmanager where there is one, and never in the way of who rings."""

import logging
import re
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import orjson
import pytest

from resources.alerts import EVENT_LASTS, Alert, ring, to_alertmanager
from resources.settings import Settings

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
FAILED = Alert("RunFailed", "critical", "training_job failed: no rows\nin bureau", "/runs/abc", "training_job")


def settings(**variables):
    return Settings(_env_file=None, **variables)


@contextmanager
def alertmanager(status):
    """An address that answers every post with a status, and the bodies that came."""
    bodies = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            bodies.append((self.path, orjson.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", bodies
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def logged(caplog):
    return [orjson.loads(record.getMessage()) for record in caplog.records if record.name == "credit.alerts"]


@pytest.fixture(autouse=True)
def seen(caplog):
    with caplog.at_level(logging.ERROR, logger="credit.alerts"):
        yield


def test_without_an_alertmanager_the_log_has_it(caplog):
    ring(FAILED, settings())
    (line,) = logged(caplog)
    assert (line["name"], line["severity"], line["link"]) == ("RunFailed", "critical", "/runs/abc")


def test_an_alert_is_posted_to_version_2_of_the_api(caplog):
    with alertmanager(200) as (url, bodies):
        ring(FAILED, settings(CREDIT_ALERTMANAGER_URL=url + "/"))
    ((path, (alert,)),) = bodies
    assert path == "/api/v2/alerts"
    assert alert["labels"]["alertname"] == "RunFailed"
    assert len(logged(caplog)) == 1


def test_it_begins_now_and_resolves_by_itself():
    alert = to_alertmanager(FAILED, settings(), NOW)
    assert datetime.fromisoformat(alert["startsAt"]) == NOW
    assert datetime.fromisoformat(alert["endsAt"]) == NOW + EVENT_LASTS > NOW + timedelta(minutes=5)


def test_two_failures_of_a_job_are_two_alerts():
    first, second = (
        to_alertmanager(Alert("RunFailed", "critical", "x", f"/runs/{run}", "drift_job"), settings(), NOW)["labels"]
        for run in ("a", "b")
    )
    assert first != second
    assert first | {"run": "b"} == second


def test_links_are_those_that_people_open():
    deployed = settings(CREDIT_DAGSTER_URL="https://dagster.example/", CREDIT_DOCS_URL="https://docs.example/tree/main")
    alert = to_alertmanager(FAILED, deployed, NOW)
    assert alert["generatorURL"] == "https://dagster.example/runs/abc"
    assert alert["annotations"]["runbook_url"] == "https://docs.example/tree/main/docs/operations/runbooks/RunFailed.md"
    local = to_alertmanager(FAILED, settings(CREDIT_DAGSTER_PORT=3456), NOW)
    assert local["generatorURL"] == "http://127.0.0.1:3456/runs/abc"
    assert local["annotations"]["runbook_url"] == "docs/operations/runbooks/RunFailed.md"


def test_the_summary_is_one_line_and_the_description_all_of_it():
    annotations = to_alertmanager(FAILED, settings(), NOW)["annotations"]
    assert annotations["summary"] == "training_job failed: no rows"
    assert annotations["description"] == FAILED.summary


def test_a_label_without_a_value_is_left_out():
    assert "job" not in to_alertmanager(Alert("RunFailed", "critical", "x"), settings(), NOW)["labels"]


def test_a_dead_alertmanager_is_an_error_in_the_log_and_no_exception(caplog):
    ring(FAILED, settings(CREDIT_ALERTMANAGER_URL="http://127.0.0.1:9"))
    alert, lost = logged(caplog)
    assert alert["name"] == "RunFailed"
    assert (lost["name"], lost["alert"]) == ("AlertNotDelivered", "RunFailed")
    assert re.search("found no Alertmanager .*expected .*CREDIT_ALERTMANAGER_URL", lost["reason"])


def test_an_alertmanager_that_refuses_is_said(caplog):
    with alertmanager(400) as (url, _):
        ring(FAILED, settings(CREDIT_ALERTMANAGER_URL=url))
    assert "found status 400" in logged(caplog)[1]["reason"]


def test_wrong_settings_do_not_silence_the_log(caplog, monkeypatch):
    monkeypatch.setenv("CREDIT_API_PORT", "many")
    ring(FAILED)
    alert, lost = logged(caplog)
    assert alert["name"] == "RunFailed"
    assert "CREDIT_API_PORT" in lost["reason"]
