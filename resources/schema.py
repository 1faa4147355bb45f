"""The PostgreSQL schema `credit`: brought up to date by Alembic, and its monthly partitions.

Add a migration under `resources/migrations/versions` when a table changes. Keep out: queries.
"""

from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from sqlalchemy import create_engine, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.pool import NullPool

from credit_risk.errors import SettingsError, UnavailableError
from resources import roles
from resources.database import Connection, Database

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
SCHEMA = "credit"

# Any fixed number: two upgrades at once meet on it and run one after the other.
UPGRADE_LOCK = 7_305_120_011
# Migration 0010 takes it as well.
PARTITION_LOCK = 7_305_120_012

# A service that nobody upgrades for a quarter still finds a partition for its decisions.
MONTHS_AHEAD = 3
# A decision of a month's last second may reach a fresh database in the next month only, from
# the journal of a service that could not write it before.
MONTHS_BEHIND = 1

# The largest that there is: arrays of up to 8 kB stay in their row, uncompressed. Compressing them
# would save 40 % of the space and take the server 1.6 times the time of the whole insert.
TOAST_TUPLE_TARGET = 8160


def upgrade(database: Database, today: date) -> str:
    """Bring the schema to the newest revision and keep partitions three months ahead.

    Idempotent, and safe to run twice at once. Returns the revision.

    Raises:
        SettingsError: this user may not make the tables, or newer code has made others.
    """
    database.ensure_schema(SCHEMA)
    try:
        revision = _migrate(database)
    except ProgrammingError as error:
        if not isinstance(error.orig, psycopg.errors.InsufficientPrivilege):
            raise
        raise SettingsError(
            f"a user who may not change the schema {SCHEMA} at {database.safe_url} ({error.orig.diag.message_primary})",
            expected="the owner of the schema in DATABASE_URL",
            remedy="run the upgrade as the user who made the schema",
        ) from None
    with database.connect() as connection:
        keep_partitions_ahead(connection, today)
        roles.prepare_roles(connection)
    return revision


def require_schema(database: Database) -> None:
    """Check that `credit db upgrade` was run.

    Raises:
        UnavailableError: the schema is not there.
    """
    with database.connect() as connection:
        row = connection.execute("SELECT to_regclass('credit.decisions')").fetchone()
    if row is None or row[0] is None:
        raise UnavailableError(
            f"no schema `{SCHEMA}` in {database.safe_url}",
            expected="the platform's tables",
            remedy="run `credit db upgrade`",
        )


def keep_partitions_ahead(connection: Connection, today: date) -> list[str]:
    """Make the monthly partitions of `decisions` around today's month, up to three months ahead."""
    first = last = today.replace(day=1)
    for _ in range(MONTHS_BEHIND):
        first = (first - timedelta(days=1)).replace(day=1)
    for _ in range(MONTHS_AHEAD):
        last = _next_month(last)
    return ensure_partitions(connection, first, last)


def ensure_partitions(connection: Connection, first: date, last: date) -> list[str]:
    """Make the monthly partitions of `decisions` that hold the UTC days from `first` to `last`.

    Returns the names of those that were new. Safe to run twice at once, and beside a service
    that writes. The caller commits.
    """
    connection.execute("SELECT pg_advisory_xact_lock(%s)", [PARTITION_LOCK])
    made = []
    month = first.replace(day=1)
    while month <= last:
        name, end = f"decisions_{month:%Y_%m}", _next_month(month)
        row = connection.execute("SELECT to_regclass(%s)", [f"{SCHEMA}.{name}"]).fetchone()
        if row is None or row[0] is None:
            # Made apart and attached: CREATE TABLE ... PARTITION OF would lock every reader and
            # writer of `decisions` out until the caller commits.
            connection.execute(
                f"CREATE TABLE {SCHEMA}.{name} (LIKE {SCHEMA}.decisions INCLUDING ALL)"
                f" WITH (toast_tuple_target = {TOAST_TUPLE_TARGET})"
            )
            connection.execute(
                f"ALTER TABLE {SCHEMA}.decisions ATTACH PARTITION {SCHEMA}.{name} "
                f"FOR VALUES FROM ('{month} 00:00:00+00') TO ('{end} 00:00:00+00')"
            )
            made.append(name)
        month = end
    return made


def _migrate(database: Database) -> str:
    from alembic import command
    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    engine = create_engine("postgresql+psycopg://", creator=database.connect, poolclass=NullPool)
    with engine.connect() as connection:
        # Of the session: it outlives the migrations' transactions and ends with the connection.
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": UPGRADE_LOCK})
        context = MigrationContext.configure(connection, opts={"version_table_schema": SCHEMA})
        _refuse_newer(config, context.get_current_revision(), database)
        connection.commit()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
        return str(context.get_current_revision())


def _refuse_newer(config: "Config", current: str | None, database: Database) -> None:
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory.from_config(config)
    known = {script.revision for script in scripts.walk_revisions()}
    if current is not None and current not in known:
        raise SettingsError(
            f"a schema {SCHEMA} of revision {current} at {database.safe_url}",
            expected=f"revision {scripts.get_current_head()} or older: newer code has changed the tables",
            remedy="use that code, or another database",
        )


def _next_month(month: date) -> date:
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)
