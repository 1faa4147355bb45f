"""Signals: what the service tells about its state between requests.

Here: the gauges of its parts, and the drift status of the live model, kept fresh in the
background. Add a gauge when an alert or a graph needs the state of a part. Keep out: the
instruments that requests feed (`metrics`).
"""

from collections.abc import Callable

from resources.database import Database
from resources.drift_reports import DriftReports
from serving.journal import Journal
from serving.live_model import LiveModel
from serving.metrics import Metrics
from serving.periodic import Periodic
from serving.recorder import Recorder

# A scrape reaches one worker; what it shows of the others is at most this old. Scrapes come
# every 15 s by custom.
SAMPLE_INTERVAL_S = 1.0

# Reports are made once a day, and again after 100 predictions: a minute is soon.
DRIFT_INTERVAL_S = 60.0


class Signals:
    """Runs from `start` to `stop`.

    Args:
        metrics: of the service.
        live_model: whose drift status is shown.
        recorder: says whether decisions go to PostgreSQL.
        journal: says what waits.
        database: gives the database that holds the drift reports; may raise UnavailableError.
        drift_interval_s: seconds between two looks at the drift reports.
    """

    def __init__(
        self,
        metrics: Metrics,
        *,
        live_model: LiveModel,
        recorder: Recorder,
        journal: Journal,
        database: Callable[[], Database],
        drift_interval_s: float = DRIFT_INTERVAL_S,
    ) -> None:
        self._metrics = metrics
        self._live_model = live_model
        self._database = database
        gauge = metrics.gauge
        gauge("credit_journal_records", "Decisions that wait in the local journal.", journal.depth, across="sum")
        gauge("credit_journal_age_seconds", "Age of the oldest journal segment.", journal.age_s, across="max")
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
        # Two threads: a database that hangs must not hold back the gauges that tell of it.
        self._tasks = (
            Periodic("sample-gauges", metrics.sample, SAMPLE_INTERVAL_S),
            Periodic("drift-status", self._look_at_drift, drift_interval_s),
        )

    def start(self) -> None:
        """Begin to look."""
        for task in self._tasks:
            task.start()

    def stop(self) -> None:
        """End both threads."""
        for task in self._tasks:
            task.stop()

    def _look_at_drift(self) -> None:
        model = self._live_model.current
        if model is not None:
            self._metrics.drift_reported(DriftReports(self._database()).newest_of(model.version))
