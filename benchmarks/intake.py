"""Raw tables: CSV to checked, typed Parquet, against the floor: DuckDB's plain COPY without any check."""

import tempfile
from pathlib import Path

import duckdb

from benchmarks.stopwatch import best_of, report
from credit_risk.tables.catalogue import TABLES
from resources.raw_files import convert
from simulation.portfolio import synthesize

CLIENTS = 20_000


def plain_copy(folder: Path, out: Path) -> None:
    """What the engine needs at least: read every CSV file once and write it as Parquet."""
    with duckdb.connect() as connection:
        for table in TABLES.values():
            source, target = folder / table.file_name, out / f"{table.name}.parquet"
            connection.execute(f"COPY (FROM read_csv('{source}')) TO '{target}' (COMPRESSION zstd)")


def checked(folder: Path, out: Path) -> None:
    """What the raw assets do: types, schema, keys, digest, missing shares, preview."""
    for table in TABLES.values():
        convert(folder / table.file_name, out / f"{table.name}.parquet", table.name)


def run() -> None:
    """Print the comparison on a made-up portfolio."""
    with tempfile.TemporaryDirectory() as scratch:
        folder, out = Path(scratch) / "csv", Path(scratch) / "parquet"
        out.mkdir()
        summary = synthesize(CLIENTS, 0, folder)
        print(f"{sum(summary.rows.values()):,} rows in eight CSV files")
        seconds = best_of(
            {
                "resources.raw_files.convert, all tables": lambda: checked(folder, out),
                "floor: DuckDB COPY, nothing checked": lambda: plain_copy(folder, out),
            },
            repetitions=3,
        )
        report(seconds, "resources.raw_files.convert, all tables")
