"""Raw tables: CSV to checked, typed Parquet, against the floor: DuckDB's COPY into the same file, nothing checked.

Each side runs in a process of its own and counts from its first file to its last; imports are not counted. Keep
out: what a table must be like (credit_risk.tables).
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from benchmarks.memory import measured, python
from credit_risk.tables.catalogue import TABLES
from credit_risk.tables.raw_table import RawTable
from resources.csv_engine import literal, one_file
from resources.csv_parquet import OPTIONS, sort_columns
from resources.raw_files import convert
from simulation.portfolio import synthesize

CLIENTS = 20_000
# Of a small portfolio; a full-size one is read once, for a minute or more a side.
REPETITIONS = 3

ENGINE_TYPES = {"string": "VARCHAR", "int64": "BIGINT", "float64": "DOUBLE"}


def plain_copy(csv: Path, parquet: Path, raw: RawTable) -> None:
    """What the engine needs at least for the same file: types, order and encodings are given, nothing is checked."""
    types = {name: ENGINE_TYPES[str(column.dtype)] for name, column in raw.schema.columns.items()}
    columns = ", ".join(f"{literal(name)}: '{kind}'" for name, kind in types.items())
    order = ", ".join(sort_columns(raw))
    source = (
        f"read_csv({literal(one_file(csv))}, columns = {{{columns}}}, auto_detect = false, header = true, "
        f"""delim = ',', quote = '"', escape = '"', nullstr = '') {f"ORDER BY {order}" if order else ""}"""
    )
    with duckdb.connect() as connection:
        connection.execute(f"COPY (FROM {source}) TO {literal(str(parquet))} ({OPTIONS})")


def checked(csv: Path, parquet: Path, raw: RawTable) -> None:
    """What the raw assets do: types, schema, keys, digest, missing shares, preview."""
    convert(csv, parquet, raw.name)


SIDES: dict[str, tuple[str, Callable[[Path, Path, RawTable], None]]] = {
    "checked": ("resources.raw_files.convert", checked),
    "plain_copy": ("floor: DuckDB's typed, sorted COPY, nothing checked", plain_copy),
}


def run(folder: Path | None = None) -> None:
    """Print the comparison, on the eight CSV files of a folder or on a made-up portfolio."""
    with tempfile.TemporaryDirectory(prefix="credit-intake-") as scratch:
        if folder is None:
            folder = Path(scratch) / "csv"
            rows = synthesize(CLIENTS, 0, folder).rows
            print(f"{sum(rows.values()):,} rows in eight CSV files")
            repetitions = REPETITIONS
        else:
            repetitions = 1
        _compare(folder, Path(scratch) / "parquet", repetitions)


def _compare(folder: Path, out: Path, repetitions: int) -> None:
    best: dict[str, dict[str, float]] = {}
    # In turn, so that a busy moment hits both.
    for side in list(SIDES) * repetitions:
        usage = measured(python("benchmarks.intake", side, folder, out))
        cost = json.loads(usage.said) | {"peak": usage.peak}
        best[side] = {what: min(value, best.get(side, cost)[what]) for what, value in cost.items()}
    floor = best["plain_copy"]["cpu"]
    for side, (name, _) in SIDES.items():
        cost = best[side]
        print(
            f"{name:<52} {cost['wall']:6.2f} s   {cost['cpu']:6.2f} CPU-s   {cost['cpu'] / floor:5.2f} x"
            f"   {cost['peak'] / 1e9:5.2f} GB   {cost['bytes'] / 1e6:7.1f} MB of Parquet"
        )


def _side(side: str, folder: Path, out: Path) -> None:
    """All tables by one side; what it took is written to the standard output."""
    out.mkdir(exist_ok=True)
    _, load = SIDES[side]
    wall, cpu = time.perf_counter(), time.process_time()
    for raw in TABLES.values():
        load(folder / raw.file_name, out / f"{raw.name}.parquet", raw)
    cost = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    print(json.dumps(cost | {"bytes": sum(file.stat().st_size for file in out.iterdir())}))


if __name__ == "__main__":
    _side(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
