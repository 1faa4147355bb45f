"""Prometheus metrics of the service: what an operator graphs and what alerts are made of.

Here: every instrument, by name. Add one when somebody would act on it. Keep out: labels
that a client chooses (raw paths, feature names): each new value would be a new series.
"""

import math
from collections.abc import Callable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from resources.prediction_log import DecisionRecord

# Scoring takes 0.3 ms, an answer 5 to 10 ms, an outage its deadline of 2 s: decades between.
SECONDS = (0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, math.inf)
# Defaults are 8 % of the applications, thresholds near 0.1: finer where decisions are made.
PROBABILITIES = (0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7, 1.0, math.inf)
BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, math.inf)


class Metrics:
    """The instruments of one application, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
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
        self.score_seconds = stages.labels("score")
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
        self.model = Gauge("credit_model", "1 for the version that answers.", ["version"], registry=registry)

    def gauge(self, name: str, documentation: str, value: Callable[[], float]) -> None:
        """A gauge that is read when it is scraped."""
        Gauge(name, documentation, registry=self.registry).set_function(value)

    def wrote(self, n_decisions: int, *, to: str) -> None:
        """One write of so many decisions, to `postgresql` or to the `journal`."""
        self.write_batch.labels(to).observe(n_decisions)

    def decided(self, record: DecisionRecord) -> None:
        """One decision is on record and about to be answered."""
        self.decisions.labels(record.decision, record.model_version).inc()
        self.probability.observe(record.probability)
        self.features_missing.inc(record.n_features_missing or 0)

    def model_swapped(self, version: str) -> None:
        """Another version answers from now on."""
        self.model.clear()
        self.model.labels(version).set(1)

    def exposition(self) -> tuple[bytes, str]:
        """All metrics as text, and its media type."""
        return generate_latest(self.registry), CONTENT_TYPE_PLAIN_0_0_4
