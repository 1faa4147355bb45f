"""Tiny typed raw tables in memory, and results as plain rows."""

from collections.abc import Callable

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pytest

from credit_risk.features.client import raw_inputs

TYPES = {"int64": pa.int64(), "float64": pa.float64(), "string": pa.string()}


@pytest.fixture(scope="session")
def engine():
    return ibis.duckdb.connect()


@pytest.fixture(scope="session")
def raw_table() -> Callable[..., ir.Table]:
    """`raw_table("bureau", {"SK_ID_CURR": 1, ...}, ...)`: every column that features read; unnamed ones missing."""

    def build(name: str, *rows: dict[str, object]) -> ir.Table:
        schema = pa.schema([(column, TYPES[kind]) for column, kind in raw_inputs()[name].items()])
        assert all(row.keys() <= set(schema.names) for row in rows), "a column that no feature reads"
        return ibis.memtable(pa.Table.from_pylist(list(rows), schema=schema))

    return build


@pytest.fixture(scope="session")
def rows_of(engine) -> Callable[[ir.Table], list[dict[str, object]]]:
    """The rows of a table by client; missing is None, so that NaN cannot hide."""

    def read(table: ir.Table) -> list[dict[str, object]]:
        rows = engine.to_pyarrow(table).to_pylist()
        return sorted(rows, key=lambda row: row["SK_ID_CURR"]) if "SK_ID_CURR" in table.columns else rows

    return read


@pytest.fixture(scope="session")
def value_of(rows_of):
    """`value_of(term, {"A": [1.0, None]})`: the term for each row of a table of numbers or text."""

    def read(term, columns):
        table = ibis.memtable(pa.table(columns))
        return [row["value"] for row in rows_of(table.select(value=term.value(table)))]

    return read
