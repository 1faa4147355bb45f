"""The engine that computes features: Ibis on DuckDB, over the Parquet tables of the lake.

Here: opening it within the machine's limits, reading tables, writing results. Keep out:
what a feature is (`credit_risk.features`).
"""

import uuid
from pathlib import Path

import ibis
from ibis.backends.duckdb import Backend

from resources.lake import Lake
from resources.settings import Settings, prepare_home

# Of DuckDB's own default, which is 80 % of what the machine or container has, and leaves too
# little for two steps side by side, Python, PostgreSQL and the page cache.
MEMORY_SHARE = 0.6

# 122,880 is DuckDB's own row group; a client is found by reading one of them.
ROW_GROUP_SIZE = 122_880


class Engine:
    """An Ibis backend that reads and writes the lake."""

    def __init__(self, lake: Lake, scratch: Path) -> None:
        scratch.mkdir(parents=True, exist_ok=True)
        self.lake = lake
        self.scratch = scratch
        self.backend: Backend = ibis.duckdb.connect()
        # A folder of its own, made when memory runs out: engines that share one overwrite each other's files.
        spill = str(scratch / f"spill-{uuid.uuid4().hex}").replace("'", "''")
        self.backend.raw_sql(f"SET temp_directory = '{spill}'")
        self._lower_memory_limit()
        if not lake.is_local:
            # DuckDB's own drivers for object stores are downloaded at run time; fsspec's are installed.
            self.backend.con.register_filesystem(lake.filesystem)

    def table(self, name: str) -> ibis.Table:
        """A Parquet file of the lake as a table.

        Raises:
            FileNotFoundError: names the file.
        """
        if not self.lake.exists(name):
            raise FileNotFoundError(f"{self.lake.uri(name)}: materialize the asset that writes it first")
        address = self.lake.path(name) if self.lake.is_local else self.lake.uri(name)
        return self.backend.read_parquet(address)

    def write(self, name: str, expression: ibis.Table) -> int:
        """Compute an expression into a Parquet file of the lake, atomically. Returns its rows."""
        temporary = self.scratch / f"{uuid.uuid4().hex}.parquet"
        try:
            self.backend.to_parquet(expression, temporary, compression="zstd", row_group_size=ROW_GROUP_SIZE)
            rows = int(self.backend.read_parquet(temporary).count().execute())
            self.lake.put_file(temporary, name)
        finally:
            temporary.unlink(missing_ok=True)
        return rows

    def _lower_memory_limit(self) -> None:
        # DuckDB sees the limits of containers; it says them as "12.3 GiB".
        (limit,) = self.backend.con.execute("SELECT current_setting('memory_limit')").fetchone()
        amount, unit = limit.split()
        self.backend.raw_sql(f"SET memory_limit = '{float(amount) * MEMORY_SHARE:.3f} {unit}'")


def open_engine(settings: Settings, lake: Lake) -> Engine:
    """The configured engine, with its scratch space under CREDIT_HOME.

    Raises:
        SettingsError: CREDIT_HOME cannot be written.
    """
    return Engine(lake, prepare_home(settings) / "scratch")
