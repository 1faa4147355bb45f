"""The one client of PostgreSQL, embedded or not.

Here: addresses and connections. Dagster and MLflow keep their tables in schemas of their
own in the same database, so one address is all that an operator must know. Keep out:
queries; they live with their noun (`prediction_log`, `drift_reports`, ...).
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

import psycopg

from credit_risk.errors import SettingsError, UnavailableError
from resources import embedded_postgres
from resources.settings import Settings, prepare_home

Connection = psycopg.Connection[tuple[Any, ...]]

# Long enough for a database that wakes up (serverless ones take 1 to 3 s), short enough
# that a wrong host is an error before its user walks away.
CONNECT_TIMEOUT_S = 10

# A peer that vanished without a word is noticed after about a minute, not after two hours.
KEEPALIVES: Mapping[str, Any] = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}

OLDEST_SERVER_VERSION = 140000

EXPECTED_URL = "postgresql://user:password@host:port/name"

# To the last @, because a password that nobody encoded may hold one, a slash or a colon.
_PASSWORD = re.compile(r"(?<=://)([^:/?#]*):.*@")
_PASSWORD_PARAMETER = re.compile(r"(?<=[?&])((?:ssl)?password)=[^&]*")


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
            SettingsError: the address cannot be read.
            UnavailableError: the server does not answer, or refuses this user.
        """
        try:
            return psycopg.connect(
                self.url,
                autocommit=autocommit,
                connect_timeout=max(1, round(connect_timeout)),
                # Prepared statements break behind poolers.
                prepare_threshold=None,
                application_name="credit",
                **KEEPALIVES,
            )
        except psycopg.ProgrammingError:
            # What libpq could not read may be a piece of the password: it is not repeated.
            raise SettingsError(
                f"DATABASE_URL={self.safe_url}, which cannot be read as an address",
                expected=f"{EXPECTED_URL}, special characters percent-encoded, and parameters that PostgreSQL knows",
                remedy="correct it, or unset it to use the embedded PostgreSQL",
            ) from None
        except psycopg.OperationalError as error:
            raise UnavailableError(
                f"no answer from PostgreSQL at {self.safe_url} ({_first_line(error)})",
                expected="a server that accepts connections",
                remedy="start it, or correct DATABASE_URL",
            ) from None

    @property
    def safe_url(self) -> str:
        """The address without its passwords."""
        return _PASSWORD_PARAMETER.sub(r"\1=***", _PASSWORD.sub(r"\1:***@", self.url))

    def schema_url(self, schema: str, *, driver: str | None = None) -> str:
        """The same database with `schema` as the place where unqualified tables are made and found.

        For libraries that open their own connections; they give up on a silent server as we do.
        """
        address, _, query = self.url.partition("?")
        parameters = {unquote(name): unquote(value) for name, _, value in (p.partition("=") for p in query.split("&"))}
        parameters.pop("", None)
        # What the address asks for stays; of two settings of one name PostgreSQL takes the last.
        parameters["options"] = f"{parameters.get('options', '')} -csearch_path={schema}".strip()
        parameters.setdefault("connect_timeout", str(CONNECT_TIMEOUT_S))
        # Encoded in full: SQLAlchemy, unlike libpq, reads a plus as a space.
        encoded = "&".join(f"{quote(name)}={quote(value, safe='/')}" for name, value in parameters.items())
        _, _, rest = address.partition("://")
        return f"{'postgresql+' + driver if driver else 'postgresql'}://{rest}?{encoded}"

    def ensure_schema(self, schema: str) -> None:
        """Make a schema unless it is there. Safe to run twice at once.

        Raises:
            SettingsError: it is not there, and this user may not make it.
        """
        with self.connect() as connection:
            # CREATE SCHEMA IF NOT EXISTS can still collide with itself.
            connection.execute("SELECT pg_advisory_xact_lock(hashtext('credit.schema'))")
            row = connection.execute("SELECT to_regnamespace(%s) IS NOT NULL", [f'"{schema}"']).fetchone()
            if row and row[0]:
                return
            try:
                connection.execute(f'CREATE SCHEMA "{schema}"')
            except psycopg.errors.InsufficientPrivilege:
                raise SettingsError(
                    f"a user who may not make the schema {schema} at {self.safe_url}",
                    expected="the database's owner in DATABASE_URL",
                    remedy=f"GRANT CREATE ON DATABASE {connection.info.dbname} TO {connection.info.user}",
                ) from None


def open_database(settings: Settings) -> Database:
    """The configured database; without DATABASE_URL the embedded one, started if need be.

    Raises:
        SettingsError: DATABASE_URL is not a PostgreSQL address, or its server is too old.
        UnavailableError: nothing answers there.
    """
    if settings.database_url is None:
        prepare_home(settings)
        return Database(embedded_postgres.attach(settings.postgres_dir))
    # Heroku and its heirs hand out the short scheme, which SQLAlchemy does not know.
    url = re.sub("^postgres://", "postgresql://", settings.database_url)
    scheme, separator, _ = url.partition("://")
    if scheme != "postgresql" or not separator:
        raise SettingsError(
            f"DATABASE_URL of scheme {scheme!r}" if separator else "DATABASE_URL without a scheme",
            expected=EXPECTED_URL,
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
