"""The PostgreSQL schema `credit`: brought up to date by Alembic, and its monthly partitions.

Add a migration under `resources/migrations/versions` when a table changes. Keep out: queries.
"""

from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from credit_risk.errors import UnavailableError
from resources.database import Connection, Database

MIGRATIONS = Path(__file__).parent / "migrations"

# Any fixed number: two upgrades at once meet on it and run one after the other.
UPGRADE_LOCK = 7_305_120_011
PARTITION_LOCK = 7_305_120_012

# A service that nobody upgrades for a quarter still finds a partition for its decisions.
MONTHS_AHEAD = 3


def upgrade(database: Database, today: date) -> str:
    """Bring the schema to the newest revision and keep partitions three months ahead.

    Idempotent, and safe to run twice at once. Returns the revision.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    engine = create_engine(database.url.replace("postgresql://", "postgresql+psycopg://", 1), poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": UPGRADE_LOCK})
        connection.execute(text("CREATE SCHEMA IF NOT EXISTS credit"))
        connection.commit()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
        context = MigrationContext.configure(connection, opts={"version_table_schema": "credit"})
        revision = context.get_current_revision()
        connection.commit()
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": UPGRADE_LOCK})
        connection.commit()
    with database.connect() as plain:
        keep_partitions_ahead(plain, today)
    return str(revision)


def require_schema(database: Database) -> None:
    """Check that `credit db upgrade` was run.

    Raises:
        UnavailableError: the schema is not there.
    """
    with database.connect() as connection:
        row = connection.execute("SELECT to_regclass('credit.predictions')").fetchone()
    if row is None or row[0] is None:
        raise UnavailableError(
            f"no schema `credit` in {database.safe_url}",
            expected="the platform's tables",
            remedy="run `credit db upgrade`",
        )


def keep_partitions_ahead(connection: Connection, today: date) -> list[str]:
    """Make the monthly partitions of `predictions` from today's month to three months ahead."""
    last = today.replace(day=1)
    for _ in range(MONTHS_AHEAD):
        last = _next_month(last)
    return ensure_partitions(connection, today, last)


def ensure_partitions(connection: Connection, first: date, last: date) -> list[str]:
    """Make the monthly partitions of `predictions` that hold the days from `first` to `last`.

    Returns the names of those that were new. Safe to run twice at once.
    """
    connection.execute("SELECT pg_advisory_xact_lock(%s)", [PARTITION_LOCK])
    made = []
    month = first.replace(day=1)
    while month <= last:
        name, end = f"predictions_{month:%Y_%m}", _next_month(month)
        row = connection.execute("SELECT to_regclass(%s)", [f"credit.{name}"]).fetchone()
        if row is None or row[0] is None:
            connection.execute(
                f"CREATE TABLE credit.{name} PARTITION OF credit.predictions "
                f"FOR VALUES FROM ('{month} 00:00:00+00') TO ('{end} 00:00:00+00')"
            )
            made.append(name)
        month = end
    return made


def _next_month(month: date) -> date:
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)
