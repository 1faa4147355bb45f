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
import pyarrow as pa
import pyarrow.parquet as pq
from ibis.backends.duckdb import Backend

from resources.engine import Derive
from resources.lake import Lake
from resources.parquet_writer import ROW_GROUP_ROWS, write_parquet
from resources.side_by_side import side_by_side

# Of DuckDB's own default, which is 80 % of what the machine or container has, and leaves too
# little for two steps side by side, Python, PostgreSQL and the page cache.
MEMORY_SHARE = 0.6


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
        # A view, because Ibis asks DuckDB for batches by a method that is deprecated.
        view = f"written_{uuid.uuid4().hex}"
        self.backend.create_view(view, expression)
        try:
            return self._put(name, self.backend.con.table(view).to_arrow_reader(ROW_GROUP_ROWS))
        finally:
            self.backend.raw_sql(f'DROP VIEW "{view}"')

    def join(self, name: str, tables: Sequence[str], key: str, derive: Derive) -> int:
        """Set tables of the lake side by side in one Parquet file. Returns its rows; see `Engine`."""
        with ExitStack() as stack:
            files = [pq.ParquetFile(stack.enter_context(self.lake.opened(table))) for table in tables]
            return self._put(name, self._extended(side_by_side(files[0], files[1:], key), derive))

    def _extended(self, rows: pa.RecordBatchReader, derive: Derive) -> pa.RecordBatchReader:
        """Batches with the columns behind them that follow from theirs: these alone pass through the engine."""
        view = f"batch_{uuid.uuid4().hex}"
        table = ibis.table(ibis.Schema.from_pyarrow(rows.schema), name=view)
        derived = table.select(**derive(table))
        query = ibis.to_sql(derived, dialect="duckdb")

        def extended() -> Iterator[pa.RecordBatch]:
            for batch in rows:
                with self._registered(view, batch):
                    (behind,) = self.backend.con.execute(query).to_arrow_table().combine_chunks().to_batches()
                yield pa.RecordBatch.from_arrays([*batch.columns, *behind.columns], schema=schema)

        schema = pa.schema([*rows.schema, *derived.schema().to_pyarrow()])
        return pa.RecordBatchReader.from_batches(schema, extended())

    @contextmanager
    def _registered(self, view: str, batch: pa.RecordBatch) -> Iterator[None]:
        self.backend.con.register(view, pa.Table.from_batches([batch]))
        try:
            yield
        finally:
            self.backend.con.unregister(view)

    def _put(self, name: str, batches: pa.RecordBatchReader) -> int:
        file = self.scratch / f"{uuid.uuid4().hex}.parquet"
        try:
            rows = write_parquet(batches, file)
            self.lake.put_file(file, name)
        finally:
            file.unlink(missing_ok=True)
        return rows

    def _lower_memory_limit(self) -> None:
        # DuckDB sees the limits of containers; it says them as "12.3 GiB".
        (limit,) = self.backend.con.execute("SELECT current_setting('memory_limit')").fetchone()
        amount, unit = limit.split()
        self.backend.raw_sql(f"SET memory_limit = '{float(amount) * MEMORY_SHARE:.3f} {unit}'")
