"""The fast reading: it takes plain files whole, and gives back the others without a trace."""

import duckdb
import pytest

from credit_risk.tables.catalogue import TABLES
from resources.csv_engine import session
from resources.csv_plain import write_plain_rows


@pytest.fixture
def read_fast(raw_csv, tmp_path):
    """Whether POS_CASH_balance with these cells was read fast, and where its table would be."""

    def attempt(cells, n=3):
        csv, parquet = raw_csv("POS_CASH_balance", n, cells=cells), tmp_path / "out.parquet"
        with session() as connection:
            return write_plain_rows(connection, csv, parquet, TABLES["POS_CASH_balance"]), parquet

    return attempt


def test_a_plain_file_is_read_whole(read_fast):
    taken, parquet = read_fast({(0, "CNT_INSTALMENT"): "", (1, "CNT_INSTALMENT"): "8.173616518884397e-08"})
    assert taken
    stored = duckdb.sql(f"SELECT SK_ID_CURR, CNT_INSTALMENT FROM '{parquet}'").fetchall()
    assert stored == [(1, None), (2, 8.173616518884397e-08), (3, 0.5)]


@pytest.mark.parametrize("whole", ["12.5", "2.0", "1e3", "abc", "3000000000", " "])
def test_a_whole_number_is_never_rounded_or_guessed(read_fast, whole):
    taken, parquet = read_fast({(1, "SK_DPD"): whole})
    assert not taken
    assert not parquet.exists()


def test_a_fault_far_down_leaves_nothing_behind(tmp_path):
    csv, parquet = tmp_path / "bureau_balance.csv", tmp_path / "out.parquet"
    csv.write_text("SK_ID_BUREAU,MONTHS_BALANCE,STATUS\n" + "1,-1,C\n" * 2_000_000 + "1,-1.5,C\n")
    with session() as connection:
        assert not write_plain_rows(connection, csv, parquet, TABLES["bureau_balance"])
    assert not parquet.exists()


def test_a_table_that_cannot_be_written_is_an_error_and_no_fault_of_the_file(raw_csv, tmp_path):
    with session() as connection, pytest.raises(duckdb.IOException, match="nowhere"):
        write_plain_rows(connection, raw_csv("bureau"), tmp_path / "nowhere" / "out.parquet", TABLES["bureau"])


def test_one_session_reads_one_file_after_the_other(raw_csv, tmp_path):
    with session() as connection:
        for table in ("bureau", "bureau_balance"):
            assert write_plain_rows(connection, raw_csv(table), tmp_path / f"{table}.parquet", TABLES[table])
