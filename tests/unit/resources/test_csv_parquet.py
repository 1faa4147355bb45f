"""The stored table: encodings that others read, an order in which a client is found, and what statistics tell."""

import duckdb
import pyarrow.parquet as pq
import pytest

from credit_risk.tables.catalogue import TABLES
from credit_risk.tables.violations import Extent
from resources.csv_parquet import ROW_GROUP_ROWS, extents, first_rows, n_rows, sort_columns, sort_rows, write

BUREAU = TABLES["bureau"]


@pytest.fixture
def written(tmp_path):
    """A Parquet file with the rows of a query."""

    def parquet(query):
        path = tmp_path / "table.parquet"
        with duckdb.connect() as connection:
            write(connection, query, path)
        return path

    return parquet


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("application_train", ("SK_ID_CURR",)),
        ("application_test", ("SK_ID_CURR",)),
        ("bureau", ("SK_ID_CURR", "SK_ID_BUREAU")),
        ("bureau_balance", ()),
        ("previous_application", ("SK_ID_CURR", "SK_ID_PREV")),
        ("POS_CASH_balance", ("SK_ID_CURR", "SK_ID_PREV", "MONTHS_BALANCE")),
        ("credit_card_balance", ("SK_ID_CURR", "SK_ID_PREV", "MONTHS_BALANCE")),
        ("installments_payments", ("SK_ID_CURR", "SK_ID_PREV")),
    ],
)
def test_a_table_is_sorted_by_client_then_credit_then_month(table, columns):
    assert sort_columns(TABLES[table]) == columns


def test_one_client_lies_in_few_row_groups(written):
    n = 3 * ROW_GROUP_ROWS
    columns = ", ".join(
        {"int64": "(i * 7919) % 5000", "float64": "i", "string": "'a'"}[str(column.dtype)]
        + f"::{'BIGINT' if str(column.dtype) == 'int64' else 'DOUBLE' if str(column.dtype) == 'float64' else 'VARCHAR'}"
        + f' AS "{name}"'
        for name, column in BUREAU.schema.columns.items()
    )
    parquet = written(f"SELECT {columns} FROM range({n}) AS t(i)")
    sort_rows(parquet, BUREAU)
    metadata = pq.read_metadata(parquet)
    clients = [metadata.row_group(i).column(0).statistics for i in range(metadata.num_row_groups)]
    assert (metadata.num_rows, len(clients)) == (n, 3)
    assert sum(group.min <= 2_500 <= group.max for group in clients) == 1
    assert [path.name for path in parquet.parent.iterdir()] == [parquet.name]


def test_the_encodings_are_those_that_every_reader_knows(written):
    parquet = written("SELECT i, i / 7 AS amount, i % 9 AS few, 'code ' || i % 9 AS code FROM range(200000) AS t(i)")
    metadata = pq.read_metadata(parquet)
    used = {
        encoding
        for group in range(metadata.num_row_groups)
        for column in range(metadata.num_columns)
        for encoding in metadata.row_group(group).column(column).encodings
    }
    # Spark's vectorized reader refuses BYTE_STREAM_SPLIT.
    assert used <= {"PLAIN", "RLE", "PLAIN_DICTIONARY", "RLE_DICTIONARY"}


@pytest.mark.parametrize(
    ("values", "extent"),
    [
        ("(1::BIGINT), (NULL), (-7)", Extent(3, 1, -7, 1)),
        ("(1.5::DOUBLE), (-0.5)", Extent(2, 0, -0.5, 1.5)),
        ("(1.5::DOUBLE), ('nan')", Extent(2, 0)),
        ("('nan'::DOUBLE), ('nan')", Extent(2, 0)),
        ("('inf'::DOUBLE), (1)", Extent(2, 0, 1, float("inf"))),
        ("(NULL::DOUBLE), (NULL)", Extent(2, 2)),
        ("('a'), (NULL)", Extent(2, 1)),
    ],
)
def test_extents_are_what_the_statistics_state(written, values, extent):
    assert extents(written(f"SELECT * FROM (VALUES {values}) AS t(x)")) == {"x": extent}


def test_extents_cover_all_row_groups(written):
    hidden = (
        f"CASE i WHEN 5 THEN 'nan'::DOUBLE ELSE i END AS one_nan, CASE WHEN i < {ROW_GROUP_ROWS} THEN i END AS half"
    )
    found = extents(written(f"SELECT i, {hidden} FROM range({2 * ROW_GROUP_ROWS}) AS t(i)"))
    n = 2 * ROW_GROUP_ROWS
    assert found["i"] == Extent(n, 0, 0, n - 1)
    assert found["one_nan"] == Extent(n, 0)
    assert found["half"] == Extent(n, n // 2, 0, n // 2 - 1)


def test_a_table_without_rows_is_empty(written):
    parquet = written("SELECT 1 AS x WHERE false")
    assert (n_rows(parquet), first_rows(parquet, 3), extents(parquet)) == (0, [], {"x": Extent(0, 0)})
