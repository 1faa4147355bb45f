"""Stored features of single clients, read from PostgreSQL within a deadline.

Here: a connection for each thread that reads, what happens when it is lost, and the layout of the rows. Keep out: what
a model takes of a row (`features_lookup`), and SQL (`resources.online_features`).
"""

import threading
import time
from collections.abc import Callable
from typing import NamedTuple

import psycopg
import structlog

from credit_risk.errors import UnavailableError
from resources.database import Connection
from resources.online_features import OnlineClient, OnlineLayout, read_client, read_layout, read_version
from serving.deadline import Watchdog
from serving.decision_database import outage_reason

log = structlog.get_logger("serving.feature_reader")

# A row by its key takes less than a millisecond; a swap of the table holds readers for a tenth of a second.
READ_DEADLINE_S = 0.5

# After a failure: opening a connection to a server that does not answer takes 2 s, and all readers would wait in it.
RETRY_AFTER_S = 0.5


class Stored(NamedTuple):
    """What is stored of a client (None: nothing), and what rows of its version hold."""

    layout: OnlineLayout
    client: OnlineClient | None


class FeatureReader:
    """Reads clients; safe to share between threads, of which each has a connection of its own.

    Args:
        connect: opens a connection with autocommit; raises UnavailableError, psycopg.Error.
        watchdog: started; ends reads that outlive the deadline.
        deadline_s: seconds that a read may take.
    """

    def __init__(
        self, connect: Callable[[], Connection], watchdog: Watchdog, *, deadline_s: float = READ_DEADLINE_S
    ) -> None:
        self._connect = connect
        self._watchdog = watchdog
        self._deadline_s = deadline_s
        self._own = threading.local()
        self._lock = threading.Lock()
        self._opened: set[Connection] = set()
        self._layouts: dict[str, OnlineLayout] = {}
        # Until then nobody tries to open a connection; 0 while PostgreSQL answers.
        self._retry_at = 0.0

    def read(self, sk_id_curr: int) -> Stored:
        """What is stored of a client.

        Raises:
            UnavailableError: PostgreSQL does not answer in time, or nothing was loaded yet.
        """
        end = time.monotonic() + self._deadline_s
        connection, is_fresh = self._connection()
        try:
            return self._limited(connection, sk_id_curr)
        except psycopg.OperationalError as error:
            self._drop(connection)
            # A server that was restarted has ended the connections that it had: that is no outage.
            if is_fresh or time.monotonic() > end:
                raise self._away(error) from None
        except psycopg.Error as error:
            self._drop(connection)
            raise self._away(error) from None
        return self._read_anew(sk_id_curr)

    def close(self) -> None:
        """Close all connections; after the last read."""
        with self._lock:
            for connection in self._opened:
                connection.close()
            self._opened.clear()

    def _read_anew(self, sk_id_curr: int) -> Stored:
        connection, _ = self._connection()
        try:
            return self._limited(connection, sk_id_curr)
        except psycopg.Error as error:
            self._drop(connection)
            raise self._away(error) from None

    def _limited(self, connection: Connection, sk_id_curr: int) -> Stored:
        with self._watchdog.limit(connection, self._deadline_s):
            return self._stored(connection, sk_id_curr)

    def _stored(self, connection: Connection, sk_id_curr: int) -> Stored:
        while True:
            client = read_client(connection, sk_id_curr)
            version = client.feature_version if client else read_version(connection)
            if version is None:
                raise UnavailableError(
                    "no features in credit.online_features",
                    expected="a version of client_features",
                    remedy="materialize online_features",
                )
            layout = self._layouts.get(version)
            if layout is not None:
                return Stored(layout, client)
            newest = read_layout(connection)
            # Swapped between the reads: the row is of a version that is there no more, so it is read again.
            if newest is not None:
                self._layouts[newest.feature_version] = newest

    def _connection(self) -> tuple[Connection, bool]:
        """This thread's connection, and whether it was opened just now."""
        connection: Connection | None = getattr(self._own, "connection", None)
        if connection is not None:
            return connection, False
        with self._lock:
            if time.monotonic() < self._retry_at:
                raise _no_answer("it did not answer a moment ago")
            before = self._retry_at
            if before:
                # One tries; whoever comes meanwhile is turned away instead of waiting with it.
                self._retry_at = time.monotonic() + 10 * RETRY_AFTER_S
        try:
            connection = self._connect()
        except (psycopg.Error, UnavailableError) as error:
            raise self._away(error) from None
        with self._lock:
            self._retry_at = 0.0
            self._opened.add(connection)
        if before:
            log.info("features_readable")
        self._own.connection = connection
        return connection, True

    def _drop(self, connection: Connection) -> None:
        self._own.connection = None
        with self._lock:
            self._opened.discard(connection)
        connection.close()

    def _away(self, error: Exception) -> UnavailableError:
        reason = outage_reason(error)
        with self._lock:
            is_new = not self._retry_at
            self._retry_at = time.monotonic() + RETRY_AFTER_S
        # Said once, not for every request of an outage.
        if is_new:
            log.warning("features_unreadable", reason=reason)
        return _no_answer(reason)


def _no_answer(reason: str) -> UnavailableError:
    return UnavailableError(
        f"no answer from PostgreSQL, which holds the clients' features ({reason})",
        expected="an answer within its deadline",
        remedy="send the request again in some seconds, or send the features themselves",
    )
