"""Writes beside the decisions: outcomes and log lines, each order one transaction.

Here: the thread, the deadline, and what an outage is called. Keep out: decisions; they have a
recorder and a journal, and whoever sends these keeps them and sends them again.
"""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar

import psycopg

from credit_risk.errors import UnavailableError
from resources.database import Connection
from serving.deadline import Watchdog
from serving.decision_database import DecisionDatabase, outage_reason
from serving.problems import RETRY_AFTER_S, RequestError

T = TypeVar("T")

# Ten thousand outcomes or log lines take a second or two on a small machine.
DEADLINE_S = 20.0
# Until the server is known to answer: longer than for decisions, for which there is a journal.
CONNECT_DEADLINE_S = 5.0


class SideWriter:
    """Runs work in a transaction of its own.

    Args:
        database: opens connections.
        watchdog: started; ends work that hangs.
    """

    def __init__(self, database: DecisionDatabase, watchdog: Watchdog) -> None:
        self._database = database
        self._watchdog = watchdog
        # One at a time: a shipper that sends many chunks at once must not take the connections
        # and the processor away from decisions.
        self._turn = asyncio.Lock()

    async def write(self, work: Callable[[Connection], T]) -> T:
        """What the work returns, once it is committed.

        Raises:
            RequestError: 503, the database is away; nothing was written, or it may be sent again.
        """
        async with self._turn:
            return await asyncio.to_thread(self._write, work)

    def _write(self, work: Callable[[Connection], T]) -> T:
        try:
            with (
                self._database.connect(deadline_s=CONNECT_DEADLINE_S, statement_limit_s=DEADLINE_S) as connection,
                self._watchdog.limit(connection, DEADLINE_S),
                connection.transaction(),
            ):
                # Between two statements thousands of rows are compared here; no decision waits for their locks.
                connection.execute(f"SET LOCAL idle_in_transaction_session_timeout = {round(DEADLINE_S * 1000)}")
                return work(connection)
        except (psycopg.DataError, psycopg.IntegrityError):
            # No outage: what was let through should not have been, and sending it again never helps.
            raise
        except (psycopg.Error, UnavailableError) as error:
            raise RequestError(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "not-stored",
                f"no database to store this in ({outage_reason(error)})",
                expected="PostgreSQL with the platform's tables",
                remedy=f"send the same again in {RETRY_AFTER_S} s or later: nothing is counted twice",
            ) from None
