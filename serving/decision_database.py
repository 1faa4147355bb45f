"""The database as the service reaches it: addresses, connections, and what an outage is called.

Here: opening the configured PostgreSQL when it is first needed and again after a crash, and
connections that never wait for ever. Keep out: what is written (recorder, shipper).
"""

import threading

import psycopg

from credit_risk.errors import UnavailableError
from resources import embedded_postgres
from resources.database import Connection, Database
from resources.roles import open_service_database
from resources.settings import Settings
from serving.deadline import Watchdog

# Below this psycopg rounds up; a paused server accepts connections and never answers them.
CONNECT_TIMEOUT_S = 2.0

# The watchdog ends what takes too long for us; this ends what the server would go on doing
# after that. Above every deadline, or a large batch would never succeed.
STATEMENT_LIMIT_S = 10.0

# Between two statements of a transaction lie microseconds. A worker that was stopped in one
# holds idempotency keys that others wait for.
IDLE_LIMIT_S = 1.0

# One request to the server says whether it answers, whether the tables are there (the newest that
# a decision needs), and whether an answer after a commit would be durable.
_CHECK = "SELECT to_regclass('credit.idempotency_keys') IS NOT NULL, current_setting('synchronous_commit')"


class DecisionDatabase:
    """Hands out connections for recording decisions. Safe to share between threads."""

    def __init__(self, settings: Settings, watchdog: Watchdog) -> None:
        self._settings = settings
        self._watchdog = watchdog
        self._lock = threading.Lock()
        self._database: Database | None = None
        self._lost = False

    def database(self) -> Database:
        """The configured database; the embedded one is started when it does not run.

        Raises:
            SettingsError: DATABASE_URL is wrong, or its server too old.
            UnavailableError: it does not answer.
        """
        with self._lock:
            if self._database is None:
                self._database = open_service_database(self._settings)
            return self._database

    def connect(self, *, deadline_s: float, statement_limit_s: float = STATEMENT_LIMIT_S) -> Connection:
        """A connection on which every statement is a durable transaction of its own.

        Args:
            deadline_s: seconds that the server may take to say that it is ready.
            statement_limit_s: seconds after which the server ends a statement.

        Raises:
            UnavailableError: no answer in time, or no tables.
            psycopg.Error: the server ended the connection at once.
        """
        connection = self._open()
        try:
            with self._watchdog.limit(connection, deadline_s):
                _prepare(connection, statement_limit_s)
        except BaseException:
            connection.close()
            raise
        return connection

    def _open(self) -> Connection:
        database = self.database()
        try:
            connection = database.connect(autocommit=True, connect_timeout=CONNECT_TIMEOUT_S)
        except UnavailableError:
            self._lost = True
            if self._crashed():
                self._database = None
            raise
        if self._lost and self._settings.database_url is None:
            # Our handle on the embedded server went with the crash; without one, the next
            # process to leave would stop the server under us.
            embedded_postgres.attach(self._settings.postgres_dir)
        self._lost = False
        return connection

    def _crashed(self) -> bool:
        # A server that is stopped in good order takes its pid file along, and stays stopped.
        data_dir = self._settings.postgres_dir
        return (
            self._settings.database_url is None
            and (data_dir / "postmaster.pid").exists()
            and not embedded_postgres.is_running(data_dir)
        )


def _prepare(connection: Connection, statement_limit_s: float) -> None:
    connection.execute(f"SET statement_timeout = {round(statement_limit_s * 1000)}")
    connection.execute(f"SET idle_in_transaction_session_timeout = {round(IDLE_LIMIT_S * 1000)}")
    row = connection.execute(_CHECK).fetchone()
    if row is None or not row[0]:
        raise UnavailableError(
            "no table credit.idempotency_keys in the database",
            expected="the platform's tables, at their newest",
            remedy="run `credit db upgrade`",
        )
    if row[1] == "off":
        # Durable before answered holds whatever the server's default is.
        connection.execute("SET synchronous_commit = on")


def outage_reason(error: Exception) -> str:
    """Why the database did not take a statement, without what the statement carried.

    The detail of an SQL error repeats values of the row; its code and class never do.
    """
    if isinstance(error, psycopg.OperationalError) and error.sqlstate is None:
        lines = str(error).strip().splitlines()
        return lines[0] if lines else "the connection was lost"
    if isinstance(error, psycopg.Error):
        return f"{type(error).__name__}, SQLSTATE {error.sqlstate}"
    return str(error)
