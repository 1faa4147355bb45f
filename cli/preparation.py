"""What every process relies on in the database: made once, before any of them starts.

Keep out: what is made on this machine alone (`processes`), and the rights on it (`db`).
"""

from datetime import UTC, datetime

from resources import schema
from resources.database import Database
from resources.lake import Lake
from resources.registry import open_registry
from resources.settings import Settings


def prepare_database(settings: Settings, database: Database) -> None:
    """Make our tables, Dagster's schema and MLflow's tables. Safe to run again."""
    schema.upgrade(database, datetime.now(UTC).date())
    database.ensure_schema("dagster")
    # MLflow makes its tables on the first connection, for seconds: once here, before its users race.
    open_registry(database, Lake(settings.lake_root)).client.search_experiments()
