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
from resources.idempotency import insert_answered
from resources.late_months import make_late_months
from resources.prediction_log import DecisionError, DecisionRecord
from serving.answer_index import AnswerIndex
from serving.answer_log import AnswerLog
from serving.deadline import Watchdog
from serving.decision_database import CONNECT_TIMEOUT_S, DecisionDatabase, outage_reason
from serving.journal import Journal
from serving.journal_segment import REFUSED_SUFFIX, SealedSegment
from serving.metrics import Metrics
from serving.recorder import MAX_BATCH, WRITE_DEADLINE_S, Recorder

log = structlog.get_logger("serving.shipper")

# How long an outage outlives its cause at most, and how often the folder is looked at.
LOOK_INTERVAL_S = 0.5

# Requests wait while the last decisions are shipped: no more than share one write anyway.
MAX_HAND_OVER = MAX_BATCH
# Under more load than PostgreSQL takes beside the backlog, the rest never gets small; then the
# recorder writes to PostgreSQL again, and what is left is shipped beside it.
MAX_ROUNDS = 10

# Nobody waits for these: large for speed, and time enough for a server that is just up again.
BATCH = 500
SHIP_DEADLINE_S = 10.0


class Shipper:
    """Runs in a thread of its own from `start` to `stop`.

    Args:
        database: opens connections.
        journal: what it ships.
        answers: remembers what was shipped under a key.
        index: kept up with the journal, so that requests find less to read.
        recorder: says when it lost its connection, and gets one when nothing waits any more.
        watchdog: started; ends statements that outlive the deadline.
        metrics: of the service.
        deadline_s: seconds that a statement may take while requests wait for it.
    """

    def __init__(
        self,
        database: DecisionDatabase,
        journal: Journal,
        answers: AnswerLog,
        index: AnswerIndex,
        recorder: Recorder,
        watchdog: Watchdog,
        metrics: Metrics,
        *,
        deadline_s: float = WRITE_DEADLINE_S,
    ) -> None:
        self._database = database
        self._journal = journal
        self._answers = answers
        self._index = index
        self._recorder = recorder
        self._watchdog = watchdog
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
        self._recorder.outage.set()
        # A look at a server that does not answer takes this long; the thread then dies with us.
        self._thread.join(timeout=2 * CONNECT_TIMEOUT_S)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._look()
            except (psycopg.Error, CreditError, OSError) as error:
                self._note_outage(error)
            self._looked.set()
            self._recorder.outage.wait(LOOK_INTERVAL_S)
            self._recorder.outage.clear()

    def _look(self) -> None:
        self._index.refresh()
        self._recorder.check()
        if self._recorder.connected:
            orphan = self._journal.oldest()
            if orphan is None:
                return
            orphan.release()
        connection = self._database.connect(deadline_s=CONNECT_TIMEOUT_S)
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
            n_shipped = self._ship_backlog(connection, SHIP_DEADLINE_S)
            shipped += n_shipped
            if n_shipped <= MAX_HAND_OVER:
                break
        if self._recorder.connected:
            return False
        with self._recorder.hand_over(connection):
            if n_shipped <= MAX_HAND_OVER:
                shipped += self._ship_backlog(connection, self._deadline_s)
            else:
                self._journal.seal()
        self._reason = None
        log.info("database_up", shipped=shipped, seconds=round(time.monotonic() - started, 3))
        return True

    def _ship_backlog(self, connection: Connection, deadline_s: float) -> int:
        """Ship every segment that waits, oldest first; how many decisions that were."""
        self._journal.seal()
        shipped = 0
        while not self._stopping.is_set() and (segment := self._journal.oldest()) is not None:
            try:
                shipped += self._ship(connection, segment, deadline_s)
            finally:
                segment.release()
        return shipped

    def _ship(self, connection: Connection, segment: SealedSegment, deadline_s: float) -> int:
        contents = segment.read()
        refused = []
        for start in range(0, len(contents.records), BATCH):
            refused += self._insert(connection, contents.records[start : start + BATCH], deadline_s)
        if refused:
            segment.keep_beside(REFUSED_SUFFIX, [record.to_json() + b"\n" for record in refused])
        # Before the segment goes: a retry must find its answer in the one or in the other.
        self._answers.append(contents.records)
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

    def _insert(
        self, connection: Connection, records: Sequence[DecisionRecord], deadline_s: float
    ) -> list[DecisionRecord]:
        """Insert decisions that are not there yet; those whose values PostgreSQL never takes come back."""
        try:
            with self._watchdog.limit(connection, deadline_s):
                twice = insert_answered(connection, records)
        except (psycopg.DataError, psycopg.IntegrityError, DecisionError) as error:
            if isinstance(error, psycopg.errors.CheckViolation) and self._months_made(connection, records):
                return self._insert(connection, records, deadline_s)
            # One bad decision must not hold the others back for ever.
            if len(records) == 1:
                return list(records)
            return [refused for record in records for refused in self._insert(connection, [record], deadline_s)]
        for record in twice:
            log.warning("idempotency_key_answered_twice", prediction_id=str(record.prediction_id))
        return []

    def _months_made(self, connection: Connection, records: Sequence[DecisionRecord]) -> bool:
        """Whether decisions found no partition and now have one: their month was dropped, or never made."""
        made = make_late_months(connection, (record.created_at for record in records))
        if made:
            log.warning("late_months_made", months=[f"{month:%Y-%m}" for month in made])
        return bool(made)

    def _note_outage(self, error: Exception) -> None:
        reason = outage_reason(error)
        # Said once, not twice a second for as long as it lasts.
        if reason != self._reason:
            self._reason = reason
            log.warning("database_not_ready", reason=reason, waiting=self._journal.depth())
