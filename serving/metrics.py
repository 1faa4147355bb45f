"""Prometheus metrics of the service: what an operator graphs and what alerts are made of.

Here: every instrument, by name, right for one process and for several workers. Add one when
somebody would act on it. Keep out: labels that a client chooses (raw paths, feature names):
each new value would be a new series.
"""

import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
    multiprocess,
    values,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from resources.drift_reports import StoredDriftReport
from resources.monitoring import CostEstimate
from resources.prediction_log import DecisionRecord

# Scoring takes 0.3 ms, an answer 5 to 10 ms, an outage its deadline of 2 s: decades between.
SECONDS = (0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, math.inf)
# Defaults are 8 % of the applications, thresholds near 0.1: finer where decisions are made.
PROBABILITIES = (0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7, 1.0, math.inf)
BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, math.inf)

# As `drift_reports` has them.
DRIFT_STATUSES = ("ok", "warning", "alert", "insufficient")

# Where prometheus_client looks for the folder that workers share.
FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"

# How a gauge of several workers becomes one number; a worker that has died no longer counts.
Across = Literal["sum", "max", "min", "mostrecent"]


def share_between_workers(folder: Path, worker: int) -> None:
    """Let this process add its metrics to those of the other workers; call it before `Metrics()`.

    Args:
        folder: of all workers of one service.
        worker: its number. Files are named by it and not by the process, so that a worker that
            takes the place of a dead one goes on counting where that one stopped.
    """
    os.environ[FOLDER_VARIABLE] = str(folder)
    values.ValueClass = values.MultiProcessValue(lambda: worker)  # type: ignore[no-untyped-call]


def forget_worker(folder: Path, worker: int) -> None:
    """A worker has died: its gauges no longer hold. What it counted stays."""
    multiprocess.mark_process_dead(worker, str(folder))  # type: ignore[no-untyped-call]


