"""The engine that loads a raw table: DuckDB within bounds, and how it is spoken to.

Here: opening it, and names as it wants them. Keep out: what is read (csv_plain, csv_rows) and written (csv_parquet).
"""

import glob
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

# The largest table is sorted within this; beyond it the engine sorts on disk. More threads would keep more row
# groups open.
MEMORY_LIMIT = "2GB"
THREADS = 8


@contextmanager
def session() -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB with bounded memory and threads; what does not fit goes to the system's temporary folder (TMPDIR)."""
    connection = duckdb.connect()
    try:
        threads = int(connection.execute("SELECT current_setting('threads')").fetchall()[0][0])
        connection.execute(f"SET threads = {min(threads, THREADS)}")
        connection.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
        # A folder of its own, made when it is needed: two processes would overwrite each other's files in one.
        spill = Path(tempfile.gettempdir()) / f"credit-duckdb-{uuid.uuid4().hex}"
        connection.execute(f"SET temp_directory = {literal(str(spill))}")
        yield connection
    finally:
        connection.close()


def literal(text: str) -> str:
    """Text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def one_file(path: Path) -> str:
    """This file and no other, for a reader that takes patterns: a bracket in a folder's name is no pattern."""
    return glob.escape(str(path))
