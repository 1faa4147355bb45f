"""What tests of several rooms share: small CSV files that are right until a test breaks them."""

import csv
from collections.abc import Callable, Mapping
from pathlib import Path

import pandera.ibis as pa
import pytest

from credit_risk.tables.catalogue import TABLES

Cells = Mapping[tuple[int, str], str]


@pytest.fixture
def raw_csv(tmp_path: Path) -> Callable[..., Path]:
    """`raw_csv(table, n=3, cells={(0, "TARGET"): "2"}, folder=, end="\\n")`: a valid file but for these cells."""

    def write(table: str, n: int = 3, *, cells: Cells | None = None, folder: Path = tmp_path, end: str = "\n") -> Path:
        columns = TABLES[table].schema.columns
        path = folder / TABLES[table].file_name
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator=end)
            writer.writerow(columns)
            for row in range(n):
                writer.writerow(
                    (cells or {}).get((row, name), valid(name, column, row)) for name, column in columns.items()
                )
        return path

    return write


def valid(name: str, column: pa.Column, row: int) -> str:
    """A value that the schema of the column accepts; keys count the rows from 1."""
    if name.startswith("SK_ID"):
        return str(row + 1)
    kind = str(column.dtype)
    default = {"int64": 1, "float64": 0.5, "string": "Spouse, partner"}[kind]
    for check in column.checks:
        limits = check.statistics
        if check.name == "one_of":
            return str(limits["values"][0])
        if check.name == "between":
            bounds = [limit for limit in (limits["low"], limits["high"]) if limit is not None]
            return str(float(bounds[0]) if kind == "float64" else bounds[0])
    return str(default)