class Metrics:
    """The instruments of one application, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self._folder = os.environ.get(FOLDER_VARIABLE)
        self._sampled: list[tuple[Gauge, Callable[[], float]]] = []
        if self._folder is None:
            # Of one process: with several workers each scrape would show another one's.
            ProcessCollector(registry=registry)
            PlatformCollector(registry=registry)
        self.requests = Counter(
            "credit_requests", "Answers by route and status.", ["route", "method", "status"], registry=registry
        )
        self.request_seconds = Histogram(
            "credit_request_seconds", "Time to the answer.", ["route"], buckets=SECONDS, registry=registry
        )
        stages = Histogram(
            "credit_stage_seconds", "Time of each stage of a prediction.", ["stage"], buckets=SECONDS, registry=registry
        )  # fmt: skip
        self.read_seconds = stages.labels("read")
        self.lookup_seconds = stages.labels("lookup")
        self.score_seconds = stages.labels("score")
        self.reasons_seconds = stages.labels("reasons")
        self.record_seconds = stages.labels("record")
        self.decisions = Counter(
            "credit_decisions", "Decisions on record.", ["decision", "model_version"], registry=registry
        )
        self.probability = Histogram(
            "credit_probability", "Answered probabilities of default.", buckets=PROBABILITIES, registry=registry
        )
        self.features_missing = Counter(
            "credit_features_missing", "Scored features that were missing or never seen.", registry=registry
        )
        self.write_batch = Histogram(
            "credit_write_batch", "Decisions that shared one write.", ["to"], buckets=BATCHES, registry=registry
        )
        self.journal_set_aside = Counter(
            "credit_journal_set_aside", "Journal lines kept for a person to look at.", registry=registry
        )
        self.model = self._gauge(
            "credit_model_info", "1 for a version that answers, 0 for one that did.", ["model_version"], across="max"
        )
        self.model_refused = self._gauge(
            "credit_model_refused", "1 while the version in production is refused and another answers.", across="max"
        )
        self.drift_status = self._gauge(
            "credit_drift_status", "1 for the status of the live model's newest drift report.", ["status"],
            across="mostrecent",
        )  # fmt: skip
        self.drift_ratio = self._gauge(
            "credit_drift_ratio", "Share of the monitored features that drifted in that report.", across="mostrecent"
        )
        self.drift_report_time = self._gauge(
            "credit_drift_report_timestamp_seconds", "When that report was made; 0 without one.", across="mostrecent"
        )
        self._report_gauges()
        self.drift_reported(None)
        self.cost_reported(None)

    def _report_gauges(self) -> None:
        """What the stored reports and the history say about the live model."""
        self.model_live_time = self._gauge(
            "credit_model_live_timestamp_seconds", "When the live model went live; 0 while nobody knows.",
            across="mostrecent",
        )  # fmt: skip
        self.performance_report_time = self._gauge(
            "credit_performance_report_timestamp_seconds",
            "When the newest performance report of the live model was made; 0 without one.", across="mostrecent",
        )  # fmt: skip
        self.cost = self._gauge(
            "credit_cost_estimated", "Cost per application in that report, as the probabilities promise it, "
            "and the ends of its 95 % interval.", ["end"], across="mostrecent",
        )  # fmt: skip
        self.cost_reference = self._gauge(
            "credit_cost_reference", "What training promised for the same.", across="mostrecent"
        )
        self.cost_alarm = self._gauge(
            "credit_cost_alarm", "1 while recent decisions surely cost more than was promised, by 10 % and more.",
            ["basis"], across="mostrecent",
        )  # fmt: skip
        self.report_missing = self._gauge(
            "credit_report_missing_since_timestamp_seconds",
            "End of the oldest day of the last week that has decisions and no report; 0 without such a day.",
            ["report"], across="mostrecent",
        )  # fmt: skip
        self.database_bytes = self._gauge("credit_database_bytes", "Size of the database.", across="mostrecent")

    def _gauge(
        self, name: str, documentation: str, labels: tuple[str, ...] | list[str] = (), *, across: Across
    ) -> Gauge:
        return Gauge(name, documentation, labels, registry=self.registry, multiprocess_mode=f"live{across}")  # type: ignore[arg-type]

    def gauge(self, name: str, documentation: str, value: Callable[[], float], *, across: Across = "max") -> None:
        """A gauge that is asked for its value whenever it is shown, and by `sample`.

        Args:
            name: by Prometheus' conventions.
            documentation: one line.
            value: of this process.
            across: how those of several workers become one.
        """
        self._sampled.append((self._gauge(name, documentation, across=across), value))

    def sample(self) -> None:
        """Ask every gauge for its value, so that another worker can show it."""
        for gauge, value in self._sampled:
            gauge.set(value())

    def wrote(self, n_decisions: int, *, to: str) -> None:
        """One write of so many decisions, to `postgresql` or to the `journal`."""
        self.write_batch.labels(to).observe(n_decisions)

    def decided(self, record: DecisionRecord) -> None:
        """One decision is on record and about to be answered."""
        self.decisions.labels(record.decision, record.model_version).inc()
        self.probability.observe(record.probability)
        self.features_missing.inc(record.n_features_missing or 0)

    def model_swapped(self, version: str, before: str | None) -> None:
        """Another version answers from now on."""
        # Set to 0, not removed: workers share the file, and one cannot remove a line from it.
        if before is not None:
            self.model.labels(before).set(0)
        self.model.labels(version).set(1)

    def drift_reported(self, report: StoredDriftReport | None) -> None:
        """The newest drift report of the live model; None when it has none yet."""
        for status in DRIFT_STATUSES:
            self.drift_status.labels(status).set(1 if report is not None and report.status == status else 0)
        self.drift_ratio.set(math.nan if report is None else report.drift_percentage / 100)
        self.drift_report_time.set(0 if report is None else report.created_at.timestamp())

    def cost_reported(self, estimate: CostEstimate | None) -> None:
        """The newest estimate of the live model's cost; None when it has none yet."""
        ends = (None, None, None) if estimate is None else (estimate.low, estimate.cost, estimate.high)
        for name, end in zip(("low", "value", "high"), ends, strict=True):
            self.cost.labels(name).set(math.nan if end is None else end)
        reference = None if estimate is None else estimate.reference
        self.cost_reference.set(math.nan if reference is None else reference)
        self.performance_report_time.set(0 if estimate is None else estimate.created_at.timestamp())

    def exposition(self) -> tuple[bytes, str]:
        """All metrics as text, those of all workers, and its media type."""
        self.sample()
        registry = self.registry
        if self._folder is not None:
            registry = CollectorRegistry()
            multiprocess.MultiProcessCollector(registry, self._folder)  # type: ignore[no-untyped-call]
        return generate_latest(registry), CONTENT_TYPE_PLAIN_0_0_4
