"""Metrics: right for one process, and the same numbers when several workers count."""

import math
import subprocess
import sys
from datetime import UTC, date, datetime

import pytest

from resources.drift_reports import StoredDriftReport
from resources.monitoring import CostEstimate
from serving.metrics import Metrics, forget_worker

WORK = """
import sys
from pathlib import Path
from serving.metrics import Metrics, share_between_workers
folder, worker, depth, version, before, n_bytes = sys.argv[1:]
share_between_workers(Path(folder), int(worker))
metrics = Metrics()
metrics.gauge("credit_depth", "d", lambda: float(depth), across="sum")
metrics.gauge("credit_age", "a", lambda: float(depth), across="max")
metrics.gauge("credit_up", "u", lambda: float(worker), across="min")
metrics.requests.labels("/predict", "POST", 200).inc()
metrics.probability.observe(0.05)
metrics.model_swapped(version, before or None)
metrics.database_bytes.set(float(n_bytes))
print(metrics.exposition()[0].decode())
"""


@pytest.fixture
def work(tmp_path):
    """`work(worker, depth=, version=, before=)`: one worker's life; the metrics that it shows at its end."""

    def run(worker, *, depth=1, version="1", before="", bytes_of_database=0.0):
        arguments = [str(tmp_path), str(worker), str(depth), version, before, str(bytes_of_database)]
        done = subprocess.run([sys.executable, "-c", WORK, *arguments], capture_output=True, text=True, check=True)
        return series(done.stdout)

    return run


def series(text):
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def shown(metrics):
    return series(metrics.exposition()[0].decode())


ANSWERS = 'credit_requests_total{method="POST",route="/predict",status="200"}'


def test_counts_of_workers_add_up_and_gauges_become_one_number(work):
    work(1, depth=2)
    shown = work(2, depth=5)
    assert shown[ANSWERS] == 2
    assert shown["credit_probability_count"] == 2
    assert (shown["credit_depth"], shown["credit_age"], shown["credit_up"]) == (7, 5, 1)


def test_a_worker_that_takes_a_dead_ones_place_goes_on_counting(work, tmp_path):
    work(1, depth=2)
    forget_worker(tmp_path, 1)
    shown = work(1, depth=5)
    assert shown[ANSWERS] == 2
    assert shown["credit_depth"] == 5


def test_the_gauges_of_a_dead_worker_no_longer_hold(work, tmp_path):
    work(1, depth=2)
    work(2, depth=5)
    forget_worker(tmp_path, 2)
    assert work(1, depth=3)["credit_depth"] == 3


def test_a_version_that_no_worker_answers_with_is_0(work):
    work(1, version="2", before="1")
    shown = work(2, version="2", before="1")
    assert (shown['credit_model_info{model_version="1"}'], shown['credit_model_info{model_version="2"}']) == (0, 1)


def test_drift_status_is_one_of_four():
    metrics = Metrics()
    report = StoredDriftReport(
        report_date=date(2026, 11, 1),
        n_predictions=100,
        n_features_analyzed=30,
        n_features_drifted=6,
        drift_percentage=20.0,
        status="warning",
        rule="corrected",
        model_version="1",
        created_at=datetime(2026, 11, 2, tzinfo=UTC),
    )
    metrics.drift_reported(report)
    found = shown(metrics)
    assert {name: value for name, value in found.items() if name.startswith("credit_drift_status")} == {
        'credit_drift_status{status="ok"}': 0,
        'credit_drift_status{status="warning"}': 1,
        'credit_drift_status{status="alert"}': 0,
        'credit_drift_status{status="insufficient"}': 0,
    }
    assert found["credit_drift_ratio"] == 0.2
    assert found["credit_drift_report_timestamp_seconds"] == datetime(2026, 11, 2, tzinfo=UTC).timestamp()


def test_without_a_report_no_drift_status_holds():
    found = shown(Metrics())
    assert sum(value for name, value in found.items() if name.startswith("credit_drift_status")) == 0
    assert found["credit_drift_report_timestamp_seconds"] == 0


def test_a_gauge_is_asked_when_it_is_shown():
    metrics, depth = Metrics(), [1.0]
    metrics.gauge("credit_depth", "d", lambda: depth[0], across="sum")
    before = shown(metrics)["credit_depth"]
    depth[0] = 2.0
    assert (before, shown(metrics)["credit_depth"]) == (1, 2)


ESTIMATE = CostEstimate(datetime(2026, 11, 2, tzinfo=UTC), n_decided=500, cost=0.6, low=0.55, high=0.65, reference=0.5)


def test_the_newest_estimate_is_shown_with_its_interval_and_the_promise():
    metrics = Metrics()
    metrics.cost_reported(ESTIMATE)
    found = shown(metrics)
    assert [found[f'credit_cost_estimated{{end="{end}"}}'] for end in ("low", "value", "high")] == [0.55, 0.6, 0.65]
    assert found["credit_cost_reference"] == 0.5
    assert found["credit_performance_report_timestamp_seconds"] == ESTIMATE.created_at.timestamp()


def test_without_an_estimate_no_cost_is_shown():
    metrics = Metrics()
    metrics.cost_reported(ESTIMATE)
    metrics.cost_reported(None)
    found = shown(metrics)
    assert math.isnan(found['credit_cost_estimated{end="value"}'])
    assert math.isnan(found["credit_cost_reference"])
    assert found["credit_performance_report_timestamp_seconds"] == 0


def test_of_several_workers_the_newest_look_at_the_reports_counts(work):
    work(1, bytes_of_database=2e9)
    assert work(2, bytes_of_database=1e9)["credit_database_bytes"] == 1e9
