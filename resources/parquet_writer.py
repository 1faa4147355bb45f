"""Batches of rows to one Parquet file, in the layout of the feature tables.

Here: row groups, encodings, and what the file says of itself. Arrow's writer, in one thread, takes less time for
hundreds of columns than DuckDB's in two; reading ahead keeps the other core busy. Keep out: where rows come from
and where the file goes (`engine_duckdb`).
"""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

# One client of 350,000 is read in a tenth of the time that groups of 122,880 rows (DuckDB's own) take; smaller
# groups make the file larger and one column of all clients slower (docs/decisions/0013).
ROW_GROUP_ROWS = 16_384

# Of a row group. Building a dictionary of more costs time and saves no space.
DICTIONARY_VALUES = 1_000

# Zstandard takes twice the time of the whole encoding for an eighth of the space.
COMPRESSION = "snappy"

# Arrow leaves NaN out of the bounds of a column without a word. A file that has this key holds none.
NO_NAN = b"credit:no-nan"

_BATCHES_AHEAD = 4


def write_parquet(batches: pa.RecordBatchReader, file: Path) -> int:
    """Write batches in their order, each as a row group. Returns how many rows there are.

    Args:
        batches: of `ROW_GROUP_ROWS` rows, the last of fewer.
        file: to write; what it held is lost.
    """
    rows, not_a_number = 0, False
    ahead = _read_ahead(batches)
    first = next(ahead, None)
    few = [] if first is None else _with_few_values(first)
    # Not the encodings of the format's second version: Spark does not read all of them.
    with pq.ParquetWriter(file, batches.schema, compression=COMPRESSION, use_dictionary=few) as writer:
        batch = first
        while batch is not None:
            rows += batch.num_rows
            not_a_number |= _has_nan(batch)
            writer.write_batch(batch, row_group_size=ROW_GROUP_ROWS)
            batch = next(ahead, None)
        if not not_a_number:
            writer.add_key_value_metadata({NO_NAN.decode(): "true"})
    return rows


def _read_ahead(batches: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    with ThreadPoolExecutor(1) as pool:
        ahead = deque(pool.submit(next, batches, None) for _ in range(_BATCHES_AHEAD))
        while (batch := ahead.popleft().result()) is not None:
            ahead.append(pool.submit(next, batches, None))
            yield batch


def _with_few_values(batch: pa.RecordBatch) -> list[str]:
    return [
        name
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
        if pc.count_distinct(column).as_py() <= DICTIONARY_VALUES
    ]


def _has_nan(batch: pa.RecordBatch) -> bool:
    return any(bool(pc.any(pc.is_nan(column)).as_py()) for column in batch.columns if pa.types.is_floating(column.type))
