"""The engine on one machine: Ibis on DuckDB, over the Parquet tables of the lake.

Here: opening it within the machine's limits, reading tables, writing results. Keep out: the other
engine, and what every engine can do (`engine`).
"""

import glob
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import ibis
import pyarrow.parquet as pq
from ibis.backends.duckdb import Backend

from resources.engine import Select
from resources.lake import Lake
from resources.side_by_side import side_by_side

# Of DuckDB's own default, which is 80 % of what the machine or container has, and leaves too
# little for two steps side by side, Python, PostgreSQL and the page cache.
MEMORY_SHARE = 0.6

# One client of 350,000 is read in a tenth of the time that groups of 122,880 rows (DuckDB's own) take; smaller
# groups make the file larger and one column of all clients slower (docs/decisions/0013).
ROW_GROUP_SIZE = 16_384

# Dictionaries for few values only and the fastest level of zstd take half of the time that DuckDB's defaults take,
# and a tenth more space. Not the encodings of the second version: Spark does not read them.
PARQUET = {
    "compression": "zstd",
    "compression_level": 1,
    "dictionary_size_limit": 1000,
    "row_group_size": ROW_GROUP_SIZE,
}


class DuckDBEngine:
    """DuckDB, in this process."""

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
        return self.read([self.lake.scan_address(name)])

    def read(self, files: Sequence[str]) -> ibis.Table:
        """Parquet files as one table, their rows in this order."""
        # A bracket in the name of a folder is no pattern, and a=b no column.
        return self.backend.read_parquet([glob.escape(file) for file in files], hive_partitioning=False)

    def write(self, name: str, expression: ibis.Table) -> int:
        """Compute an expression into a Parquet file of the lake, atomically. Returns its rows."""
        with self._unfinished() as file:
            self.backend.to_parquet(expression, file, **PARQUET)
            rows = int(pq.read_metadata(file).num_rows)
            self.lake.put_file(file, name)
        return rows

    def join(self, name: str, tables: Sequence[str], key: str, select: Select) -> int:
        """Set tables of the lake side by side, and compute over them into one Parquet file. Returns its rows."""
        with ExitStack() as stack:
            files = [pq.ParquetFile(stack.enter_context(self.lake.opened(table))) for table in tables]
            view = f"joined_{uuid.uuid4().hex}"
            self.backend.con.register(view, side_by_side(files[0], files[1:], key))
            stack.callback(self.backend.con.unregister, view)
            return self.write(name, select(self.backend.table(view)))

    @contextmanager
    def _unfinished(self) -> Iterator[Path]:
        file = self.scratch / f"{uuid.uuid4().hex}.parquet"
        try:
            yield file
        finally:
            file.unlink(missing_ok=True)

    def _lower_memory_limit(self) -> None:
        # DuckDB sees the limits of containers; it says them as "12.3 GiB".
        (limit,) = self.backend.con.execute("SELECT current_setting('memory_limit')").fetchone()
        amount, unit = limit.split()
        self.backend.raw_sql(f"SET memory_limit = '{float(amount) * MEMORY_SHARE:.3f} {unit}'")
