"""Real Prometheus and Alertmanager on the platform's own files, and databases with something to show.

Ask for `prometheus` or `alertmanager` (start one, on the deployed configuration with addresses of this test),
`furnished` (a database with a row of everything that a dashboard asks for).
"""

import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import create_server

import httpx
import pytest
import yaml

from resources.api_logs import LogLine, log_id_of, store_log_lines
from resources.database import Database
from resources.live_models import LiveModels
from resources.settings import REPOSITORY

DEPLOY = REPOSITORY / "deploy"

# Of the deployed durations, so that minutes pass in seconds: what is awaited is the order of events, not the time.
# Divided by 60, `for: 1m` becomes 1 s and `[5m]` 5 s; scrapes and evaluations come every quarter of a second.
STEP = "250ms"
READY_TIMEOUT_S = 20.0

DURATION = re.compile(r"(?<=[\[ ])(\d+)m\b")


@dataclass
class Server:
    """A running Prometheus or Alertmanager."""

    url: str
    log: Path

    def get(self, path: str, **parameters: str) -> dict[str, object]:
        answer = httpx.get(f"{self.url}{path}", params=parameters, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def query(self, expression: str) -> list[dict[str, object]]:
        return self.get("/api/v1/query", query=expression)["data"]["result"]


def free_port() -> int:
    with create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def needs(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"no {program} on this machine; Debian has it as a package")
    return found


@contextmanager
def running(command: list[str], port: int, folder: Path) -> Iterator[Server]:
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    server = Server(f"http://127.0.0.1:{port}", log)
    try:
        end = time.monotonic() + READY_TIMEOUT_S
        while True:
            assert process.poll() is None, log.read_text()
            try:
                if httpx.get(f"{server.url}/-/ready", timeout=1).status_code == 200:
                    break
            except httpx.TransportError:
                pass
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.05)
        yield server
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def prometheus(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """`prometheus(service_url, key="", alertmanager_url="", shorter=1)`: as deployed, on addresses of this test.

    `shorter` divides the minutes of the rules.
    """
    program = needs("prometheus")

    with ExitStack() as stack:

        def start(service_url: str, *, key: str = "", alertmanager_url: str = "", shorter: int = 1) -> Server:
            folder = tmp_path / "prometheus"
            folder.mkdir()
            (folder / "key").write_text(key)
            for rules in (DEPLOY / "prometheus" / "rules").iterdir():
                (folder / rules.name).write_text(shortened(rules.read_text(), shorter))
            configuration = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
            configuration["global"] |= {"scrape_interval": STEP, "scrape_timeout": STEP, "evaluation_interval": STEP}
            configuration["rule_files"] = [str(folder / "recording.yml"), str(folder / "alerts.yml")]
            target = alertmanager_url.removeprefix("http://")
            configuration["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"] = [target] if target else []
            service = configuration["scrape_configs"][0]
            service["static_configs"][0]["targets"] = [service_url.removeprefix("http://")]
            service["authorization"]["credentials_file"] = str(folder / "key")
            (folder / "prometheus.yml").write_text(yaml.safe_dump(configuration))
            port = free_port()
            command = [
                program, f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}", "--alertmanager.notification-queue-capacity=100",
                "--rules.alert.resend-delay=1s",
            ]  # fmt: skip
            return stack.enter_context(running(command, port, folder))

        yield start


def shortened(rules: str, shorter: int) -> str:
    """The rules with their minutes divided, in whole milliseconds."""
    return DURATION.sub(lambda match: f"{int(match[1]) * 60_000 // shorter}ms", rules)


