"""The bells themselves: real service, Prometheus, Alertmanager and PostgreSQL, the deployed rules, one receiver.

The minutes of the rules are divided by 60 (`shortened`): what takes a minute in production takes a second here.
"""

import json
import threading
import time
from collections import Counter
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import httpx
import pytest

from resources.alerts import Alert, ring
from resources.live_models import LiveModels
from resources.settings import Settings
from serving import running
from serving.signals import Signals

# Ten times what it takes on a quiet machine.
ARRIVES_S = 40.0
# A second message of the same alert would have come by now: several group intervals.
QUIET_S = 3.0

SHORTER = 60


class Receiver:
    """Where Alertmanager's messages arrive; counts them by alert, status and receiver."""

    def __init__(self):
        self.messages = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.messages.append((self.path.strip("/"), json.loads(body)))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def counted(self, name):
        return Counter(
            (path, alert["status"])
            for path, message in self.messages
            for alert in message["alerts"]
            if alert["labels"]["alertname"] == name
        )

    def wait_for(self, name, status, meanwhile=lambda: None):
        end = time.monotonic() + ARRIVES_S
        while not any(seen == status for _, seen in self.counted(name)):
            assert time.monotonic() < end, f"no {status} {name}; arrived: {[m['groupKey'] for _, m in self.messages]}"
            meanwhile()
            time.sleep(0.05)

    def annotations(self, name):
        return next(a["annotations"] for _, m in self.messages for a in m["alerts"] if a["labels"]["alertname"] == name)


@pytest.fixture
def receiver():
    receiver = Receiver()
    thread = threading.Thread(target=receiver.server.serve_forever)
    thread.start()
    yield receiver
    receiver.server.shutdown()
    thread.join()
    receiver.server.server_close()


@pytest.mark.slow
def test_each_trouble_rings_once_and_resolves(
    postgres_server, shelf, start_service, prometheus, alertmanager, receiver, report_drift, monkeypatch
):
    # Reports are looked at every 30 s in production.
    monkeypatch.setattr(running, "Signals", partial(Signals, reports_interval_s=0.3))
    database = postgres_server.database()
    LiveModels(database).append("1", cause="test", author="test")
    manager = alertmanager(receiver.url)

    with start_service(database, shelf) as service:
        port = urlsplit(service.url).port
        prometheus(service.url, alertmanager_url=manager.url, shorter=SHORTER)

        report_drift(database, "warning")
        receiver.wait_for("DriftWarning", "firing")
        report_drift(database, "alert")
        receiver.wait_for("DriftAlert", "firing")
        report_drift(database, "ok")
        receiver.wait_for("DriftAlert", "resolved")

        postgres_server.stop()
        receiver.wait_for("JournalGrowing", "firing", service.predict)
        postgres_server.start()
        receiver.wait_for("JournalGrowing", "resolved")
        receiver.wait_for("DatabaseDown", "resolved")

    receiver.wait_for("ServiceDown", "firing")
    with start_service(database, shelf, port=port):
        receiver.wait_for("ServiceDown", "resolved")
        time.sleep(QUIET_S)

    for name, at in (("DriftAlert", "on-call"), ("JournalGrowing", "slack"), ("ServiceDown", "on-call")):
        assert receiver.counted(name) == {(at, "firing"): 1, (at, "resolved"): 1}
        assert receiver.annotations(name)["runbook_url"] == f"docs/operations/runbooks/{name}.md"


def test_an_event_of_dagster_reaches_the_receiver_with_its_links(alertmanager, receiver):
    manager = alertmanager(receiver.url)
    settings = Settings(
        _env_file=None,
        CREDIT_ALERTMANAGER_URL=manager.url,
        CREDIT_DAGSTER_URL="https://dagster.example",
        CREDIT_DOCS_URL="https://docs.example/",
    )
    ring(Alert("RunFailed", "critical", "training_job failed: no rows", "/runs/abc", "training_job"), settings)
    receiver.wait_for("RunFailed", "firing")
    ((path, message),) = receiver.messages
    (alert,) = message["alerts"]
    assert path == "on-call"
    assert alert["labels"] == {
        "alertname": "RunFailed", "severity": "critical", "service": "credit", "job": "training_job", "run": "abc",
    }  # fmt: skip
    assert alert["annotations"]["runbook_url"] == "https://docs.example/docs/operations/runbooks/RunFailed.md"
    assert alert["generatorURL"] == "https://dagster.example/runs/abc"


def test_a_service_that_is_down_does_not_mute_what_dagster_posts(alertmanager, receiver):
    manager = alertmanager(receiver.url)
    body = {"labels": {"alertname": "ServiceDown", "severity": "critical", "service": "credit"}}
    assert httpx.post(f"{manager.url}/api/v2/alerts", json=[body]).status_code == 200
    ring(
        Alert("ChallengerRefused", "warning", "cost", "/runs/1"),
        Settings(_env_file=None, CREDIT_ALERTMANAGER_URL=manager.url),
    )
    receiver.wait_for("ChallengerRefused", "firing")
    (stored,) = httpx.get(f"{manager.url}/api/v2/alerts", params={"filter": "alertname=ChallengerRefused"}).json()
    assert stored["status"]["state"] == "active"
    assert stored["endsAt"] > stored["startsAt"]
