"""Dagster's own storage, in a schema of its own in the platform's PostgreSQL.

`dagster.yaml` names this class, so that `dagster dev` on a fresh clone brings the embedded
database up by itself, and every tool finds the same runs. Here too: one connection for many events.
Keep out: anything else.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

from dagster import DagsterInstance
from dagster._serdes import ConfigurableClassData
from dagster_postgres.event_log import PostgresEventLogStorage
from dagster_postgres.storage import DagsterPostgresStorage
from dagster_postgres.utils import create_pg_engine

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


@contextmanager
def kept_connection(instance: DagsterInstance) -> Iterator[None]:
    """Events of the block go through one connection, where Dagster opens two or three for each of them.

    Connecting is a third of what an event costs. Not for always: an instance is opened by every tick of
    a sensor, and none of them closes what it holds.
    """
    storage = instance.event_log_storage
    if not isinstance(storage, PostgresEventLogStorage):
        yield
        return
    each_time = storage._engine  # noqa: SLF001  # what `optimize_for_webserver` does, and undoes never
    # Asked before use: a connection that a restarted server has forgotten is replaced.
    storage._engine = create_pg_engine(  # noqa: SLF001
        storage.postgres_url, isolation_level="AUTOCOMMIT", pool_size=1, pool_pre_ping=True
    )
    try:
        yield
    finally:
        storage._engine.dispose()  # noqa: SLF001
        storage._engine = each_time  # noqa: SLF001