@pytest.fixture
def alertmanager(tmp_path: Path) -> Iterator[Callable[[str], Server]]:
    """`alertmanager(receiver_url)`: the deployed routes and inhibitions; every message goes to one HTTP receiver."""
    program = needs("prometheus-alertmanager")
    with ExitStack() as stack:

        def start(receiver_url: str) -> Server:
            folder = tmp_path / "alertmanager"
            folder.mkdir()
            deployed = yaml.safe_load((DEPLOY / "alertmanager" / "alertmanager.yml").read_text())
            route = deployed["route"] | {"group_wait": "500ms", "group_interval": "1s"}
            hook = {"url": f"{receiver_url}/", "send_resolved": True}
            configuration = {
                "route": route,
                "inhibit_rules": deployed["inhibit_rules"],
                "receivers": [
                    {
                        "name": receiver["name"],
                        "webhook_configs": [hook | {"url": f"{receiver_url}/{receiver['name']}"}],
                    }
                    for receiver in deployed["receivers"]
                ],
            }
            (folder / "alertmanager.yml").write_text(yaml.safe_dump(configuration))
            port = free_port()
            command = [
                program, f"--config.file={folder / 'alertmanager.yml'}", f"--storage.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=",
            ]  # fmt: skip
            return stack.enter_context(running(command, port, folder))

        yield start


DRIFT = """
INSERT INTO credit.drift_reports (
    report_date, window_start, window_end, n_predictions, n_features_analyzed, n_features_drifted,
    drift_percentage, status, drift_details, rule, model_version)
VALUES (%(day)s, %(day)s, %(day)s::date + 1, 100, 2, 1, 50, %(status)s,
    '[{"feature": "AMT_CREDIT", "kind": "numeric", "ks_stat": 0.3, "size": 0.3,
       "p_value": 0, "q_value": 0, "drifted": true},
      {"feature": "SEX", "kind": "category", "ks_stat": null, "size": 0.0,
       "p_value": 1, "q_value": 1, "drifted": false}]',
    'corrected', '1')
ON CONFLICT (window_start, window_end) DO UPDATE SET status = EXCLUDED.status
"""
PERFORMANCE = """
INSERT INTO credit.performance_reports (
    report_date, model_version, n_decided, n_approved, n_refused, n_outcomes, n_defaults, maturity, cost_estimated,
    cost_estimated_low, cost_estimated_high, cost_reference, auc_approved, auc_reference, auc_estimated,
    n_random_approved, n_random_outcomes, n_overruled_outcomes, money, absent, read_at)
VALUES (%(day)s, '1', %(n)s, 70, 30, 40, 4, 0.5, %(cost)s, 0.9 * %(cost)s, 1.1 * %(cost)s, 0.5, 0.7, 0.7, 0.7, 0, 0, 0,
    '{}', '{}', now())
"""


@pytest.fixture
def report_drift() -> Callable[[Database, str], None]:
    """`report_drift(database, status)`: today's report of model 1."""
    return store_drift


def store_drift(database: Database, status: str) -> None:
    with database.connect() as connection:
        connection.execute(DRIFT, {"day": datetime.now(UTC).date(), "status": status})


@pytest.fixture
def furnished(postgres: Database) -> Database:
    """A database with reports, references, a live model, a cause and log lines; decisions come from the service."""
    now = datetime.now(UTC)
    LiveModels(postgres).append("1", cause="test", author="ada@example.org")
    store_drift(postgres, "warning")
    with postgres.connect() as connection:
        yesterday = {"day": now.date() - timedelta(days=1), "n": 1000, "cost": 0.9}
        connection.execute(PERFORMANCE, yesterday)
        connection.execute(
            "INSERT INTO credit.training_reference VALUES ('1', 'AMT_CREDIT', 1, 1, 1, 0, 2, 100)",
        )
        connection.execute(
            "INSERT INTO credit.retraining_causes (report_date, model_version, features, run_id)"
            " VALUES (%s, '1', '{}', 'run')",
            [now.date()],
        )
        lines = [
            {"event": "request", "level": "info", "extra": {"route": "/predict", "ms": 5.1, "status": 200}},
            {"event": "database_away", "level": "warning", "extra": {}},
        ]
        store_log_lines(
            connection,
            [
                LogLine(log_id_of(b"chunk", i), now, x["level"], x["event"], None, x["extra"])
                for i, x in enumerate(lines)
            ],
        )
    return postgres
