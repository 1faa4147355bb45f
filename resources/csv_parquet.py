"""The Parquet file of a raw table: how it is encoded, in which order it stands, and what its own statistics say.

Here: what both readings of a CSV file (csv_plain, csv_rows) have in common once rows are there. Keep out: how rows
are read, and what they must be like (credit_risk.tables).
"""

from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from credit_risk.tables.raw_table import CLIENT, RawTable
from credit_risk.tables.violations import Extent
from resources.csv_engine import literal, one_file, session
from resources.parquet_footer import footer_of

# DuckDB's own: small enough to be read in parallel and skipped by key, large enough to compress well.
ROW_GROUP_ROWS = 122_880

# A dictionary is built before it is known whether it pays: for amounts it does not, and a fifth to two fifths of the
# encoding went there. The longest vocabulary has 58 words; months, counts and flags stay below this as well.
DICTIONARY_VALUES = 1_000

# The fastest level: the default takes a tenth more time for 3 % less space.
#
# Not PARQUET_VERSION V2: it writes decimals as BYTE_STREAM_SPLIT, which Spark's vectorized reader refuses, and on
# sorted rows its files are larger for about the same work.
OPTIONS = (
    "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, "
    f"DICTIONARY_SIZE_LIMIT {DICTIONARY_VALUES}, ROW_GROUP_SIZE {ROW_GROUP_ROWS}"
)


def sort_columns(raw: RawTable) -> tuple[str, ...]:
    """The columns by which a stored table is sorted: the client, then what else every row has; none without clients.

    One client's rows stand together, and among them those of one credit, month by month. Nothing follows the
    column that no two rows share.
    """
    columns = raw.schema.columns
    if CLIENT.column not in columns:
        return ()
    whole = [name for name, column in columns.items() if str(column.dtype) == "int64" and not column.nullable]
    ordered = [CLIENT.column, *(name for name in whole if name != CLIENT.column)]
    return tuple(ordered[: ordered.index(raw.key) + 1] if raw.key in ordered else ordered)


def write_sorted(connection: duckdb.DuckDBPyConnection, source: str, parquet: Path, raw: RawTable) -> None:
    """Write rows as the table that is stored: typed as its schema says, sorted by client.

    Args:
        connection: where the rows are.
        source: what stands behind FROM; whole numbers may be of any width.
        parquet: the file to write.
        raw: the table.
    """
    # Widened behind the sort: what is sorted is what is moved.
    columns = ", ".join(
        f'"{name}"::BIGINT AS "{name}"' if str(column.dtype) == "int64" else f'"{name}"'
        for name, column in raw.schema.columns.items()
    )
    by = ", ".join(f'"{name}"' for name in sort_columns(raw))
    order = f" ORDER BY {by}" if by else ""
    write(connection, f"SELECT {columns} FROM (FROM {source}{order})", parquet)  # noqa: S608  # names come from the schema


def write(connection: duckdb.DuckDBPyConnection, query: str, parquet: Path) -> None:
    """Write the rows of a query in their order."""
    connection.execute(f"COPY ({query}) TO {literal(str(parquet))} ({OPTIONS})")


def sort_rows(parquet: Path, raw: RawTable) -> None:
    """Bring a table that was written in the order of its CSV file into the order in which it is stored."""
    if not sort_columns(raw):
        return
    ordered = parquet.with_name(f"{parquet.name}.sorted")
    try:
        with session() as connection:
            write_sorted(connection, f"read_parquet({literal(one_file(parquet))})", ordered, raw)
        ordered.replace(parquet)
    finally:
        ordered.unlink(missing_ok=True)


def n_rows(parquet: Path) -> int:
    """Rows of a stored table."""
    return int(pq.read_metadata(parquet).num_rows)


def first_rows(parquet: Path, n: int) -> list[dict[str, object]]:
    """The first rows of a stored table."""
    return next(pq.ParquetFile(parquet).iter_batches(n)).to_pylist() if n_rows(parquet) else []


def extents(parquet: Path) -> dict[str, Extent]:
    """What the statistics of a file say of each column, without reading a row."""
    return footer_of(parquet).extents
