"""What a Parquet file says about itself: believed where its writer is known to hide nothing."""

from math import inf

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from credit_risk.tables.violations import Extent
from resources.lake import Lake
from resources.parquet_footer import read_footer
from resources.parquet_writer import NO_NAN

ROWS = """
    SELECT i AS client, i::DOUBLE AS number, CASE WHEN i % 2 = 0 THEN i::DOUBLE END AS gaps,
        CASE WHEN i = 3 THEN 'nan'::DOUBLE ELSE i END AS hidden,
        CASE WHEN i = 3 THEN 'inf'::DOUBLE ELSE i END AS endless,
        NULL::DOUBLE AS empty, CASE WHEN i >= 2048 THEN i::DOUBLE END AS late, 'level ' || i % 3 AS level
    FROM range(5000) t(i)
"""


@pytest.fixture
def lake(tmp_path):
    return Lake(str(tmp_path))


@pytest.fixture
def footer(lake):
    def write(order="i"):
        path = lake.path("table.parquet")
        duckdb.sql(f"COPY ({ROWS} ORDER BY {order}) TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE 2048)")
        return read_footer(lake, "table.parquet")

    return write


def test_rows_and_extents_are_those_of_all_row_groups(footer):
    found = footer()
    assert found.rows == 5000
    assert found.extents["client"] == Extent(5000, 0, 0, 4999)
    assert found.extents["number"] == Extent(5000, 0, 0.0, 4999.0)
    assert found.extents["gaps"] == Extent(5000, 2500, 0.0, 4998.0)
    assert found.extents["endless"] == Extent(5000, 0, 0.0, inf)
    assert found.extents["empty"] == Extent(5000, 5000)
    assert found.extents["late"] == Extent(5000, 2048, 2048.0, 4999.0)
    assert found.extents["level"] == Extent(5000, 0)


def test_the_bounds_of_a_column_that_holds_nan_are_not_known(footer):
    found = footer()
    assert found.without_bounds == {"hidden"}
    assert found.extents["hidden"] == Extent(5000, 0)


def test_a_writer_that_passes_over_nan_is_not_believed(lake):
    pq.write_table(pa.table({"client": [1, 2], "number": [1.0, float("nan")]}), lake.path("table.parquet"))
    found = read_footer(lake, "table.parquet")
    assert found.without_bounds == {"client", "number"}
    assert found.extents == {"client": Extent(2, 0), "number": Extent(2, 0)}
    assert found.in_order_of("client")


def test_a_file_that_says_that_it_holds_no_nan_is_believed(lake):
    table = pa.table({"client": [1, 2], "number": [1.0, None]}).replace_schema_metadata({NO_NAN: b"true"})
    pq.write_table(table, lake.path("table.parquet"))
    found = read_footer(lake, "table.parquet")
    assert found.without_bounds == frozenset()
    assert found.extents == {"client": Extent(2, 0, 1, 2), "number": Extent(2, 1, 1.0, 1.0)}


def test_row_groups_that_follow_each_other_are_in_order(footer):
    assert footer().in_order_of("client")
    assert not footer(order="i % 7").in_order_of("client")


def test_the_order_of_a_column_that_is_not_there_is_not_known(footer):
    assert not footer().in_order_of("nobody")


def test_a_file_that_is_not_there_is_told(lake):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        read_footer(lake, "nowhere.parquet")
