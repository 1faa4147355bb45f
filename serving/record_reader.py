"""Reading stored decisions for the routes that show them.

Here: the thread, the deadline, and what an outage is called. Keep out: the query (`resources.prediction_log`).
"""

import asyncio
from uuid import UUID

import psycopg

from credit_risk.errors import UnavailableError
from resources.prediction_log import DecisionRecord, read_decision
from serving.deadline import Watchdog
from serving.decision_database import DecisionDatabase, outage_reason

# One row by its key takes milliseconds; an observer waits, a loan system does not ask this.
DEADLINE_S = 2.0


class RecordReader:
    """Reads decisions by their id, on a connection of its own each.

    Args:
        database: opens connections.
        watchdog: started; ends a read that hangs.
    """

    def __init__(self, database: DecisionDatabase, watchdog: Watchdog) -> None:
        self._database = database
        self._watchdog = watchdog

    async def get(self, prediction_id: UUID) -> DecisionRecord | None:
        """The decision on record, or None.

        Raises:
            UnavailableError: PostgreSQL does not answer in time.
        """
        return await asyncio.to_thread(self._get, prediction_id)

    def _get(self, prediction_id: UUID) -> DecisionRecord | None:
        try:
            with (
                self._database.connect(deadline_s=DEADLINE_S) as connection,
                self._watchdog.limit(connection, DEADLINE_S),
                connection.transaction(),
            ):
                return read_decision(connection, prediction_id)
        except psycopg.Error as error:
            raise UnavailableError(
                f"no answer from PostgreSQL, which holds the decisions ({outage_reason(error)})",
                expected="an answer within its deadline",
                remedy="ask again when GET /health says that the database is up",
            ) from None
