"""Signals: what the service tells about its state between requests.

Here: the gauges of its parts, and what the database knows of the live model (drift, cost, missing
reports, size), kept fresh in the background. Add a gauge when an alert or a graph needs the state
of a part. Keep out: the instruments that requests feed (`metrics`), and what is alarming
(`deploy/prometheus/rules`).
"""

from collections.abc import Callable
from datetime import UTC, date, datetime

from credit_risk.cost_alarm import Basis, judge_cost, references
from resources.cost_reports import cost_reports
from resources.database import Database
from resources.drift_reports import DriftReports
from resources.live_models import LiveModels
from resources.monitoring import REPORT_TABLES, Monitoring
from serving.journal import Journal
from serving.live_model import LiveModel
from serving.metrics import Metrics
from serving.periodic import Periodic
from serving.recorder import Recorder
from serving.served_model import ServedModel

# A scrape reaches one worker; what it shows of the others is at most this old. Scrapes come
# every 15 s by custom.
SAMPLE_INTERVAL_S = 1.0

# Reports are made once a day, and again after 100 predictions. Two scrapes: an alert that is due
# rings within a minute, and eight small queries a look are no load.
REPORTS_INTERVAL_S = 30.0

BASES: tuple[Basis, ...] = ("estimated", "realised")

BYTES_PER_GB = 1e9


class Signals:
    """Runs from `start` to `stop`.

    Args:
        metrics: of the service.
        live_model: whose drift and cost are shown.
        recorder: says whether decisions go to PostgreSQL.
        journal: says what waits.
        database: gives the database that holds the reports; may raise UnavailableError.
        database_max_gb: what it may take; None shows no limit.
        reports_interval_s: seconds between two looks at the reports.
    """

    def __init__(
        self,
        metrics: Metrics,
        *,
        live_model: LiveModel,
        recorder: Recorder,
        journal: Journal,
        database: Callable[[], Database],
        database_max_gb: float | None = None,
        reports_interval_s: float = REPORTS_INTERVAL_S,
    ) -> None:
        self._metrics = metrics
        self._live_model = live_model
        self._recorder = recorder
        self._journal = journal
        self._database = database
        self._add_gauges(database_max_gb)
        # Two threads: a database that hangs must not hold back the gauges that tell of it.
        self._tasks = (
            Periodic("sample-gauges", metrics.sample, SAMPLE_INTERVAL_S),
            Periodic("reports", self._look_at_reports, reports_interval_s),
        )

    def start(self) -> None:
        """Begin to look."""
        for task in self._tasks:
            task.start()

    def stop(self) -> None:
        """End both threads."""
        for task in self._tasks:
            task.stop()

    def _add_gauges(self, database_max_gb: float | None) -> None:
        gauge, journal, live_model, recorder = self._metrics.gauge, self._journal, self._live_model, self._recorder
        gauge("credit_journal_records", "Decisions that wait in the local journal.", journal.depth, across="sum")
        gauge("credit_journal_age_seconds", "Age of the oldest journal segment.", journal.age_s, across="max")
        # One folder for all workers: each of them sees the whole of it.
        gauge("credit_journal_bytes", "Size of the journal.", lambda: float(journal.bytes_waiting()), across="max")
        gauge(
            "credit_journal_limit_bytes",
            "Size at which decisions are refused.",
            lambda: float(journal.max_bytes),
            across="max",
        )
        gauge(
            "credit_database_up",
            "1 while decisions go to PostgreSQL.",
            lambda: float(recorder.connected),
            across="min",
        )
        gauge(
            "credit_registry_up",
            "1 while the live model is what the registry calls production.",
            lambda: float(live_model.problem is None),
            across="min",
        )
        gauge(
            "credit_model_trained_timestamp_seconds",
            "When the model that answers was trained; 0 without one.",
            lambda: _trained_at(live_model.current),
            across="max",
        )
        if database_max_gb is not None:
            limit = database_max_gb * BYTES_PER_GB
            gauge("credit_database_limit_bytes", "What the database may take.", lambda: limit, across="max")

    def _look_at_reports(self) -> None:
        database = self._database()
        monitoring = Monitoring(database)
        # First of all: it is what rings when the rest has stopped coming.
        for report in REPORT_TABLES:
            since = monitoring.missing_since(report)
            self._metrics.report_missing.labels(report).set(since.timestamp() if since else 0)
        self._metrics.database_bytes.set(monitoring.n_bytes())
        model = self._live_model.current
        if model is None:
            return
        stay = LiveModels(database).current()
        known = stay is not None and stay.model_version == model.version
        self._metrics.model_live_time.set(stay.live_from.timestamp() if known and stay else 0)
        self._metrics.drift_reported(DriftReports(database).newest_of(model.version))
        self._metrics.cost_reported(monitoring.newest_estimate(model.version))
        alarmed = _cost_alarms(database, model, datetime.now(UTC).date())
        for basis in BASES:
            self._metrics.cost_alarm.labels(basis).set(basis in alarmed)


def _cost_alarms(database: Database, model: ServedModel, today: date) -> set[Basis]:
    """On which bases the live model surely costs more than its training promised.

    As the retraining sensor judges it, but whatever was answered: a bell rings for as long as it is so.
    """
    judgement = judge_cost(
        cost_reports(database, model.version),
        live_version=model.version,
        promised=references(model.manifest.metrics, model.manifest.threshold),
        answered_until={},
        today=today,
    )
    return {alarm.basis for alarm in judgement.alarms}


def _trained_at(model: ServedModel | None) -> float:
    return 0.0 if model is None else datetime.fromisoformat(model.manifest.trained_at).timestamp()
