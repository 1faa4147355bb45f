"""Reading stored decisions for the routes that show them.

Here: the thread, the deadline, what an outage is called, and the way to decisions that have left PostgreSQL for
the lake. Keep out: the queries (`resources.prediction_log`, `resources.archived_days`).
"""

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import psycopg

from credit_risk.errors import UnavailableError
from resources.archived_days import ArchivedDay, days_of, dropped_days
from resources.database import Connection
from resources.prediction_log import DecisionRecord, read_decision
from serving.deadline import Watchdog
from serving.decision_database import DecisionDatabase, outage_reason

if TYPE_CHECKING:
    from resources.decision_archive import DecisionArchive

# One row by its key takes milliseconds; an observer waits, a loan system does not ask this.
DEADLINE_S = 2.0


class RecordReader:
    """Reads decisions by their id, on a connection of its own each.

    Args:
        database: opens connections.
        watchdog: started; ends a read that hangs.
        lake_root: where archived days are.
    """

    def __init__(self, database: DecisionDatabase, watchdog: Watchdog, lake_root: str) -> None:
        self._lake_root = lake_root
        self._database = database
        self._watchdog = watchdog

    async def get(self, prediction_id: UUID) -> DecisionRecord | None:
        """The decision on record, or None.

        Raises:
            ErasedError: its client was erased.
            UnavailableError: PostgreSQL does not answer in time, or the lake does not answer.
        """
        return await asyncio.to_thread(self._get, prediction_id)

    def _get(self, prediction_id: UUID) -> DecisionRecord | None:
        try:
            with (
                self._database.connect(deadline_s=DEADLINE_S) as connection,
                self._watchdog.limit(connection, DEADLINE_S),
                connection.transaction(),
            ):
                stored = read_decision(connection, prediction_id)
                days = [] if stored is not None else days_of(connection, prediction_id)
        except psycopg.Error as error:
            raise UnavailableError(
                f"no answer from PostgreSQL, which holds the decisions ({outage_reason(error)})",
                expected="an answer within its deadline",
                remedy="ask again when GET /health says that the database is up",
            ) from None
        return self._archived(prediction_id, days) if days else stored

    def _archived(self, prediction_id: UUID, days: Sequence[ArchivedDay]) -> DecisionRecord | None:
        return self._archive().find(prediction_id, days)

    def archived_at(self, connection: Connection, prediction_ids: Collection[UUID]) -> dict[UUID, datetime]:
        """When decisions were made that have left PostgreSQL; others are left out. Called in a thread.

        Raises:
            UnavailableError: the lake does not answer.
        """
        dropped = dropped_days(connection) if prediction_ids else []
        return self._archive().decided_at(prediction_ids, dropped) if dropped else {}

    def _archive(self) -> "DecisionArchive":
        # Arrow is imported by the first who asks for an old decision, not by every service.
        from resources.decision_archive import DecisionArchive
        from resources.lake import Lake

        return DecisionArchive(self._database.database(), Lake(self._lake_root))
