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
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from uuid import UUID

import psycopg
import structlog

from resources.database import Connection
from resources.idempotency import find_answers, insert_once
from resources.prediction_log import DecisionRecord
from serving.answer_log import AnswerLog
from serving.deadline import Watchdog
from serving.decision_database import outage_reason
from serving.journal import Journal, NoRecordError
from serving.metrics import Metrics

log = structlog.get_logger("serving.recorder")

# How long a write may take before its decisions go to the journal instead. With the cut that
# comes up to 20 ms late and the journal's fsync, no answer of an outage takes 250 ms (165 with
# the server paused). Healthy commits take 1 to 7 ms, the slowest of 12,000 on a busy machine
# 120; one that is cut costs half a second on the journal and nothing else.
WRITE_DEADLINE_S = 0.15

# Keeps a healthy write well below its deadline, whatever waits.
MAX_BATCH = 64

# More than that comes only as one batch of one sender, who expects to wait: ten times what a
# decision takes of a write.
LARGE_BATCH_S = 0.002

# By `prediction_id`: the decisions that were not recorded because their key has an answer.
Replaced = Mapping[UUID, DecisionRecord | None]


@dataclass(frozen=True, slots=True)
class _Waiting:
    records: Sequence[DecisionRecord]
    done: asyncio.Future[list[DecisionRecord]]


class Recorder:
    """Writes decisions from one thread of its own; `record` returns when they are durable.

    Args:
        journal: takes the decisions that PostgreSQL does not.
        answers: remembers what PostgreSQL took under a key.
        watchdog: started; ends writes that outlive the deadline.
        metrics: of the service.
        deadline_s: seconds that a write may take.
    """

    def __init__(
        self,
        journal: Journal,
        answers: AnswerLog,
        watchdog: Watchdog,
        metrics: Metrics,
        *,
        deadline_s: float = WRITE_DEADLINE_S,
    ) -> None:
        self._journal = journal
        self._answers = answers
        self._watchdog = watchdog
        self._metrics = metrics
        self._deadline_s = deadline_s
        # Set when a write failed, so that the shipper looks at once.
        self.outage = threading.Event()
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

    async def record(self, record: DecisionRecord) -> DecisionRecord:
        """Make a decision durable; the one to answer with.

        That is the decision itself, or the one that its idempotency key has in PostgreSQL
        already; then `record` is not recorded.

        Raises:
            UnavailableError: neither PostgreSQL nor the journal took it; do not answer it.
        """
        return (await self.record_all([record]))[0]

    async def record_all(self, records: Sequence[DecisionRecord]) -> list[DecisionRecord]:
        """Make decisions durable in one write: all of them or none; those to answer with, in their order.

        Raises:
            UnavailableError: neither PostgreSQL nor the journal took them; do not answer them.
        """
        if not records:
            return []
        done: asyncio.Future[list[DecisionRecord]] = self._loop.create_future()
        started = perf_counter()
        self._pending.append(_Waiting(records, done))
        self._work.set()
        answers = await done
        self._metrics.record_seconds.observe(perf_counter() - started)
        return answers

    async def find_answer(self, key: str) -> DecisionRecord | None:
        """The answer that an idempotency key has in PostgreSQL; None also while that is away."""
        return await asyncio.to_thread(self._find_answer, key)

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
                outcome = self._outcome_of([record for waiting in batch for record in waiting.records])
                # Once a batch: each call wakes the event loop.
                self._loop.call_soon_threadsafe(_answer, batch, outcome)

    def _take(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        size = 0
        while self._pending and (not batch or size + len(self._pending[0].records) <= MAX_BATCH):
            batch.append(self._pending.popleft())
            size += len(batch[-1].records)
        return batch

    def _outcome_of(self, records: Sequence[DecisionRecord]) -> Replaced | Exception:
        try:
            with self._write_lock:
                return self._write(records)
        except Exception as error:  # noqa: BLE001 - it is raised again, in the requests that wait for it
            return error

    def _write(self, records: Sequence[DecisionRecord]) -> Replaced:
        connection = self._connection
        if connection is not None:
            try:
                extra_s = LARGE_BATCH_S * max(0, len(records) - MAX_BATCH)
                with self._watchdog.limit(connection, self._deadline_s + extra_s):
                    inserted = insert_once(connection, records)
            except psycopg.Error as error:
                # Whether it was committed is unknown. The shipper sends it again, and an
                # insert of what is there already does nothing.
                self._lose_connection(error)
            else:
                self._metrics.wrote(len(records), to="postgresql")
                replaced = inserted.answered_before
                self._answers.append([record for record in records if record.prediction_id not in replaced])
                return replaced
        self._journal.append(records)
        self._metrics.wrote(len(records), to="journal")
        return {}

    def _find_answer(self, key: str) -> DecisionRecord | None:
        with self._write_lock:
            connection = self._connection
            if connection is None:
                return None
            try:
                with self._watchdog.limit(connection, self._deadline_s):
                    return find_answers(connection, [key]).get(key)
            except psycopg.Error as error:
                self._lose_connection(error)
                return None

    def _lose_connection(self, error: psycopg.Error) -> None:
        self._drop_connection()
        log.warning("database_away", reason=outage_reason(error))
        self.outage.set()

    def _drop_connection(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _answer(batch: Sequence[_Waiting], outcome: Replaced | Exception) -> None:
    for waiting in batch:
        # A client that hung up has cancelled its future; its decision stands all the same.
        if waiting.done.done():
            continue
        if isinstance(outcome, Exception):
            waiting.done.set_exception(_own_copy(outcome))
            continue
        answers = [outcome.get(record.prediction_id, record) for record in waiting.records]
        if None in answers:
            waiting.done.set_exception(_without_decision())
        else:
            waiting.done.set_result([answer for answer in answers if answer is not None])


def _own_copy(outcome: Exception) -> Exception:
    # One exception raised in many requests would collect the tracebacks of all of them.
    if isinstance(outcome, NoRecordError):
        return NoRecordError(outcome.found, expected=outcome.expected, remedy=outcome.remedy)
    return outcome


def _without_decision() -> NoRecordError:
    return NoRecordError(
        "an idempotency key whose decision is not in the database any more",
        expected="keys to be forgotten before their decisions are",
        remedy="send the application with a fresh key",
    )
