"""The patient reading of a CSV file: every reason why it cannot be loaded, or that it can, though it is not plain.

It runs for a file that the fast reading (csv_plain) gave back, stages its rows in file order, and knows lines and
rows by their numbers. Keep out: how rows are parsed (csv_rows) and what a line at fault is called (csv_faults).
"""

from pathlib import Path

import duckdb
import ibis

from credit_risk.tables.raw_table import RawTable
from credit_risk.tables.violations import Violation, schema_violations
from resources.csv_bytes import Fingerprint, byte_violations
from resources.csv_engine import one_file, session
from resources.csv_faults import fault_violations
from resources.csv_outline import end_violations, file_violation
from resources.csv_parquet import n_rows
from resources.csv_rows import write_rows

# The engine's own words may quote a whole field.
REASON_CHARACTERS = 200


def read_patiently(csv: Path, parquet: Path, raw: RawTable, read: Fingerprint) -> list[Violation]:
    """Write what can be read of a CSV file as Parquet, in file order, and find everything that is wrong with it.

    Nothing is left at `parquet` when not even its readable lines could be written.
    """
    with session() as connection:
        refusal = _write(connection, csv, parquet, raw)
        rows = n_rows(parquet) if parquet.exists() else None
        in_rows = [] if rows is None else _row_violations(connection, parquet, raw, rows)
    faults = byte_violations(read, raw)
    # The second reading takes a minute for 27 million lines. Besides a refusal it explains what the engine passes
    # over without a word: blank lines (then lines and rows do not add up) and rows of separators (no key).
    add_up = rows == read.lines - 1
    without_key = any(found.check == "not_null" for found in in_rows)
    if read.line_ends_agree and (refusal or without_key or not add_up):
        faults += fault_violations(csv, raw)
    if refusal and not faults:
        faults = [file_violation(raw, "unreadable", f"{csv.name}: {refusal}", "CSV that can be parsed")]
    # A value that could not be read is missing in the staged rows: that is its fault's doing, not another one.
    explained = {fault.column for fault in faults}
    in_rows = [found for found in in_rows if found.check != "not_null" or found.column not in explained]
    return [*end_violations(csv, raw), *faults, *in_rows]


def _write(connection: duckdb.DuckDBPyConnection, csv: Path, parquet: Path, raw: RawTable) -> str | None:
    """Stage the rows: all of them, or, when the engine refuses the file, what it can read. Returns its reason."""
    try:
        write_rows(connection, csv, parquet, raw)
    except (duckdb.InvalidInputException, duckdb.ConversionException) as error:
        try:
            write_rows(connection, csv, parquet, raw, lenient=True)
        except (duckdb.InvalidInputException, duckdb.ConversionException):
            # What it wrote until then is no Parquet file.
            parquet.unlink(missing_ok=True)
        return _reason(error)
    return None


def _row_violations(connection: duckdb.DuckDBPyConnection, parquet: Path, raw: RawTable, rows: int) -> list[Violation]:
    if not rows:
        return [file_violation(raw, "no_rows", f"no row in {raw.file_name}", "at least one row under the header")]
    table = ibis.duckdb.from_connection(connection).read_parquet(one_file(parquet))
    return schema_violations(table, raw.schema)


def _reason(refusal: Exception) -> str:
    """What the engine says is wrong: its first line and its third; the second is the whole line at fault."""
    lines = str(refusal).splitlines()
    return " ".join(line[:REASON_CHARACTERS] for line in (lines[:1] + lines[2:3]))
