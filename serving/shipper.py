"""The shipper: brings the journal to PostgreSQL, in order and once only, and ends an outage.

Here: the one background thread that looks for PostgreSQL, so that requests never do. It
ships what waits, oldest first, holds the recorder for the last few decisions, and hands its
connection over. Keep out: file formats (journal_segment) and group commit (recorder).
"""

import threading
import time
from collections.abc import Sequence

import psycopg
import structlog

from credit_risk.errors import CreditError
from resources.database import Connection
from resources.prediction_log import DecisionRecord, insert_decisions
from serving.deadline import Watchdog
from serving.decision_database import DecisionDatabase, outage_reason
from serving.journal import Journal
from serving.journal_segment import REFUSED_SUFFIX, SealedSegment
from serving.metrics import Metrics
from serving.recorder import WRITE_DEADLINE_S, Recorder

log = structlog.get_logger("serving.shipper")

# How long an outage outlives its cause at most, and how often the folder is looked at.
LOOK_INTERVAL_S = 0.5

# Requests wait while the last decisions are shipped: few enough to take milliseconds.
MAX_HAND_OVER = 200
# Under more load than PostgreSQL takes, the rest never gets small; then hand over what there is.
MAX_ROUNDS = 10

BATCH = 500


class Shipper:
    """Runs in a thread of its own from `start` to `stop`.

    Args:
        database: opens connections.
        journal: what it ships.
        recorder: gets a connection when nothing waits any more.
        watchdog: started; ends statements that outlive the deadline.
        outage: wakes the shipper.
        metrics: of the service.
        deadline_s: seconds that a statement may take.
    """

    def __init__(
        self,
        database: DecisionDatabase,
        journal: Journal,
        recorder: Recorder,
        watchdog: Watchdog,
        outage: threading.Event,
        metrics: Metrics,
        *,
        deadline_s: float = WRITE_DEADLINE_S,
    ) -> None:
        self._database = database
        self._journal = journal
        self._recorder = recorder
        self._watchdog = watchdog
        self._outage = outage
        self._metrics = metrics
        self._deadline_s = deadline_s
        self._reason: str | None = None
        self._stopping = threading.Event()
        self._looked = threading.Event()
        self._thread = threading.Thread(target=self._run, name="shipper", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def wait_for_first_look(self, seconds: float) -> None:
        """Wait until it is known whether PostgreSQL is there."""
        self._looked.wait(seconds)

    def stop(self) -> None:
        """End the thread; what still waits is shipped by the next process that starts."""
        self._stopping.set()
        self._outage.set()
        # A look at a server that does not answer takes this long; the thread then dies with us.
        self._thread.join(timeout=2 * self._deadline_s)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._look()
            except (psycopg.Error, CreditError, OSError) as error:
                self._note_outage(error)
            self._looked.set()
            self._outage.wait(LOOK_INTERVAL_S)
            self._outage.clear()

    def _look(self) -> None:
        self._recorder.check()
        if self._recorder.connected:
            orphan = self._journal.oldest()
            if orphan is None:
                return
            orphan.release()
        connection = self._database.connect(deadline_s=self._deadline_s)
        try:
            handed_over = self._recover(connection)
        except BaseException:
            connection.close()
            raise
        if not handed_over:
            connection.close()

    def _recover(self, connection: Connection) -> bool:
        """Ship everything; whether the recorder took the connection."""
        started, shipped = time.monotonic(), 0
        for _ in range(MAX_ROUNDS):
            n_shipped = self._ship_backlog(connection)
            shipped += n_shipped
            if n_shipped <= MAX_HAND_OVER:
                break
        if self._recorder.connected:
            return False
        with self._recorder.hand_over(connection):
            shipped += self._ship_backlog(connection)
        self._reason = None
        log.info("database_up", shipped=shipped, seconds=round(time.monotonic() - started, 3))
        return True

    def _ship_backlog(self, connection: Connection) -> int:
        """Ship every segment that waits, oldest first; how many decisions that were."""
        self._journal.seal()
        shipped = 0
        while (segment := self._journal.oldest()) is not None:
            try:
                shipped += self._ship(connection, segment)
            finally:
                segment.release()
        return shipped

    def _ship(self, connection: Connection, segment: SealedSegment) -> int:
        contents = segment.read()
        refused = []
        for start in range(0, len(contents.records), BATCH):
            refused += self._insert(connection, contents.records[start : start + BATCH])
        if refused:
            segment.keep_beside(REFUSED_SUFFIX, [record.to_json() + b"\n" for record in refused])
        self._journal.shipped(segment)
        set_aside = contents.n_unreadable + len(refused)
        if set_aside:
            self._metrics.journal_set_aside.inc(set_aside)
            log.error(
                "journal_lines_set_aside",
                segment=segment.path.name,
                unreadable=contents.n_unreadable,
                refused=len(refused),
            )
        return len(contents.records)

    def _insert(self, connection: Connection, records: Sequence[DecisionRecord]) -> list[DecisionRecord]:
        """Insert decisions that are not there yet; those whose values PostgreSQL never takes come back."""
        try:
            with self._watchdog.limit(connection, self._deadline_s):
                insert_decisions(connection, records)
        except psycopg.DataError:
            # One bad decision must not hold the others back for ever.
            if len(records) == 1:
                return list(records)
            return [refused for record in records for refused in self._insert(connection, [record])]
        return []

    def _note_outage(self, error: Exception) -> None:
        reason = outage_reason(error)
        # Said once, not twice a second for as long as it lasts.
        if reason != self._reason:
            self._reason = reason
            log.warning("database_not_ready", reason=reason, waiting=self._journal.depth())
