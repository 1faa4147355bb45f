"""One side of the feature benchmark, in a process of its own: from files to a table, and out.

Here: what each side does, from its first import to its last byte. `features` starts them and watches. Add a
side here and in its table there. Keep out: measuring, and the pandas side, which is a program of its own.
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import dagster as dg

# How a line of a side's output begins that is a row of the table of its steps.
STEP = "| "

# Imports stand in the sides: each pays for what it uses.


@dataclass(frozen=True)
class Task:
    """Where a side reads and writes.

    Attributes:
        raw: the eight CSV files.
        home: a folder of its own; the rebuilds start from what the first side left there.
        changed: the raw table that changed.
    """

    raw: Path
    home: Path
    changed: str


def tell_step(step: str, wall: float, cpu: float) -> None:
    """A row of the table of steps."""
    print(f"{STEP}{step} | {wall:.1f} s | {cpu:.1f} s |", flush=True)


def from_csv(task: Task) -> str:
    """All eight files to `client_features`: what a fresh platform does before its first training."""
    from benchmarks.features_pipeline import Pipeline

    pipeline = Pipeline(task.raw, task.home, tell_step)
    pipeline.load()
    pipeline.compute()
    return f"{pipeline.join()} columns"


def code_changed(task: Task) -> str:
    """All features from the Parquet tables that are there: what a new version of the code costs."""
    from benchmarks.features_pipeline import Pipeline

    pipeline = Pipeline(task.raw, task.home, tell_step)
    pipeline.compute()
    return f"{pipeline.join()} columns"


def table_changed(task: Task) -> str:
    """One CSV file anew, the features that read it, and the join."""
    from benchmarks.features_pipeline import Pipeline, reading

    pipeline = Pipeline(task.raw, task.home, tell_step)
    pipeline.load([task.changed])
    pipeline.compute(reading(task.changed))
    return f"{pipeline.join()} columns"


def kernel(task: Task) -> str:
    """The kernel's columns by our engine: from CSV files to a frame in memory, as pandas ends."""
    from benchmarks.features_pipeline import Pipeline

    pipeline = Pipeline(task.raw, task.home, tell_step)
    pipeline.load()
    frame = pipeline.kernel()
    return f"{frame.num_rows} clients, {frame.num_columns} columns"


def floor_copy(task: Task) -> str:
    """CSV to typed Parquet by DuckDB alone, nothing checked: no program that keeps its input can take less."""
    import duckdb

    from credit_risk.tables.catalogue import TABLES

    task.home.mkdir(parents=True, exist_ok=True)
    types = {"string": "VARCHAR", "float64": "DOUBLE"}
    with duckdb.connect() as connection:
        for name, table in TABLES.items():
            columns = {c: types.get(str(kind.dtype), "BIGINT") for c, kind in table.schema.columns.items()}
            connection.execute(
                f"COPY (FROM read_csv('{task.raw / table.file_name}', header = true, columns = {columns})) "
                f"TO '{task.home / name}.parquet' (COMPRESSION zstd)"
            )
    return f"{sum(file.stat().st_size for file in task.home.iterdir()) / 1e9:.2f} GB of Parquet"


def floor_scan(task: Task) -> str:
    """Every column of every Parquet table, read and dropped: no rebuild of everything can take less."""
    import duckdb

    files = sorted((task.home / "lake" / "raw").glob("*.parquet"))
    with duckdb.connect() as connection:
        for file in files:
            # Executed in full, without a result to carry.
            connection.execute(f"EXPLAIN ANALYZE FROM read_parquet('{file}')").fetchall()
    return f"{len(files)} tables"


def dagster(task: Task) -> str:
    """All eight files to `client_features` by materializing the assets, checks and metadata included."""
    import dagster as dg

    from definitions import build_defs
    from resources.dagster_resources import PlatformResource

    settings = {
        "CREDIT_HOME": str(task.home),
        "CREDIT_LAKE": str(task.home / "lake"),
        "CREDIT_RAW_DIR": str(task.raw),
    }
    definitions = build_defs({"platform": PlatformResource(overrides=settings)})
    keys = [key for key, group in _groups(definitions).items() if group in ("raw", "features")]
    storage = task.home / "dagster"
    storage.mkdir(parents=True, exist_ok=True)
    # SQLite in a folder: a fresh instance that needs no server.
    with dg.DagsterInstance.local_temp(str(storage), overrides={"telemetry": {"enabled": False}}) as instance:
        job = definitions.resolve_implicit_global_asset_job_def()
        job.execute_in_process(instance=instance, asset_selection=keys, raise_on_error=True)
    return f"{len(keys)} assets"


def _groups(definitions: "dg.Definitions") -> "dict[dg.AssetKey, str]":
    graph = definitions.resolve_asset_graph()
    return {key: graph.get(key).group_name for key in graph.materializable_asset_keys}


SIDES: dict[str, Callable[[Task], str]] = {
    "ours": from_csv,
    "ours-code": code_changed,
    "ours-table": table_changed,
    "kernel-ours": kernel,
    "floor-copy": floor_copy,
    "floor-scan": floor_scan,
    "dagster": dagster,
}


def main() -> int:
    """Run one side."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.features_side", description=__doc__)
    parser.add_argument("side", choices=SIDES, help="what to do")
    parser.add_argument("raw", type=Path, help="the eight CSV files")
    parser.add_argument("home", type=Path, help="where the side writes; the rebuilds read what `ours` left there")
    parser.add_argument("--changed", default="installments_payments", help="the raw table that changed")
    arguments = parser.parse_args()
    print(SIDES[arguments.side](Task(arguments.raw, arguments.home, arguments.changed)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
