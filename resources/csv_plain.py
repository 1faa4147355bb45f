"""The fast reading of a CSV file: for files as plain as the published ones, which nearly all are.

Arrow's reader takes about two thirds of the time of DuckDB's, and is strict about whole numbers where DuckDB would
round 12.5 to 13. It stops at the first thing that it cannot take; then, and wherever it is known to be lenient (blank
lines, `"a"b`, 0x1F), the patient reading judges (csv_rows, csv_faults). Keep out: explanations.
"""

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.csv

from credit_risk.tables.raw_table import RawTable
from resources.csv_parquet import write_sorted

# A few of these are on their way at a time, beside the engine's memory. 7,000 rows of the widest table fit: batches
# that fill less than a vector of the engine (2,048 rows) cost it more than they carry.
BLOCK_BYTES = 1 << 22

# Every whole number of the published files fits into 32 bits, which halves what is moved when rows are sorted.
# One that does not is met by the patient reading.
TYPES = {"string": pa.string(), "int64": pa.int32(), "float64": pa.float64()}

_RELATION = "plain_rows"


def write_plain_rows(connection: duckdb.DuckDBPyConnection, csv: Path, parquet: Path, raw: RawTable) -> bool:
    """Read a CSV file strictly and write the table that is stored.

    Returns:
        Whether every line was read. If not, nothing is left at `parquet`, and nothing is known of the file.

    Raises:
        OSError: the file cannot be read.
        duckdb.OperationalError: the table cannot be written.
    """
    try:
        connection.register(_RELATION, _stream(csv, raw))
        write_sorted(connection, _RELATION, parquet, raw)
    except (pa.ArrowInvalid, duckdb.InvalidInputException):
        parquet.unlink(missing_ok=True)
        return False
    finally:
        connection.unregister(_RELATION)
    return True


def _stream(csv: Path, raw: RawTable) -> pa.RecordBatchReader:
    types = {name: TYPES[str(column.dtype)] for name, column in raw.schema.columns.items()}
    return pa.csv.open_csv(
        csv,
        # The header has been read already (csv_outline).
        read_options=pa.csv.ReadOptions(column_names=list(types), skip_rows=1, block_size=BLOCK_BYTES),
        convert_options=pa.csv.ConvertOptions(column_types=types, null_values=[""], strings_can_be_null=True),
    )
