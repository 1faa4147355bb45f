"""The one client of PostgreSQL, embedded or not.

Here: addresses and connections. Dagster and MLflow keep their tables in schemas of their
own in the same database, so one address is all that an operator must know. Keep out:
queries; they live with their noun (`prediction_log`, `drift_reports`, ...).
"""

from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import psycopg

from credit_risk.errors import SettingsError, UnavailableError
from resources import embedded_postgres
from resources.settings import Settings, prepare_home

Connection = psycopg.Connection[tuple[Any, ...]]

# Long enough for a database that wakes up (serverless ones take 1 to 3 s), short enough
# that a wrong host is an error before its user walks away.
CONNECT_TIMEOUT_S = 10

OLDEST_SERVER_VERSION = 140000


class Database:
    """A PostgreSQL database, known by its address.

    Args:
        url: `postgresql://user:password@host/name`, or with `?host=` for a socket.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    def connect(self, *, autocommit: bool = False, connect_timeout: float = CONNECT_TIMEOUT_S) -> Connection:
        """Open a connection, for use as a context manager: commit on success, roll back on error.

        Raises:
            UnavailableError: the server does not answer.
        """
        try:
            # TCP keepalives notice a peer that vanished; prepared statements break behind poolers.
            return psycopg.connect(
                self.url,
                autocommit=autocommit,
                connect_timeout=max(1, round(connect_timeout)),
                prepare_threshold=None,
                application_name="credit",
            )
        except psycopg.OperationalError as error:
            raise UnavailableError(
                f"no answer from PostgreSQL at {self.safe_url} ({_first_line(error)})",
                expected="a server that accepts connections",
                remedy="start it, or correct DATABASE_URL",
            ) from None

    @property
    def safe_url(self) -> str:
        """The address without its password."""
        parts = urlsplit(self.url)
        if not parts.password:
            return self.url
        return urlunsplit(parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", ":***@")))

    def schema_url(self, schema: str, *, driver: str | None = None) -> str:
        """The same database with `schema` as the place where unqualified tables are made and found."""
        parts = urlsplit(self.url)
        query = [(k, v) for k, v in parse_qsl(parts.query) if k != "options"]
        query.append(("options", f"-csearch_path={schema}"))
        scheme = f"postgresql+{driver}" if driver else "postgresql"
        # urlunsplit drops the empty host of a socket address, which libpq needs as "//".
        return f"{scheme}://{parts.netloc}{parts.path}?{urlencode(query, quote_via=quote)}"

    def ensure_schema(self, schema: str) -> None:
        """Make a schema unless it is there. Safe to run twice at once."""
        with self.connect() as connection:
            # CREATE SCHEMA IF NOT EXISTS can still collide with itself.
            connection.execute("SELECT pg_advisory_xact_lock(hashtext('credit.schema'))")
            connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')


def open_database(settings: Settings) -> Database:
    """The configured database; without DATABASE_URL the embedded one, started if need be.

    Raises:
        SettingsError: DATABASE_URL is not a PostgreSQL address, or its server is too old.
        UnavailableError: nothing answers there.
    """
    if settings.database_url is None:
        prepare_home(settings)
        return Database(embedded_postgres.attach(settings.postgres_dir))
    url = settings.database_url.replace("postgres://", "postgresql://", 1)
    if not url.startswith("postgresql://"):
        raise SettingsError(
            f"DATABASE_URL of scheme {urlsplit(url).scheme or 'none'!r}",
            expected="postgresql://user:password@host:port/name",
            remedy="correct it, or unset it to use the embedded PostgreSQL",
        )
    database = Database(url)
    with database.connect() as connection:
        if connection.info.server_version < OLDEST_SERVER_VERSION:
            raise SettingsError(
                f"PostgreSQL {connection.info.server_version // 10000} at {database.safe_url}",
                expected="PostgreSQL 14 or newer",
                remedy="upgrade the server, or unset DATABASE_URL to use the embedded PostgreSQL",
            )
    return database


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
