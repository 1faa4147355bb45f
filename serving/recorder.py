"""The recorder: a decision is durable before it is answered.

Here: group commit (requests that arrive while a write runs share the next one), and the
choice between PostgreSQL and the journal. The recorder has a connection or it has none: it
loses it with the first write that fails or takes too long, writes to the journal from that
moment on, and gets one back from the shipper alone, so no request waits for an outage that
is known. Keep out: how the journal reaches PostgreSQL (shipper) and what a decision is.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
import structlog

from credit_risk.errors import UnavailableError
from resources.database import Connection
from resources.prediction_log import DecisionRecord, insert_decisions
from serving.deadline import Watchdog
from serving.decision_database import outage_reason
from serving.journal import Journal
from serving.metrics import Metrics

log = structlog.get_logger("serving.recorder")

# How long a write may take before its decisions go to the journal instead: a commit takes
# milliseconds, and a loan system waits seconds for an answer, not longer.
WRITE_DEADLINE_S = 2.0

# Keeps one statement below some 2 MB, so that a burst cannot make a write too slow to succeed.
MAX_BATCH = 500


@dataclass(frozen=True, slots=True)
class _Waiting:
    record: DecisionRecord
    done: asyncio.Future[None]


class Recorder:
    """Writes decisions from one thread of its own; `record` returns when they are durable.

    Args:
        journal: takes the decisions that PostgreSQL does not.
        watchdog: started; ends writes that outlive the deadline.
        outage: set when a write failed, so that the shipper looks at once.
        metrics: of the service.
        deadline_s: seconds that a write may take.
    """

    def __init__(
        self,
        journal: Journal,
        watchdog: Watchdog,
        outage: threading.Event,
        metrics: Metrics,
        *,
        deadline_s: float = WRITE_DEADLINE_S,
    ) -> None:
        self._journal = journal
        self._watchdog = watchdog
        self._outage = outage
        self._metrics = metrics
        self._deadline_s = deadline_s
        self._connection: Connection | None = None
        self._write_lock = threading.Lock()
        self._pending: deque[_Waiting] = deque()
        self._work = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)

    @property
    def connected(self) -> bool:
        """Whether decisions go to PostgreSQL."""
        return self._connection is not None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to write, for requests of this event loop."""
        self._loop = loop
        self._thread.start()

    async def record(self, record: DecisionRecord) -> None:
        """Make a decision durable.

        Raises:
            UnavailableError: neither PostgreSQL nor the journal took it; do not answer it.
        """
        done = self._loop.create_future()
        self._pending.append(_Waiting(record, done))
        self._work.set()
        await done

    def close(self) -> None:
        """Write what is pending, then end the thread and the connection."""
        self._closing = True
        self._work.set()
        self._thread.join()
        with self._write_lock:
            self._drop_connection()
        self._journal.seal()

    def check(self) -> None:
        """Notice a connection that broke while no request was there to notice it."""
        # A write that runs is a check of its own.
        if self._connection is None or not self._write_lock.acquire(blocking=False):
            return
        try:
            connection = self._connection
            if connection is not None:
                with self._watchdog.limit(connection, self._deadline_s):
                    connection.execute("SELECT 1")
        except psycopg.Error as error:
            self._lose_connection(error)
        finally:
            self._write_lock.release()

    @contextmanager
    def hand_over(self, connection: Connection) -> Iterator[None]:
        """Hold writes while the block ships the rest of the journal; then write through `connection`.

        If the block raises, the recorder stays with the journal.
        """
        with self._write_lock:
            yield
            self._connection = connection

    def _run(self) -> None:
        while not (self._closing and not self._pending):
            self._work.wait()
            self._work.clear()
            while batch := self._take():
                outcome = self._outcome_of([waiting.record for waiting in batch])
                self._loop.call_soon_threadsafe(_answer, batch, outcome)

    def _take(self) -> list[_Waiting]:
        return [self._pending.popleft() for _ in range(min(len(self._pending), MAX_BATCH))]

    def _outcome_of(self, records: Sequence[DecisionRecord]) -> Exception | None:
        try:
            with self._write_lock:
                self._write(records)
        except Exception as error:  # noqa: BLE001 - it is raised again, in the requests that wait for it
            return error
        return None

    def _write(self, records: Sequence[DecisionRecord]) -> None:
        connection = self._connection
        if connection is not None:
            try:
                with self._watchdog.limit(connection, self._deadline_s):
                    insert_decisions(connection, records)
            except psycopg.Error as error:
                # Whether it was committed is unknown. The shipper sends it again, and an
                # insert of what is there already does nothing.
                self._lose_connection(error)
            else:
                self._metrics.wrote(len(records), to="postgresql")
                return
        self._journal.append(records)
        self._metrics.wrote(len(records), to="journal")

    def _lose_connection(self, error: psycopg.Error) -> None:
        self._drop_connection()
        log.warning("database_away", reason=outage_reason(error))
        self._outage.set()

    def _drop_connection(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _answer(batch: Sequence[_Waiting], outcome: Exception | None) -> None:
    for waiting in batch:
        # A client that hung up has cancelled its future; its decision stands all the same.
        if waiting.done.done():
            continue
        if outcome is None:
            waiting.done.set_result(None)
        else:
            waiting.done.set_exception(_own_copy(outcome))


def _own_copy(outcome: Exception) -> Exception:
    # One exception raised in many requests would collect the tracebacks of all of them.
    if isinstance(outcome, UnavailableError):
        return UnavailableError(outcome.found, expected=outcome.expected, remedy=outcome.remedy)
    return outcome
