"""The rows of a CSV file as DuckDB streams them: in file order, and whole numbers however they are written.

Two readings exist. The strict one decides whether a file that is not plain can be loaded, and stops at the first
fault; the lenient one keeps what it can, so that the checks of a refused file can be shown together with its faults.
Keep out: the reading of plain files (csv_plain), explaining a fault (csv_faults), judging values (credit_risk).
"""

from pathlib import Path

import duckdb

from credit_risk.tables.raw_table import RawTable
from resources.csv_engine import literal, one_file
from resources.csv_faults import LARGEST_WHOLE_NUMBER
from resources.csv_parquet import write


def write_rows(
    connection: duckdb.DuckDBPyConnection, csv: Path, parquet: Path, raw: RawTable, *, lenient: bool = False
) -> None:
    """Read a CSV file and write it as Parquet, in file order.

    Raises:
        duckdb.Error: strict reading met a line or value that does not fit, or the file cannot be written.
    """
    select = ", ".join(_typed(name, str(column.dtype), lenient=lenient) for name, column in raw.schema.columns.items())
    write(connection, f"SELECT {select} FROM {_source(csv, raw, lenient=lenient)}", parquet)  # noqa: S608  # names come from the schema


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
