"""Dagster's own storage, in a schema of its own in the platform's PostgreSQL.

`dagster.yaml` names this class, so that `dagster dev` on a fresh clone brings the embedded
database up by itself, and every tool finds the same runs. Keep out: anything else.
"""

from typing import Any, Self

from dagster._serdes import ConfigurableClassData
from dagster_postgres.storage import DagsterPostgresStorage

from resources.database import open_database
from resources.settings import load_settings


class PlatformStorage(DagsterPostgresStorage):
    """Runs, events and schedules in the schema `dagster` of the configured database."""

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """No configuration: the address comes from the settings."""
        return {}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> Self:  # noqa: ANN401, ARG003  # Dagster's signature
        """Open the storage, starting the embedded database if need be."""
        database = open_database(load_settings())
        database.ensure_schema("dagster")
        with database.connect() as connection:
            # Webserver, daemon and code server start together, and Dagster's own way of making its
            # tables at once gives up now and then: one after the other, the first makes them.
            connection.execute("SELECT pg_advisory_xact_lock(hashtext('dagster.storage'))")
            return cls(postgres_url=database.schema_url("dagster"), inst_data=inst_data)
