"""The rows of a CSV file into typed Parquet, streamed by DuckDB.

Here: how a table is read (types from its schema) and written. Two readings exist: the strict one, which is what
loading means, stops at the first fault; the lenient one keeps what it can, so that the checks of a refused file
can be shown together with its faults. Keep out: explaining a fault (csv_faults), judging values (credit_risk).
"""

import glob
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from credit_risk.tables.raw_table import RawTable
from resources.csv_faults import LARGEST_WHOLE_NUMBER

# The largest files take 0.8 GB on two threads and 0.9 GB on eight; more threads would keep more row groups open.
MEMORY_LIMIT = "2GB"
THREADS = 8

# DuckDB's own: small enough to be read in parallel and skipped by key, large enough to compress well.
ROW_GROUP_ROWS = 122_880


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


def write_rows(
    connection: duckdb.DuckDBPyConnection, csv: Path, parquet: Path, raw: RawTable, *, lenient: bool = False
) -> None:
    """Read a CSV file and write it as Parquet, in file order.

    Raises:
        duckdb.Error: strict reading met a line or value that does not fit, or the file cannot be written.
    """
    select = ", ".join(_typed(name, str(column.dtype), lenient=lenient) for name, column in raw.schema.columns.items())
    connection.execute(
        f"COPY (SELECT {select} FROM {_source(csv, raw, lenient=lenient)}) TO {literal(str(parquet))} "  # noqa: S608  # names come from the schema
        f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP_ROWS})"
    )


def _source(csv: Path, raw: RawTable, *, lenient: bool) -> str:
    # Whole numbers pass through doubles: cast to BIGINT, DuckDB would round 12.5 to 13 without a word.
    types = {
        name: "VARCHAR" if lenient or str(column.dtype) == "string" else "DOUBLE"
        for name, column in raw.schema.columns.items()
    }
    columns = ", ".join(f"{literal(name)}: '{kind}'" for name, kind in types.items())
    return (
        f"read_csv({literal(one_file(csv))}, columns = {{{columns}}}, auto_detect = false, header = true, delim = ',', "
        f"""quote = '"', escape = '"', nullstr = '', ignore_errors = {str(lenient).lower()})"""
    )


def _typed(name: str, kind: str, *, lenient: bool) -> str:
    if kind == "string":
        return f'"{name}"'
    value = f'TRY_CAST("{name}" AS DOUBLE)' if lenient else f'"{name}"'
    if kind == "float64":
        return f'{value} AS "{name}"'
    exact = f"{value} = trunc({value}) AND abs({value}) < {LARGEST_WHOLE_NUMBER}"
    otherwise = "NULL" if lenient else f"error('{name} holds a value that is not a whole number')"
    return f'CASE WHEN {value} IS NULL THEN NULL WHEN {exact} THEN {value}::BIGINT ELSE {otherwise} END AS "{name}"'
